"""Explorations and runs of an attempt, silent, and ended in time whatever it does and however busy the machine is.

What counts is schedules, and the processor's time that this process had. Real time counts where the machine leaves it
so little that the answer would take minutes: then the attempt is not called wrong.
"""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from typing import Any

from semalab.analysis.claims import Check
from semalab.engine.stopwatch import Idle
from semalab.exploration.exploration import Exploration
from semalab.exploration.explore import search
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
