"""At most one run at a time, and always the newest: a new request stops the present run and replaces a waiting one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Job = Callable[[Callable[[], bool]], Any]
Post = Callable[[Callable[[], None]], None]  # hands something to the thread that draws


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
