"""The file beside the notebooks that keeps what was done when a kernel ends. Deleting it starts anew."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from semalab.files.whole import replace_whole

try:
    import fcntl
except ImportError:  # Windows: there, of two kernels that write at the same moment, one may be forgotten
    fcntl = None  # type: ignore[assignment]

NAME = ".semalab_progress.json"
PLACE = "SEMALAB_PROGRESS"  # the environment variable with another path, or with nothing: then no file is kept
FORMAT = 1
_LARGEST = 1_000_000  # bytes that are read: a file of ours has a few thousand
_MOST = 10**9  # tries
_LOOKS, _LOOK = 200, 0.01  # how often another kernel is waited for, and the seconds in between


class Note(NamedTuple):
    """tries: attempts judged. solved: one of them was right, whatever came after it."""

    tries: int = 0
    solved: bool = False

    def and_then(self, later: Note) -> Note:
        return Note(min(self.tries + later.tries, _MOST), self.solved or later.solved)


class ProgressFile:
    """Notes of exercises, by name. Invariant: the file is whole at every moment, whoever reads or writes it.

    A file that cannot be read, or is none of ours, counts as none; the next note that is kept replaces it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Note]:
        try:
            if not self._path.is_file() or self._path.stat().st_size > _LARGEST:  # a pipe would make us wait
                return {}
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        found = kept.get("exercises") if isinstance(kept, dict) and kept.get("format") == FORMAT else None
        if not isinstance(found, dict):
            return {}
        return {name: note for name, entry in found.items() if (note := _note(entry)) is not None}

    def add(self, notes: Mapping[str, Note]) -> bool:
        """Add them to those that are there. False if nothing could be written: then nothing has changed."""
        try:
            with self._alone():
                kept = self.read()
                for name, note in notes.items():
                    kept[name] = kept.get(name, Note()).and_then(note)
                self._write(kept)
        except OSError:
            return False
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other kernel is between reading and writing. The system gives the lock back if a kernel dies here."""
        if fcntl is None:
            yield
            return
        # The folder is locked, not the file: replacing it makes another file, of which nobody would hold the lock.
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            _lock(folder)
            yield
        finally:
            os.close(folder)

    def _write(self, notes: Mapping[str, Note]) -> None:
        text = json.dumps({"format": FORMAT, "exercises": {n: notes[n]._asdict() for n in sorted(notes)}}, indent=1)
        replace_whole(self._path, [f"{text}\n".encode()])


def _lock(folder: int) -> None:
    """Raises BlockingIOError if somebody else has it for long: a kernel that was stopped there must not stop ours."""
    for left in reversed(range(_LOOKS)):
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not left:
                raise
            time.sleep(_LOOK)
        except OSError:  # some network's folders cannot be locked: then as on Windows
            return


def _note(entry: Any) -> Note | None:
    tries = entry.get("tries") if isinstance(entry, dict) else None
    if type(tries) is not int or not 0 <= tries <= _MOST or type(entry.get("solved")) is not bool:
        return None
    return Note(tries, entry["solved"])


def file_of_this_process() -> ProgressFile | None:
    """The file beside the notebook of this kernel; elsewhere none, unless the environment names one."""
    named = os.environ.get(PLACE)
    if named is not None:
        return ProgressFile(Path(named).absolute()) if named else None
    try:
        return ProgressFile(Path.cwd() / NAME) if _in_kernel() else None
    except OSError:  # the folder is gone
        return None


def _in_kernel() -> bool:
    application = getattr(sys.modules.get("ipykernel.kernelapp"), "IPKernelApp", None)
    return application is not None and bool(application.initialized())
