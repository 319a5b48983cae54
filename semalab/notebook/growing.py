"""A run on the wall clock while it goes on: its timeline grows, and takes no more than a part of the machine for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from semalab.notebook.latest import Post
from semalab.run import Run
from semalab.settings import SoFar

FIRST = 0.5  # seconds: what is over by then is shown as it ended
PAUSE = 0.25  # seconds between two pictures at least
SHARE = 4  # a picture that took a while to read and draw is followed by a pause so many times as long
MOST = 50_000  # events of a log that is read while it grows; reading slows the program for a tenth of a second then

Show = Callable[[Run | None, float], None]


class Growing:
    """What the thread that supervises a run looks in on, and what it hands to the thread that draws.

    Invariants: at most one picture is under way (`_drawing`); none is asked for after `over()` has turned true. The
    supervising thread calls `look`, and draws nothing; `show` is called through `post` only, with None for a log that
    is too long to be read meanwhile, and with the seconds that the run has taken.
    """

    def __init__(self, post: Post, show: Show, over: Callable[[], bool]) -> None:
        self._post, self._show, self._over = post, show, over
        self._begun = time.monotonic()
        self._due = self._begun + FIRST
        self._drawing = threading.Event()

    def look(self, so_far: SoFar) -> None:
        """The run goes on. Called many times a second."""
        now = time.monotonic()
        if now < self._due or self._drawing.is_set() or self._over():
            return
        self._drawing.set()
        run = so_far() if so_far.events <= MOST else None
        read = time.monotonic() - now
        self._post(lambda: self._draw(run, now, read))

    def _draw(self, run: Run | None, asked: float, read: float) -> None:
        begun = time.monotonic()
        try:
            if not self._over():
                self._show(run, asked - self._begun)
        finally:
            now = time.monotonic()
            self._due = now + max(PAUSE, SHARE * (read + now - begun))
            self._drawing.clear()
