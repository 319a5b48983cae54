"""What is to be run and how, whether threads, tasks, processes or a cluster; and the one builder of their runs."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType, MappingProxyType
from typing import Any, Protocol

from semalab.analysis.claims import Check
from semalab.log.excerpt import cut, written
from semalab.log.schedule import Schedule
from semalab.log.trace import Trace
from semalab.run import Run

Program = Callable[..., Any]

LEAST = {"threads": 1, "initial": 0}  # the course's two dials and their smallest values


class Script(Protocol):
    """A program that has the process to itself, as `python script.py` has."""

    def raised(self, thread: Any, error: BaseException) -> bool:
        """Told of what nobody catches, at once and by the thread that raised it; whether the run has failed by it.

        thread: has a `name`, and the `number` 0 if it is the main one.
        """
        ...


class SoFar(Protocol):
    """A run that goes on. To be called by the thread that supervises it alone: no other may read its log meanwhile."""

    @property
    def events(self) -> int:
        """How many there are."""
        ...

    def __call__(self) -> Run:
        """The run up to now, as if it had been going on for ever: it is not stopped, and has no exception."""
        ...


def _never() -> bool:
    return False


def _from_outside() -> str:
    return "the run was stopped from outside"


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How a program is to be run. Whoever records takes it whole, so that no field is lost on the way.

    clock, seed, timeout, claim, schedule: as in `record`.
    patience: seconds of real time after which the run is stopped, if not those of `timeout`.
    cancelled: asked again and again; stops the run by turning true.
    stopped_by: what is said of a run that was stopped so, asked for when it has ended.
    script: given if the program has the process to itself: what it writes and raises is shown at once, and an interrupt
        rises in its main thread, which may catch it.
    watched: called again and again by the calling thread while the run goes on, and may ask for it as far as it is.
    """

    clock: str = "wall"
    seed: int = 0
    timeout: float = 30.0
    patience: float | None = None
    claim: Check | None = None
    schedule: Schedule | None = None
    cancelled: Callable[[], bool] = _never
    stopped_by: Callable[[], str] = _from_outside
    script: Script | None = None
    watched: Callable[[SoFar], None] | None = None

    def check(self, program: Any, arguments: Mapping[str, Any]) -> None:
        """Refuse what cannot run, before anything has started."""
        check_arguments(program, arguments, self.clock, self.seed, self.timeout, self.claim)
        check_schedule(self.schedule)

    @property
    def seconds(self) -> float:
        """Of real time, after which the run is stopped."""
        return self.timeout if self.patience is None else self.patience

    def asking(self, so_far: SoFar) -> Callable[[], bool]:
        """What whoever supervises a run calls at every look: it shows the run, and asks whether it is to stop."""
        watched, cancelled = self.watched, self.cancelled
        if watched is None:
            return cancelled

        def ask() -> bool:
            watched(so_far)
            return cancelled()

        return ask

    def run_of(self, program: Program, arguments: Mapping[str, Any], trace: Trace, **found: Any) -> Run:
        """The run of a program that left this trace. found: those fields of `Run` that only its recorder knows."""
        code = code_of(program)
        return Run(
            trace=trace,
            arguments=MappingProxyType(dict(arguments)),
            clock=self.clock,
            seed=self.seed,
            duration=trace.duration / 1e9,
            name=name_of(program),
            claim=self.claim,
            source_file=code.co_filename if code is not None else None,
            **found,
        )


def innermost(program: Any) -> Any:
    """The function that a partial, a method or a callable object leads to; itself if there is none."""
    while True:
        if isinstance(program, functools.partial):
            program = program.func
        elif inspect.ismethod(program):
            program = program.__func__
        elif not inspect.isroutine(program) and not isinstance(program, type):
            call = inspect.getattr_static(type(program), "__call__", None)
            return call if inspect.isfunction(call) else program
        else:
            return program


def code_of(program: Any) -> CodeType | None:
    code = getattr(innermost(program), "__code__", None)
    return code if isinstance(code, CodeType) else None


def name_of(program: Any) -> str:
    """What a program is called: a function by its name, a callable object by that of its class."""
    while isinstance(program, functools.partial):
        program = program.func
    if inspect.isroutine(program) or isinstance(program, type):
        return str(getattr(program, "__name__", "program"))
    return str(getattr(program, "__name__", type(program).__name__))


def check_schedule(schedule: Any) -> None:
    if schedule is not None and not isinstance(schedule, Schedule):
        raise TypeError(f"schedule must be the schedule of a run or Schedule.from_json(text), got {schedule!r}")


def check_arguments(
    program: Any, arguments: Mapping[str, Any], clock: Any, seed: Any, timeout: Any, claim: Any = None
) -> None:
    """Refuse what cannot run, with the rule, the value and the way out."""
    if not callable(program):
        raise TypeError(
            f"program must be callable, got {written(program)}; pass the function itself, without parentheses"
        )
    if clock not in ("wall", "virtual"):
        raise ValueError(f"clock must be 'wall' or 'virtual', got {written(clock)}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed must be a whole number, got {written(seed)}")
    if isinstance(timeout, bool) or not isinstance(timeout, int | float):
        raise TypeError(f"timeout must be a number of seconds, got {written(timeout)}")
    if not 0 < timeout < 1e6:
        raise ValueError(f"timeout must be more than 0 and less than 1,000,000 seconds, got {written(timeout)}")
    if claim is not None and not callable(claim):
        raise TypeError(f"claim must be a claim such as semalab.mutual_exclusion, got {written(claim)}")
    for name, least in LEAST.items():
        value = arguments.get(name)
        if isinstance(value, int) and value < least:
            raise ValueError(f"{name} must be at least {least}, got {written(value)}")
    _check_names(program, arguments)


def _check_names(program: Program, arguments: Mapping[str, Any]) -> None:
    try:
        signature = inspect.signature(program)
    except (TypeError, ValueError):  # a builtin that does not tell
        return
    name = cut(str(getattr(program, "__name__", "the program")), 80)
    parameters = signature.parameters
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        for unknown in [a for a in arguments if a not in parameters]:
            near = difflib.get_close_matches(unknown, parameters, 1)
            takes = cut(", ".join(parameters), 200) or "no arguments"
            hint = f"did you mean {written(near[0])}?" if near else f"it takes {takes}"
            raise TypeError(f"{name}() has no argument {written(unknown)}; {hint}")
    required = [
        p for p in parameters.values() if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    for parameter in parameters.values():
        if parameter.kind is parameter.POSITIONAL_ONLY and (parameter in required or parameter.name in arguments):
            raise TypeError(f"{name}() takes {parameter.name} by position only; record passes every argument by name")
    if missing := [p.name for p in required if p.name not in arguments]:
        values = ", ".join(f"{parameter}=…" for parameter in missing)
        raise TypeError(f"{name}() needs a value for {', '.join(missing)}; pass {values}")
