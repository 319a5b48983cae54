"""What runs inside the processes of a recorded program: it notes what each does, in a file of its own.

Invariants: a note's time is read just after an acquire and just before a release, and a release is noted before it is
done. So whatever the clocks of two processes say of who was inside at once is true, sorted by time the notes have every
release before the acquire that it let through, and no count of the notes has fewer permits than there are. While a
process lives, it holds a lock on its file, which the system takes from it however it dies.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import functools
import importlib
import json
import multiprocessing
import multiprocessing.synchronize
import os
import pickle
import signal
import sys
import threading
import time
import traceback
import types
from pathlib import Path
from typing import Any

from semalab.beyond.stuck import answer, hold
from semalab.engine.interpreter import outwards
from semalab.instrument.naming import assigned_to

NOTES = "SEMALAB_NOTES"  # the environment variable with the folder that notes are put into
WHERE = ".where"  # the suffix of the file in which a process answers, beside its notes
PROGRAM = "recorded_program"  # the module that the program becomes

_LOOK = 0.1  # seconds between two looks of a process that waits for whether one that it has started is gone
_LONGEST = 20_000  # characters of a text

_WATCHED = ("Semaphore", "BoundedSemaphore", "Lock", "RLock")
_NAMED = ("Condition", "Event", "Barrier", "Queue", "JoinableQueue", "SimpleQueue", "Value", "Array")
_REAL = {name: getattr(multiprocessing.context.BaseContext, name) for name in (*_WATCHED, *_NAMED, "Manager")}

_writing = threading.RLock()
_file: tuple[int, int, str] | None = None  # the process that opened it, its descriptor, what the process is called
_made = 0
_started: dict[str, Process] = {}  # by their keys, those of whose end nothing is noted yet
_over = 0  # the process, once its end is noted
_strangers = False  # the program has forked a process that is none of its Process


def note(kind: str, key: str = "", amount: int = 0, line: int | None = None, text: str = "") -> None:
    """Append one line to this process's own file."""
    with _writing:
        descriptor, me = _own()
        row = [time.monotonic_ns(), me, kind, key, amount, line, text[:_LONGEST]]
        os.write(descriptor, (json.dumps(row) + "\n").encode())


def _own() -> tuple[int, str]:
    """The file of this process, with its beginning noted, and its key."""
    global _file
    if _file is None or _file[0] != os.getpid():
        me = f"{os.getpid()}-{time.monotonic_ns()}"
        path = Path(os.environ[NOTES], f"{me}.notes")
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0))
        answer(path.with_suffix(WHERE))
        held = hold(descriptor)  # before the first note: who reads that one can rely on it
        _file = os.getpid(), descriptor, me
        current = multiprocessing.current_process()
        name = "main" if current.name == "MainProcess" else current.name
        note("start", getattr(current, "noted", ""), int(held), text=name)
    return _file[1], _file[2]


def place() -> tuple[types.CodeType | None, int, int | None]:
    """Where in the program the call comes from: its code, the instruction, the line."""
    for frame in outwards(sys._getframe(1)):
        if frame.f_globals.get("__name__") == PROGRAM:
            return frame.f_code, frame.f_lasti, frame.f_lineno
    return None, 0, None


def _forked() -> None:
    global _strangers
    _strangers = True


def _surely_for_ever() -> bool:
    """False if a thread, a timer or a process of which nothing is noted may yet bring what this process waits for."""
    others = any(not isinstance(child, Process) for child in multiprocessing.active_children())
    timer = hasattr(signal, "getitimer") and signal.getitimer(signal.ITIMER_REAL)[0] > 0
    return threading.active_count() == 1 and not others and not timer and not _strangers


def _reap() -> None:
    """Note which of the processes that this one has started are gone."""
    for key, process in list(_started.items()):
        if process._parent_pid == os.getpid() and process.exitcode is not None:  # type: ignore[attr-defined]
            _started.pop(key, None)
            note("gone", key, process.exitcode)


class _Noting:
    """A semaphore of multiprocessing, and what it does. key: the same in every process that it is handed to."""

    key = ""

    def _make_methods(self) -> None:
        super()._make_methods()  # type: ignore[misc]
        self._take = self.__dict__.pop("acquire")  # the system's own, which would stand before ours
        self._give = self.__dict__.pop("release")

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        line = place()[2]
        if self._take(False):
            note("acquire", self.key, 1, line)
            return True
        if not block:
            note("refuse", self.key, 0, line)
            return False
        note("block", self.key, int(timeout is not None or not _surely_for_ever()), line)
        got = self._wait(None if timeout is None else time.monotonic() + timeout)
        note("acquire" if got else "refuse", self.key, int(got), line)
        return got

    def _wait(self, until: float | None) -> bool:
        while True:
            rest = _LOOK if until is None else min(_LOOK, until - time.monotonic())
            if self._take(True, max(0.0, rest)):
                return True
            if until is not None and time.monotonic() >= until:
                return False
            _reap()

    def release(self) -> None:
        note("release", self.key, 1, place()[2])
        try:
            self._give()
        except (ValueError, AssertionError):  # of a lock that somebody else has
            note("void", self.key)  # it was not released after all
            raise

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()

    def __getstate__(self) -> Any:
        return self.key, super().__getstate__()

    def __setstate__(self, state: Any) -> None:
        self.key, rest = state
        super().__setstate__(rest)  # type: ignore[misc]


class Semaphore(_Noting, multiprocessing.synchronize.Semaphore):
    """See `_Noting`."""


class BoundedSemaphore(_Noting, multiprocessing.synchronize.BoundedSemaphore):
    """See `_Noting`."""


class Lock(_Noting, multiprocessing.synchronize.Lock):
    """See `_Noting`: as a semaphore with one permit."""


class RLock(_Noting, multiprocessing.synchronize.RLock):
    """As `Lock`. Whoever has it may take it again; that, and giving it back as often, is noted by nobody."""

    _semlock: Any

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        if self._semlock._is_mine():
            return bool(self._take())
        return super().acquire(block, timeout)

    def release(self) -> None:
        if self._semlock._count() == 1 or not self._semlock._is_mine():
            super().release()
        else:
            self._give()


class Process(multiprocessing.Process):
    """A process that notes its beginning and its end, and that somebody waits for it.

    noted: what it is called in the notes, by itself and by the one that has started it.
    """

    noted = ""

    def start(self) -> None:
        global _made, _strangers
        _made += 1
        self.noted = f"{_own()[1]}/{_made}"
        note("starts", self.noted, text=self.name)
        before = _strangers
        try:
            super().start()
        except BaseException:
            note("gone", self.noted, 1)
            raise
        finally:
            _strangers = before
        _started[self.noted] = self

    def _bootstrap(self, *arguments: Any, **settings: Any) -> Any:
        """What Python calls in the process itself. `run` may be the program's own."""
        run = self.run

        def noted() -> None:
            note("begins")
            swap_names()
            try:
                run()
            except BaseException as error:
                if not isinstance(error, SystemExit):
                    note("raised", text=_in_words(error))
                raise
            finally:
                _end()

        self.run = noted  # type: ignore[method-assign]
        return super()._bootstrap(*arguments, **settings)  # type: ignore[misc]

    def join(self, timeout: float | None = None) -> None:
        if _over == os.getpid():
            return super().join(timeout)
        until = None if timeout is None else time.monotonic() + timeout
        limit = 0 if timeout is None else max(1, round(timeout * 1e9))
        note("join", self.noted, limit or int(not _surely_for_ever()), place()[2])
        while True:
            super().join(_LOOK if until is None else max(0.0, min(_LOOK, until - time.monotonic())))
            _reap()
            if self.exitcode is not None or (until is not None and time.monotonic() >= until):
                break
        note("joined", self.noted, int(self.exitcode is not None))
        return None


def _end() -> None:
    """Do and note what Python does at the end of a process: it ends the daemons that this one has started, and awaits
    the others. A daemon is noted as left, for it would have gone on. What Python does afterwards is not the program's.
    """
    global _over
    children = multiprocessing.active_children()
    for child in children:
        if child.daemon and isinstance(child, Process):
            note("left", child.noted)
            _started.pop(child.noted, None)
            child.terminate()
    for child in children:
        if not child.daemon:
            child.join()
    _reap()
    note("end")
    _over = os.getpid()


def _in_words(error: BaseException) -> str:
    """An exception as text: class, message, traceback; and itself, if it can be handed over."""
    try:
        whole = base64.b64encode(pickle.dumps(error)).decode()
    except Exception:
        whole = ""
    told = "".join(traceback.format_exception(error))
    return json.dumps([type(error).__name__, str(error)[:500], told[-5000:], whole if len(whole) < 5000 else ""])


def _named(kind: str) -> str:
    """What is noted of a primitive that the program makes: its class, and what it is called, if it has a name."""
    code, instruction, _ = place()
    target = assigned_to(code, instruction) if code is not None else None
    return f"{kind} {target.name if target is not None else ''}"


def _making(name: str) -> Any:
    """What stands for a method of multiprocessing's contexts, which make primitives. Python gets the real one."""
    real, kind = _REAL[name], f"multiprocessing.{name}"
    classes: dict[str, Any] = dict(zip(_WATCHED, (Semaphore, BoundedSemaphore, Lock, RLock), strict=True))
    cls: Any = classes.get(name)

    @functools.wraps(real)
    def make(context: Any, *arguments: Any, **settings: Any) -> Any:
        if sys._getframe(1).f_globals.get("__name__") != PROGRAM:
            return real(context, *arguments, **settings)
        if cls is None:
            note("unseen", text=_named(kind))
            return real(context, *arguments, **settings)
        return made(context, *arguments, **settings)

    def made(context: Any, value: int = 1) -> Any:
        global _made
        settings = {"ctx": context.get_context()}
        semaphore = cls(value, **settings) if issubclass(cls, Semaphore | BoundedSemaphore) else cls(**settings)
        _made += 1
        semaphore.key = f"{_own()[1]}.{_made}"
        note("made", semaphore.key, value, text=_named(kind))
        return semaphore

    return make


_MAKE = {name: _making(name) for name in _REAL}


def _print(*values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False) -> None:
    if file is not None:
        builtins.print(*values, sep=sep, end=end, file=file, flush=flush)
        return
    text = (" " if sep is None else sep).join(map(str, values)) + ("\n" if end is None else end)
    note("print", line=place()[2], text=text)


def _sleep(seconds: float) -> None:
    line = place()[2]
    note("sleep", amount=round(seconds * 1e9), line=line)
    time.sleep(seconds)
    note("wake", line=line)


def swap_names() -> None:
    """In this process, the names of the program's module mean what notes things down."""
    for name, make in _MAKE.items():
        setattr(multiprocessing.context.BaseContext, name, make)
    default = multiprocessing.get_context()
    makers = {name: types.MethodType(make, default) for name, make in _MAKE.items()}
    twin = types.ModuleType("multiprocessing")
    twin.__dict__.update({**vars(multiprocessing), **makers, "Process": Process})
    clock = types.ModuleType("time")
    clock.__dict__.update({**vars(time), "sleep": _sleep})
    means = {id(multiprocessing): twin, id(time): clock, id(time.sleep): _sleep, id(multiprocessing.Process): Process}
    names = vars(importlib.import_module(PROGRAM))
    for name, value in list(names.items()):
        if id(value) in means:
            names[name] = means[id(value)]
        elif (of := getattr(getattr(value, "__func__", None), "__name__", "")) in _REAL and value.__func__ is _REAL[of]:
            names[name] = makers[of]
        elif isinstance(value, type) and value.__module__ == PROGRAM and multiprocessing.Process in value.__bases__:
            value.__bases__ = tuple(Process if base is multiprocessing.Process else base for base in value.__bases__)
    names.setdefault("print", _print)


def main(folder: str, function: str, method: str) -> None:
    """Run the program. Its arguments are in the folder, and so will be what it returns or raises.

    method: how processes are to be started, "" for the system's own way.
    """
    place_of = Path(folder)
    sys.path.insert(0, folder)
    if method:
        multiprocessing.set_start_method(method)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_parent=_forked)
    note("begins")
    outcome: tuple[str, Any]
    try:
        swap_names()
        arguments = pickle.loads((place_of / "arguments").read_bytes())
        outcome = "result", vars(importlib.import_module(PROGRAM))[function](**arguments)
    except BaseException as error:
        outcome = "raised", error
    _end()
    words = _in_words(outcome[1]) if outcome[0] == "raised" else repr(outcome[1])
    (place_of / "words").write_text(f"{outcome[0]}\n{words}", encoding="utf-8")  # for what cannot be handed over
    with contextlib.suppress(Exception):
        (place_of / "outcome").write_bytes(pickle.dumps(outcome[1]))
