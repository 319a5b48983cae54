"""Two runs side by side: what was varied, where they part, and what came of it."""

from semalab.comparison.comparison import Comparison, compare
from semalab.comparison.differences import Difference

__all__ = ["Comparison", "Difference", "compare"]
