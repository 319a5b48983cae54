"""The lab's own claims by their names: one table, for files that keep claims and for whoever types one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from semalab.analysis.claims import Check, at_most, exact_count, latch, limit, mutual_exclusion
from semalab.analysis.rate import at_most_per

# A claim as it stands, and as a function of a primitive's name.
PLAIN: dict[str, Any] = {"mutual_exclusion": mutual_exclusion, "limit": limit, "latch": latch}
# A function of numbers, and after them of a primitive's name.
COUNTED: dict[str, Callable[..., Check]] = {"at_most": at_most, "exact_count": exact_count, "at_most_per": at_most_per}
