"""The `_thread` module of a run: the processor's threads and locks, with what CPython 3.11 to 3.14 ask of it."""

from __future__ import annotations

import _thread
import types
from collections.abc import Callable
from typing import Any

from semalab.engine import Processor, ProgramThread
from semalab.instrument.made import made


def thread_module(processor: Processor) -> types.ModuleType:
    """A `_thread` module on the processor, with what CPython 3.11 to 3.14 ask of it."""
    module: types.ModuleType = made(types.ModuleType("_thread"))
    module.__dict__.update({name: value for name, value in vars(_thread).items() if not name.startswith("__")})
    del module.RLock  # threading then uses its own RLock, written in Python on top of allocate_lock

    def start_new_thread(
        function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> int:
        owner = _Owner(function)
        return processor.start(lambda: function(*args, **(kwargs or {})), owner.name, owner.daemon, owner.adopt).ident

    def set_sentinel() -> Any:
        me = processor.current()
        lock = processor.allocate_lock(me)
        if me is not None:
            me.farewell = lock
        return lock

    module.__dict__.update(
        allocate_lock=processor.allocate_lock,
        allocate=processor.allocate_lock,
        LockType=processor.allocate_lock,  # threading only ever calls it
        get_ident=processor.owner_ident,
        start_new_thread=start_new_thread,
        start_new=start_new_thread,
        interrupt_main=_not_here,
        _count=lambda: len(processor.live) - 1,
    )
    if hasattr(_thread, "_set_sentinel"):  # up to 3.12
        module.__dict__["_set_sentinel"] = set_sentinel
    else:
        module.__dict__.update(_joinable(processor))
    return module


def _joinable(processor: Processor) -> dict[str, Any]:
    """Joinable handles, from CPython 3.13 on."""

    class _ThreadHandle:
        """Invariant: `lock` is held from the thread's start to its end."""

        def __init__(self) -> None:
            self.ident: int | None = None
            self.lock: Any = None
            self.thread: ProgramThread | None = None

        def is_done(self) -> bool:
            return self.lock is not None and not self.lock.locked()

        def _set_done(self) -> None:
            if self.lock is not None and self.lock.locked():
                self.lock.release()

        def join(self, timeout: float | None = None) -> None:
            if self.thread is not None and self.thread is processor.current():
                raise RuntimeError("Cannot join current thread")
            if self.lock is not None and self.lock.acquire(True, -1 if timeout is None or timeout < 0 else timeout):
                self.lock.release()

        def adopt(self, thread: ProgramThread) -> None:
            self.thread = thread
            self.ident = thread.ident
            self.lock = thread.farewell

    def start_joinable_thread(
        function: Callable[[], Any], handle: _ThreadHandle | None = None, daemon: bool = True
    ) -> _ThreadHandle:
        handle = handle or _ThreadHandle()
        owner = _Owner(function)

        def body() -> None:
            me = processor.current()
            assert me is not None
            handle.adopt(me)
            function()

        def prepare(thread: ProgramThread) -> None:
            thread.farewell = processor.allocate_lock(thread)
            thread.farewell.acquire()
            handle.adopt(thread)
            owner.adopt(thread)

        processor.start(body, owner.name, daemon, prepare)
        return handle

    def make_thread_handle(ident: int) -> _ThreadHandle:
        handle = _ThreadHandle()
        me = processor.current()
        if me is not None and me.ident == ident:
            if me.farewell is None:
                me.farewell = processor.allocate_lock(me)
                me.farewell.acquire()
            handle.adopt(me)
        handle.ident = ident
        return handle

    return {
        "_ThreadHandle": _ThreadHandle,
        "start_joinable_thread": start_joinable_thread,
        "_make_thread_handle": make_thread_handle,
        "_get_main_thread_ident": processor.get_ident,
        "_is_main_interpreter": lambda: True,
        "daemon_threads_allowed": lambda: True,
        "_shutdown": _not_here,
    }


class _Owner:
    """The Thread object whose bootstrap a function is, if it is one; otherwise the function's own name serves."""

    def __init__(self, function: Callable[..., Any]) -> None:
        thread = getattr(function, "__self__", None)
        self.thread = thread if hasattr(thread, "daemon") else None
        self.name = str(getattr(function, "__name__", "thread") if self.thread is None else self.thread.name)
        self.daemon = self.thread is None or bool(self.thread.daemon)

    def adopt(self, thread: ProgramThread) -> None:
        if self.thread is not None:
            self.thread._program_thread = thread


def _not_here(*args: object) -> None:
    raise RuntimeError("not available in a recorded program")
