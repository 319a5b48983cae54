"""What the commands have in common: how a command line is parsed and refused, and what exit statuses mean."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

USAGE = 64  # wrong use, as in sysexits.h; 1 and 2 are verdicts, or a script's own


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
