"""What the commands have in common: how a line is parsed and refused, what is said and saved at the end."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from semalab.run import Run

USAGE = 64  # wrong use, as in sysexits.h; 1 and 2 are verdicts, or a script's own
UNSAVED = 74  # as in sysexits.h


class Refused(Exception):
    """What was asked for cannot be done; the text has the rule, the value and the way out."""


class Parser(argparse.ArgumentParser):
    """Refuses with a sentence and where to read on, and with a status that is no verdict.

    words: the list of words that may also come after or between options, which `argparse` alone takes in one place.
    """

    words = ""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)
        self.set_defaults(prog=self.prog)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        options, left = super().parse_known_args(args, namespace)
        if self.words:
            late = [word for word in left if not word.startswith("-")]
            setattr(options, self.words, [*getattr(options, self.words), *late])
            left = [word for word in left if word.startswith("-")]
        return options, left

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


@contextmanager
def refusing() -> Iterator[None]:
    """What is raised in here for a bad value is the user's affair: a sentence, no traceback."""
    try:
        yield
    except OSError as error:
        told = error.strerror or str(error)
        raise Refused(f"{told}: {str(error.filename)!r}" if error.filename else told) from None
    except (TypeError, ValueError) as error:
        raise Refused(str(error)) from None


def say(err: Any, sentence: str) -> None:
    """A sentence of the lab's, told apart from what the script writes to the same stream."""
    with suppress(OSError, ValueError):  # the script may have closed it
        print(f"semalab: {sentence}", file=err, flush=True)


def places_of(paths: Sequence[str]) -> list[Path]:
    """Where a run is to be saved, wherever the script goes meanwhile.

    Raises: Refused for what cannot become a file, before anything has run.
    """
    from semalab.run import suffix_of

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
