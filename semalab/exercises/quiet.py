"""Silence around an attempt: what it prints and how its threads die is in its runs, not below the cell."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is written to `sys.stderr`, and nobody is warned, by the thread that called."""
    with redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
