"""What the steps of a schedule touch, and the values that they read and write, noted while it is made once more; what a
shared container holds is noted in words, and as the number that its strip shows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import FrameType
from typing import Any, NamedTuple

from semalab.engine import ROW, ProgramThread
from semalab.engine.interpreter import program_frame
from semalab.log.event import Access
from semalab.log.excerpt import counted, written
from semalab.stepping import (
    Follow,
    Footprint,
    Items,
    Location,
    Operation,
    StepMark,
    SteppingProcessor,
    Watch,
    footprint,
)
from semalab.stepping.accesses import ITEMS
from semalab.stepping.footprint import NOBODY
from semalab.stepping.known import EXACT, MISSING

PLAIN = (int, bool, float, str, type(None))  # whose text, hash and comparison are Python's own, never the program's
_MOST = 100  # items that are looked at
_LONGEST = 30  # characters of its text, before its items are only counted


class Contents(NamedTuple):
    """What a container held: how many items, its text if it can be told, and what is plain of its items by their keys.

    indexed: the keys are places, counted from 0.
    """

    size: int
    text: str | None
    items: Mapping[Any, Any]
    indexed: bool = False

    def key(self, asked: Any) -> Any:
        """The key that was asked for, as it is told; MISSING where it is not known, or no plain item has it."""
        if type(asked) not in PLAIN:
            return MISSING
        if self.indexed and asked < 0:
            asked += self.size
        return asked if asked in self.items else MISSING

    def item_text(self, asked: Any) -> tuple[str, str | None]:
        """What is told of it after its name: which item (`[0]`) or nothing, and its text if it can be told whole."""
        key = self.key(asked)
        return ("", self.text) if key is MISSING else (f"[{key!r}]", written(self.items[key], _LONGEST))

    @property
    def counted(self) -> str:
        return counted(self.size, "item")


class Number(NamedTuple):
    """What is drawn at a step, and of a container which number that is: `len(box)`, `totals[0]`."""

    name: str
    value: float


def seen_of(container: Any) -> Contents | None:
    """What it holds now, without running any code of the program; None if it is none of Python's own containers."""
    if type(container) not in EXACT:
        return None
    size = len(container)
    listed = list(container) if size <= _MOST else []
    whole = len(listed) == size and all(type(one) in PLAIN for one in listed)
    if isinstance(container, set):  # in one order, whatever the hashes of its texts are today
        texts = [repr(one) for one in sorted(listed, key=lambda one: (type(one).__name__, one))] if whole else []
        return Contents(size, _short(f"{{{', '.join(texts)}}}" if size else "set()") if whole else None, {})
    if isinstance(container, dict):
        items = {key: container[key] for key in listed} if whole else {}
    else:
        items = dict(enumerate(listed))
    plain = {key: value for key, value in items.items() if type(value) in PLAIN}
    whole = whole and len(plain) == size
    shown = plain if isinstance(container, dict) else listed
    return Contents(
        size, _short(written(shown, 4 * _LONGEST)) if whole else None, plain, not isinstance(container, dict)
    )


def numbers_of(name: str, looks: Sequence[tuple[Contents, Any]]) -> Iterator[Number | None]:
    """What is drawn at each look at one container, which goes by this name. looks: what it held, and the key asked for.

    How many items it has, if that changes. Else the item that is asked for; and where somebody goes through all of
    them, the one that changes, if it is only one.
    """
    if len({seen.size for seen, _ in looks}) > 1:
        yield from (Number(f"len({name})", seen.size) for seen, _ in looks)
        return
    keys = [seen.key(asked) for seen, asked in looks]
    if MISSING in keys:
        changing = _changing([seen.items for seen, _ in looks])
        keys = [changing[0] if len(changing) == 1 else MISSING] * len(looks)
    for (seen, _), key in zip(looks, keys, strict=True):
        value = seen.items[key] if key is not MISSING else None
        yield Number(f"{name}[{key!r}]", value) if isinstance(value, int | float) else None


def _changing(looks: Sequence[Mapping[Any, Any]]) -> list[Any]:
    """The keys of what is not the same all the time."""
    return [
        key
        for key in looks[0]
        if all(key in items for items in looks) and any(items[key] != looks[0][key] for items in looks)
    ]


def _short(text: str) -> str | None:
    return text if len(text) <= _LONGEST else None


VARIABLE = "variable "  # and its name; that of an enclosing function's variable is followed by where it is
ATTRIBUTE = "attribute "
CONTAINER = f"{ITEMS} of "  # and the container's name
_NUMBERS = (int, float)
_LONGEST_VALUE = 20  # characters of a value that are told
_FARTHEST = 1e15  # from zero, of a number that is drawn: a float still tells it from the next one


ItemText = tuple[str, str | None]  # which item of a container; and the value in words, if it can be told


class Noting(Follow):
    """The guide that makes the steps of a schedule and notes what they touch and what values they read and write.

    Between two steps every thread of the program stands still, and one of the lab's decides: then the variables can be
    looked at, without running any of the program's code. What a step has written is looked up before anybody else goes
    on: when the next step is chosen, or when its thread ends.

    Invariants: `values` holds, by the place of a step, the value of the variable, attribute or container right before
    the step's read, or right after its write, with a word if it had that value before; `items` which item of a
    container that is, and `numbers` what is drawn of it, if it is a number; `_wrote` is the write under way, with the
    value before it, until the new one is known. Values are noted between bytecodes only: a whole line may write twice.
    `_owners` has the first object that each attribute was seen in, or the container, and `_numbered` the places of its
    numbers: of an attribute of several objects no number is left at the end, for one line would mix them. `_looks` has
    what a container held at each step, and which item was asked for: only at the end is it known which number of it
    changes.
    """

    def __init__(self, processor: SteppingProcessor, steps: tuple[int, ...], unfinished: bool = False) -> None:
        super().__init__(steps, unfinished)
        self.values: dict[int, str] = {}
        self.items: dict[int, str] = {}
        self.numbers: dict[int, Number] = {}
        self.touched: list[Footprint] = []
        self._processor = processor
        self._wrote: tuple[int, str, Any, Callable[[], Any], ItemText] | None = None
        self._place = -1
        self._owners: dict[str, Any] = {}
        self._numbered: dict[str, list[int]] = {}
        self._looks: dict[str, dict[int, tuple[Contents, Any]]] = {}
        self._key: Any = MISSING  # of the item that the present step asks for
        if isinstance(processor.watch, Watch):
            processor.watch.targets = {}

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
            self._processor.watch.targets = None
        for name, looks in self._looks.items():
            if len(looks) == len(self._numbered[name]):  # else something was not seen
                drawn = numbers_of(variable_named(name), [*looks.values()])
                self.numbers |= {
                    place: number for place, number in zip(looks, drawn, strict=True) if number is not None
                }
        for name, places in self._numbered.items():
            if name not in self._owners:
                for place in places:
                    self.numbers.pop(place, None)
        self._owners.clear()

    def _look(self, thread: int, operation: Operation) -> None:
        if variable_of(operation) is None:
            return
        location = str(operation.location)
        read = self._reader(thread, location)
        if read is None:
            return
        if operation.kind == "write":
            self._wrote = self._place, location, self._key, read, _told(read(), self._key)
        else:
            self._note(self._place, location, self._key, read())

    def _close(self) -> None:
        if self._wrote is None:
            return
        place, location, key, read, before = self._wrote
        self._wrote = None
        self._note(place, location, key, read(), before)

    def _note(self, place: int, location: str, key: Any, value: Any, before: ItemText | None = None) -> None:
        which, text = both = _told(value, key)
        if which:
            self.items[place] = which
        if text is not None:
            self.values[place] = f"{text} (unchanged!)" if both == before else text
        elif type(value) is Contents:
            self.values[place] = value.counted
        if type(value) is Contents:
            self._looks.setdefault(location, {})[place] = value, key
        elif type(value) in _NUMBERS and -_FARTHEST < value < _FARTHEST:
            self.numbers[place] = Number("", value)

    def _reader(self, thread: int, location: str) -> Callable[[], Any] | None:
        """What looks a value up, now or after the step; None if it is not known where it is."""
        name = variable_named(location)
        self._key = MISSING
        if location.startswith(VARIABLE):
            frame = self._frame(thread)
            return partial(_held, name, frame) if frame is not None else None
        watch = self._processor.watch
        owner = watch.targets.get(thread, MISSING) if isinstance(watch, Watch) and watch.targets else MISSING
        if isinstance(owner, Items):
            owner, self._key = owner
        places = self._numbered.setdefault(location, [])
        if not places:
            self._owners[location] = owner
        elif self._owners.get(location, MISSING) is not owner:
            self._owners.pop(location, None)
        places.append(self._place)
        if owner is MISSING:
            return None
        if location.startswith(ITEMS):
            return partial(seen_of, owner)
        return partial(inspect.getattr_static, owner, name[1:], MISSING)

    def _frame(self, number: int) -> FrameType | None:
        """Where in the program's own code a thread stands."""
        return program_frame(self._processor.every[number].frame, self._processor.program)


def _told(value: Any, key: Any) -> ItemText:
    if type(value) is Contents:
        return value.item_text(key)
    return "", written(value, _LONGEST_VALUE) if type(value) in PLAIN else None


def _held(name: str, frame: FrameType) -> Any:
    """What the variable holds; something that is not told if it holds nothing."""
    code = frame.f_code
    enclosed = name in code.co_freevars or name in code.co_cellvars
    return (frame.f_locals if enclosed else frame.f_globals).get(name, MISSING)


def accesses_of(threads: Sequence[str], marks: Sequence[StepMark], numbers: Mapping[int, Number]) -> tuple[Access, ...]:
    """The steps that read or write a variable. numbers: what they read or wrote, by their places."""

    named = ((place, mark, variable_of(mark.operation)) for place, mark in enumerate(marks))
    return tuple(
        Access(mark.log // ROW, threads[mark.thread], mark.operation.kind, name, *_drawn(numbers.get(place)))
        for place, mark, name in named
        if name is not None
    )


def _drawn(number: Number | None) -> tuple[float | None, str]:
    return (number.value, number.name) if number is not None else (None, "")


def variable_of(operation: Operation) -> str | None:
    """What this reads or writes: the variable `count`, the attribute `.count`, the container `counts`, or None."""
    location = str(operation.location)
    if operation.kind not in ("read", "write") or not location.startswith((VARIABLE, ATTRIBUTE, CONTAINER)):
        return None
    return variable_named(location)


def variable_named(location: str) -> str:
    """`count` for "variable count", `.count` for "attribute count", `counts` for "items of counts"."""
    if location.startswith(ATTRIBUTE):
        return f".{location.removeprefix(ATTRIBUTE)}"
    if location.startswith(VARIABLE):
        return location.removeprefix(VARIABLE).split(" ")[0]
    return location.removeprefix(CONTAINER)
