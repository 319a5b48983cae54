"""matplotlib's settings while a timeline is drawn: its own, not the caller's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib


@cache
def _plain() -> dict[Any, Any]:  # matplotlib's stubs know each key by its letters
    settings: dict[Any, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")}
    # The light hinter is the quickest and keeps small type even; the salt makes an SVG's ids the same every time.
    return settings | {"text.hinting": "force_autohint", "svg.hashsalt": "semalab", "hatch.linewidth": 0.7}


@contextmanager
def plain_settings() -> Iterator[None]:
    """matplotlib as it left the factory, whatever styles the caller has set; undone at the end."""
    # Read as the dictionary that it is, and only what differs exchanged: to read each setting through `rcParams` itself
    # and to copy all, as `rc_context` does, takes an eighth of the time of a picture; and copying imports pyplot.
    present = matplotlib.rcParams
    kept = {k: it for k, v in _plain().items() if (it := dict.__getitem__(present, k)) != v}
    try:
        present.update({k: _plain()[k] for k in kept})
        yield
    finally:
        present.update(kept)
