"""The condition inside a primitive, whose exit writes the log while the lock is still held."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

from semalab.instrument.recorder import Recorder

_frame = sys._getframe

Verb = Callable[[str, Any], "str | None"]  # (method that is left, class of its exception or None) -> kind of event


ROOM = 12  # calls that may be open at once, at most, while such a lock is left


def _entrance(take: Callable[[], Any], room: int) -> Callable[[], Any]:
    """Whoever has room to enter has room to leave, as with CPython's own condition.

    A RecursionError then rises before the lock is taken, and never when it should be given back and logged.
    """

    def enter() -> None:  # without this call the last one in had no room to leave, and the lock stayed locked
        take()

    def enter_if_there_is_room() -> None:
        descend(room)
        take()

    return enter_if_there_is_room if room else enter


def descend(calls: int) -> None:
    """Raise RecursionError unless so many calls can be open at once."""
    if calls:
        descend(calls - 1)


def watched_condition(source: types.ModuleType, recorder: Recorder) -> type:
    class WatchedCondition(source.Condition):  # type: ignore[name-defined]
        """Invariant: all its events are appended by the holder of `lock`, so the log's order is the lock's order.

        `got` is what the last wait returned, for its thread to read before it leaves the lock. tells: whether `leave`
        says of a wait that it was given up, because of what a signal's handler has raised.
        """

        # `with` finds these two descriptors on the class and gets the instance's functions.
        __slots__ = ("__enter__", "__exit__", "got", "key", "read", "tells")

        def __init__(
            self, key: int, read: Callable[[], int], leave: Callable[..., None], lock: Any, room: int = ROOM
        ) -> None:
            super().__init__(lock)
            self.__enter__ = recorder.entrance(key, read, lock, _entrance(lock.__enter__, room))
            self.__exit__ = leave
            self.key = key
            self.read = read
            self.got: bool | None = None
            self.tells = False

        def unfinished(self) -> int:
            """How many tasks of a queue are to be done before this wait is over, if that is what it is for."""
            return 0

        def wait(self, timeout: float | None = None) -> bool:
            if timeout is None or timeout > 0 or self.tells:  # with 0 it only asks, and waits for nobody
                recorder.note("block", self.key, self.read(), self.unfinished())
            before = recorder.intend(self.key)
            try:
                self.got = got = bool(super().wait(timeout))
                return got
            except BaseException:
                if not (self.tells or recorder.processor.stopping):
                    recorder.note("refuse", self.key, self.read())
                raise
            finally:
                recorder.intend(before)

    return WatchedCondition


def condition_by_method(
    key: int, read: Callable[[], int], lock: Any, recorder: Recorder, watched: type, verb: Verb
) -> Any:
    """A watched condition for a primitive whose methods say what happens; `verb` puts their names into our words."""
    point = recorder.processor.point

    def leave(error: object, value: object, traceback: object) -> None:
        kind = verb(_frame(1).f_code.co_name, error)
        if kind is not None:
            recorder.note(kind, key, read())
        lock.release()
        if kind is not None and point is not None:
            point()

    condition = watched(key, read, leave, lock)
    condition.tells = True
    return condition
