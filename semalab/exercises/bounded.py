"""Explorations and runs of an attempt that end in time, whatever the attempt does."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from semalab.claims import Check
from semalab.exploration.exploration import Exploration
from semalab.exploration.explore import search
from semalab.recording import run_program
from semalab.run import Run
from semalab.settings import Program

BUDGET = 2_000  # schedules of one size: the solutions need a few hundred
PATIENCE = 5.0  # seconds of real time for all explorations together, where a machine is slow
STALLED = 2.5  # seconds that one run may take before it counts as hanging
TIMEOUT = 60.0  # seconds on the virtual clock: the programs need less than one


@dataclass
class Bounded:
    """Time for one attempt. Invariant: nothing begun through it goes on for more than `STALLED` seconds unseen.

    interrupted: whether somebody wants it to end. deadline: of all explorations, by `time.monotonic()`.
    """

    interrupted: Callable[[], bool]
    deadline: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def hurry(self) -> None:
        """There is an answer already; a better one may be looked for for a moment only."""
        self.deadline = min(self.deadline, time.monotonic() + STALLED)

    def run(self, program: Program, arguments: Mapping[str, Any], seed: int, claim: Check | None) -> Run:
        """A seeded run on the virtual clock. claim: what its picture is measured by."""
        begun = time.monotonic()

        def cancelled() -> bool:
            return self.interrupted() or time.monotonic() - begun > STALLED

        return run_program(
            program, arguments, clock="virtual", seed=seed, timeout=TIMEOUT, claim=claim, cancelled=cancelled
        )

    def explore(self, program: Program, arguments: Mapping[str, Any], check: Callable[[Run], None]) -> Exploration:
        """Every schedule, with sleeps that end in any order: nobody can be right by sleeping long enough."""
        last, since = 0, time.monotonic()

        def goes_on(schedules: int) -> bool:
            nonlocal last, since
            now = time.monotonic()
            if schedules != last:
                last, since = schedules, now
            return not self.interrupted() and now - since < STALLED and now < self.deadline

        seconds = max(0.5, self.deadline - time.monotonic())
        return search(program, dict(arguments), check, "operations", "free", BUDGET, seconds, goes_on)
