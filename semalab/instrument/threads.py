"""`threading` as a recorded program sees it: the run's threads, the recorded classes, joins in the log."""

from __future__ import annotations

import threading
import types
from collections.abc import Callable
from typing import Any

from semalab.engine import Stop
from semalab.engine.virtual import nanoseconds
from semalab.instrument.copies import copied
from semalab.instrument.identity import only_in_the_run
from semalab.instrument.locks import looking
from semalab.instrument.primitives import recorded_classes
from semalab.instrument.recorder import Recorder

_ABOUT_THREADS = ("current_thread", "get_ident", "enumerate", "active_count", "main_thread", "stack_size")


def threading_module(
    source: types.ModuleType, recorder: Recorder, watched: type, choose: Callable[[Any, Any], Any]
) -> types.ModuleType:
    """source: the copy of `threading`. choose: makes a function that is ours for the run's threads only."""
    module = copied(source)
    module.__doc__, module.__file__ = threading.__doc__, threading.__file__
    module.__dict__.update(recorded_classes(source, recorder, watched))
    lock, rlock = module.Lock, module.RLock
    for name, maker in {"_allocate_lock": lock, "_RLock": rlock, "_PyRLock": rlock, "_CRLock": rlock}.items():
        if getattr(threading, name, None) is not None:  # under other names the same is watched as well
            module.__dict__[name] = maker
    for name in _ABOUT_THREADS:
        module.__dict__[name] = choose(getattr(source, name), getattr(threading, name))
    _record_joins(source.Thread, recorder)
    if recorder.processor.point is not None:
        source.__dict__["Event"] = _announcing(source.Event, recorder.processor.point)
    default = _default_hook(recorder)
    module.__dict__["excepthook"] = module.__dict__["__excepthook__"] = default
    source.__dict__["excepthook"] = _hook(module, default, recorder)
    return module


def _record_joins(thread: Any, recorder: Recorder) -> None:
    """Log when a join has to wait, and give threads from outside the real class."""
    join, is_alive, note, point = thread.join, thread.is_alive, recorder.note, recorder.processor.point

    def join_at_once(waited_for: Any, timeout: float | None) -> None:
        try:
            join(waited_for, timeout)
        except RuntimeError:  # it has not been started, say: who learns that has learned something
            if point is not None:
                point()
            raise

    def recorded_join(waited_for: Any, timeout: float | None = None) -> None:
        thread = getattr(waited_for, "_program_thread", None)  # none: it was not started yet
        if thread is None or thread is recorder.processor.current() or not is_alive(waited_for):
            join_at_once(waited_for, timeout)
            return
        limit = 0 if timeout is None else max(1, nanoseconds(min(timeout, threading.TIMEOUT_MAX)))
        note("join", None, thread.number, limit)
        gave_up = 0
        try:
            join(waited_for, timeout)
        except BaseException:
            gave_up = 1
            raise
        finally:
            note("joined", None, thread.number, gave_up)

    recorded_join.__name__ = recorded_join.__qualname__ = "join"
    recorded_join.__doc__ = join.__doc__
    thread.join = recorded_join
    if point is not None:
        thread.is_alive = looking(is_alive, point)
    only_in_the_run(thread, threading.Thread, recorder.processor)


def _default_hook(recorder: Recorder) -> Callable[[Any], None]:
    """What the program finds as `threading.excepthook`: the run says what was raised. It never asks for another hook,
    since that may be the one that has called it.
    """
    processor = recorder.processor

    def excepthook(args: Any) -> None:
        if args.exc_value is not None and not _is_silent(args, recorder):
            processor.failed(_raised_in(args, recorder), args.exc_value)

    return excepthook


def _hook(module: types.ModuleType, default: Callable[[Any], None], recorder: Recorder) -> Callable[[Any], None]:
    """What a thread calls that ends by an exception: it hands on to whichever hook the program has by then."""
    processor = recorder.processor

    def excepthook(args: Any) -> None:
        if processor.stopping or isinstance(args.exc_value, Stop):
            return
        own = module.__dict__.get("excepthook")
        if own is default or own is None:  # None: CPython then takes the default one, too
            default(args)
            return
        thread, error = _raised_in(args, recorder), args.exc_type.__name__  # the hook may change its arguments
        try:
            own(args)  # the program takes care of its exceptions itself
        finally:
            # Who calls sys.exit has ended as it meant to: only the default one, in plain Python too, is silent of that.
            if not _is_silent(args, recorder):  # only now: who is held up in its hook has not ended
                processor.hooked.append((thread, error))

    return excepthook


def _is_silent(args: Any, recorder: Recorder) -> bool:
    return recorder.processor.stopping or isinstance(args.exc_value, (Stop, SystemExit))


def _raised_in(args: Any, recorder: Recorder) -> Any:
    return getattr(args.thread, "_program_thread", None) or recorder.processor.current()


def _announcing(event: Any, point: Callable[[], None]) -> type:
    """The event by which a new thread tells that it has begun: it may now be overtaken before its first operation."""

    class Announcing(event):
        def set(self) -> None:
            super().set()
            point()

    return Announcing
