"""A panel's runs: at most one at a time, always the newest, shown by the kernel's loop, and growing while it lasts."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from semalab.run import Run
from semalab.settings import SoFar

Job = Callable[[Callable[[], bool]], Any]
Post = Callable[[Callable[[], None]], None]  # hands something to the thread that draws
FIRST = 0.5  # seconds: what is over by then is shown as it ended
PAUSE = 0.25  # seconds between two pictures at least
SHARE = 4  # a picture that took a while to read and draw is followed by a pause so many times as long
MOST = 50_000  # events of a log that is read while it grows; reading slows the program for a tenth of a second then
Show = Callable[[Run | None, float], None]


class Latest:
    """Runs jobs in a thread of their own and hands the newest one's result to the thread that asked.

    Invariants: at most one job runs; at most one waits, and it is the newest; `show` is called through `post` only,
    never for a job that was replaced. `_lock` guards the three fields below it.
    """

    def __init__(self, post: Post, show: Callable[[Any], None]) -> None:
        self._post = post
        self._show = show
        self._lock = threading.Lock()
        self._running: threading.Event | None = None  # set: the running job is to stop
        self._waiting: Job | None = None
        self._wanted = 0  # number of the newest request

    def submit(self, job: Job) -> None:
        """Ask for `job(cancelled)`; it starts as soon as the run before it has stopped."""
        with self._lock:
            self._wanted += 1
            self._waiting = job
            if self._running is not None:
                self._running.set()
                return
            self._running = threading.Event()
        threading.Thread(target=self._work, name="semalab panel", daemon=True).start()

    def cancel(self) -> None:
        """Stop what runs, forget what waits, show nothing of either."""
        with self._lock:
            self._wanted += 1
            self._waiting = None
            if self._running is not None:
                self._running.set()

    @property
    def busy(self) -> bool:
        return self._running is not None

    def _work(self) -> None:
        while True:
            with self._lock:
                job, self._waiting = self._waiting, None
                if job is None:
                    self._running = None
                    return
                stop = self._running = threading.Event()
                number = self._wanted
            result = outcome(job, stop.is_set)
            self._post(lambda result=result, number=number: self._deliver(result, number))  # type: ignore[misc]

    def _deliver(self, result: Any, number: int) -> None:
        if number == self._wanted:
            self._show(result)


def outcome(job: Job, cancelled: Callable[[], bool]) -> Any:
    """What the job returns, or the exception it raises: the next job must have its turn either way."""
    try:
        return job(cancelled)
    except Exception as error:
        return error


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The kernel's event loop, or None outside a kernel (a script, a test): runs are then waited for."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def post_to(loop: asyncio.AbstractEventLoop | None) -> Post:
    """How a worker hands something to the thread that draws."""
    if loop is None:
        return lambda call: call()

    def post(call: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(call)

    return post


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
