"""From the raw rows of a finished run to its immutable trace, its output and the reason it was stopped."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from operator import itemgetter
from types import CodeType
from typing import Any, NamedTuple

from semalab.analysis.listings import Source, source_of
from semalab.engine import Foreign, Inside, Processor, ProgramThread, Subject, rows, times
from semalab.engine.interpreter import no_collections
from semalab.instrument import Made, streams
from semalab.instrument.naming import line_of, primitive_labels, thread_labels
from semalab.log.event import LOCKS
from semalab.log.stops import (
    Deadlock,
    There,
    Timeout,
    Wait,
    not_ended,
    place_in_words,
    several_of,
    still_there,
    still_waiting,
    time_up,
)
from semalab.log.trace import PERMITS, QUEUES, Event, Primitive, Trace

_FEW, _LOOKS = 20, 20  # events, and operations for each of them, from which somebody asks again and again
_TAIL = 200  # of the last events, from which it is read what a program did that did not come to its end


class Printed(NamedTuple):
    """One call of print(): nanoseconds since the run began, the thread, the text."""

    time: int
    thread: str
    text: str


class Decoder:
    """Turns rows into events. Invariant: `value` is each primitive's value after the rows decoded so far.

    origin: the clock when the program began. with_exit: the code that releases a semaphore at the end of a `with`.
    """

    def __init__(
        self, processor: Processor, made: Sequence[Made] = (), origin: int = 0, with_exit: CodeType | None = None
    ) -> None:
        self.processor = processor
        self.origin = origin
        self.with_exit = with_exit
        self._names = [thread.name for thread in processor.every]
        self.thread_labels = thread_labels(self._names)
        self._foreign: dict[int, str] = {}  # the labels of those not of the run, by identity
        self._met: list[Foreign] = []
        silent = self._silent(made)
        self.labels = primitive_labels(made, silent)
        self._replaced = _replaced(made, self.labels, silent)
        self.primitives = [Primitive(label, m.kind, m.initial) for label, m in zip(self.labels, made, strict=True)]
        self.value = [m.initial for m in made]
        self.printed: list[Printed] = []
        self._thread: dict[int, str] = {}
        self._lines: dict[tuple[int, int], int | None] = {}
        self._quoted: dict[tuple[int, int], CodeType] = {}  # the program's code, by its id and line
        self._entered: list[dict[str, list[int | None]]] = [{} for _ in made]
        self._started: set[str] = set()
        self._events: list[Event] = []

    def _silent(self, made: Sequence[Made]) -> set[int]:
        """Of those that were there before the run: the keys of those without a row, as are all their parts."""
        before = {key for key, one in enumerate(made) if one.name}
        if not before:
            return before
        spoken = {what if type(what) is int else what[1] for what in {row[2] for row in rows(self.processor.log, None)}}
        return before - spoken - {one.part_of for key, one in enumerate(made) if key in spoken}

    def trace(self) -> Trace:
        end = self.processor.stopped_at if self.processor.verdict is not None else 0
        return self._trace(self.processor.cut, end)

    def so_far(self, end: int, now: int) -> Trace:
        """As `trace`, of a run that goes on: the log up to its entry `end`, as it was before this decoder was made."""
        return self._trace(end, now)

    def _trace(self, cut: int | None, end: int) -> Trace:
        with no_collections():  # many small tuples and no garbage: nothing to collect
            self._decode(cut)
            self._end_foreign(end)
        threads = [label for label in [*self.thread_labels, *self._foreign.values()] if label in self._started]
        primitives = [one for key, one in enumerate(self.primitives) if key not in self._replaced]
        return Trace(self._events, threads, primitives, end - self.origin)

    def _decode(self, cut: int | None) -> None:
        new, append, semaphore, other = tuple.__new__, self._events.append, self._semaphore, self._other
        for row in self._rows(cut):
            event = semaphore(*row) if type(row[2]) is int else other(*row)
            if event is not None:
                append(new(Event, event))

    def _rows(self, end: int | None) -> Iterable[tuple[Any, ...]]:
        """The rows in the order of their times; those of one time as they were written."""
        log = self.processor.log
        written = times(log, end)
        return rows(log, end) if sorted(written) == written else sorted(rows(log, end), key=itemgetter(0))

    def _since(self, time: int) -> int:
        return time - self.origin if time > self.origin else 0  # the main thread starts before its program does

    def _outsider(self, ident: int, time: int) -> str:
        """The label of a thread that is not of the run, which had this identifier at this time of the run's clock."""
        label = self._foreign_label(self.processor.foreigners.at(ident, time))
        if label not in self._started:
            self._started.add(label)
            self._events.append(Event(self._since(time), label, "start"))
        return label

    def _foreign_label(self, one: Foreign) -> str:
        if id(one) not in self._foreign:
            self._met.append(one)
            self._names.append(one.name)
            self._foreign[id(one)] = thread_labels(self._names)[-1]
        return self._foreign[id(one)]

    def _end_foreign(self, end: int) -> None:
        """Nothing is written when such a thread ends, since most have nothing to do with the run."""
        last = max(end - self.origin, self._events[-1].time if self._events else 0)
        for one in self._met:
            if one.ended is not None and self._since(one.ended) <= last and self._foreign[id(one)] in self._started:
                event = Event(self._since(one.ended), self._foreign[id(one)], "end")
                self._events.insert(bisect_right(self._events, event.time, key=itemgetter(0)), event)

    def _line(self, code: CodeType | None, instruction: int) -> int | None:
        """The line of an instruction, in the program's own code."""
        place = id(code), instruction
        if place not in self._lines:
            self._lines[place] = line = line_of(code, instruction) if code is not None else None
            if code is not None and line is not None:
                self._quoted[id(code), line] = code
        return self._lines[place]

    def source(self, program: CodeType | None) -> Source:
        """The text of the program, whose own function comes first; call after `trace()`."""
        return source_of(program, [(code, line) for (_, line), code in self._quoted.items()])

    def _semaphore(
        self, time: int, ident: int, key: int, value: int, code: CodeType, instruction: int
    ) -> tuple[Any, ...] | None:
        thread = self._thread.get(ident) or self._outsider(ident, time)
        line = self._line(code, instruction)
        change = value - self.value[key]
        self.value[key] = value
        if change < 0:
            kind = "acquire"
            self._entered[key].setdefault(thread, []).extend([line] * -change)
        elif change > 0:
            kind = "release"
            entered = self._entered[key].get(thread)
            if code is self.with_exit and entered:
                line = entered[-1]
            if entered:
                del entered[-change:]
            elif self.primitives[key].kind in LOCKS:  # any thread may release it
                self._entered[key].clear()
        elif value:
            return None  # a method of the program's own class has looked, and taken nothing
        else:
            kind = "refuse"
        return self._since(time), thread, kind, self.labels[key], value, abs(change), line

    def _other(
        self,
        time: int,
        ident: int,
        what: tuple[str, int | None, int],
        value: Any,
        code: CodeType | None,
        instruction: int,
    ) -> tuple[Any, ...]:
        kind, key, amount = what
        line = self._line(code, instruction)
        if kind == "start":
            self._thread[ident] = self.thread_labels[value]
            self._started.add(self.thread_labels[value])
            value = None
        thread = self._thread.get(ident) or self._outsider(ident, time)
        if kind == "end":  # the system may give its identifier to another
            self._thread.pop(ident, None)
        primitive = ""
        if key is not None:
            primitive = self.labels[key]
            if kind == "acquire":
                self._entered[key].setdefault(thread, []).append(line)
            elif kind == "release":
                self._entered[key].clear()
            if value is not None and kind != "block":
                self.value[key] = value
        elif value is not None:
            if kind == "print":
                self.printed.append(Printed(self._since(time), thread, value))
            else:
                primitive = self.thread_labels[value]  # whom a join waits for
            value = None
        return self._since(time), thread, kind, primitive, value, amount, line

    def label_of(self, thread: ProgramThread | None) -> str:
        """What a thread is called in the trace; None is one that is not of the run."""
        return self.thread_labels[thread.number] if thread is not None else "a thread that is not of the run"

    def stopped(self, timeout: float, stopped_by: str) -> Deadlock | Timeout | None:
        """Why the run was stopped; call after `trace()`. stopped_by: what is said of a run that was cancelled."""
        verdict, clock = self.processor.verdict, self.processor.clock
        if verdict is None:
            return None
        stuck = self.processor.stuck
        running = tuple(self.thread_labels[s.thread.number] for s in stuck if isinstance(s.thread, ProgramThread))
        if verdict == "deadlock":
            return Deadlock(tuple(self._wait(s.thread, s.subject) for s in stuck))
        there = self._there()
        where = f"; {still_there(there)}"
        reason = {
            "timeout": self._others_could(timeout) or self._stood_still(timeout) or not_ended(timeout, there),
            "cancelled": stopped_by,
            "full": f"the program had written {len(self._events):,} events and was still going{where}",
            "livelock": "from here on it goes on for ever: whatever its threads do, the program cannot come to its end",
            "flooded": f"the program had printed {streams.MOST_TEXT:,} bytes and was still going{where}",
            "stuck": f"nothing happened for 2 s or more{self._where()}; "
            "if the program really needs that long, use clock='wall'",
            "strangers": self._not_ruled(),
        }[verdict]
        left = tuple(self.thread_labels[thread.number] for thread in self.processor.left)
        return Timeout(timeout, clock, running, reason, left)

    def _there(self) -> list[There]:
        """The run's threads that had not ended, and where they were; first those that waited for nobody."""
        there = [
            (subject is not None, There(self.thread_labels[thread.number], at, thread.origin))
            for thread, subject, at in self.processor.stuck
            if isinstance(thread, ProgramThread)
        ]
        return [one for _, one in sorted(there, key=itemgetter(0))]

    def _others_could(self, timeout: float) -> str:
        """Of a run whose threads all waited when its time was up, while others could still have acted."""
        others = self.processor.others
        if not others:
            return ""
        are = "is" if len(others) == 1 else "are"
        could = f"{several_of(others)}, which {are} not of the run, could still have acted"
        return "; ".join(filter(None, (time_up(timeout), still_waiting(self._waits()), could)))

    def _not_ruled(self) -> str:
        others = self.processor.others
        take = "takes" if len(others) == 1 else "take"
        told = f"the virtual clock does not rule {several_of(others)}, which {take} part"
        return "; ".join(filter(None, (told, still_waiting(self._waits()), "use clock='wall'")))

    def _waits(self) -> tuple[Wait, ...]:
        """Who waits for what, those left out that the log tells nothing of: they sleep, or compute."""
        return tuple(self._wait(s.thread, s.subject) for s in self.processor.stuck if s.subject is not None)

    def _stood_still(self, timeout: float) -> str:
        """Of a run on the virtual clock whose real time was up while its own had hardly moved: who kept it busy."""
        now = self.processor.stopped_at - self.origin
        if self.processor.clock != "virtual" or self.processor.stopped_at >= round(timeout * 1e9):
            return ""
        tail = self._events[-_TAIL:]
        vain = sum(event.kind == "refuse" or (event.kind, event.amount) == ("sleep", 0) for event in tail)
        looks = getattr(self.processor, "operations", 0) > _LOOKS * len(self._events)  # of which none is in the log
        asking = looks or (len(tail) > _FEW and 3 * vain >= len(tail))
        why = "the program asks again and again" if asking else "the program goes on without sleeping"
        stood = len(tail) < _TAIL or tail[0].time == tail[-1].time
        clock = "the virtual clock stood still at" if stood else "the virtual clock came only to"
        return f"{time_up(timeout)}; {clock} {max(0, now) / 1e9:.3g} s: {why}{self._busy(tail)}"

    def _busy(self, tail: Sequence[Event]) -> str:
        """Which thread kept the clock from moving, and at which line, as far as that is known."""
        one, at = self.processor.stuck_thread, self.processor.stuck_at
        if one is not None and at is not None:
            thread, line = self.label_of(one), at[1]
        elif one is not None and one.origin is not None:  # in code that is none of the program's
            return f" ({self.label_of(one)}, started {place_in_words(one.origin)})"
        else:
            counts = Counter((event.thread, event.line) for event in tail if event.line is not None)
            if not counts:
                return ""
            (thread, line), _ = counts.most_common(1)[0]
        return f" ({thread}, line {line})"

    def _holders(self, key: int) -> tuple[str, ...]:
        return tuple(thread for thread, lines in self._entered[key].items() if lines)

    @cached_property
    def _last(self) -> dict[str, Event]:
        return {event.thread: event for event in self._events}

    def _where(self) -> str:
        """The thread with which nothing happened, and the nearest line of the program."""
        thread, place = self.processor.stuck_thread, self.processor.stuck_at
        if thread is None:
            return ""
        label = self.thread_labels[thread.number]
        if place is not None:
            return f" {place_in_words(place)} (thread {label})"
        if thread.origin is None:
            return f" in {label}"
        return f" in {label}, which was started {place_in_words(thread.origin)}"

    def _wait(self, thread: ProgramThread | Foreign, subject: Subject) -> Wait:
        label = self._foreign_label(thread) if isinstance(thread, Foreign) else self.thread_labels[thread.number]
        last = self._last.get(label)
        line = last.line if last is not None else None
        if isinstance(subject, int):
            primitive = self.primitives[subject]
            value = self.value[subject] if primitive.kind in PERMITS | QUEUES else None
            unfinished = last.amount if last is not None and primitive.kind in QUEUES else 0
            return Wait(label, primitive.label, primitive.kind, value, self._holders(subject), line, unfinished)
        if isinstance(subject, Inside):
            return Wait(label, f"{self.labels[subject.key]}.mutex", "Lock", line=line)
        if isinstance(subject, str):
            return Wait(label, subject, "Thread", line=line)
        if subject is not None:
            return Wait(label, self.thread_labels[subject.number], "Thread", line=line)
        return Wait(label, "something outside the lab", "", line=line)


def _replaced(made: Sequence[Made], labels: Sequence[str], silent: AbstractSet[int]) -> set[int]:
    """Those from before the run that did nothing in it and have lost their names: a cell that was run again has put
    others in their places. The program has them no more, and nothing is to be said of them, nor of their parts.
    """
    now = {label for key, label in enumerate(labels) if key not in silent}
    lost = {key for key in silent if made[key].name in now}
    return lost | {key for key in silent if made[key].part_of in lost}
