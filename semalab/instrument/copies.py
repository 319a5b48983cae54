"""The standard library's own sources, executed a second time on top of a run's processor, whose `_thread` has what
CPython 3.11 to 3.14 ask of it.

A copy is CPython's source, unmodified: only what it imports is the processor's, or a copy itself. So every decision of
Semaphore, Condition, Thread, Queue or ThreadPoolExecutor stays CPython's. Nothing outside is touched meanwhile: copies
have builtins of their own, whose `__import__` finds what stands in for a module.
"""

from __future__ import annotations

import _thread
import builtins
import functools
import importlib.util
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from semalab.engine import Processor, ProgramThread, Stop
from semalab.instrument.identity import made, made_classes, with_real


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

    def interrupt_main(signum: int = signal.SIGINT, /) -> None:
        if signum != signal.SIGINT or signal.getsignal(signum) is not signal.default_int_handler:
            _thread.interrupt_main(signum)  # type: ignore[arg-type]
        elif processor.clock == "virtual":
            processor.stop("strangers", ("_thread.interrupt_main",))  # when it rises is nothing of any seed's
            processor.report()
            raise Stop
        elif processor.signals.on:  # it would rise in the thread that waits for the run's end, as its user's
            processor.signals.deliver((signum, KeyboardInterrupt()))
        else:
            _not_here()

    module.__dict__.update(
        allocate_lock=processor.allocate_lock,
        allocate=processor.allocate_lock,
        LockType=processor.allocate_lock,  # threading only ever calls it
        get_ident=processor.owner_ident,
        start_new_thread=start_new_thread,
        start_new=start_new_thread,
        interrupt_main=interrupt_main,
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


Stand = Callable[[], types.ModuleType]  # makes or finds what stands in for a module

_STANDS = "__semalab_stands__"  # in a copy's namespace: module's name -> Stand
_real_import = builtins.__import__
CORES = 4  # what copies are told on the virtual clock: a pool of default size is the same on every machine


def load(name: str, stands: Mapping[str, Stand], **presets: Any) -> types.ModuleType:
    """A copy of a standard module. Whatever it imports by a name in `stands` is what stands there.

    presets: names the copy begins with; its own definitions replace them.
    """
    module: types.ModuleType = made(types.ModuleType(name))
    spec = importlib.util.find_spec(name)
    assert spec is not None
    module.__file__, module.__package__ = spec.origin, spec.parent
    module.__dict__.update(presets, __builtins__=_builtins(), **{_STANDS: stands})
    exec(_code(name), module.__dict__)
    made_classes(module)
    return module


def is_copy(namespace: Mapping[str, Any]) -> bool:
    """True for the namespace of a copy."""
    return _STANDS in namespace


@functools.cache
def _code(name: str) -> types.CodeType:
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    code: types.CodeType = spec.loader.get_code(name)  # type: ignore[attr-defined]
    return code


@functools.cache
def _builtins() -> dict[str, Any]:
    """One for all copies: the interpreter's shortcuts to builtin names then stay valid from run to run."""
    return {**vars(builtins), "__import__": _import, "__build_class__": _build_class}


def _build_class(body: types.FunctionType, name: str, *bases: Any, **settings: Any) -> Any:
    """What a class statement of a copy calls. Given later, the bases would cost each run ten times as much."""
    module = sys.modules.get(body.__globals__["__name__"])
    real = vars(module).get(name) if module is not None else None
    return builtins.__build_class__(body, name, *with_real(bases, real), **settings)


def _import(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Any = (),
    level: int = 0,
) -> types.ModuleType:
    stands: Mapping[str, Stand] = (globals or {}).get(_STANDS, {})
    full = importlib.util.resolve_name("." * level + name, globals["__package__"]) if level and globals else name
    if full in stands and (fromlist or "." not in full):
        return stands[full]()
    return _real_import(name, globals, locals, fromlist, level)


def load_threading(processor: Processor) -> types.ModuleType:
    """A fresh `threading` module whose threads, locks and seconds are the processor's."""
    stands = {
        "_thread": lambda: thread_module(processor),
        "time": lambda: time_for_copies(processor),
        "os": lambda: os_for_copies(processor.clock),
    }
    module = load("threading", stands)
    module.__dict__["BrokenBarrierError"] = threading.BrokenBarrierError  # whoever called the run catches that one
    module.main_thread()._program_thread = processor.current()
    if hasattr(module, "_shutdown_locks"):  # up to 3.12
        module.__dict__["_shutdown_locks"] = _Forgetful()
    return module


class _Forgetful(set[Any]):
    """Stays empty. `threading` walks through this set at every start, for the end of the process; a run has its own."""

    def add(self, element: object) -> None:
        pass


def copied(real: types.ModuleType, **changes: Any) -> types.ModuleType:
    """A module with the names of a real one, apart from `changes`."""
    module: types.ModuleType = made(types.ModuleType(real.__name__, real.__doc__))
    module.__dict__.update({name: value for name, value in vars(real).items() if name[:2] != "__"})
    module.__dict__.update(changes)
    if hasattr(real, "__all__"):
        module.__dict__["__all__"] = real.__all__
    return module


def time_for_copies(processor: Processor) -> types.ModuleType:
    return copied(time, monotonic=lambda: processor.now() / 1e9) if processor.clock == "virtual" else copied(time)


def _ask_os(name: str) -> Any:
    return getattr(os, name)()


@functools.cache
def os_for_copies(clock: str) -> types.ModuleType:
    """`os` without the fork hooks, which nobody could take back when the run is over."""
    module = copied(os)
    module.__dict__.pop("register_at_fork", None)
    for name in ("cpu_count", "process_cpu_count"):
        if hasattr(os, name):
            module.__dict__[name] = (lambda: CORES) if clock == "virtual" else partial(_ask_os, name)
    return module
