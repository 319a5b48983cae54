"""What runs inside the processes of a recorded program: it notes what each does, in one file that all append to.

Invariant: a note is one line, written by one call to a file opened for appending, so that none is torn; its time is
read just after an acquire and just before a release. So whatever the clocks of two processes say of who was inside at
once is true, and sorted by time the notes have every release before the acquire that it let through.
"""

from __future__ import annotations

import builtins
import importlib
import json
import multiprocessing
import multiprocessing.synchronize
import os
import pickle
import sys
import time
import types
from pathlib import Path
from typing import Any

from semalab.labels import assigned_to

NOTES = "SEMALAB_NOTES"  # the environment variable with the file that notes are appended to
PROGRAM = "recorded_program"  # the module that the program becomes

_file: tuple[int, int] | None = None  # the process that opened it, and its descriptor
_made = 0


def note(kind: str, key: str = "", amount: int = 0, line: int | None = None, text: str = "") -> None:
    """Append one line. Another process never comes in between: the system appends as a whole what is this short."""
    global _file
    if _file is None or _file[0] != os.getpid():
        _file = os.getpid(), os.open(os.environ[NOTES], os.O_WRONLY | os.O_APPEND)
    row = [time.monotonic_ns(), os.getpid(), kind, key, amount, line, text[:2000]]
    os.write(_file[1], (json.dumps(row) + "\n").encode())


def place() -> tuple[types.CodeType | None, int, int | None]:
    """Where in the program the call comes from: its code, the instruction, the line."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == PROGRAM:
            return frame.f_code, frame.f_lasti, frame.f_lineno
        frame = frame.f_back
    return None, 0, None


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
        note("block", self.key, 0 if timeout is None else 1, line)
        got: bool = self._take(True, timeout)
        note("acquire" if got else "refuse", self.key, int(got), line)
        return got

    def release(self) -> None:
        note("release", self.key, 1, place()[2])
        try:
            self._give()
        except ValueError:
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


class Process(multiprocessing.Process):
    """A process that notes its beginning and its end, and that somebody waits for it."""

    def start(self) -> None:
        note("starts", self.name)
        super().start()

    def run(self) -> None:
        note("start", text=self.name)
        swap_names()
        try:
            super().run()
        except BaseException as error:
            if not isinstance(error, SystemExit):
                note("raised", text=f"{type(error).__name__}: {error}")
            raise
        finally:
            note("end")

    def join(self, timeout: float | None = None) -> None:
        limit = 0 if timeout is None else max(1, round(timeout * 1e9))
        note("join", self.name, limit, place()[2])
        super().join(timeout)
        note("joined", self.name, int(self.exitcode is not None))


def make(cls: Any, kind: str) -> Any:
    """What stands for `multiprocessing.Semaphore` while the program runs."""

    def made(value: int = 1) -> Any:
        global _made
        semaphore = cls(value, ctx=multiprocessing.get_context())
        _made += 1
        semaphore.key = f"{os.getpid()}.{_made}"
        code, instruction, _ = place()
        target = assigned_to(code, instruction) if code is not None else None
        note("made", semaphore.key, value, text=f"{kind} {target.name if target is not None else ''}")
        return semaphore

    return made


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
    twin = types.ModuleType("multiprocessing")
    semaphores = {
        "Semaphore": make(Semaphore, "multiprocessing.Semaphore"),
        "BoundedSemaphore": make(BoundedSemaphore, "multiprocessing.BoundedSemaphore"),
    }
    twin.__dict__.update({**vars(multiprocessing), **semaphores, "Process": Process})
    clock = types.ModuleType("time")
    clock.__dict__.update({**vars(time), "sleep": _sleep})
    means = {id(multiprocessing): twin, id(time): clock, id(time.sleep): _sleep, id(multiprocessing.Process): Process}
    names = vars(importlib.import_module(PROGRAM))
    for name, value in list(names.items()):
        if id(value) in means:
            names[name] = means[id(value)]
        elif name in semaphores and getattr(value, "__func__", None) is getattr(
            multiprocessing.context.BaseContext, name
        ):
            names[name] = semaphores[name]
    names.setdefault("print", _print)


def main(folder: str, function: str) -> None:
    """Run the program. Its arguments are in the folder, and so will be what it returns or raises."""
    place_of = Path(folder)
    sys.path.insert(0, folder)
    note("start", text="main")
    outcome: tuple[str, Any]
    try:
        swap_names()
        arguments = pickle.loads((place_of / "arguments").read_bytes())
        outcome = "result", vars(importlib.import_module(PROGRAM))[function](**arguments)
        for child in multiprocessing.active_children():  # as Python does at its end
            child.join()
    except BaseException as error:
        outcome = "raised", error
    note("end")
    try:
        written = pickle.dumps(outcome)
    except Exception:  # a result or an exception that cannot be handed over is told in words
        written = pickle.dumps((outcome[0], repr(outcome[1])))
    (place_of / "outcome").write_bytes(written)
