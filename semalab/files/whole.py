"""A file is replaced as a whole or stays what it was, whatever comes in between."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_FILES = "/proc/self/fd"  # where Linux gives a file without a name its first one


def write_whole(path: str | Path, chunks: Iterable[bytes]) -> Path:
    """Write chunks to a file that appears when all of them are on the disk; until then the old one stays.

    A link is followed, and the mode of a file that was there is kept. Where the system can (Linux), what is not yet
    whole has no name: not even the end of the process leaves it behind.

    Raises: OSError, with a sentence, if the file cannot be written; ValueError for a name that no file can have.

    >>> write_whole("run.csv", [b"time,thread\\n", b"0,main\\n"])
    PosixPath('run.csv')
    """
    path = Path(path)
    if "\0" in str(path):
        raise ValueError(f"the name of a file must be without null characters, got {str(path)!r}")
    try:
        target = Path(os.path.realpath(path))
        present = target.stat() if target.exists() else None
        if present is not None and stat.S_ISDIR(present.st_mode):
            raise IsADirectoryError(21, "it is a folder")
        if present is not None and not os.access(target, os.W_OK):
            raise PermissionError(13, "it is write-protected")
        if present is not None and not stat.S_ISREG(present.st_mode):  # a pipe, a device: there is nothing to replace
            with target.open("wb") as place:
                place.writelines(chunks)
        else:
            replace_whole(target, chunks, present)
    except OSError as error:
        why = error.strerror or str(error)
        told = f"the run must go to a file that can be written, got {str(path)!r}: {why}"
        told += "; the file that was there is unchanged" if os.path.isfile(path) else ""  # noqa: PTH113 (never raises)
        raise type(error)(error.errno, told) from error
    return path


def replace_whole(target: Path, chunks: Iterable[bytes], present: os.stat_result | None = None) -> None:
    """Put a file in the place of whatever is there. present: what is there, if its mode is to be kept.

    Raises: OSError if it cannot be written; then nothing has changed.
    """
    unfinished = target.with_name(f".{secrets.token_hex(8)}.part")
    file, named = -1, False
    try:
        file = _nameless(target.parent)
        named = file < 0
        if named:
            file = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
        for chunk in chunks:
            _write(file, chunk)
        os.fsync(file)
        if not named:
            _name(file, unfinished)
        os.close(file)
        file = -1
        if present is not None:
            unfinished.chmod(stat.S_IMODE(present.st_mode))
        unfinished.replace(target)
    except BaseException:  # an interrupt, too
        with suppress(OSError):
            if file >= 0:
                os.close(file)
        with suppress(OSError):
            unfinished.unlink()
        raise
    _sync_folder(target.parent)


def _write(file: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(file, rest) :]


def _nameless(folder: Path) -> int:
    """A new file in this folder that has no name yet; -1 where the system has no such thing."""
    if not hasattr(os, "O_TMPFILE") or not Path(_FILES).is_dir():
        return -1
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except OSError:  # this file system has no such files; if it is something else, the next attempt tells it
        return -1


def _name(file: int, path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Only with a folder given does Python follow the link to the file itself; the path, being absolute, ignores it.
        os.link(f"{_FILES}/{file}", path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _sync_folder(folder: Path) -> None:
    """So that the new name survives a power cut, where folders can be opened at all."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)
