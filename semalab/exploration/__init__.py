"""Every schedule of a program: proved for its size, or the shortest run that breaks it."""

from semalab.exploration.exploration import Exploration, Violation
from semalab.exploration.explore import explore

__all__ = ["Exploration", "Violation", "explore"]
