"""Whether a process lives, whether none of a recorded program can ever go on, and where they are when time is up.

The first two are asked of what the processes have noted. For the last each is asked by a signal, and writes it down:
Python's own `faulthandler` answers, in the midst of whatever the process is at, also in C and in a system call; so
nothing runs in it before it is asked. Without such signals (Windows) nobody is asked.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    import fcntl

    msvcrt: Any = None
except ImportError:  # Windows
    import msvcrt

if sys.platform != "win32":
    import faulthandler

    _SIGNAL = getattr(signal, "SIGRTMAX", signal.SIGUSR2) - ("SIGRTMAX" in signal.Signals.__members__)

_FAR = 1 << 30  # the byte that is locked: beyond all that is ever written, for Windows lets nobody read what is locked
_ASIDE = frozenset(
    {"made", "unseen", "void", "gone", "left", "begins"}
)  # notes that do not say what their process is at
_PATIENCE = 5.0  # seconds that are waited at most for answers; who gives none is told without a place
_LOOK = 0.02  # seconds between two looks at them
_STILL = 5  # looks without a change after which an answer without a line of the program is taken to be whole
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)

Place = tuple[str, int]  # function, line


def hold(descriptor: int) -> bool:
    """Lock this file for as long as the process lives. False if the file system knows no locks."""
    try:
        _lock(descriptor)
    except OSError:
        return False
    return True


def is_held(path: Path) -> bool:
    """True while the process that holds a lock on this file lives."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        _lock(descriptor)
    except OSError:
        return True
    finally:
        os.close(descriptor)  # and with it the lock, if it was to be had
    return False


def _lock(descriptor: int) -> None:
    if msvcrt is None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _FAR)
    else:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)


class Account:
    """What the notes say of everybody just now.

    A process that is stopped or has not been scheduled is not stuck, nor is one that has not begun: of a semaphore with
    a permit left, whoever waits for it will get one. The files are not read at the same moment, and need not be: what
    has let a process go on was noted before, by one who was not waiting then.
    """

    def __init__(self, rows: list[list[Any]], lives: Callable[[str], bool]) -> None:
        """rows: in the order of their times. lives: of a process that holds a lock on its notes, whether it lives."""
        self._last: dict[str, list[Any]] = {}
        self._begun: dict[str, str] = {}  # by their keys: the processes that have come to life
        self._announced: list[str] = []
        self._gone: set[str] = set()
        self._ended: set[str] = set()
        self._free: dict[str, int] = {}  # permits, by the keys of semaphores
        self._held: dict[str, bool] = {}  # whether they hold a lock on their notes
        left: set[str] = set()
        for row in rows:
            _, me, kind, key, amount, *_ = row
            if kind not in _ASIDE:
                self._last[me] = row
            if kind == "start":
                self._held[me] = bool(amount)
                self._begun[key or me] = me
            elif kind == "starts":
                self._announced.append(key)
            elif kind in {"gone", "left"}:
                self._gone.add(key)
                if kind == "left":
                    left.add(key)
            elif kind in {"end", "raised"}:
                self._ended.add(me)
            elif kind == "made":
                self._free[key] = amount
            elif kind in {"acquire", "release", "void"}:
                self._free[key] = self._free.get(key, 0) + {"acquire": -amount, "release": amount, "void": -1}[kind]
        gone = {self._begun[key] for key in self._gone if key in self._begun}
        self._left = {self._begun[key] for key in left if key in self._begun}
        self._dead = {me for me in self._last if me in gone or (self._held.get(me) and not lives(me))}

    @property
    def killed(self) -> set[str]:
        """Those that died before they could note their end; not the daemons that their parent's end has ended."""
        return self._dead - self._ended - self._left

    @property
    def living(self) -> dict[str, list[Any]]:
        """Those that are at work or wait, with the last that each has noted of it."""
        return {me: row for me, row in self._last.items() if me not in self._dead and me not in self._ended}

    @property
    def lingering(self) -> set[str]:
        """Those that have noted their end, and that have not gone."""
        return {me for me in self._ended if me not in self._dead and self._held.get(me)}

    @property
    def coming(self) -> set[str]:
        """The keys of those that somebody has started and that have not come to life."""
        return {key for key in self._announced if key not in self._begun and key not in self._gone}

    @property
    def stuck(self) -> bool:
        """True if all that live wait without a time limit, one of them at least for a permit, and there is none."""
        if self.coming:
            return False
        living = self.living.values()
        return all(map(self._waits, living)) and any(row[2] == "block" for row in living)

    def _waits(self, row: list[Any]) -> bool:
        _, _, kind, key, amount, *_ = row
        if amount or kind not in {"block", "join"}:
            return False
        return self._free.get(key, 0) <= 0 if kind == "block" else self._goes_on_living(key)

    def _goes_on_living(self, key: str) -> bool:
        """True if the end of this process is not near: it is at its work, or waits for those that it has started."""
        me = self._begun.get(key)
        if me is None or key in self._gone or me in self._dead:
            return False
        if me not in self._ended:
            return True
        own = (other for other in self._announced if other.startswith(f"{me}/"))
        return any(self._goes_on_living(other) for other in own)


def answer(path: Path) -> None:
    """Called in a process as it begins: from now on it writes into this file where it is, whenever it is asked."""
    if sys.platform != "win32":
        descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)  # the handler's, for the process's life
        faulthandler.register(_SIGNAL, file=descriptor, all_threads=False)


def whereabouts(processes: Mapping[str, Path], leader: int, module: str) -> dict[str, Place]:
    """The innermost line of the program in the main thread of each, as far as they answer.

    processes: by their keys, which begin with their identifiers: the files for their answers. leader: of their session;
    who is of another has inherited an identifier, and is nobody's to ask. module: name of the program's.
    """
    asked = {me: path for me, path in processes.items() if _ask(int(me.partition("-")[0]), leader)}
    found: dict[str, Place] = {}
    sizes: dict[str, int] = {}
    still = 0
    late = time.monotonic() + _PATIENCE
    while asked.keys() - found.keys() and still < _STILL and time.monotonic() < late:
        time.sleep(_LOOK)
        before, sizes = sizes, {me: path.stat().st_size for me, path in asked.items()}
        still = still + 1 if sizes == before and all(sizes.values()) else 0
        for me in asked.keys() - found.keys():
            text = asked[me].read_text(encoding="utf-8", errors="replace")
            if (place := _place(text.rpartition("\n")[0], module)) is not None:
                found[me] = place
    return found


def _ask(pid: int, leader: int) -> bool:
    if sys.platform == "win32":
        return False
    with suppress(ProcessLookupError, PermissionError):
        if os.getsid(pid) == leader:
            os.kill(pid, _SIGNAL)
            return True
    return False


def _place(text: str, module: str) -> Place | None:
    frames: Iterable[tuple[str, str, str]] = _FRAME.findall(text)
    return next(((name, int(line)) for file, line, name in frames if Path(file).stem == module), None)
