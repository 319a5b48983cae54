"""The columns of a reading as numpy sees them: the numbers themselves, not a copy."""

from __future__ import annotations

import numpy as np

from semalab.log.columns import Numbers


def table(column: Numbers[int], width: int) -> np.ndarray:
    """A column of whole numbers as rows of `width`."""
    return np.asarray(column).reshape(-1, width)
