"""The snapshots of a run: one after each event, computed when somebody looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple, Protocol, overload

from semalab.analysis.changes import NOT_BEGUN, Activity, Change, Follower, sentence
from semalab.analysis.reading import Reading
from semalab.log.event import is_outside

_APART = 512  # snapshots from one checkpoint to the next, at least


class Text(Protocol):
    """One call of print(): what a `Run` has of it."""

    @property
    def time(self) -> int: ...
    @property
    def thread(self) -> str: ...
    @property
    def text(self) -> str: ...


class Step(NamedTuple):
    """One event, what it changed, the sentence that says so, and how many prints there were until then."""

    change: Change
    sentence: str
    prints: int


@dataclass(frozen=True)
class Snapshot:
    """What is true right after event `number` (counted from 0). Immutable.

    time: nanoseconds since the run began. thread: who did it; "" at a stop. states, lines: of every thread (a line is
    that of its last event, or None). waiting: who waits for a primitive, in the order in which they came, which is
    not the order in which they will go on. holders: who holds it and how many permits, of primitives used as guards.
    values: of every primitive. printed: all the text so far.
    """

    number: int
    time: int
    thread: str
    sentence: str
    states: Mapping[str, Activity]
    lines: Mapping[str, int | None]
    waiting: Mapping[str, tuple[str, ...]]
    holders: Mapping[str, Mapping[str, int]]
    values: Mapping[str, int]
    printed: str


@dataclass
class _Scene:
    """What is true at present. Invariant: `waiting` and `holders` keep the order in which threads came."""

    states: dict[str, Activity]
    lines: dict[str, int | None]
    waiting: dict[str, dict[str, None]]
    holders: dict[str, Counter[str]]
    values: dict[str, int]

    def __copy__(self) -> _Scene:
        waiting = {label: dict(threads) for label, threads in self.waiting.items()}
        holders = {label: Counter(threads) for label, threads in self.holders.items()}
        return _Scene(dict(self.states), dict(self.lines), waiting, holders, dict(self.values))


class Snapshots(Sequence[Snapshot]):
    """Immutable; one snapshot for each event, in log order, and one more where the run was stopped.

    An event is one action of one thread. Events that belong together (a release, and the acquire it allowed) are
    snapshots of their own: to show them as one would claim that nothing could come between them.
    Built in time linear in the number of events; a look costs the number of threads, and a few hundred events.
    """

    def __init__(self, reading: Reading, printed: Sequence[Text] = (), stopped: str | None = None) -> None:
        self.reading = reading
        self.events = reading.trace.events
        self.stopped = stopped
        self.texts = _matched(reading, printed)
        self.steps = tuple(_followed(reading, self.texts))
        self._apart = max(_APART, len(reading.trace.threads))
        self._checkpoints = [self._beginning()]  # every `_apart` events, as far as anybody has looked
        self._present = (-1, self._beginning())  # where the last look was, and what was true there

    def __len__(self) -> int:
        return len(self.events) + (self.stopped is not None)

    @overload
    def __getitem__(self, index: int) -> Snapshot: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Snapshot, ...]: ...
    def __getitem__(self, index: int | slice) -> Snapshot | tuple[Snapshot, ...]:
        if isinstance(index, slice):
            return tuple(self[i] for i in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} moments, numbered from 0, got {index}")
        return self._snapshot(index % len(self))

    def sentence(self, number: int) -> str:
        """The sentence of a snapshot, without the rest."""
        return self.steps[number].sentence if number < len(self.steps) else f"The run is stopped: {self.stopped}"

    def text(self, number: int) -> str:
        """What the first `number` prints printed."""
        return "".join(text for text in self.texts[:number] if text is not None)

    def _snapshot(self, number: int) -> Snapshot:
        event = self.events[number] if number < len(self.events) else None
        scene = self._scene(min(number, len(self.events) - 1))
        return Snapshot(
            number=number,
            time=event.time if event is not None else self.reading.trace.duration,
            thread=event.thread if event is not None else "",
            sentence=self.sentence(number),
            states=MappingProxyType(scene.states),
            lines=MappingProxyType(scene.lines),
            waiting=MappingProxyType({label: tuple(threads) for label, threads in scene.waiting.items()}),
            holders=MappingProxyType({label: MappingProxyType(dict(t)) for label, t in scene.holders.items()}),
            values=MappingProxyType(scene.values),
            printed=self.text(self.steps[min(number, len(self.events) - 1)].prints if self.events else 0),
        )

    def _scene(self, last: int) -> _Scene:
        """What is true after event `last`, or at the beginning (-1): a copy that is the caller's."""
        at, scene = self._present
        nearest = min((last + 1) // self._apart, len(self._checkpoints) - 1)
        if not nearest * self._apart - 1 <= at <= last:
            at, scene = nearest * self._apart - 1, copy(self._checkpoints[nearest])
        for number in range(at + 1, last + 1):
            self._apply(scene, number)
            if number + 1 == len(self._checkpoints) * self._apart:
                self._checkpoints.append(copy(scene))
        self._present = (last, scene)
        return copy(scene)

    def _beginning(self) -> _Scene:
        trace = self.reading.trace
        values = {label: primitive.initial for label, primitive in trace.primitives.items()}
        states, lines = dict.fromkeys(trace.threads, Activity(NOT_BEGUN)), dict.fromkeys(trace.threads)
        waiting: dict[str, dict[str, None]] = {label: {} for label in trace.primitives}
        return _Scene(states, lines, waiting, {label: Counter() for label in trace.primitives}, values)

    def _apply(self, scene: _Scene, number: int) -> None:
        event, change = self.events[number], self.steps[number].change
        scene.states[event.thread] = change.state
        if event.line is not None:
            scene.lines[event.thread] = event.line
        if event.value is not None:
            scene.values[event.primitive] = event.value
        for label, sign in change.queued:
            if sign > 0:
                scene.waiting[label][event.thread] = None
            else:
                scene.waiting[label].pop(event.thread, None)
        for label, thread, sign in change.held:
            scene.holders[label][thread] += sign
            if not scene.holders[label][thread]:
                del scene.holders[label][thread]


def _followed(reading: Reading, texts: Sequence[str | None]) -> Iterator[Step]:
    """Each event in turn; what is said of one depends on none that come after it."""
    follower = Follower(reading)
    queues: Counter[str] = Counter()
    alive: dict[str, bool] = {}
    prints = 0
    all_known = not any(map(is_outside, reading.trace.threads))
    for event in reading.trace.events:
        change = follower.follow(event)
        for label, sign in change.queued:
            queues[label] += sign
        text = None
        if event.kind == "print":
            text, prints = texts[prints], prints + 1
        elif event.kind in {"start", "end"}:
            alive[event.thread] = event.kind == "start"
        waiters = queues[event.primitive] if all_known else None
        yield Step(change, sentence(event, follower.kinds, change, waiters, alive, text), prints)


def sentence_of(reading: Reading, printed: Sequence[Text], number: int) -> str:
    """The sentence of one event, in time linear in the number of events before it."""
    return next(islice(_followed(reading, _matched(reading, printed)), number, None)).sentence


def snapshots_of(reading: Reading, printed: Sequence[Text] = (), stopped: str | None = None) -> Snapshots:
    """The snapshots of a run.

    Args:
        reading: of its trace.
        printed: what it printed, in order.
        stopped: why it was stopped, in words; None if it was not.
    """
    return Snapshots(reading, printed, stopped)


def _matched(reading: Reading, printed: Sequence[Text]) -> tuple[str | None, ...]:
    """The text of each "print" of the log; None where it is not known. Both are in the order of the log."""
    prints = [(event.time, event.thread) for event in reading.trace if event.kind == "print"]
    if [(one.time, one.thread) for one in printed] == prints:
        return tuple(one.text for one in printed)
    return (None,) * len(prints)
