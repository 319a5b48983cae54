"""The steps of a run in words: who does what, what was read and written, and what became of the value.

The values are noted while the run is made once more, by a guide that follows its schedule.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from types import FrameType
from typing import Any, NamedTuple

from semalab.engine import ROW, ProgramThread, current_frames
from semalab.log.event import Access
from semalab.log.excerpt import written
from semalab.log.trace import Event
from semalab.run import Run
from semalab.stepping import Follow, Footprint, Location, Mark, Operation, SteppingProcessor, Watch, footprint
from semalab.stepping.footprint import EVERYTHING, MADE, NOBODY, RANDOM
from semalab.stepping.known import MISSING

_NUMBERS = (int, float)
_PLAIN = (int, bool, float, str, type(None))  # whose text is Python's own, never the program's
_LONGEST = 20  # characters of a value that are told
_FARTHEST = 1e15  # from zero, of a number that is drawn: a float still tells it from the next one
_VERBS = {
    "acquire": "acquires",
    "release": "releases",
    "enter": "enters",
    "look": "looks at",
    "read": "reads",
    "write": "writes",
    "wake": "wakes up",
    "go on": "goes on",
    "print": "prints",
    "start": "starts a thread",
    "begin": "begins",
    "end": "ends",
    "join": "joins",
    "cancel": "cancels a timer",
    "check": "looks whether its timer was cancelled",
    "ask": "asks which threads are alive",
    "put": "puts into",
    "get": "takes from",
    "inside": "goes on inside the library",
}
_OF_EVENTS = {
    "acquire": "acquires",
    "release": "releases",
    "block": "waits for",
    "refuse": "is refused",
    "pass": "passes",
    "set": "sets",
    "clear": "clears",
    "notify": "notifies",
    "put": "puts into",
    "get": "takes from",
}
VARIABLE = "variable "  # and its name; that of an enclosing function's variable is followed by where it is
_BESIDES = {"notify": "notifies", "set": "sets", "block": "waits on"}  # in passing: what needs no step of its own


class Noting(Follow):
    """The guide that makes the steps of a schedule and notes what they touch and what values they read and write.

    Between two steps every thread of the program stands still, and one of the lab's decides: then the variables can be
    looked at, without running any of the program's code. What a step has written is looked up before anybody else goes
    on: when the next step is chosen, or when its thread ends.

    Invariants: `values` holds, by the place of a step, the value of the variable or attribute right before the step's
    read, or right after its write, with a word if it had that value before, and `numbers` the same value where it is a
    number; `_wrote` is the write under way, with the value before it, until the new one is known. Values are noted
    between bytecodes only: a whole line may write twice. `_owners` has the first object that each attribute was seen
    in, and `_numbered` the places of its numbers: of an attribute of several objects no number is left at the end, for
    one line would mix them.
    """

    def __init__(self, processor: SteppingProcessor, steps: tuple[int, ...], unfinished: bool = False) -> None:
        super().__init__(steps, unfinished)
        self.values: dict[int, str] = {}
        self.numbers: dict[int, float] = {}
        self.touched: list[Footprint] = []
        self._processor = processor
        self._wrote: tuple[int, Callable[[], Any], str | None] | None = None
        self._place = -1
        self._owners: dict[str, Any] = {}
        self._numbered: dict[str, list[int]] = {}
        if isinstance(processor.watch, Watch):
            processor.watch.owners = {}

    def choose(self, able: list[int], touched: list[tuple[Location, bool]]) -> int:
        self._close()
        if self._place >= 0:
            self.touched.append(footprint(touched))
        chosen = super().choose(able, touched)
        self._place += chosen != NOBODY
        operation = self._processor.pending.get(chosen)
        if operation is not None and self._processor.settings.granularity == "bytecode":
            self._look(chosen, operation)
        return chosen

    def thread_ends(self, thread: ProgramThread) -> None:
        """A thread is at its end, and no other has gone on yet."""
        self._close()

    def end(self) -> None:
        """The run has ended."""
        self._wrote = None
        if self._place >= len(self.touched):  # else the guide was asked once more, and has stopped the run
            self.touched.append(footprint(self._processor.touched))
        if isinstance(self._processor.watch, Watch):
            self._processor.watch.owners = None
        for name, places in self._numbered.items():
            if name not in self._owners:
                for place in places:
                    self.numbers.pop(place, None)
        self._owners.clear()

    def _look(self, thread: int, operation: Operation) -> None:
        name = variable_of(operation)
        read = self._reader(thread, name) if name is not None else None
        if read is None:
            return
        if operation.kind == "write":
            self._wrote = self._place, read, _told(read())
        else:
            self._note(self._place, read())

    def _close(self) -> None:
        if self._wrote is None:
            return
        place, read, before = self._wrote
        self._wrote = None
        self._note(place, read(), before)

    def _note(self, place: int, value: Any, before: str | None = None) -> None:
        told = _told(value)
        if told is not None:
            self.values[place] = f"{told} (unchanged!)" if told == before else told
        if type(value) in _NUMBERS and -_FARTHEST < value < _FARTHEST:
            self.numbers[place] = value

    def _reader(self, thread: int, name: str) -> Callable[[], Any] | None:
        """What looks a value up, now or after the step; None if it is not known where it is."""
        if not name.startswith("."):
            frame = self._frame(thread)
            return partial(_held, name, frame) if frame is not None else None
        watch = self._processor.watch
        owner = watch.owners.get(thread, MISSING) if isinstance(watch, Watch) and watch.owners else MISSING
        places = self._numbered.setdefault(name, [])
        if not places:
            self._owners[name] = owner
        elif self._owners.get(name, MISSING) is not owner:
            self._owners.pop(name, None)
        places.append(self._place)
        return partial(inspect.getattr_static, owner, name[1:], MISSING) if owner is not MISSING else None

    def _frame(self, number: int) -> FrameType | None:
        """Where in the program's own code a thread stands."""
        processor = self._processor
        ident = next((ident for ident, thread in processor.live.items() if thread.number == number), None)
        frame = current_frames().get(ident) if ident is not None else None
        while frame is not None and id(frame.f_globals) not in processor.program:
            frame = frame.f_back
        return frame


def _told(value: Any) -> str | None:
    """A value in words, if it can be told."""
    return written(value, _LONGEST) if type(value) in _PLAIN else None


def _held(name: str, frame: FrameType) -> Any:
    """What the variable holds; something that is not told if it holds nothing."""
    code = frame.f_code
    enclosed = name in code.co_freevars or name in code.co_cellvars
    return (frame.f_locals if enclosed else frame.f_globals).get(name, MISSING)


class Step(NamedTuple):
    """A step of a run: the thread's name, and what it does ("acquires `semaphore` (2 → 1)")."""

    thread: str
    what: str


def steps_of(run: Run, marks: Sequence[Mark], values: Mapping[int, str] | None = None) -> tuple[Step, ...]:
    """The steps that the marks stand for. values: what they read or wrote, by their places, where that is known.

    Where nobody has come in between, that a thread goes on after its own step is not worth a line.
    """
    values = values or {}
    ends = ([mark.log // ROW for mark in marks[1:]] + [len(run.trace)])[: len(marks)]
    steps = []
    for place, (mark, end) in enumerate(zip(marks, ends, strict=True)):
        if mark.operation.kind == "go on" and place and marks[place - 1].thread == mark.thread:
            continue
        events = run.trace[mark.log // ROW : end]
        value = f" = {values[place]}" if place in values else ""
        steps.append(Step(run.trace.threads[mark.thread], _what(run, mark, events) + value))
    return tuple(steps)


def accesses_of(threads: Sequence[str], marks: Sequence[Mark], numbers: Mapping[int, float]) -> tuple[Access, ...]:
    """The steps that read or write a variable. numbers: what they read or wrote, by their places."""
    return tuple(
        Access(
            mark.log // ROW,
            threads[mark.thread],
            mark.operation.kind,
            name,
            numbers.get(place),
        )
        for place, mark in enumerate(marks)
        if (name := variable_of(mark.operation)) is not None
    )


def variable_of(operation: Operation) -> str | None:
    """The name of the variable (`count`) or attribute (`.count`) that this reads or writes; None if it does neither."""
    kind, _, name = str(operation.location).partition(" ")
    if operation.kind not in ("read", "write") or kind not in ("variable", "attribute"):
        return None
    return name.split(" ")[0] if kind == "variable" else f".{name}"


def in_words(steps: Iterable[Step]) -> tuple[str, ...]:
    """One line for each step, numbered from 1."""
    return tuple(f"{number}. {thread} {what}" for number, (thread, what) in enumerate(steps, 1))


def _what(run: Run, mark: Mark, events: Sequence[Event]) -> str:
    kind, location = mark.operation.kind, mark.operation.location
    thread = run.trace.threads[mark.thread]
    if isinstance(location, int):
        label = list(run.trace.primitives)[location]
        event = next((e for e in events if e.thread == thread and e.primitive == label), None)
        verb = _VERBS[kind] if event is None else _OF_EVENTS.get(event.kind, _VERBS[kind])
        besides = [e for e in events if e.thread == thread and e.primitive != label and e.kind in _BESIDES]
        return f"{verb} `{label}`{_change(event)}" + "".join(f", {_BESIDES[e.kind]} `{e.primitive}`" for e in besides)
    if kind in ("read", "write"):
        return f"{_VERBS[kind]} {_name(str(location))}"
    if kind == "go on" and location not in (MADE, RANDOM, EVERYTHING):  # what is first of all that the step touches
        return f"{_VERBS[kind]} with {_name(str(location))}"
    if kind == "join":
        return f"{_VERBS[kind]} {run.trace.threads[int(str(location).split()[1])]}"
    return _VERBS[kind]


def _name(location: str) -> str:
    """`count` for "variable count", `.balance` for "attribute balance"; the contents of containers have no name."""
    kind, _, name = location.partition(" ")
    if location.startswith(VARIABLE):
        return f"`{name.split(' ')[0]}`"
    if location == EVERYTHING:
        return "what has no name here"
    if kind == "attribute":
        return f"`.{name}`"
    return f"the items of `{name.removeprefix('of ')}`" if name else "a container's items"


def _change(event: Event | None) -> str:
    if event is None or event.value is None or event.kind not in ("acquire", "release"):
        return ""
    before = event.value + (event.amount if event.kind == "acquire" else -event.amount)
    return f" ({before} → {event.value})"
