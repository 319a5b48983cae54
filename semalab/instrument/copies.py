"""The standard library's own sources, executed a second time on top of a run's processor.

A copy is CPython's source, unmodified: only what it imports is the processor's, or a copy itself. So every decision of
Semaphore, Condition, Thread, Queue or ThreadPoolExecutor stays CPython's. Nothing outside is touched meanwhile: copies
have builtins of their own, whose `__import__` finds what stands in for a module.
"""

from __future__ import annotations

import builtins
import functools
import importlib.util
import os
import sys
import threading
import time
import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from semalab.engine import Processor
from semalab.instrument.made import made, made_classes
from semalab.instrument.recorded import with_real
from semalab.instrument.thread_module import thread_module

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
