"""`run`: a script on the bench, as `python script.py` would run it: its code, its module `__main__`, `sys.argv` and
`sys.path`; then the lab's sentence.
"""

from __future__ import annotations

import argparse
import atexit
import builtins
import importlib.util
import os
import signal
import sys
import types
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from semalab.engine.uncaught import INTERRUPTED, show, show_of_thread, status_of
from semalab.terminal.command import UNSAVED, Refused, places_of, refusing, save_all, say

if TYPE_CHECKING:
    from semalab.run import Run


class Script(NamedTuple):
    """The program, to be called without arguments, and what it is called.

    Invariant: it has been made `__main__`, for good: what pickles, data classes and child processes ask for is there
    until the process has ended.
    """

    name: str
    program: Callable[[], Any]


def script_of(file: str, arguments: Sequence[str]) -> Script:
    """As `python file arguments…`.

    Raises: Refused for what is no script; SyntaxError as it is.
    """
    code = source_of(file)
    place = code.co_filename
    lead_path(str(Path(file).resolve().parent))
    loader = SourceFileLoader("__main__", place)
    return _main(Path(file).name, code, [file, *arguments], __file__=place, __cached__=None, __loader__=loader)


def source_of(file: str) -> types.CodeType:
    """The code of a script.

    Raises: Refused for what is no script; SyntaxError as it is.
    """
    if file == "-":
        raise Refused("the script must be a file, got '-': what is read from the terminal has no lines to point at")
    if Path(file).is_dir():
        raise Refused(f"the script must be a file, got the folder {file!r}; of a package run a module, with -m")
    with refusing():
        text = Path(file).read_bytes()
    if b"\0" in text:
        raise Refused(f"the script must be Python source, got {file!r}")
    place = os.path.abspath(file)  # noqa: PTH100  # as Python: links are not followed
    return compile(text, place, "exec", dont_inherit=True)


def script_of_module(name: str, arguments: Sequence[str]) -> Script:
    """As `python -m name arguments…`.

    Raises: Refused if there is no such module, or none with Python source.
    """
    lead_path(str(Path.cwd()))
    sys.argv = ["-m", *arguments]  # what a package meets that is imported on the way
    spec = _spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        name = f"{name}.__main__"
        spec = _spec(name)
    if spec is None:
        raise Refused(f"there is no module {name!r} to run; of a script give the file, without -m")
    code = spec.loader.get_code(spec.name) if hasattr(spec.loader, "get_code") else None
    if code is None or spec.origin is None:
        raise Refused(f"-m needs a module of Python source, got {name!r}")
    names = {"__file__": spec.origin, "__cached__": spec.cached, "__loader__": spec.loader, "__package__": spec.parent}
    return _main(name, code, [spec.origin, *arguments], __spec__=spec, **names)


def _spec(name: str) -> Any:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError) as error:
        if isinstance(error, ImportError) and f"{name}.".startswith(f"{error.name}."):
            return None  # it is the module itself, or a package that it should lie in
        raise Refused(f"-m needs a module that can be found, got {name!r}: {type(error).__name__}: {error}") from None


def lead_path(folder: str) -> None:
    """What Python puts first: there `python -m` had put the folder in which it was started."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _main(name: str, code: types.CodeType, argv: list[str], **names: Any) -> Script:
    module = types.ModuleType("__main__")
    space = vars(module)
    space.update(names, __builtins__=builtins)
    if sys.version_info < (3, 14):
        space["__annotations__"] = {}
    sys.argv = argv
    sys.modules["__main__"] = module
    return Script(name, types.FunctionType(code, space, name))


DEADLOCK = 123
STOPPED = 124  # as of `timeout`, the command
_FOR_EVER = 999_999.0  # seconds, which are eleven days: the most that a run can be given


def add_to(commands: Any) -> None:
    """Give the command its parser."""
    parser = commands.add_parser(
        "run",
        usage="%(prog)s [options] (script.py | -m module) [arguments ...]",
        help="run a script, watched, and say in a sentence what happened",
        description="Run a script as Python would, with its own input, output and arguments; then say\n"
        "on stderr what its threads showed.",
        epilog="Options for the lab come first, those of the script after its name. Ctrl-C rises\n"
        "in the script, as ever; a second one stops the run, and what there is is told.\n"
        "Exit status: the script's own; 123 after a deadlock, 124 if the run was stopped\n"
        "(its time was up, say), 130 after Ctrl-C, 74 not saved, 64 wrong use.",
    )
    parser.add_argument("-m", dest="module", action="store_true", help="run a module by its name")
    parser.add_argument("--clock", choices=("wall", "virtual"), default="wall", help="real, or repeatable (wall)")
    parser.add_argument("--seed", type=int, metavar="N", help="the schedule on the virtual clock (0)")
    parser.add_argument("--timeout", type=float, default=_FOR_EVER, metavar="SECONDS", help="then stop (never)")
    parser.add_argument(
        "--save",
        action="append",
        default=[],
        metavar="PATH",
        help=".html: replay; .png .svg .pdf: picture; .json .csv .trace.json:\nlog. May be given more than once",
    )
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Run the script; tell and save its run."""
    from semalab.settings import RunSettings

    path, err = list(sys.path), sys.stderr
    places = places_of(options.save)
    if not options.rest:
        raise Refused("there must be something to run; give a script, or -m and a module")
    if options.seed is not None and options.clock == "wall":
        raise Refused(f"--seed must go with a clock that it rules, got {options.seed}; add --clock virtual")
    own = _Process()
    settings = RunSettings(
        clock=options.clock,
        seed=options.seed or 0,
        timeout=options.timeout,
        script=own,
        cancelled=lambda: own.interrupts.stop,
        stopped_by=lambda: "the run was interrupted",
    )
    with refusing():
        settings.check(_nothing, {})
    try:
        script = (script_of_module if options.module else script_of)(options.rest[0], options.rest[1:])
    except Refused:
        raise
    except BaseException as error:  # it cannot be compiled, or a package raises that it lies in
        show(error)
        return status_of(error)
    run = own.run(script, settings)
    status = own.status_of(run)
    try:
        _flush()
        for sentence in filter(None, (run.verdict, run.note)):
            say(err, sentence)
        if not save_all(run, places, path, err):
            status = status or UNSAVED
    except KeyboardInterrupt:
        status = INTERRUPTED
    return _end(run, status)


def _nothing() -> None:
    """A program, for what is asked of the settings before there is one."""


class _Interrupts:
    """Ctrl-C: the first is the script's, the second stops the run. On the virtual clock the first does."""

    def __init__(self) -> None:
        self.came = 0
        self.at_once = False

    @property
    def stop(self) -> bool:
        return self.came > 1 or (self.at_once and self.came > 0)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.came += 1
        if not self.stop:
            signal.default_int_handler(number, frame)


class _Process:
    """What the process has from its script. Invariant: `ended` is what main raised, None if nothing yet."""

    def __init__(self) -> None:
        self.interrupts = _Interrupts()
        self.ended: BaseException | None = None

    def run(self, script: Script, settings: Any) -> Run:
        """Run it, and be interrupted as it would be."""
        from semalab.bench import run_threads

        self.interrupts.at_once = settings.clock == "virtual"
        before = signal.getsignal(signal.SIGINT)
        if before is signal.default_int_handler:  # not where interrupts are ignored: a job in the background
            signal.signal(signal.SIGINT, self.interrupts)
        try:
            return run_threads(script.program, {}, settings)
        finally:
            signal.signal(signal.SIGINT, before)

    def raised(self, thread: Any, error: BaseException) -> bool:
        """See `semalab.settings.Script`."""
        if thread.number:
            show_of_thread(thread, error)
            return True
        self.ended = error
        show(error)
        return not isinstance(error, SystemExit)

    def status_of(self, run: Run) -> int:
        from semalab.log.stops import Deadlock

        if self.interrupts.came and (run.stopped is not None or isinstance(self.ended, KeyboardInterrupt)):
            return INTERRUPTED
        if run.stopped is not None:
            return DEADLOCK if isinstance(run.stopped, Deadlock) else STOPPED
        return status_of(self.ended)


def _end(run: Run, status: int) -> int:
    """Returns the status; but beside a thread that nobody can end, in a read of stdin say, Python could not end."""
    from semalab.log.stops import Timeout

    if isinstance(run.stopped, Timeout) and run.stopped.left:
        atexit._run_exitfuncs()
        _flush()
        os._exit(status)
    return status


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # whatever the script has made of them
            stream.flush()
