"""Where the processes of a recorded program are when its time is up: each is asked by a signal, and writes it down.

Python's own `faulthandler` answers, in the midst of whatever the process is at, also in C and in a system call; so
nothing runs in it before it is asked. Without such signals (Windows) nobody is asked.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

if sys.platform != "win32":
    import faulthandler

    _SIGNAL = getattr(signal, "SIGRTMAX", signal.SIGUSR2) - ("SIGRTMAX" in signal.Signals.__members__)

_PATIENCE = 5.0  # seconds that are waited at most for answers; who gives none is told without a place
_LOOK = 0.02  # seconds between two looks at them
_STILL = 5  # looks without a change after which an answer without a line of the program is taken to be whole
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)

Place = tuple[str, int]  # function, line


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
