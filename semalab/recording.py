"""One run from start to finish: names in, run, stop or end, names out, a `Run` handed over."""

from __future__ import annotations

import contextvars
import difflib
import inspect
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import Any

from semalab.claims import Check
from semalab.decode import Decoder
from semalab.engine import Processor, ProgramThread, Replayed, Stop, VirtualProcessor, WallProcessor, count
from semalab.excerpt import cut, written
from semalab.run import Run
from semalab.schedule import Schedule
from semalab.stepping import SteppingProcessor, announce, following
from semalab.twins import Swap, Twins
from semalab.watching import cost_of_an_event

Program = Callable[..., Any]

_FROM_OUTSIDE = "the run was stopped from outside"
LEAST = {"threads": 1, "initial": 0}  # the course's two dials and their smallest values

_coroutines: list[Callable[..., Run]] = []  # what runs a coroutine function: a higher layer's matter

_one_at_a_time = threading.Lock()  # two runs at once would put their twins into the same namespaces
_on_the_bench: list[Processor] = []  # the run under way, if any


def record(
    program: Program,
    /,
    *,
    clock: str = "wall",
    seed: int = 0,
    timeout: float = 30.0,
    raises: bool = True,
    claim: Check | None = None,
    schedule: Schedule | None = None,
    **arguments: Any,
) -> Run:
    """Run a threading program and return the log of what every thread did, with its picture.

    The program is plain `threading`. While it runs, the standard names in its namespaces are twins that watch;
    afterwards they are what they were, and no thread of the run is alive, however it ended.

    Args:
        program: a callable written against the standard modules; or a coroutine function written against asyncio,
            whose tasks are recorded instead of threads, in asyncio's own order (see `semalab.beyond.tasks`).
        clock: "wall" (real threads, real seconds) or "virtual" (one processor, reproducible, sleeping is free).
        seed: chooses the schedule and the random numbers on the virtual clock.
        timeout: seconds of the run's own clock, and of real time, after which the run is stopped.
        raises: raise what the program raised, after its threads have ended; otherwise it is in `Run.exception`.
        claim: what the run is measured by, e.g. `mutual_exclusion`; read from the log if None.
        schedule: the `Run.schedule` of an earlier run on the virtual clock, to repeat that run exactly, with its seed
            and on its clock, whatever `clock` and `seed` say.
        arguments: passed on to the program.

    Returns:
        The run. A run stopped by a deadlock or a timeout is a result, too: see `Run.stopped`.

    Raises:
        TypeError, ValueError: for bad arguments, before anything has started; ValueError also for a schedule that
            turns out to be another program's.

    >>> run = record(program, threads=10, initial=1, clock="virtual", seed=3)
    """
    run = run_program(program, arguments, clock=clock, seed=seed, timeout=timeout, claim=claim, schedule=schedule)
    if raises and run.exception is not None:
        raise run.exception
    return run


def run_program(
    program: Program,
    arguments: Mapping[str, Any],
    *,
    clock: str = "wall",
    seed: int = 0,
    timeout: float = 30.0,
    claim: Check | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    stopped_by: Callable[[], str] = lambda: _FROM_OUTSIDE,
    schedule: Schedule | None = None,
    watched: Callable[[SoFar], None] | None = None,
) -> Run:
    """As `record`, but exceptions of the program are kept in the run; `cancelled()` turning true stops it.

    stopped_by: what is said of a run that was stopped so, asked for when it has ended.
    watched: called again and again by the calling thread while the run goes on, and may ask for it as far as it is.
    """
    check_arguments(program, arguments, clock, seed, timeout, claim)
    check_schedule(schedule)
    if inspect.iscoroutinefunction(program) and _coroutines:
        settings = {"clock": clock, "seed": seed, "timeout": timeout, "claim": claim, "cancelled": cancelled}
        return _coroutines[-1](program, dict(arguments), **settings)
    if schedule is not None:
        clock, seed = "virtual", schedule.seed
    processor = _processor(clock, seed, timeout, schedule)
    bench = Bench(processor, program, dict(arguments), seed)
    with on_the_bench(bench):
        processor.supervise(bench.main, timeout, _looking(bench, watched, cancelled) if watched else cancelled)
    bench.show_errors()
    if isinstance(processor, VirtualProcessor) and (where := processor.astray) is not None:
        raise ValueError(f"the schedule must come from a run of the same program with the same arguments; {where}")
    return bench.run(clock, timeout, claim, stopped_by())


def run_coroutines_with(runner: Callable[..., Run]) -> None:
    """From now on a program that is a coroutine function is run by this."""
    _coroutines[:] = [runner]


def _looking(bench: Bench, watched: Callable[[SoFar], None], cancelled: Callable[[], bool]) -> Callable[[], bool]:
    so_far = SoFar(bench)

    def ask() -> bool:
        watched(so_far)
        return cancelled()

    return ask


class SoFar:
    """A run that goes on. To be called by the thread that supervises it alone: no other may read its log meanwhile."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def events(self) -> int:
        """How many there are."""
        return count(self._bench.processor.log)

    def __call__(self) -> Run:
        """The run up to now, as if it had been going on for ever: it is not stopped, and has no exception."""
        return self._bench.run_so_far()


@contextmanager
def on_the_bench(bench: Bench) -> Iterator[None]:
    """Nothing else runs meanwhile; afterwards every name is what it was."""
    if any(other.current() is not None for other in _on_the_bench):
        raise RuntimeError("a recorded program cannot record another program; call record from outside")
    with _one_at_a_time, ExitStack() as afterwards:  # all of it, also if an interrupt comes in the midst
        _on_the_bench.append(bench.processor)
        afterwards.callback(_on_the_bench.clear)
        afterwards.callback(bench.processor.close)
        afterwards.callback(bench.swap.restore)
        afterwards.callback(bench.settle)
        yield


def _processor(clock: str, seed: int, timeout: float, schedule: Schedule | None) -> Processor:
    if clock == "wall":
        return WallProcessor()
    if schedule is not None and schedule.points:
        return following(schedule, timeout)
    return VirtualProcessor(seed, timeout, None if schedule is None else Replayed(schedule.choices))


class Bench:
    """What one run collects. Invariant: the first failure is kept, the program's own before a worker's."""

    def __init__(self, processor: Processor, program: Program, arguments: dict[str, Any], seed: int) -> None:
        self.processor = processor
        self.program = program
        self.arguments = arguments
        self.seed = seed
        self.swap = Swap()
        self.context = contextvars.copy_context()
        self.twins: Twins | None = None
        self.origin: int | None = None  # the clock when the program begins
        self.result: Any = None
        self.failure: tuple[ProgramThread | None, BaseException] | None = None
        self.worker_failures: list[tuple[ProgramThread | None, BaseException]] = []
        processor.failed = self._worker_failed

    def main(self) -> None:
        """Runs in the program's main thread."""
        try:
            self.prepare()
            self.origin = self.processor.now()
            self._perform()
            assert self.twins is not None
            self.twins.at_exit()
        except Stop:
            raise
        except BaseException as error:
            self._failed(error)

    def _perform(self) -> None:
        try:
            self.result = self.context.run(self.program, **self.arguments)
        except Stop:
            raise
        except BaseException as error:
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        if not self.processor.stopping:
            self.failure = (self.processor.current(), error)

    def prepare(self) -> None:
        """Put the twins in their places."""
        self.twins = Twins(self.processor, self.seed)
        if isinstance(self.processor, SteppingProcessor):
            announce(self.twins, self.processor)
        self.swap.install(self.twins, self.program, self.arguments)
        self.processor.program = self.swap.namespaces

    def settle(self) -> None:
        """Let the twins put away what they gave out."""
        if self.twins is not None:
            self.twins.settle()

    def _worker_failed(self, thread: ProgramThread | None, error: BaseException) -> None:
        self.worker_failures.append((thread, error))

    def show_errors(self) -> None:
        """What the program wrote to `sys.stderr`, from the thread that called."""
        if self.twins is not None and self.twins.streams.errors:
            sys.stderr.write("".join(self.twins.streams.errors))

    def run_so_far(self) -> Run:
        processor, twins = self.processor, self.twins
        end, now = len(processor.log), processor.now()  # first: what the rows name is known by then
        origin = now if self.origin is None else self.origin  # it may not have begun yet
        decoder = Decoder(processor, origin=origin)
        if twins is not None:
            decoder = Decoder(processor, list(twins.recorder.made), origin, twins.with_exit)
        trace = decoder.so_far(end, now)
        return Run(
            trace=trace,
            arguments=MappingProxyType(self.arguments),
            clock=processor.clock,
            seed=self.seed,
            duration=trace.duration / 1e9,
            printed=tuple(decoder.printed),
            name=getattr(self.program, "__name__", "program"),
        )

    def run(self, clock: str, timeout: float, claim: Check | None, stopped_by: str = _FROM_OUTSIDE) -> Run:
        decoder = Decoder(self.processor)
        if self.twins is not None:
            decoder = Decoder(self.processor, self.twins.recorder.made, self.origin or 0, self.twins.with_exit)
        trace = decoder.trace()
        stopped = decoder.stopped(timeout, stopped_by)
        self.processor.forget()
        failure = self.failure or (self.worker_failures[0] if self.worker_failures else None)
        code = getattr(self.program, "__code__", None)
        return Run(
            trace=trace,
            arguments=MappingProxyType(self.arguments),
            clock=clock,
            seed=self.seed,
            duration=trace.duration / 1e9,
            result=self.result,
            printed=tuple(decoder.printed),
            exception=failure[1] if failure else None,
            stopped=stopped,
            name=getattr(self.program, "__name__", "program"),
            claim=claim,
            schedule=_schedule(self.processor, self.seed),
            cost=cost_of_an_event if clock == "wall" else None,
            failed_thread=decoder.label_of(failure[0]) if failure else "main",
            unseen=self.swap.unseen,
            source_file=getattr(code, "co_filename", None),
            source=decoder.source(code),
        )


def _schedule(processor: Processor, seed: int) -> Schedule | None:
    if isinstance(processor, SteppingProcessor):
        return processor.schedule(seed)
    return Schedule(tuple(processor.chooser.taken), seed) if isinstance(processor, VirtualProcessor) else None


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
        raise TypeError(f"{name}() needs a value for {', '.join(missing)}; write record({name}, {values})")
