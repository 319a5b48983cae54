"""The proof that a log fits together: nothing in it happened without its cause, and nobody acted while waiting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from semalab.log.event import JOINS, KINDS, PERMITS, QUEUES, SEMAPHORES, Event, Primitive, is_outside
from semalab.log.rules import Meetings, rule_of

WAITED = PERMITS | {"Event", "Condition", "Barrier"}  # every wait for them has an end in the log
ENDS = frozenset("acquire refuse pass wake".split())  # of a wait for a primitive


class CertificateError(AssertionError):
    """The log contradicts itself: it was changed after the run, or never was one."""


def certify(events: Iterable[Event], threads: Iterable[str], primitives: Mapping[str, Primitive]) -> None:
    """Replay a log; raise CertificateError at the first event that cannot be true."""
    replay = _Replay(frozenset(threads), primitives)
    for index, event in enumerate(events):
        problem = replay.problem(index, event)
        if problem:
            raise CertificateError(f"event {index} cannot be true: {problem} ({event})")


class _Wait(NamedTuple):
    """What a thread is at: "sleep", "join" or "block"; of what; and whether there is a time limit (of a join).

    step: of a wait on a Condition: 0 before its lock is released, 1 before the thread takes it back, 2 afterwards.
    """

    kind: str
    primitive: str
    limited: bool = False
    step: int = 0

    def __str__(self) -> str:
        if self.kind == "block":
            return f"still waits for `{self.primitive}`"
        return "still sleeps" if self.kind == "sleep" else f"still waits for {self.primitive} to end"


class _Replay:
    """Walks the log once.

    Invariants: `alive` has every thread that has started, and whether it has not ended. `waits` has what each of them
    is at, the innermost last: who waits on a Condition also waits for its lock, in the end.
    """

    def __init__(self, threads: frozenset[str], primitives: Mapping[str, Primitive]) -> None:
        self.threads = threads
        self.primitives = primitives
        self.alive: dict[str, bool] = {}
        self.waits: dict[str, list[_Wait]] = {}
        self.rules = {label: rule_of(primitive, self.alive) for label, primitive in primitives.items()}
        self.clock = 0

    def problem(self, index: int, event: Event) -> str | None:
        if event.kind not in KINDS:
            return f"{event.kind!r} is not a kind of event"
        if event.time < self.clock:
            return f"time runs backwards, {self.clock} ns came before"
        self.clock = event.time
        problem = self._problem_of_life(event)
        if problem:
            return problem
        if event.primitive and event.kind not in JOINS and event.primitive not in self.primitives:
            return f"no primitive is called {event.primitive!r}"
        problem = None if is_outside(event.thread) else self._problem_of_waits(event)
        if problem or not event.primitive or event.kind in JOINS:
            return problem
        return self.rules[event.primitive].problem(index, event)

    def _problem_of_life(self, event: Event) -> str | None:
        alive = self.alive.get(event.thread)
        if event.kind == "start":
            if alive is not None:
                return f"{event.thread} starts twice"
            if event.thread not in self.threads:
                return f"no thread is called {event.thread!r}"
            self.alive[event.thread] = True
            self.waits[event.thread] = []
        elif not alive:
            return f"{event.thread} is not running"
        if event.kind == "end":
            self.alive[event.thread] = False
        return None

    def _problem_of_waits(self, event: Event) -> str | None:
        waits, kind, thread = self.waits[event.thread], event.kind, event.thread
        present = waits[-1] if waits else None
        if kind == "joined":
            return self._problem_of_joined(event, waits)
        if kind == "wake" and not event.primitive:
            if present is None or present.kind != "sleep":
                return f"{thread} wakes and did not sleep"
            waits.pop()
            return None
        if present is not None and not self._belongs(event, present):
            return f"{thread} {present}"
        if kind == "join":
            if event.primitive == thread or event.primitive not in self.alive:
                return f"{thread} cannot wait for {event.primitive!r} to end"
            waits.append(_Wait("join", event.primitive, event.amount > 0))
        elif kind == "sleep":
            waits.append(_Wait("sleep", ""))
        elif kind == "block":
            if self.primitives[event.primitive].kind in WAITED and (
                not present or present.primitive != event.primitive
            ):
                waits.append(_Wait("block", event.primitive))
        elif kind in ENDS and present is not None and present.primitive == event.primitive:
            waits.pop()
        if kind in {"acquire", "release"} and waits and self._on_condition(waits[-1]):
            waits.append(waits.pop()._replace(step=1 if kind == "release" else 2))
        return None

    def _on_condition(self, wait: _Wait) -> bool:
        return wait.kind == "block" and self.primitives[wait.primitive].kind == "Condition"

    def _problem_of_joined(self, event: Event, waits: list[_Wait]) -> str | None:
        if not waits or waits[-1][:2] != ("join", event.primitive):
            return f"{event.thread} did not wait for {event.primitive!r} to end"
        if not waits.pop().limited and not event.amount and self.alive[event.primitive]:
            return f"{event.primitive} has not ended"
        return None

    def _belongs(self, event: Event, wait: _Wait) -> bool:
        """True if a thread at this wait may do that: end it, begin it again in vain, or see to its condition's lock."""
        if wait.kind != "block":
            return False
        rule = self.rules[wait.primitive]
        if isinstance(rule, Meetings) and rule.may_act(event.thread):
            return event.kind != "end"
        if not event.primitive or event.kind in JOINS:
            return False
        if event.primitive == wait.primitive:
            return event.kind in ENDS or (event.kind == "block" and not self._on_condition(wait))
        if not self._on_condition(wait):
            return False
        if self.primitives[event.primitive].kind in QUEUES:  # the wait gives a queue's own lock back
            return event.kind in {"put", "get"}
        if self.primitives[event.primitive].kind not in PERMITS:
            return False
        asked = self.primitives[event.primitive].kind in SEMAPHORES  # a Condition asks its lock by trying to acquire it
        return (wait.step, event.kind) in {(0, "release"), (1, "block"), (1, "acquire")} or (
            asked and (wait.step, event.kind) == (0, "refuse")
        )
