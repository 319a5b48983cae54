"""Exercises whose attempt is code: it is put into a program, and that is run under every schedule of small sizes,
silent, and ended in time whatever it does and however busy the machine is.
"""

from __future__ import annotations

import inspect
import io
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from semalab.analysis.claims import Check
from semalab.engine.stopwatch import Idle
from semalab.exercises.exercise import Exercise
from semalab.exercises.feedback import Feedback
from semalab.exercises.judging import ENDLESS, INTERRUPTED, fault_of, shape_of, takes_other
from semalab.exploration.exploration import Exploration
from semalab.exploration.explore import search
from semalab.exploration.progress import interrupts
from semalab.exploration.sleepsets import Changed
from semalab.instrument import made_before
from semalab.log.excerpt import cut_name, written
from semalab.log.stops import Timeout
from semalab.recording import run_program
from semalab.run import Run
from semalab.settings import Program

BUDGET = 2_000  # schedules of the smallest size: the solutions need a few hundred
BESIDES = 600  # schedules of each other size: a class of thirty waits for them
HURRY = 1_500  # schedules for a better answer than the one that is there
PATIENCE = 15.0  # seconds of the processor for all explorations together: nearly always, schedules end first
STALLED = 2.5  # seconds of the processor that one run may take before it counts as hanging
TIMEOUT = 60.0  # seconds on the virtual clock: the programs need less than one
LONGEST = 300.0  # real seconds for one check
LOOK = 0.005  # seconds between two looks of whoever supervises a run, at least, on either clock


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is written to `sys.stderr`, and nobody is warned, by the thread that called.

    What an attempt prints and how its threads die is in its runs, not below the cell.
    """
    with redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass
class Bounded:
    """Time for one attempt. Invariant: what is begun through it ends, also on a machine that has no time for it.

    interrupted: whether somebody wants it to end. schedules: the most of one exploration. deadline: of all
    explorations, by `time.process_time()`. until: of the whole check, by `time.monotonic()`.
    """

    interrupted: Callable[[], bool]
    schedules: int = field(default_factory=lambda: BUDGET)
    deadline: float = field(default_factory=lambda: time.process_time() + PATIENCE)
    until: float = field(default_factory=lambda: time.monotonic() + LONGEST)
    _idle: Idle = field(default_factory=lambda: Idle(LOOK))

    def hurry(self) -> None:
        """There is an answer already; a better one may be looked for for a moment only."""
        self.schedules = min(self.schedules, HURRY)

    def too_busy(self) -> bool:
        """Whether the machine kept from its end what did not come to it."""
        return time.monotonic() >= self.until

    def _ends(self) -> bool:
        return self.interrupted() or self.too_busy() or self._idle.look() > STALLED

    def run(self, program: Program, arguments: Mapping[str, Any], seed: int, claim: Check | None) -> Run:
        """A seeded run on the virtual clock. claim: what its picture is measured by."""
        self._idle.restart()
        return run_program(
            program,
            arguments,
            clock="virtual",
            seed=seed,
            timeout=TIMEOUT,
            patience=LONGEST,
            claim=claim,
            cancelled=self._ends,
        )

    def explore(
        self,
        program: Program,
        arguments: Mapping[str, Any],
        check: Callable[[Run], None],
        besides: bool = False,
        granularity: str = "operations",
    ) -> Exploration:
        """Every schedule, with sleeps that end in any order: nobody can be right by sleeping long enough.

        besides: something smaller was proved already.
        """
        last = 0
        self._idle.restart()

        def goes_on(schedules: int) -> bool:
            nonlocal last
            if schedules != last:
                last = schedules
                self._idle.restart()
            return not self._ends()

        seconds = max(0.5, self.deadline - time.process_time())
        return search(
            program,
            dict(arguments),
            check,
            granularity,
            "free",
            min(self.schedules, BESIDES) if besides else self.schedules,
            seconds,
            goes_on,
            time.process_time,
        )


Size = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Trial(Exercise):
    """An exercise judged in a program of its own.

    Invariant: solved means that `wrong` found nothing under every schedule of the first small size, under every one of
    the others that there was time for, and in the seeded runs of the larger sizes; and that everything in `expected`
    was seen in one of those runs.

    program: calls its argument `attempt`. It must be what `explore` takes, keep its state in plain numbers of its own
        (a list makes many more schedules differ), and return what `wrong` asks for.
    takes: the parameters of the attempt. small, large: arguments of the program besides. sized: those that are told,
        numbers with a name in the plural. seeds: runs of each large size.
    wrong: what is wrong with a run that came to its end, in a sentence; None if nothing is. It is asked of every
        schedule.
    unasked: what is not as the task asks for in a run that may well be right otherwise, in a sentence, or None: asked
        of seeded runs, once nothing is wrong. What cannot be seen step by step belongs here, too: where every step is
        chosen, nobody is sent to wait who cannot go on.
    seen: what a run showed, of the words in `expected`, each of which has the sentence for an attempt that never does.
    closely: whether the first small size is tried between reads and writes besides: where the attempt makes what
        guards, that may be made twice. What the program itself counts must bear it.
    claim: what the pictures are measured by; by what the semaphores' use asks for, if None.
    holds: what is true of a right attempt, as in "never two guests were in the room at once".
    """

    program: Callable[..., Any]
    takes: tuple[str, ...]
    small: Sequence[Size]
    large: Sequence[Size]
    sized: tuple[str, ...]
    seeds: int = 4
    wrong: Callable[[Run], str | None]
    holds: str
    unasked: Callable[[Run], str | None] = field(default=lambda run: None)
    seen: Callable[[Run], Collection[str]] = field(default=lambda run: ())
    expected: Mapping[str, str] = field(default_factory=dict)
    closely: bool = False
    claim: Check | None = None

    def judge(self, attempt: Any) -> Feedback:
        if (problem := shape_of(attempt, self.takes)) is not None:
            return self.not_yet(problem)
        if made := made_before(self.program, {"attempt": attempt}):
            name = cut_name(made[0], 60)
            return self.not_yet(f"`{name}` was made before the program runs: make it inside `attempt`.")
        with quiet(), interrupts() as interrupted:
            try:
                return _Judging(self, attempt, interrupted).feedback()
            except Changed:
                return self.not_yet(
                    "run twice under the same schedule, your program did not do the same.",
                    "It may keep something from one run to the next: make what it needs inside `attempt`.",
                )


class _Judging:
    """One attempt on its way through the sizes. Invariant: `_seen` is what the runs judged so far have shown."""

    def __init__(self, trial: Trial, attempt: Any, interrupted: Callable[[], bool]) -> None:
        self._trial = trial
        self._attempt = attempt
        self._bounded = Bounded(interrupted)
        self._seen: set[str] = set()
        self._proofs: list[Exploration] = []

    def feedback(self) -> Feedback:
        first = self._run(self._trial.small[0], 0)
        if isinstance(first.stopped, Timeout):
            return self._stopped(first)
        if self._unasked(first) is not None:  # it would rather say this than search for long
            self._bounded.hurry()
        for size in self._trial.small:
            found = self._explore(size)
            if found.changed:
                raise Changed
            if found.shortest is not None or found.unfinished is not None or not (self._proofs or found):
                return self._unproved(found, first)
            self._proofs.append(found)
        if self._trial.closely:
            found = self._explore(self._trial.small[0], "bytecode")
            if found.shortest is not None:
                return self._unproved(found, first)
        last = first
        for run in chain([first], self._seeded()):
            if isinstance(run.stopped, Timeout):
                return self._stopped(run)
            if (problem := self._fault(run) or self._trial.unasked(run)) is not None:
                where = f"You see a run of {self._size(run.arguments)}, with seed {run.seed}."
                return self._trial.not_yet(problem, where, run=run)
            last = run
        for word, sentence in self._trial.expected.items():
            if word not in self._seen:
                return self._trial.not_yet(sentence, run=last)
        return self._solved(last)

    # runs
    def _run(self, size: Size, seed: int) -> Run:
        return self._bounded.run(self._trial.program, {"attempt": self._attempt, **size}, seed, self._trial.claim)

    def _seeded(self) -> Iterator[Run]:
        return (self._run(size, seed) for size in self._trial.large for seed in range(self._trial.seeds))

    def _explore(self, size: Size, granularity: str = "operations") -> Exploration:
        def check(run: Run) -> None:
            if (problem := self._wrong(run)) is not None:
                raise AssertionError(problem)

        check.__name__ = self._trial.name
        return self._bounded.explore(
            self._trial.program, {"attempt": self._attempt, **size}, check, bool(self._proofs), granularity
        )

    def _wrong(self, run: Run) -> str | None:
        self._seen.update(self._trial.seen(run))
        return self._trial.wrong(run)

    def _fault(self, run: Run) -> str | None:
        return fault_of(run, self._wrong, self._attempt)

    def _unasked(self, run: Run) -> str | None:
        return None if self._fault(run) is not None else self._trial.unasked(run)

    # answers
    def _stopped(self, run: Run) -> Feedback:
        if self._bounded.interrupted():
            return self._trial.not_yet(INTERRUPTED)
        if run.duration < TIMEOUT and self._bounded.too_busy():
            return self._trial.too_busy()
        slept = run.duration >= TIMEOUT
        why = "More than a minute of its own time has gone by." if slept else "Is there a loop without an end?"
        return self._trial.not_yet(ENDLESS, why, run=run)

    def _unproved(self, found: Exploration, first: Run) -> Feedback:
        size = self._size(found.arguments)
        if self._bounded.interrupted():
            return self._trial.not_yet(INTERRUPTED)
        if not found.minimal and (problem := self._unasked(first)) is not None:
            return self._trial.not_yet(problem, run=first)  # rather than a long way through loops, or none
        if found.shortest is not None:
            problem = self._fault(found.shortest) or f"{found.problem}."
            shown = replace(found.shortest, claim=self._trial.claim)
            return self._trial.not_yet(problem, _how_many(found, size), exploration=found, run=shown)
        if (problem := self._fault(first)) is not None:
            return self._trial.not_yet(problem, run=first)
        if self._bounded.too_busy():
            return self._trial.too_busy()
        if found.unfinished is not None:
            return self._trial.not_yet(f"for {size}, some schedules do not come to an end.", _WAIT, run=first)
        problem = f"nothing went wrong, but for {size} there are more schedules than the check can try."
        return self._trial.not_yet(problem, _FEWER, run=first)

    def _solved(self, last: Run) -> Feedback:
        proved = [found for found in self._proofs if found]
        sizes = " and for ".join(self._size(found.arguments) for found in proved)
        counts = " and ".join(f"{found.covered:,}" for found in proved)
        every = f"under each of the {counts} different schedules"
        if all(found.covered == 1 for found in proved):
            every = "under the only schedule there is"
        proof = f"Proved for {sizes}, {every}."
        tried = [f"{found.covered:,} schedules of {self._size(found.arguments)}" for found in self._proofs if not found]
        tried += [f"{self._trial.seeds} seeded runs of {self._size(size)}" for size in self._trial.large]
        sentences = (f"Solved: {self._trial.holds}.", proof, f"Tried besides, and right: {' and '.join(tried)}.")
        return Feedback(self._trial.name, True, True, sentences, exploration=proved[-1], run=last)

    def _size(self, arguments: Size) -> str:
        """`2 clients with 1 permit`."""
        return " with ".join(_counted(name, arguments[name]) for name in self._trial.sized)


_WAIT = "A semaphore waits by itself: nobody has to ask again and again."
_FEWER = f"Write it in fewer steps, with the statements of the language instead of a library's objects. {_WAIT}"


def _how_many(found: Exploration, size: str) -> str:
    if found.covered == 1 and found.complete:
        return f"For {size} there is only one schedule, and it goes wrong."
    so_far = "" if found.complete else " tried so far"
    wrong = f"{len(found.violations):,} of {found.covered:,} different schedules{so_far}"
    return f"For {size}, {wrong} {'goes' if len(found.violations) == 1 else 'go'} wrong."


def _counted(name: str, value: int) -> str:
    return f"{value} {name.removesuffix('s') if value == 1 else name}"


@dataclass(frozen=True, kw_only=True)
class TaskTrial(Exercise):
    """An exercise whose attempt is a coroutine function, judged in seeded runs of a program of its own.

    asyncio runs its tasks in the order in which they became ready. What differs from run to run is how long things
    take, and so which of them is ready first: the seeds of the random durations take the place of schedules.

    program: a coroutine function that calls its argument `attempt`, and returns what `wrong` asks for. takes, wrong,
        holds, claim: as in `Trial`. sizes: its other arguments. told: the sizes in words. seeds: runs of each.
    """

    program: Callable[..., Any]
    takes: tuple[str, ...]
    sizes: Sequence[Mapping[str, Any]]
    told: str
    seeds: int = 12
    wrong: Callable[[Run], str | None]
    holds: str
    claim: Check | None = None

    def judge(self, attempt: Any) -> Feedback:
        if not inspect.iscoroutinefunction(attempt):
            listed = ", ".join(self.takes)
            return self.not_yet(
                f"the attempt must be a coroutine function, `async def attempt({listed})`, got {written(attempt, 60)}."
            )
        if (problem := takes_other(attempt, self.takes)) is not None:
            return self.not_yet(problem)
        run = None
        with quiet(), interrupts() as interrupted:
            bounded = Bounded(interrupted)
            for size in self.sizes:
                for seed in range(self.seeds):
                    run = bounded.run(self.program, {"attempt": attempt, **size}, seed, self.claim)
                    if interrupted():
                        return self.not_yet(INTERRUPTED)
                    if isinstance(run.stopped, Timeout) and run.duration < TIMEOUT and bounded.too_busy():
                        return self.too_busy()
                    if (problem := self._problem(run, attempt)) is not None:
                        return self.not_yet(problem, f"You see a run with the durations of seed {seed}.", run=run)
        tried = f"Right in {len(self.sizes) * self.seeds} runs of {self.told}, each with other durations."
        return Feedback(self.name, True, True, (f"Solved: {self.holds}.", tried), run=run)

    def _problem(self, run: Run, attempt: Any) -> str | None:
        if isinstance(run.stopped, Timeout):
            return ENDLESS
        return fault_of(run, self.wrong, attempt)
