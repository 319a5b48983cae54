"""The lab from a terminal: `python -m semalab COMMAND`.

The modules in COMMANDS are a command each: `add_to(commands)` gives it its parser, whose `perform` does what was asked
and returns the exit status; the others are what they share. None imports what it needs for that before it is asked.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence

from semalab.engine.uncaught import INTERRUPTED
from semalab.terminal import explore, run, site
from semalab.terminal import open as opening
from semalab.terminal.command import USAGE, Parser, Refused

COMMANDS = (run, explore, opening, site)


def main(arguments: Sequence[str] | None = None, version: str = "") -> int:
    """Do what the command line asks for; returns the exit status.

    arguments: those of the process, if none are given. version: the package's, for `--version`.

    >>> main(["open", "run.json"])
    0
    """
    options = _parser(version).parse_args(arguments)
    try:
        return int(options.perform(options))
    except Refused as error:
        print(f"{options.prog}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser(version: str) -> Parser:
    parser = Parser(
        prog="python -m semalab",
        description="A lab bench for threading.Semaphore: your code is plain threading, which the\nlab only watches.",
        epilog="python -m semalab COMMAND --help says more of each.\n"
        "Exit status: 64 for wrong use, 130 after Ctrl-C; any other is the command's own.",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"semalab {version} on Python {platform.python_version()}",
        help="say which version this is, and on which Python",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser
