"""`explore`: a function of a script under every schedule, for people and for a continuous integration."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import Any

from semalab import front_end
from semalab.engine.uncaught import INTERRUPTED
from semalab.terminal.command import Refused, refusing

STATUS = {"proved": 0, "counterexample": 1, "cannot say": 2, "budget exhausted": 2}
_HOW = ("granularity", "time", "budget", "seconds")  # what it has from `lab.explore`, with its defaults
_WIDTH = 20  # characters of the bar


def add_to(commands: Any) -> None:
    """Give the command its parser."""
    parser = commands.add_parser(
        "explore",
        usage="%(prog)s script.py:function [name=value ...] [options]",
        help="try every schedule of a small program: proved, or a counterexample",
        description="Run a function under every schedule: proved for this size, or the shortest\n"
        "counterexample, step by step.",
        epilog="A check is mutual_exclusion, limit, latch, at_most(2), exact_count(10) or\n"
        "at_most_per(5, 1); of one primitive as in limit(door) or at_most(2, door); or a\n"
        "function of the script that is given the run. A deadlock is always wrong, and so\n"
        "is an exception. Nothing is proved of any other size.\n"
        "Exit status: 0 proved, 1 counterexample, 2 neither, 64 wrong use, 130 Ctrl-C.",
    )
    parser.add_argument("program", metavar="script.py:function", help="or package.module:function")
    parser.add_argument(
        "arguments", metavar="name=value", nargs="*", default=[], help="its arguments, such as threads=3"
    )
    parser.add_argument("--check", metavar="CHECK", help="what is to hold in every run")
    parser.add_argument(
        "--granularity", choices=("operations", "lines", "bytecode"), help="where threads may\ntake turns (operations)"
    )
    parser.add_argument("--time", choices=("clock", "free"), help="free: sleeps end in any order")
    parser.add_argument("--budget", type=int, metavar="N", help="schedules at most (100000)")
    parser.add_argument("--seconds", type=float, metavar="N", help="of real time at most (60)")
    parser.add_argument(
        "--save", action="append", default=[], metavar="PATH", help="save the counterexample, as in run"
    )
    parser.words = "arguments"
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Explore; say and save what was found."""
    from semalab.exploration.explore import explore
    from semalab.terminal.command import places_of, save_all, say
    from semalab.terminal.program import arguments_of, check_of, function_of

    path, err = list(sys.path), sys.stderr
    places = places_of(options.save)
    arguments = arguments_of(options.arguments)
    module, program = function_of(options.program)
    check = None if options.check is None else check_of(options.check, module)
    if err.isatty():
        front_end.make_bar = LineBar
    how = {name: value for name in _HOW if (value := getattr(options, name)) is not None}
    if taken := [name for name in arguments if name in {*_HOW, "check"}]:
        raise Refused(f"{taken[0]} must be given as --{taken[0]}, got it as an argument of the program")
    with refusing():
        found = explore(program, check=check, **how, **arguments)
    print(found)
    if places and found.shortest is None:
        say(err, "nothing was saved: there is no counterexample")
    elif found.shortest is not None:
        save_all(found.shortest, places, path, err)
    return INTERRUPTED if found.interrupted else STATUS[found.verdict]


class LineBar:
    """A bar in the last line of a terminal. Leaves nothing behind."""

    def show(self, progress: Any) -> None:
        done = round(progress.part * _WIDTH)
        line = f"[{'#' * done}{'.' * (_WIDTH - done)}] {progress.words}. Ctrl-C ends it."
        self._write(line[: shutil.get_terminal_size().columns - 1])

    def close(self) -> None:
        self._write("")

    def _write(self, line: str) -> None:
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()
