"""What a command says and saves when its script is done, whatever that has done to the process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semalab.terminal.command import Refused, refusing

if TYPE_CHECKING:
    from semalab.run import Run

UNSAVED = 74  # as in sysexits.h


def say(err: Any, sentence: str) -> None:
    """A sentence of the lab's, told apart from what the script writes to the same stream."""
    with suppress(OSError, ValueError):  # the script may have closed it
        print(f"semalab: {sentence}", file=err, flush=True)


def places_of(paths: Sequence[str]) -> list[Path]:
    """Where a run is to be saved, wherever the script goes meanwhile.

    Raises: Refused for what cannot become a file, before anything has run.
    """
    from semalab.saving import suffix_of

    places = []
    for path in paths:
        with refusing():
            suffix_of(path)
        place = Path(path).absolute()
        if not place.parent.is_dir():
            raise Refused(f"--save needs a folder that is there, got {path!r}; make {str(place.parent)!r} first")
        places.append(place)
    return places


def save_all(run: Run, places: Sequence[Path], path: Sequence[str], err: Any) -> bool:
    """Save a run, and say where; returns whether all could be written. path: `sys.path` as it was for the lab."""
    saved = True
    for place in places:
        try:
            with _leading(path):
                run.save(place)
        except OSError as error:
            say(err, error.strerror or str(error))
            saved = False
        else:
            say(err, f"saved {place}")
    return saved


@contextmanager
def _leading(path: Sequence[str]) -> Iterator[None]:
    """Modules are looked for where the lab finds its own, and not first beside the script."""
    scripts, sys.path[:] = list(sys.path), path
    try:
        yield
    finally:
        sys.path[:] = scripts
