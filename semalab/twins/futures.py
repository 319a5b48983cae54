"""`concurrent.futures` as a recorded program sees it: CPython's own thread pool, its futures and tasks in the log."""

from __future__ import annotations

import concurrent.futures
import concurrent.futures._base
import concurrent.futures.thread
import sys
import types
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from semalab.twins.primitives import event_class, stand_for
from semalab.twins.queues import simple_queue
from semalab.twins.recorder import Recorder
from semalab.twins.source import Stand, copied, load
from semalab.twins.watched import condition_by_method

_PENDING = (concurrent.futures._base.PENDING, concurrent.futures._base.RUNNING)
_WAITS = ("wait", "as_completed")


def load_base(
    stands: Mapping[str, Stand], source: types.ModuleType, recorder: Recorder, watched: type
) -> types.ModuleType:
    """A copy of `concurrent.futures._base`: futures, and waiting for several of them."""
    waiting = copied(source, Event=event_class(source, recorder, watched, "Futures", _who_waits))
    base = load("concurrent.futures._base", {**stands, "threading": lambda: waiting})
    real = concurrent.futures._base
    base.__dict__.update({name: value for name, value in vars(real).items() if _is_exception(value)})
    base.__dict__["Future"] = _future(base, source, recorder, watched)
    stand_for(real, {"Future": base.Future}, recorder)
    return base


def load_pool(
    stands: Mapping[str, Stand],
    base: types.ModuleType,
    queue: types.ModuleType,
    recorder: Recorder,
    watched: type,
) -> types.ModuleType:
    """A copy of `concurrent.futures.thread` on copies of `_base` and `queue`."""
    package = types.ModuleType("concurrent.futures")
    package.__dict__["_base"] = base
    tasks = copied(queue, SimpleQueue=simple_queue(queue, recorder, watched, "Tasks"))
    here: dict[str, Stand] = {"concurrent.futures": lambda: package, "queue": lambda: tasks}
    module = load("concurrent.futures.thread", {**stands, **here})
    real = concurrent.futures.thread
    module.__dict__.update({name: value for name, value in vars(real).items() if _is_exception(value)})
    stand_for(real, {"ThreadPoolExecutor": module.ThreadPoolExecutor}, recorder)
    return module


def _is_exception(value: Any) -> bool:
    """Exceptions are the real ones: whoever catches those catches the copies' too."""
    return isinstance(value, type) and issubclass(value, BaseException)


def _who_waits() -> str:
    """The function that waits for several futures, as it is called."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_name not in _WAITS:
        frame = frame.f_back
    return f"{frame.f_code.co_name if frame is not None else 'wait'}()"


def _future(base: types.ModuleType, source: types.ModuleType, recorder: Recorder, watched: type) -> type:
    number: Iterator[int] = count()

    class Future(base.Future):  # type: ignore[name-defined]
        """Logged like an event: 0 until it is done, then 1. Its hash is its number: sets of futures keep one order."""

        def __init__(self) -> None:
            super().__init__()
            self._number = next(number)
            key = recorder.register(self, "Future", 0)
            known = 0

            def done() -> int:
                return int(self._state not in _PENDING)

            def verb(method: str, error: object) -> str | None:
                nonlocal known
                before, known = known, done()
                if known != before:
                    return "set"
                if method in {"result", "exception"}:
                    return "pass" if known else "refuse"
                return None

            self._condition = condition_by_method(key, done, source.RLock(), recorder, watched, verb)

        def __hash__(self) -> int:
            return self._number

        @staticmethod
        def renew() -> None:
            """Another run begins: its first future is the first again."""
            nonlocal number
            number = count()

    return Future
