"""What one state of a run is: where each thread is, what it knows, and what there is besides.

A thread that has seen the same does the same. So its past, the chain of what it did and what it saw each time, is all
that need be known of its frames and variables, where they cannot be read for certain.
"""

from __future__ import annotations

import types
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from semalab.exploration.judge import NOBODY_INSIDE, Holdings, after
from semalab.exploration.noting import ATTRIBUTE, VARIABLE
from semalab.exploration.stage import Stage
from semalab.exploration.stored_values import UNKNOWN, Contents, PrimitiveView, scalar
from semalab.exploration.thread_state import ThreadState
from semalab.instrument import functions
from semalab.stepping import Footprint, Location, Operation, Watch
from semalab.stepping.accesses import ITEMS
from semalab.stepping.footprint import CLOCK, EVERYTHING, NOTHING, OUTPUT
from semalab.stepping.processor import Body
from semalab.stepping.sharing import codes_of

Past = int


class Pasts:
    """Gives every past its number, and knows what follows from it.

    Invariants: equal numbers, equal pasts. `_touched` has for each past all that its thread, and those that it starts,
    were seen to touch later, in any run, and `_before` the pasts that have led to it: so it holds for them, too.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, Past] = {}
        self._touched: dict[Past, Footprint] = {}
        self._before: dict[Past, set[Past]] = {}
        self._next: dict[Past, Footprint] = {}
        self._same: dict[Footprint, Footprint] = {}

    def number(self, past: Hashable) -> Past:
        return self._numbers.setdefault(past, len(self._numbers))

    def later(self, past: Past) -> Footprint:
        """All that is known to be touched after this past."""
        return self._touched.get(past, NOTHING)

    def next(self, past: Past) -> Footprint:
        """All that is known to be touched by the very next step."""
        return self._next.get(past, NOTHING)

    def step(self, past: Past, footprint: Footprint) -> None:
        """A thread with this past has made a step."""
        self._next[past] = self._united(self.next(past), footprint)
        self._add(past, footprint)

    def stand(self, past: Past, location: Location, mode: bool) -> None:
        """A thread with this past stands before an operation there."""
        one = frozenset((location,))
        self._add(past, Footprint(frozenset(), one) if mode else Footprint(one, frozenset()))

    def lead(self, past: Past, to: Past) -> None:
        """A thread with the first past may come to the second, or start a thread that has it."""
        if past != to and past not in self._before.setdefault(to, set()):
            self._before[to].add(past)
            self._add(past, self.later(to))

    def _add(self, past: Past, footprint: Footprint) -> None:
        queue = [past]
        while queue:
            one = queue.pop()
            before = self.later(one)
            together = self._united(before, footprint)
            if together != before:
                self._touched[one] = together
                queue.extend(self._before.get(one, ()))

    def _united(self, one: Footprint, other: Footprint) -> Footprint:
        writes = one.writes | other.writes
        both = Footprint((one.reads | other.reads) - writes, writes)
        return self._same.setdefault(both, both)


Touched = Sequence[tuple[Location, bool]]
# What a program could find out with who it is, without asking a thread.
_TELLING = frozenset(
    "_name _ident _native_id _active _bootstrap excepthook __dict__ vars dir id sys _thread gc inspect traceback"
    " logging warnings asyncio contextvars".split()
)


class ReachedState(NamedTuple):
    """What is known of a state of the run under way.

    pasts: of the threads that live, by their numbers; left: of those that have ended and may have left something that
    only they had in their hands. kinds: which threads are alike. standing: what each stands before, or waits for.
    values: by location, what is there; versions: what was done there, for those without a value. handed: whether a
    thread may have got an object from another, here or before.
    """

    pasts: Mapping[int, Past]
    left: Mapping[int, Past]
    kinds: Mapping[int, int]
    standing: Mapping[int, Hashable]
    values: Mapping[Location, Hashable]
    versions: Mapping[Location, int]
    epoch: int
    time: int
    inside: Holdings
    handed: bool
    who: Mapping[int, int]  # by threads' numbers: equal for those that stand alike
    key: Hashable


NO_STATE = ReachedState({}, {}, {0: 0}, {}, {}, {}, 0, 0, NOBODY_INSIDE, False, {}, None)


class States:
    """Reads the states of the runs on a stage.

    alike: whether threads that do the same may be taken for each other. followed: whether who is inside matters.
    endless: whether of the time only that matters how long it is until something happens: then it must not be asked
    for (`asked_for_time`).

    What a thread knows is read from its frames where it can be: so it does not matter how it came to know it, and who
    has turned in a loop is where it was. But where something that threads share has no value in the state, they would
    be told apart by what they might have seen of it, and have not: there their pasts are the better names, but for a
    program that may go on for ever. And of two objects with the same in them no frame tells which one a thread got from
    another: once that can have happened, only its past does.
    """

    def __init__(self, stage: Stage, pasts: Pasts, alike: bool, followed: bool, endless: bool = False) -> None:
        self._stage = stage
        self._processor = stage.processor
        self._contents = Contents(stage, stage.processor.settings)
        self._pasts = pasts
        self._alike = alike
        self._followed = followed
        self._endless = endless
        self._frames: ThreadState | None = None
        shared = stage.processor.settings.shared
        self._needed = {name for name in shared if name.startswith((VARIABLE, ITEMS, ATTRIBUTE))}

    @property
    def asked_for_time(self) -> bool:
        """Whether states that differ in nothing but the time may go on differently."""
        return self._endless and self._processor.time_matters

    def first(self) -> ReachedState:
        """Where the first choice is made: all there is follows from the program's beginning."""
        main = self._pasts.number("main")
        return self._read(NO_STATE, {0: main}, {}, 0, main, 0)

    def next(self, before: ReachedState, thread: int, touched: Touched) -> ReachedState:
        """Where a step of this thread, which touched all that, has led. Raises Unclear."""
        mark = self._processor.marks[-1]
        seen = tuple(self._seen(before, mark.operation, *one) for one in dict.fromkeys(touched))
        past = self._pasts.number((before.pasts[thread], before.standing[thread], seen, before.epoch))
        versions = dict(before.versions)
        for location, mode in touched:
            if location not in (CLOCK, OUTPUT) and (mode or isinstance(location, int)):
                versions[location] = self._pasts.number((location, versions.get(location), past))
        everything = any(location == EVERYTHING for location, _ in touched)
        epoch = self._pasts.number((before.epoch, past)) if everything else before.epoch
        pasts = {**before.pasts, thread: past}
        self._pasts.lead(before.pasts[thread], past)
        if self._has_seen_all(before):
            pasts[0] = self._pasts.number((pasts[0], before.key, past))
            self._pasts.lead(before.pasts[0], pasts[0])
        return self._read(before, pasts, versions, epoch, past, mark.log, thread)

    def _has_seen_all(self, before: ReachedState) -> bool:
        """Whether the main thread has been alone: then it may have looked at everything, and nobody noted it."""
        others = {*before.pasts, *before.left, *before.kinds} - {0}
        return bool(others) and 0 in before.pasts and others <= self._processor.threads.joined

    def _seen(self, before: ReachedState, operation: Operation, location: Location, mode: bool) -> Hashable:
        """What the thread may have seen there."""
        if location == OUTPUT:
            return location
        if location == CLOCK:
            return location, None if self._endless else before.time
        if location == EVERYTHING:
            return location, before.key
        if location == operation.location and isinstance(location, int):
            waited = operation.kind == "acquire" and operation.may is not None
            if waited or (operation.kind == "release" and not mode):  # it goes on, whatever the value
                return location
        value = before.values.get(location, UNKNOWN)
        if value is UNKNOWN:
            return location, before.versions.get(location)
        return location, value.what if isinstance(value, PrimitiveView) else value, mode

    def _read(
        self,
        before: ReachedState,
        pasts: dict[int, Past],
        versions: dict[Location, int],
        epoch: int,
        past: Past,
        begin: int,
        acting: int | None = None,
    ) -> ReachedState:
        """pasts: as far as they are known. past: of `acting`, who made the step. begin: where that is in the log."""
        processor, number = self._processor, self._pasts.number
        threads, recorder = processor.threads, self._recorder()
        may_have_left = processor.watch.left if isinstance(processor.watch, Watch) else set()
        kinds, left = dict(before.kinds), dict(before.left)
        known = dict(pasts)
        for one in range(len(processor.every)):
            if one not in kinds:
                kinds[one] = kind_of(self._stage, one) if self._alike else one
                starter = threads.starters.get(one, -1)
                self._begin(kinds[one], one, starter, pasts, (past, known.get(starter, pasts.get(starter, past))))
        for one in [one for one in pasts if one in threads.ended]:
            gone = pasts.pop(one)
            if one in may_have_left:
                left[one] = gone
        # Both in an order that depends on nothing but what is there.
        values: dict[Location, Hashable] = {**self._contents.primitives(), **self._contents.shared()}
        inside = after(before.inside, processor.log, begin, recorder.made) if self._followed else NOBODY_INSIDE
        if self._frames is None:
            self._frames = ThreadState(self._stage, self._contents, self._endless, self._alike)
        handed = before.handed or self._contents.hold_objects(self._frames.rebound)
        worth_it = not handed and (self._endless or self._needed <= values.keys())
        if worth_it and acting is not None and acting not in may_have_left:
            self._fold(acting, kinds, pasts, values)
        standing = {one: self._standing(one) for one in pasts}
        for one in pasts:
            operation = processor.pending.get(one)
            if operation is not None:
                self._pasts.stand(pasts[one], operation.location, operation.mode)
        marks = _marks(values, inside)
        who = {one: number((pasts[one], standing[one], tuple(marks.get(one, ())))) for one in pasts}
        key = (
            tuple(sorted(who.values())),
            tuple(sorted(left.values())),
            tuple(_told(location, value, versions) for location, value in values.items()),
            tuple(sorted((str(at), version) for at, version in versions.items() if at not in values)),
            (epoch, None if self._endless else processor.time, len(processor.every), len(recorder.made)),
            self._failures(),
            tuple(sorted(inside.uses.items())),
        )
        return ReachedState(
            pasts, left, kinds, standing, values, versions, epoch, processor.time, inside, handed, who, key
        )

    def _fold(
        self, one: int, kinds: Mapping[int, int], pasts: dict[int, Past], values: Mapping[Location, Hashable]
    ) -> None:
        """What this thread knows is what stands in its frames, if they can be read; else its past says it.

        It must have left nothing that is not part of the state anyhow: from where its frames no longer lead, nobody
        would read it. What the main thread changes nobody notes while it is alone, or where no other looks at it; and
        mostly it only starts the others.
        """
        processor = self._processor
        thread = processor.every[one]
        unnoted = processor.watch is None or processor.threads.joined or processor.alone(thread)
        if one == 0 and (unnoted or not self._endless):
            return
        sleeps = thread.waits_in is None and thread.token != 0 and one not in processor.threads.waiting
        if one not in pasts or not (one in processor.pending or sleeps):
            return
        assert self._frames is not None
        found = self._frames.of(thread, values)
        if found is not None:
            before, pasts[one] = pasts[one], self._pasts.number(("stands", kinds[one], found))
            self._pasts.lead(before, pasts[one])

    def _begin(self, kind: int, one: int, starter: int, pasts: dict[int, Past], after: tuple[Past, Past]) -> None:
        """A thread has begun. Whoever started it is not to be taken for one that may still touch what it touches."""
        pasts[one] = self._pasts.number(("begins", kind, after))
        before = pasts.get(starter)
        for earlier in (*after, *([before] if before is not None else [])):
            self._pasts.lead(earlier, pasts[one])
        if before is not None:
            pasts[starter] = self._pasts.number(("has started", before, kind))
            self._pasts.lead(before, pasts[starter])

    def _failures(self) -> Hashable:
        """Of what has been raised out of threads: nobody can see it, and a run with one is not right."""
        failures = [*([self._stage.failure] if self._stage.failure else []), *self._stage.worker_failures]
        return tuple(sorted(type(error).__name__ for _, error in failures))

    def _recorder(self) -> Any:
        assert self._stage.twins is not None
        return self._stage.twins.recorder

    def _standing(self, number: int) -> Hashable:
        """What a thread is about to do, or waits for."""
        processor = self._processor
        thread = processor.every[number]
        operation = processor.pending.get(number)
        limits = self._frames.limits(thread) if self._endless and self._frames is not None else ()
        if operation is not None:
            kind, location, mode, may = operation
            return kind, location, mode, may is None, thread.token == 0, limits
        origin = processor.time if self._endless else 0
        times = [instant for instant, token, other in processor.timers if other is thread and token == thread.token]
        until = [instant - origin for instant in times]
        return "in start or join" if number in processor.threads.waiting else "waits", tuple(until), limits


def _marks(values: Mapping[Location, Hashable], inside: Holdings) -> dict[int, list[Hashable]]:
    """By threads' numbers: in which queues a thread stands, and what it holds."""
    marks: dict[int, list[Hashable]] = {}
    for location, value in values.items():
        if isinstance(value, PrimitiveView):
            for condition, waiting in enumerate(value.waiting):
                for place, number in enumerate(waiting):
                    marks.setdefault(number, []).append((location, condition, place))
    for (number, key), permits in sorted(inside.holds.items()):
        marks.setdefault(number, []).append(("holds", key, permits))
    return marks


def _told(location: Location, value: Hashable, versions: Mapping[Location, int]) -> Hashable:
    if value is UNKNOWN:
        return location, "version", versions.get(location)
    return location, value.what if isinstance(value, PrimitiveView) else value


def may_be_alike(stage: Stage) -> bool:
    """False if the program's text names something that could tell a thread who it is."""
    codes = codes_of(*functions([stage.program, *stage.arguments.values()]))
    return all(_TELLING.isdisjoint(code.co_names) for code, _ in codes)


def are_told_apart(stage: Stage, kinds: Mapping[int, int]) -> bool:
    """Whether the run so far has told threads of one kind apart. kinds: by the threads' numbers."""
    processor = stage.processor
    threads = processor.threads
    if processor.names_matter or threads.others_join or processor.lives_matter or processor.settings.lives:
        return True
    if 0 in threads.waiting or not threads.joined:
        return False
    several = set(kinds.values())
    return any(_is_part(threads.joined, [n for n, kind in kinds.items() if kind == one]) for one in several)


def _is_part(some: set[int], all_of_them: Iterable[int]) -> bool:
    found = [number in some for number in all_of_them]
    return any(found) and not all(found)


def kind_of(stage: Stage, number: int) -> int:
    """The number of the first thread that does the same as this one."""
    threads, twins = stage.processor.threads, stage.twins
    assert twins is not None
    body = threads.bodies.get(number)
    if body is None or body.of is not twins.source.Thread or threads.starters.get(number) != 0:
        return number
    for other, its in sorted(threads.bodies.items()):
        if other < number and threads.starters.get(other) == 0 and its.of is body.of and _same_body(body, its):
            return other
    return number


def _same_body(one: Body, other: Body) -> bool:
    if len(one.args) != len(other.args) or one.kwargs.keys() != other.kwargs.keys():
        return False
    arguments = [*zip(one.args, other.args, strict=True), *((one.kwargs[k], other.kwargs[k]) for k in one.kwargs)]
    return _same(one.target, other.target) and all(_same(a, b) for a, b in arguments)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, types.MethodType) and isinstance(other, types.MethodType):
        return one.__func__ is other.__func__ and one.__self__ is other.__self__
    value = scalar(one)
    return one is other or (value is not UNKNOWN and value == scalar(other))
