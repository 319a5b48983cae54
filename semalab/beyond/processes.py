"""Processes on the bench: the program runs in a fresh Python, so that it can neither hang nor harm this one.

Its text becomes a module of its own there, which its child processes can import.
"""

from __future__ import annotations

import ast
import base64
import inspect
import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from semalab.analysis.claims import Check
from semalab.beyond.adapter_log import Failure, Log, became, deaths, labels_of, log_of, not_watched
from semalab.beyond.inside import NOTES, PROGRAM, WHERE
from semalab.beyond.stuck import Account, is_held, whereabouts
from semalab.files.fields import called
from semalab.instrument.naming import lines_of
from semalab.log.excerpt import written
from semalab.log.stops import Deadlock, There, Timeout, not_ended
from semalab.run import Run
from semalab.settings import RunSettings

_PLAIN = (bool, int, float, complex, str, bytes, tuple, list, dict, set, type(None))
_CONTAINERS = frozenset("dict list set tuple deque defaultdict OrderedDict Counter".split())
_LONGEST = 100_000  # characters
_AT_LAST = (  # for a process that finds its own class here: from then on that notes what it does
    "import semalab.beyond.inside",
    "semalab.beyond.inside.swap_names()",
)


def module_text(program: Callable[..., Any]) -> str:
    """The cell or module of a function as a module of its own: its imports, functions and classes, on the same lines.

    What it uses from other cells, functions, modules and plain values, stands below.
    """
    if not isinstance(program, types.FunctionType) or program.__qualname__ != program.__name__:
        raise TypeError(
            f"program must be a function that stands at the top of a cell or module, got {written(program)}"
        )
    lines = lines_of(program.__code__.co_filename)
    if not lines:
        raise ValueError(f"the text of {program.__name__} is not to be had; define it in a cell or a file")
    tree = ast.parse("".join(lines))
    kept = [""] * len(lines)
    for statement in filter(_defines, tree.body):
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
        kept[first - 1 : statement.end_lineno] = [line.rstrip("\n") for line in lines[first - 1 : statement.end_lineno]]
    text = "\n".join(kept)
    return "\n".join([text, *_from_elsewhere(program.__globals__, text), *_AT_LAST]) + "\n"


def _defines(statement: ast.stmt) -> bool:
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    constant = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
    return isinstance(statement, kinds) or constant or _is_container(statement)


def _is_container(statement: ast.AST) -> bool:
    """True for `handlers = {}` and the like, which decorators of the functions below may fill."""
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        known = all(isinstance(one, ast.Constant) or getattr(one, "id", "") in _CONTAINERS for one in value.args)
        return name in _CONTAINERS and known and not value.keywords
    if not isinstance(value, ast.Dict | ast.List | ast.Set | ast.Tuple):
        return False
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):  # names are in it, which may have another meaning by now; or it cannot be made
        return False
    return True


def _from_elsewhere(namespace: dict[str, Any], text: str) -> Iterator[str]:
    """What the text uses of its namespace and does not define, as text."""
    tree = ast.parse(text)
    done = {name for node in ast.walk(tree) if not _is_container(node) for name in _bound(node)}
    asked = [text]
    while asked:
        for node in ast.walk(ast.parse(asked.pop())):
            if not isinstance(node, ast.Name) or node.id in done or node.id not in namespace:
                continue
            done.add(node.id)
            value = namespace[node.id]
            if isinstance(value, types.ModuleType):
                yield f"import {value.__name__} as {node.id}"
            elif isinstance(value, types.FunctionType) and value.__globals__ is namespace:
                asked.append(textwrap.dedent(inspect.getsource(value)))
                yield asked[-1]
            elif getattr(value, "__module__", None) in sys.modules and getattr(value, "__name__", "") == node.id:
                yield f"from {value.__module__} import {node.id}"
            elif (text_of := _as_text(value)) is not None:
                yield f"{node.id} = {text_of}"


def _as_text(value: Any) -> str | None:
    """A number, a text, or a collection of such, as Python writes it; None for anything else, and what is too long."""
    text = repr(value) if type(value) in _PLAIN else ""
    if not text or len(text) > _LONGEST:
        return None
    try:
        same = ast.literal_eval(text) == value
    except (ValueError, SyntaxError, RecursionError):  # something else is in it
        return None
    return text if same else None


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


_LOOK = 0.02  # seconds between two looks at the notes
_WAITS = frozenset({"block", "join", "sleep"})  # notes after which a process does nothing until the next one
_DYING = 0.5  # seconds that are waited at most until those who were killed are gone


def record_processes(
    program: Callable[..., Any],
    /,
    *,
    timeout: float = 30.0,
    raises: bool = True,
    claim: Check | None = None,
    **arguments: Any,
) -> Run:
    """Run a program that starts processes, in a fresh Python, and return the log of what they did at semaphores.

    The program is plain `multiprocessing`. Seen are `multiprocessing.Semaphore`, `BoundedSemaphore`, `Lock`, `RLock`,
    `Process`, `time.sleep` and `print`, under the names by which its module or cell knows them. Its functions must
    stand at the top of a cell or module: the cell's imports, functions and classes become a module of their own,
    which the processes can import however the system starts them. Afterwards none of them is alive.

    Args:
        timeout: seconds after which all of them are ended.
        raises, claim, arguments: as in `semalab.record`; arguments and result must be picklable.

    Returns:
        The run, as `semalab.record` gives it.

    Raises:
        TypeError, ValueError: for bad arguments, or a program whose text is not to be had, before anything has started.

    >>> record_processes(program, processes=3, initial=1).verdict
    'Mutual exclusion held: never more than 1 inside'
    """
    settings = RunSettings(timeout=timeout, claim=claim)
    settings.check(program, arguments)
    text = module_text(program)
    with tempfile.TemporaryDirectory(prefix="semalab-", ignore_cleanup_errors=True) as folder:
        bench = _Bench(Path(folder), settings)
        (bench.folder / f"{PROGRAM}.py").write_text(text, encoding="utf-8")
        (bench.folder / "arguments").write_bytes(pickle.dumps(arguments))
        bench.go(program.__name__)
        run = bench.run(program, arguments)
    if raises and run.exception is not None:
        raise run.exception
    return run


class _Bench:
    """One run. Invariant: after `go` no process that it began is alive."""

    def __init__(self, folder: Path, settings: RunSettings) -> None:
        self.folder, self.settings = folder, settings
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.up: str | None = None  # why it was ended: "deadlock", "timeout"
        self.there: list[There] = []  # those that had not ended when the time was up
        self.killed: set[str] = set()  # processes that had died before the program's end, or before that
        self.errors = ""
        self.status = 0

    def go(self, function: str) -> None:
        code = "import sys; from semalab.beyond.inside import main; main(*sys.argv[1:])"
        paths = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]))
        method = multiprocessing.get_start_method(allow_none=True) or ""  # as the caller wants processes to be started
        with (self.folder / "errors").open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, "-c", code, str(self.folder), function, method],
                env={**os.environ, NOTES: str(self.notes), "PYTHONPATH": paths},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        try:
            with _nobody_outlives_us(process):
                self._wait(process)
        finally:
            _end(process)
            self.status = process.returncode
            self.errors = (self.folder / "errors").read_text(errors="replace")

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        begun = time.monotonic()
        size = 0
        while process.poll() is None:
            if time.monotonic() - begun > self.settings.seconds:
                self.up = "timeout"
                self.there = self._look_where(process.pid)
                break
            grown = sum(path.stat().st_size for path in self._files())
            if grown != size:  # there will be more; whether anybody can go on is asked when nothing new has come
                size = grown
            elif self._account().stuck:
                self.up = "deadlock"
                break
            time.sleep(_LOOK)
        self.killed = self._account().killed  # before we end those that are left

    def _look_where(self, leader: int) -> list[There]:
        """The processes that have not ended, and where they are; first those that wait for nobody.

        Of who does not answer it is the line of what it waits in, if it does.
        """
        account, labels = self._account(), labels_of(self.read())
        living = account.living
        at = {me: ("<wait>", row[5]) for me, row in living.items() if row[2] in _WAITS and row[5] is not None}
        at.update(whereabouts({me: self.notes / f"{me}{WHERE}" for me in living}, leader, PROGRAM))
        there = [There(labels[me], at.get(me)) for me in sorted(living, key=lambda me: living[me][2] in _WAITS)]
        there += [There(labels[key], apart="which had not begun") for key in sorted(account.coming)]
        return there + [There(labels[me], apart="whose function had returned") for me in sorted(account.lingering)]

    def _files(self) -> list[Path]:
        return sorted(self.notes.glob("*.notes"))

    def _account(self) -> Account:
        return Account(self.read(), lambda me: is_held(self.notes / f"{me}.notes"))

    def read(self) -> list[list[Any]]:
        """The notes, in the order of their times. A line that was cut off when its process was ended is none."""
        lines = [line for path in self._files() for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
        return sorted(map(json.loads, lines), key=lambda row: int(row[0]))

    def run(self, program: Callable[..., Any], arguments: dict[str, Any]) -> Run:
        rows = self.read()
        log, failed = log_of(rows, self.killed)
        if not log.actors:
            log.start(0, "main")
        how, result = self._outcome()
        thread, exception = "main", result if how == "raised" else None
        if exception is None and failed is not None:
            thread, exception = failed.actor, self._exception(failed)
        elif not how and self.up is None:
            said = self.errors.strip()[-500:] or "no word"
            exception = RuntimeError(f"the program's Python {became(self.status)}: {said}")
        trace = log.trace(rows[-1][0] - rows[0][0] if rows else 0)
        return self.settings.run_of(
            program,
            arguments,
            trace,
            result=result if how == "result" else None,
            printed=tuple(log.printed),
            exception=exception,
            stopped=self._stopped(log),
            failed_thread=thread,
            died=deaths(rows, self.killed - {rows[0][1]} if rows else set()),
            unseen=not_watched(rows),
            module="multiprocessing",
            source=log.source(program.__code__),
        )

    def _outcome(self) -> tuple[str, Any]:
        """How the program has ended, "" if it has not, and its result or exception; in words where it is none here."""
        if not (self.folder / "words").exists():
            return "", None
        how, _, words = (self.folder / "words").read_text(encoding="utf-8").partition("\n")
        with suppress(Exception):  # its class may be the program's own, which is no module of this process
            return how, pickle.loads((self.folder / "outcome").read_bytes())
        return how, exception_of(words) if how == "raised" else words

    def _exception(self, failed: Failure) -> BaseException:
        """What a process raised, with its traceback; or what the system says of one that never began."""
        if failed.words:
            error = exception_of(failed.words)
            error.add_note(f"In the process {failed.actor}:\n{json.loads(failed.words)[2]}")
            return error
        last = self.errors.strip().rpartition("\n")[2]
        name, _, message = last.partition(": ")
        if not message or not name.isidentifier():
            name, message = "ChildProcessError", f"it ended with the exit code {failed.status} before it could begin"
        error = called(name, message)
        error.add_note(f"The process {failed.actor} ended before it could begin:\n{self.errors.strip()[-5000:]}")
        return error

    def _stopped(self, log: Log) -> Deadlock | Timeout | None:
        if self.up == "deadlock" and (deadlock := log.deadlock("multiprocessing.Process")) is not None:
            return deadlock
        if not self.up:
            return None
        why = not_ended(self.settings.timeout, self.there, "processes")
        return Timeout(self.settings.timeout, "wall", tuple(one.thread for one in self.there), why)


def exception_of(words: str) -> BaseException:
    """The exception that a process has written down; one of the same name, if its class is not to be had here."""
    name, message, _, whole = json.loads(words)
    with suppress(Exception):
        error = pickle.loads(base64.b64decode(whole))
        if isinstance(error, BaseException):
            return error
    return called(name, message)


_GUARD = 'read -r _; kill -s KILL -- "-$1"'  # the shell's own commands: it starts nothing


@contextmanager
def _nobody_outlives_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Meanwhile, should this process be killed (a kernel that is restarted), the program and all it has started are.

    A shell waits for a line from a pipe whose other end is ours, and that the system closes with us, however we end. On
    Windows there is none.
    """
    if not hasattr(os, "killpg"):
        yield
        return
    command = ["/bin/sh", "-c", _GUARD, "sh", str(process.pid)]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        guard.kill()  # before the pipe is closed: by then the number may be another's
        guard.communicate()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program's main process and all that it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its session: it is the leader
        process.wait()
        _until_gone(process.pid)
        return
    if process.poll() is None:  # Windows
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    process.wait()


def _until_gone(group: int) -> None:
    """The system ends whom it was told to kill a moment later: until then they still run."""
    late = time.monotonic() + _DYING
    with suppress(ProcessLookupError, PermissionError):
        while time.monotonic() < late:
            os.killpg(group, 0)
            time.sleep(0.001)
