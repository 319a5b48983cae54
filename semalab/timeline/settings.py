"""matplotlib's settings while a timeline is drawn: its own, not the caller's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib


@contextmanager
def plain_settings() -> Iterator[None]:
    """matplotlib as it left the factory, whatever styles the caller has set; undone at the end."""
    with matplotlib.rc_context():
        defaults = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")}
        # The light hinter is the quickest and keeps small type even; the salt makes an SVG's ids the same every time.
        defaults |= {"text.hinting": "force_autohint", "svg.hashsalt": "semalab", "hatch.linewidth": 0.7}
        matplotlib.rcParams.update(defaults)
        yield
