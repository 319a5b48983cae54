"""One run of threads from start to finish: names in, run, stop or end, names out."""

from __future__ import annotations

import contextvars
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from semalab.analysis.decode import Decoder
from semalab.engine import Processor, ProgramThread, Replayed, Seeded, Stop, VirtualProcessor, WallProcessor, count
from semalab.engine.uncaught import show, status_of
from semalab.instrument import Swap, Twins, kept, refuse_replaced
from semalab.instrument.overhead import cost_of_an_event
from semalab.log.schedule import Schedule
from semalab.run import Run
from semalab.settings import Program, RunSettings, code_of
from semalab.stepping import SteppingProcessor, announce, following

_one_at_a_time = threading.RLock()  # two runs at once would put their twins into the same namespaces
_SLICE = 0.2  # seconds after which a wait for it looks whether an interrupt has come
_on_the_bench: list[Processor] = []  # the run under way, if any


def _in_child() -> None:
    """Nothing there is of the run, and the thread that has forked is the main thread of a process like any other."""
    if not _on_the_bench:
        return
    for processor in _on_the_bench:
        processor.forked()
    known: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]
    if isinstance(known.get(threading.get_ident()), threading._DummyThread):
        # Whoever carries a thread of the run is a stranger to `threading`. Up to 3.11 it stays one as main thread, and
        # the end of the process trips over that (python/cpython#102512).
        del known[threading.get_ident()]
        threading._main_thread = threading._MainThread()  # type: ignore[attr-defined]


if hasattr(os, "register_at_fork"):  # not on Windows; nobody could take it back: one for all runs
    os.register_at_fork(after_in_child=_in_child)


def run_threads(program: Program, arguments: dict[str, Any], settings: RunSettings) -> Run:
    """Run a program of threads. What it raises is kept in the run.

    Raises: ValueError for a schedule that turns out to be another program's.
    """
    schedule = settings.schedule
    if schedule is not None:
        settings = replace(settings, clock="virtual", seed=schedule.seed)
    processor = _processor(settings)
    bench = Bench(processor, program, arguments, settings)
    bench.supervise()
    if isinstance(processor, VirtualProcessor) and (where := processor.astray) is not None:
        raise ValueError(f"the schedule must come from a run of the same program with the same arguments; {where}")
    return bench.run()


def _processor(settings: RunSettings) -> Processor:
    if settings.clock == "wall":
        return WallProcessor()
    schedule = settings.schedule
    if schedule is not None and schedule.points:
        return following(schedule, settings.timeout)
    if schedule is None:
        return VirtualProcessor(settings.seed, settings.timeout)
    further = Seeded(schedule.seed) if schedule.unfinished else None
    return VirtualProcessor(settings.seed, settings.timeout, Replayed(schedule.choices, further))


class SoFar:
    """See `semalab.settings.SoFar`."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def events(self) -> int:
        return self._bench.events

    def __call__(self) -> Run:
        return self._bench.run_so_far()


def _make_room() -> None:
    if _one_at_a_time._is_owned():  # type: ignore[attr-defined]
        _one_at_a_time.release()


def in_a_run() -> bool:
    """Whether the thread that asks belongs to a program that is being run."""
    return any(other.current() is not None for other in _on_the_bench)


@contextmanager
def on_the_bench(bench: Bench) -> Iterator[None]:
    """Nothing else runs meanwhile; afterwards every name is what it was."""
    if in_a_run():
        raise RuntimeError("a recorded program cannot record another program; call record from outside")
    refuse_replaced()
    # The last one first. Each may be done again where it was left: an interrupt may come in the midst of any of them.
    steps: list[Callable[[], None]] = [
        _make_room,
        _on_the_bench.clear,
        bench.processor.close,
        bench.swap.restore,
        bench.settle,
    ]
    try:
        # In slices, since a signal that comes just before a wait is answered only when the wait is over.
        while not _one_at_a_time.acquire(timeout=_SLICE):
            pass
        _on_the_bench.append(bench.processor)
        yield
    finally:
        failure: BaseException | None = None
        while steps:
            try:  # here, and not in a function: an interrupt may rise before the first line of one
                steps[-1]()
                steps.pop()
            except KeyboardInterrupt as error:
                failure = error
            except BaseException as error:
                failure = failure or error
                steps.pop()
        if failure is not None:
            raise failure


class Bench:
    """What one run collects. Invariant: the first failure is kept, the program's own before a worker's."""

    def __init__(
        self, processor: Processor, program: Program, arguments: dict[str, Any], settings: RunSettings
    ) -> None:
        self.processor = processor
        self.program = program
        self.arguments = arguments
        self.settings = settings
        self.swap = Swap()
        self.context = contextvars.copy_context()
        self.twins: Twins | None = None
        self.origin: int | None = None  # the clock when the program begins
        self.result: Any = None
        self._process = os.getpid()
        self.failure: tuple[ProgramThread | None, BaseException] | None = None
        self.worker_failures: list[tuple[ProgramThread | None, BaseException]] = []
        self.exit: BaseException | None = None  # by which main left, if that is no failure: `sys.exit()`
        processor.failed = self._worker_failed
        processor.signals.interrupts_main = settings.script is not None

    def supervise(self) -> None:
        """Run the program to its end, or stop it; then show what it wrote to `sys.stderr`."""
        with on_the_bench(self):
            self.processor.supervise(self.main, self.settings.seconds, self.settings.asking(SoFar(self)))
        self.show_errors()

    def main(self) -> None:
        """Runs in the program's main thread."""
        try:
            try:
                self.prepare()
            finally:
                self.processor.preparing = False
            if self.processor.stopping:  # a program of which nobody waits for anything any more does not begin
                raise Stop
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
            self.result = self.context.run(self._play)
        except Stop:
            raise
        except BaseException as error:
            self._end_if_child(error)
            self._failed(error)
        self._end_if_child(None)

    def _end_if_child(self, error: BaseException | None) -> None:
        """In a process that the program has forked: end it as Python does, before it comes to the lab's own affairs."""
        if os.getpid() == self._process:
            return
        if error is not None:
            show(error)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(status_of(error))

    def _play(self) -> Any:
        return self.program(**self.arguments)

    def _failed(self, error: BaseException) -> None:
        thread = self.processor.current()
        if self.processor.stopping or not self._is_told(thread, error):
            return
        if status_of(error) == 0:
            self.exit = error
        else:
            self.failure = (thread, error)

    def prepare(self) -> None:
        """Put the twins in their places."""
        self.twins = self.make_twins()
        self.twins.streams.live = self.settings.script is not None
        if isinstance(self.processor, SteppingProcessor):
            announce(self.twins, self.processor)
        self.context.run(self.swap.install, self.twins, self.program, self.arguments)
        self.processor.program = self.swap.namespaces
        self.processor.made = self.twins.recorder.own
        self.processor.unwatched = self.swap.unwatched

    def make_twins(self) -> Twins:
        return Twins(self.processor, self.settings.seed)

    def settle(self) -> None:
        """Let the twins put away what they gave out."""
        if self.twins is not None:
            self.twins.settle()

    def _worker_failed(self, thread: ProgramThread | None, error: BaseException) -> None:
        if self._is_told(thread, error):
            self.worker_failures.append((thread, error))

    def _is_told(self, thread: ProgramThread | None, error: BaseException) -> bool:
        """Whether the run says what a thread raised. A script shows it, too."""
        script = self.settings.script
        return script is None or thread is None or script.raised(thread, error)

    def show_errors(self) -> None:
        """What the program wrote to `sys.stderr`, from the thread that called."""
        if self.twins is not None and self.twins.streams.errors:
            sys.stderr.write("".join(self.twins.streams.errors))

    @property
    def events(self) -> int:
        """How many there are up to now."""
        return count(self.processor.log)

    def run_so_far(self) -> Run:
        processor, twins = self.processor, self.twins
        end, now = len(processor.log), processor.now()  # first: what the rows name is known by then
        origin = now if self.origin is None else self.origin  # it may not have begun yet
        decoder = Decoder(processor, origin=origin)
        if twins is not None:
            decoder = Decoder(processor, list(twins.recorder.made), origin, twins.with_exit)
        trace = decoder.so_far(end, now)
        settings = replace(self.settings, claim=None)  # no verdict before the end
        return settings.run_of(self.program, self.arguments, trace, printed=tuple(decoder.printed))

    def run(self) -> Run:
        """The run that has ended. To be asked for once: the processor forgets it."""
        decoder = Decoder(self.processor)
        if self.twins is not None:
            decoder = Decoder(self.processor, self.twins.recorder.made, self.origin or 0, self.twins.with_exit)
        trace = decoder.trace()
        stopped = decoder.stopped(self.settings.timeout, self.settings.stopped_by())
        outlived, hooked = self.processor.outlived, self.processor.hooked
        self.processor.forget()
        if self.twins is not None:
            kept.keep(self.twins.recorder.new(decoder.labels))
        failure = self.failure or (self.worker_failures[0] if self.worker_failures else None)
        return self.settings.run_of(
            self.program,
            self.arguments,
            trace,
            result=self.result,
            printed=tuple(decoder.printed),
            exception=failure[1] if failure else self.exit,
            stopped=stopped,
            schedule=_schedule(self.processor, self.settings.seed),
            cost=cost_of_an_event if self.settings.clock == "wall" else None,
            failed_thread=decoder.label_of(failure[0]) if failure else "main",
            unseen=self.swap.unseen,
            unruled=self.twins.unruled.told if self.twins is not None else (),
            outlived=outlived,
            died=tuple(
                f"{decoder.label_of(who)} ended with {error}, as its excepthook was told" for who, error in hooked
            ),
            source=decoder.source(code_of(self.program)),
        )


def _schedule(processor: Processor, seed: int) -> Schedule | None:
    if isinstance(processor, SteppingProcessor):
        return processor.schedule(seed)
    if not isinstance(processor, VirtualProcessor):
        return None
    return Schedule(tuple(processor.scheduler.taken), seed, unfinished=processor.unfinished)
