"""A call that only the thread that called record() can make, for a thread of the run that waits for its result."""

from __future__ import annotations

import _thread
from collections.abc import Callable
from typing import Any

from semalab.engine.stop import Stop


class Request:
    """Invariant: `_answered` is held until the call has been made or refused, whatever came of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._result: Any = None
        self._error: BaseException | None = None
        self._answered = _thread.allocate_lock()
        self._answered.acquire()

    def make(self) -> None:
        """Called once, by the thread that was asked."""
        try:
            self._result = self._call()
        except Exception as error:
            self._error = error
        finally:
            self._answered.release()

    def refuse(self) -> None:
        """The run is over: whoever asked is stopped."""
        self._error = Stop()
        self._answered.release()

    def wait(self) -> Any:
        """Returns or raises what the call did."""
        self._answered.acquire()
        if self._error is not None:
            raise self._error
        return self._result
