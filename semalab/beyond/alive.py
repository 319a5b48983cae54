"""Whether a process lives, on every system: while it does, it holds a lock on a file, which dies with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

try:
    import fcntl

    msvcrt: Any = None
except ImportError:  # Windows
    import msvcrt

_FAR = 1 << 30  # the byte that is locked: beyond all that is ever written, for Windows lets nobody read what is locked


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
