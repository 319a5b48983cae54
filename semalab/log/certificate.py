"""The proof that a log fits together: nothing in it happened without its cause, and nobody acted while waiting.

Each class of primitive has a rule, a small replay: what its events may say, given those before them. A rule promises no
order in which threads are woken: of those who waited when a condition was notified, it may have been any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from semalab.log.event import (
    BEYOND,
    FLAGS,
    JOINS,
    KINDS,
    LOCKS,
    OUTSIDE,
    PERMITS,
    QUEUES,
    Event,
    Primitive,
    is_outside,
)

DRAINING, FILLING, RESETTING, BROKEN = "draining", "filling", "resetting", "broken"  # the states of a Barrier


class Rule(Protocol):
    def problem(self, index: int, event: Event) -> str | None:
        """Why this event, the next of the primitive, cannot be true; None if it can, and is then part of the replay."""


def rule_of(primitive: Primitive, alive: Mapping[str, bool]) -> Rule:
    """alive: for every thread that has started, whether it has not ended; the caller keeps it up to date."""
    kind = primitive.kind
    if kind in PERMITS:
        return Permits(primitive, alive)
    if kind in FLAGS:
        return Flag(primitive)
    if kind in QUEUES:
        return Items(primitive)
    if kind == "Condition":
        return Notices(primitive)
    return Meetings(primitive) if kind == "Barrier" else Anything()


class Anything:
    """Of a class that has no rule."""

    def problem(self, index: int, event: Event) -> str | None:
        return None


def _differs(event: Event, value: int, what: str = "the value must be") -> str | None:
    return None if event.value == value else f"{what} {value}, the log says {event.value}"


def _foreign(event: Event, kind: str) -> str:
    return f"{kind} has no event {event.kind!r}"


_WEIGHTED = ("Semaphore", "BoundedSemaphore")  # a class that the program derives from one may take several at once


class Permits:
    """Semaphores and locks. Invariants: `value` permits are free; `held` counts those each thread took.

    `waiting`: those that wait.
    """

    def __init__(self, primitive: Primitive, alive: Mapping[str, bool]) -> None:
        self.kind = primitive.kind
        self.bounded = primitive.kind.rpartition(".")[2] != "Semaphore"  # a BoundedSemaphore is, and so are locks
        self.most = 1 if primitive.kind in LOCKS else primitive.initial
        self.value = primitive.initial
        self.held: dict[str, int] = {}
        self.waiting: set[str] = set()
        self.alive = alive

    def problem(self, index: int, event: Event) -> str | None:
        thread, before, after = event.thread, self.value, self.value
        if event.kind == "acquire":
            after -= event.amount
            if event.amount < 1 or after < 0 or (event.amount > 1 and self.kind not in _WEIGHTED):
                return f"it takes {event.amount} of {before} permits"
            self.held[thread] = self.held.get(thread, 0) + event.amount
        elif event.kind == "release":
            after += event.amount
            if event.amount < 1:
                return f"it releases {event.amount} permits"
            if self.bounded and after > self.most:
                return f"a {self.kind} with {before} of {self.most} free was released"
            if self.kind == "RLock" and (owner := self._other_owner(thread)):
                return f"{thread} releases what {owner} holds"
            self.held[thread] = max(0, self.held.get(thread, 0) - event.amount)
        elif event.kind == "block":
            # There who comes late may queue behind others all the same. Who wants several says how many are too few.
            if before not in (0, event.amount) and self.kind not in BEYOND:
                return f"{thread} blocks although {before} permits are free"
        elif event.kind == "refuse":
            # A lock may come free before its refusal is in the log; a wait that a signal ends, as a permit comes.
            if before != 0 and self.kind not in LOCKS | BEYOND and thread not in self.waiting:
                return f"{thread} is refused although {before} permits are free"
        else:
            return _foreign(event, self.kind)
        self.value = after
        (self.waiting.add if event.kind == "block" else self.waiting.discard)(thread)
        return _differs(event, after)

    def _other_owner(self, thread: str) -> str | None:
        """Who alone may release; a thread may have inherited the identifier of one that has ended."""
        owners = [owner for owner, count in self.held.items() if count and self.alive.get(owner)]
        return owners[0] if owners and thread not in owners else None


class Items:
    """A queue holds what was put and not yet taken, unless the program has changed its contents by hand ("set")."""

    def __init__(self, primitive: Primitive) -> None:
        self.size = primitive.initial

    def problem(self, index: int, event: Event) -> str | None:
        before = self.size
        if event.kind == "set" and event.value is not None and abs(event.value - before) == event.amount:
            self.size = event.value
        self.size += {"put": event.amount, "get": -event.amount}.get(event.kind, 0)
        if event.kind in {"put", "get", "set"} and event.amount < 1:
            return f"{event.thread} moves {event.amount} items"
        if self.size < 0:
            return f"{event.thread} takes {event.amount} of {before} items"
        return _differs(event, self.size, "the queue must hold")


class Flag:
    """An Event lets through who comes while it is set, and who waited when it was set, even if it is cleared again.

    Invariant: `waiting` has, for each thread that waits, the index of the event at which it began to.
    """

    def __init__(self, primitive: Primitive) -> None:
        self.label, self.kind = primitive.label, primitive.kind
        self.value = primitive.initial
        self.last_set = -1
        self.waiting: dict[str, int] = {}

    def problem(self, index: int, event: Event) -> str | None:
        thread, kind = event.thread, event.kind
        if kind == "block":
            if self.value:
                return f"{thread} blocks although `{self.label}` is set"
            self.waiting.setdefault(thread, index)
        elif kind in {"pass", "refuse"}:
            began = self.waiting.pop(thread, None)
            if kind == "pass" and not self.value and (began is None or self.last_set < began):
                return f"{thread} passes although `{self.label}` is not set"
            if kind == "refuse" and began is None and (self.value or self.kind == "Event"):
                return f"{thread} is refused and did not wait for `{self.label}`"
        elif kind in {"set", "clear"}:
            self.value = int(kind == "set")
            self.last_set = index if self.value else self.last_set
        else:
            return _foreign(event, self.kind)
        return _differs(event, self.value)


class Notices:
    """A Condition wakes who waited when it was notified, and no more threads than that.

    Invariants: `waiting` has, for each thread, the indices at which it began to wait; `notices` has the index of each
    notify and how many more it may have woken, the oldest first. To charge the oldest possible one leaves the others
    to those who came later: if any assignment explains the log, this one does.
    """

    def __init__(self, primitive: Primitive) -> None:
        self.label = primitive.label
        self.waiting: dict[str, list[int]] = {}
        self.notices: list[list[int]] = []

    def problem(self, index: int, event: Event) -> str | None:
        thread = event.thread
        if event.kind == "block":
            self.waiting.setdefault(thread, []).append(index)
        elif event.kind == "notify":
            if event.amount < 0:
                return f"it notifies {event.amount} threads"
            self.notices.append([index, min(event.amount, sum(map(len, self.waiting.values())))])
        elif event.kind in {"wake", "refuse"}:
            if not self.waiting.get(thread):
                return f"{thread} did not wait on `{self.label}`"
            began = self.waiting[thread].pop(0)
            if event.kind == "wake" and not self._explained(began):
                return f"nobody has notified {thread} on `{self.label}`"
            self._forget()
        else:
            return _foreign(event, "Condition")
        return None

    def _explained(self, began: int) -> bool:
        for notice in self.notices:
            if notice[0] > began and notice[1]:
                notice[1] -= 1
                return True
        return False

    def _forget(self) -> None:
        """Notices that can wake nobody any more."""
        if not any(self.waiting.values()):
            self.notices.clear()
        else:
            self.notices = [notice for notice in self.notices if notice[1]]


class Meetings:
    """A Barrier lets nobody pass before all its parties have arrived, and then those.

    The log does not tell reset() from abort(). Invariants: `states` has every state the barrier may be in; `inside`
    are those who have arrived and not left; the first to pass without a wait tells how many `parties` there are.
    """

    def __init__(self, primitive: Primitive) -> None:
        self.label = primitive.label
        self.states = {FILLING}
        self.inside: list[str] = [OUTSIDE] * primitive.initial
        self.parties: int | None = None

    def problem(self, index: int, event: Event) -> str | None:
        count = len(self.inside)
        if event.kind == "block":
            after, problem = self._waits(event, count)
        elif event.kind == "clear":
            after, problem = count, None
            self.states = {BROKEN} | {self._after_reset(state, count) for state in self.states}
        elif event.kind in {"pass", "refuse"}:
            if event.thread in self.inside:
                after, problem = count - 1, self._leaves(event)
            else:
                after, problem = count, self._arrives_and_leaves(event, count)
        else:
            return _foreign(event, "Barrier")
        return problem or _differs(event, after)

    def may_act(self, thread: str) -> bool:
        """True if it may have come in after a wait outside, be the last to arrive, and now run the barrier's action."""
        return thread not in self.inside and FILLING in self.states

    def _waits(self, event: Event, count: int) -> tuple[int, str | None]:
        arrived = event.thread in self.inside
        if not arrived and event.value == count and self.states & {DRAINING, RESETTING}:
            self.states &= {DRAINING, RESETTING}  # it waits until those inside have left
            return count, None
        if FILLING not in self.states:
            return count, f"{event.thread} waits inside `{self.label}`, which is {self._seen()}"
        self.states = {FILLING}
        if arrived:
            return count, None
        self.inside.append(event.thread)
        full = self.parties is not None and count + 1 >= self.parties
        return count + 1, f"{event.thread} waits at `{self.label}` although all have arrived" if full else None

    def _leaves(self, event: Event) -> str | None:
        self.inside.remove(event.thread)
        if event.kind == "pass":
            possible = self.states & {DRAINING}
        else:  # the time of one who leaves a barrier that fills was up, and breaks it
            possible = {BROKEN if state == FILLING else state for state in self.states - {DRAINING}}
        if not possible:
            return f"{event.thread} {self._verb(event)} although `{self.label}` is {self._seen()}"
        self.states = possible if self.inside else {BROKEN if state == BROKEN else FILLING for state in possible}
        return None

    def _arrives_and_leaves(self, event: Event, count: int) -> str | None:
        if event.kind == "refuse":
            possible = self.states & {FILLING, BROKEN}
            if FILLING in possible:  # the barrier's action has failed, and has broken it
                possible = {FILLING, BROKEN}
        else:
            possible = self.states & {FILLING}
            if possible and self.parties not in (None, count + 1):
                return f"{event.thread} passes although only {count + 1} of {self.parties} have arrived"
            self.parties = count + 1
            possible = {DRAINING if count else FILLING} if possible else possible
        if not possible:
            return f"{event.thread} {self._verb(event)} although `{self.label}` is {self._seen()}"
        self.states = possible
        return None

    def _after_reset(self, state: str, count: int) -> str:
        if not count:
            return FILLING
        return state if state == DRAINING else RESETTING

    def _verb(self, event: Event) -> str:
        return "passes" if event.kind == "pass" else "is refused"

    def _seen(self) -> str:
        return " or ".join(sorted(self.states))


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
            return event.kind in {"put", "get", "set"}
        if self.primitives[event.primitive].kind not in PERMITS:
            return False
        # A Condition asks a lock that cannot say whose it is by trying to acquire it.
        return (wait.step, event.kind) in {(0, "release"), (0, "refuse"), (1, "block"), (1, "acquire")}
