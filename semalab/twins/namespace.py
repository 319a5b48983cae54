"""The modules a recorded program sees: `threading`, `time`, `random`, `_thread` and `print`, on the run's processor."""

from __future__ import annotations

import _thread
import builtins
import random
import sys
import threading
import time
import types
from collections.abc import Callable
from typing import Any

from semalab.engine import Processor, Stop
from semalab.twins import locks, primitives, recorder
from semalab.twins.primitives import recorded_classes
from semalab.twins.recorder import Recorder
from semalab.twins.source import load_threading, thread_module


class Twins:
    """The twins of one run. Invariant: a thread that is not of the run gets the real thing from every one of them."""

    def __init__(self, processor: Processor, seed: int) -> None:
        self.processor = processor
        self.source = source = load_threading(processor)
        lab = (vars(source), vars(primitives), vars(locks), vars(recorder), globals())
        self.recorder = Recorder(processor, lab)
        self.threading = self._threading(source)
        self.time = self._time()
        self.thread = thread_module(processor)
        self.with_exit: types.CodeType = source.Semaphore.__exit__.__code__
        self.random = self._random(seed)
        self.print: Callable[..., None] = self._print

    def replacements(self) -> dict[int, Any]:
        """For every real object that has a twin, by its identity: the twin."""
        pairs: list[tuple[Any, Any]] = [(builtins.print, self.print)]
        for real, twin in (
            (threading, self.threading),
            (time, self.time),
            (_thread, self.thread),
            (random, self.random),
        ):
            pairs.append((real, twin))
            for name, value in vars(real).items():
                other = vars(twin).get(name)
                if not name.startswith("__") and other is not None and other is not value and _replaceable(value):
                    pairs.append((value, other))
        return {id(real): twin for real, twin in pairs}

    def _inside(self) -> bool:
        return self.processor.current() is not None

    def _choose(self, ours: Any, real: Any) -> Any:
        """A function that is ours for the run's threads and the real one for all others."""

        def chosen(*args: Any, **kwargs: Any) -> Any:
            return (ours if self._inside() else real)(*args, **kwargs)

        chosen.__name__ = chosen.__qualname__ = getattr(real, "__name__", "chosen")
        chosen.__doc__ = real.__doc__
        return chosen

    def _threading(self, source: types.ModuleType) -> types.ModuleType:
        module = types.ModuleType("threading", threading.__doc__)
        module.__file__ = threading.__file__
        module.__dict__.update({k: v for k, v in vars(source).items() if not k.startswith("__")})
        module.__dict__["__all__"] = source.__all__
        classes = recorded_classes(source, self.recorder)
        module.__dict__.update(classes)
        for name in ("current_thread", "get_ident", "enumerate", "active_count", "main_thread", "stack_size"):
            module.__dict__[name] = self._choose(getattr(source, name), getattr(threading, name))
        self._record_joins(source.Thread)
        if self.processor.point is not None:
            source.__dict__["Event"] = _announcing(source.Event, self.processor.point)
        hook = self._hook(module)
        module.__dict__["excepthook"] = module.__dict__["__excepthook__"] = hook
        source.__dict__["excepthook"] = hook
        return module

    def _record_joins(self, thread: Any) -> None:
        """Log when a join has to wait, and give threads from outside the real class."""
        join, note = thread.join, self.recorder.note

        def recorded_join(waited_for: Any, timeout: float | None = None) -> None:
            thread = getattr(waited_for, "_program_thread", None)  # none: it was not started yet
            if thread is None or not waited_for.is_alive():
                return join(waited_for, timeout)
            note("join", None, thread.number)
            try:
                return join(waited_for, timeout)
            finally:
                note("joined", None, thread.number)

        def __new__(cls: type, *args: Any, **kwargs: Any) -> Any:
            if cls is thread and not self._inside():
                return threading.Thread(*args, **kwargs)
            return object.__new__(cls)

        recorded_join.__name__ = recorded_join.__qualname__ = "join"
        recorded_join.__doc__ = join.__doc__
        thread.join = recorded_join
        thread.__new__ = __new__

    def _hook(self, module: types.ModuleType) -> Callable[[Any], None]:
        def excepthook(args: Any) -> None:
            if self.processor.stopping or isinstance(args.exc_value, (Stop, SystemExit)):
                return
            own = module.__dict__["excepthook"]
            if own is not excepthook:  # the program takes care of its exceptions itself
                own(args)
            elif args.exc_value is not None:
                self.processor.failed(args.thread.name if args.thread else "a thread", args.exc_value)

        return excepthook

    def _time(self) -> types.ModuleType:
        module = types.ModuleType("time", time.__doc__)
        module.__dict__.update({k: v for k, v in vars(time).items() if not k.startswith("__")})
        module.__dict__["sleep"] = self._sleep()
        if self.processor.clock == "virtual":
            now = self.processor.now
            for name in ("monotonic", "perf_counter", "time"):
                module.__dict__[name] = self._choose(lambda: now() / 1e9, getattr(time, name))
                module.__dict__[name + "_ns"] = self._choose(lambda: now(), getattr(time, name + "_ns"))
        return module

    def _sleep(self) -> Callable[[float], None]:
        current, sleep_in_run, place = self.processor.current, self.processor.sleep, self.recorder.place

        def sleep(seconds: float, /) -> None:
            me = current()
            if me is None or not seconds >= 0:
                time.sleep(seconds)  # also raises CPython's own errors
            else:
                sleep_in_run(me, seconds, place())

        sleep.__doc__ = time.sleep.__doc__
        return sleep

    def _random(self, seed: int) -> types.ModuleType:
        """`random` seeded for the run; the real module's state is never touched."""
        module = types.ModuleType("random", random.__doc__)
        module.__dict__.update({k: v for k, v in vars(random).items() if not k.startswith("__")})
        if self.processor.clock == "virtual":
            generator = random.Random(seed)
            for name, value in vars(random).items():
                if getattr(value, "__self__", None) is getattr(random, "_inst", None) and hasattr(generator, name):
                    module.__dict__[name] = self._choose(getattr(generator, name), value)
        return module

    def _print(
        self, *values: object, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
    ) -> None:
        if file not in (None, sys.stdout) or not self._inside():
            builtins.print(*values, sep=sep, end=end, file=file, flush=flush)
            return
        text = (" " if sep is None else sep).join(map(str, values)) + ("\n" if end is None else end)
        self.recorder.note("print", None, text)
        if self.processor.point is not None:
            self.processor.point()


def _replaceable(value: Any) -> bool:
    """Only classes and functions are swapped by identity: a constant such as None or 1 may be anybody's."""
    return callable(value)


def _announcing(event: Any, point: Callable[[], None]) -> type:
    """The event by which a new thread tells that it has begun: it may now be overtaken before its first operation."""

    class Announcing(event):
        def set(self) -> None:
            super().set()
            point()

    return Announcing
