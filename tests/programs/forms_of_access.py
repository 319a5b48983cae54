"""Forms in which a program may read or write what another of its threads changes: one function each, and a race.

In each program one thread reads in some form what another one writes: `Door.open`, `box[...]`, `number` and the like are
0 or "shut" before, and 1 or "open" after. Both values can be met; whoever explores has to meet both, or must not say
"proved". A program returns what was read, as a truth: opened or not.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
import json
import operator
import threading
import weakref
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

FORMS: list[Callable[[], Any]] = []


def form(function: Callable[[], Any]) -> Callable[[], Any]:
    FORMS.append(function)
    return function


def race(write: Callable[[], Any], read: Callable[[], Any]) -> bool:
    """Whether what was read is what was written."""
    seen = []

    def reader() -> None:
        seen.append(bool(read()))

    threads = [threading.Thread(target=body) for body in (write, reader)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen[0]


def first_of(one: Any = 0, *others: Any) -> Any:
    return one


def named_of(open: Any = 0) -> Any:
    return open


def for_list(box: list[Any]) -> None:
    box += [1]


def or_into(box: set[Any]) -> None:
    box |= {1}


class Described:
    def __get__(self, owner: Any, cls: Any = None) -> Any:
        return owner.open


class Door:
    """Reads itself by every special method."""

    open = 0
    described = Described()

    def is_open(self) -> Any:
        return self.open

    asked = functools.partialmethod(is_open)

    @staticmethod
    def read(door: Any) -> Any:
        return door.open

    @property
    def ajar(self) -> Any:
        return self.open

    def __repr__(self) -> str:
        return "open" if self.open else "shut"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self.open)

    def __len__(self) -> int:
        return int(self.open)

    def __iter__(self) -> Any:
        yield self.open

    def __getitem__(self, place: int) -> Any:
        return self.open

    def __contains__(self, one: Any) -> bool:
        return bool(self.open == one)

    def __eq__(self, other: object) -> bool:
        return bool(self.open == other)

    def __gt__(self, other: Any) -> bool:
        return bool(self.open > other)

    def __hash__(self) -> int:
        return hash(self.open)

    def __add__(self, other: Any) -> Any:
        return self.open + other

    def __neg__(self) -> Any:
        return -self.open

    def __call__(self) -> Any:
        return self.open

    def __enter__(self) -> Any:
        return self.open

    def __exit__(self, *error: object) -> None:
        pass

    def __int__(self) -> int:
        return int(self.open)

    __index__ = __int__


class Wrapper:
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Slotted:
    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open = 0


class Placed:
    __match_args__ = ("open",)
    open = 0


class Cached:
    open = 0

    @functools.cached_property
    def kept(self) -> Any:
        return self.open


@dataclasses.dataclass
class Card:
    open: int


@contextmanager
def opening(door: Any) -> Any:
    door.open = 1
    yield


def coroutine(door: Any) -> Any:
    while True:
        door.open = yield


number: Any = 0


@form
def item() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box[0]

    return race(write, read)


@form
def negative_item() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box[-1]

    return race(write, read)


@form
def sliced() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box[0:1] == [1]

    return race(write, read)


@form
def unpacked() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        (one,) = box
        return one

    return race(write, read)


@form
def unpacked_star() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        one, *rest = box
        return one

    return race(write, read)


@form
def star_call() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return first_of(*box)

    return race(write, read)


@form
def star_call_of_built_in() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return max(0, *box)

    return race(write, read)


@form
def star_list() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return [*box][0]

    return race(write, read)


@form
def star_tuple() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return (*box, 0)[0]

    return race(write, read)


@form
def star_set() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return 1 in {*box}

    return race(write, read)


@form
def looped() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        for one in box:
            return one

    return race(write, read)


@form
def comprehension() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return [one for one in box][0]

    return race(write, read)


@form
def set_comprehension() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return 1 in {one for one in box}

    return race(write, read)


@form
def dict_comprehension() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return {one: 1 for one in box}.get(1)

    return race(write, read)


@form
def generator_expression() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return any(one for one in box)

    return race(write, read)


@form
def contained() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return 1 in box

    return race(write, read)


@form
def not_contained() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return not (1 not in box)

    return race(write, read)


@form
def compared() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box == [1]

    return race(write, read)


@form
def compared_with_less() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box > [0]

    return race(write, read)


@form
def added() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return (box + [0])[0]

    return race(write, read)


@form
def repeated() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return (box * 2)[1]

    return race(write, read)


@form
def summed() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return sum(box)

    return race(write, read)


@form
def smallest() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return min(box)

    return race(write, read)


@form
def largest() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return max(box)

    return race(write, read)


@form
def any_of() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return any(box)

    return race(write, read)


@form
def all_of() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return all(box)

    return race(write, read)


@form
def sorted_of() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return sorted(box)[0]

    return race(write, read)


@form
def listed() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return list(box)[0]

    return race(write, read)


@form
def tupled() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return tuple(box)[0]

    return race(write, read)


@form
def set_of() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return 1 in set(box)

    return race(write, read)


@form
def frozenset_of() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return 1 in frozenset(box)

    return race(write, read)


@form
def deque_of() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return deque(box)[0]

    return race(write, read)


@form
def dict_from() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return dict.fromkeys(box).keys() == {1}

    return race(write, read)


@form
def iterated() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return next(iter(box))

    return race(write, read)


@form
def enumerated() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        for _, one in enumerate(box):
            return one

    return race(write, read)


@form
def zipped() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        for one, _ in zip(box, [0]):
            return one

    return race(write, read)


@form
def reversed_of() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        for one in reversed(box):
            return one

    return race(write, read)


@form
def mapped() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return list(map(abs, box))[0]

    return race(write, read)


@form
def mapped_by_own() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return list(map(first_of, box))[0]

    return race(write, read)


@form
def filtered() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return list(filter(None, box))

    return race(write, read)


@form
def filtered_by_own() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return list(filter(first_of, box))

    return race(write, read)


@form
def chained() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return next(itertools.chain(box))

    return race(write, read)


@form
def reduced() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return functools.reduce(operator.add, box, 0)

    return race(write, read)


@form
def indexed() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        try:
            return box.index(1) == 0
        except ValueError:
            return False

    return race(write, read)


@form
def counted_in() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box.count(1)

    return race(write, read)


@form
def copied() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box.copy()[0]

    return race(write, read)


@form
def copy_copied() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return copy.copy(box)[0]

    return race(write, read)


@form
def deep_copied() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return copy.deepcopy(box)[0]

    return race(write, read)


@form
def item_getter() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return operator.itemgetter(0)(box)

    return race(write, read)


@form
def operator_getitem() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return operator.getitem(box, 0)

    return race(write, read)


@form
def dunder_getitem() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box.__getitem__(0)

    return race(write, read)


@form
def unbound_getitem() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return list.__getitem__(box, 0)

    return race(write, read)


@form
def dumped() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return json.dumps(box) == "[1]"

    return race(write, read)


@form
def shown() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return repr(box) == "[1]"

    return race(write, read)


@form
def as_text() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return str(box) == "[1]"

    return race(write, read)


@form
def in_f_string() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return f"{box}" == "[1]"

    return race(write, read)


@form
def in_f_string_repr() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return f"{box!r}" == "[1]"

    return race(write, read)


@form
def in_f_string_item() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return f"{box[0]}" == "1"

    return race(write, read)


@form
def formatted() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return "{}".format(box) == "[1]"

    return race(write, read)


@form
def format_map() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return "{x}".format(x=box) == "[1]"

    return race(write, read)


@form
def percent() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return "%s" % box == "[1]"

    return race(write, read)


@form
def percent_tuple() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return "%s %s" % (box, 1) == "[1] 1"

    return race(write, read)


@form
def joined() -> Any:
    box = ["shut"]

    def write() -> None:
        box[0] = "open"

    def read() -> Any:
        return "".join(box) == "open"

    return race(write, read)


@form
def joined_map() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return "".join(map(str, box)) == "1"

    return race(write, read)


@form
def extended() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        mine = []
        mine.extend(box)
        return mine[0]

    return race(write, read)


@form
def added_in_place() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        mine = []
        mine += box
        return mine[0]

    return race(write, read)


@form
def stored_as_slice() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        mine = [0]
        mine[0:1] = box
        return mine[0]

    return race(write, read)


@form
def printed_into() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        import io

        out = io.StringIO()
        print(*box, file=out)
        return out.getvalue() == "1\n"

    return race(write, read)


@form
def sequence_pattern() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        match box:
            case [1]:
                return True
        return False

    return race(write, read)


@form
def sequence_pattern_star() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        match box:
            case [1, *_]:
                return True
        return False

    return race(write, read)


@form
def yielded_from() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        def each():
            yield from box

        return next(each())

    return race(write, read)


@form
def partial() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return functools.partial(first_of, *box)()

    return race(write, read)


@form
def packed_bytes() -> Any:
    box = [0]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return bytes(box) == b"\x01"

    return race(write, read)


@form
def view_of_array() -> Any:
    array = bytearray(1)
    view = memoryview(array)

    def write() -> None:
        array[0] = 1

    def read() -> Any:
        return view[0]

    return race(write, read)


@form
def nested_item() -> Any:
    grid = [[0]]

    def write() -> None:
        grid[0][0] = 1

    def read() -> Any:
        return grid[0][0]

    return race(write, read)


@form
def nested_alias() -> Any:
    grid = [[0]]
    inner = grid[0]

    def write() -> None:
        grid[0][0] = 1

    def read() -> Any:
        return inner[0]

    return race(write, read)


@form
def nested_shown() -> Any:
    grid = [[0]]

    def write() -> None:
        grid[0][0] = 1

    def read() -> Any:
        return repr(grid) == "[[1]]"

    return race(write, read)


@form
def tuple_of_list() -> Any:
    box = [0]
    pair = (box, 1)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return pair[0][0]

    return race(write, read)


@form
def tuple_shown() -> Any:
    box = [0]
    pair = (box, 1)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return str(pair) == "([1], 1)"

    return race(write, read)


@form
def iterator_made_before() -> Any:
    box = [0]
    made = iter(box)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return next(made)

    return race(write, read)


@form
def generator_made_before() -> Any:
    box = [0]
    made = (one for one in box)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return next(made)

    return race(write, read)


@form
def map_made_before() -> Any:
    box = [0]
    made = map(abs, box)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return next(made)

    return race(write, read)


@form
def truth_of_list() -> Any:
    box = []

    def write() -> None:
        box.append(1)

    def read() -> Any:
        return bool(box)

    return race(write, read)


@form
def branch_on_list() -> Any:
    box = []

    def write() -> None:
        box.append(1)

    def read() -> Any:
        if box:
            return True
        return False

    return race(write, read)


@form
def not_list() -> Any:
    box = []

    def write() -> None:
        box.append(1)

    def read() -> Any:
        return not (not box)

    return race(write, read)


@form
def length() -> Any:
    box = []

    def write() -> None:
        box.append(1)

    def read() -> Any:
        return len(box)

    return race(write, read)


@form
def emptied() -> Any:
    box = [1]

    def write() -> None:
        box.pop()

    def read() -> Any:
        return not box

    return race(write, read)


@form
def deleted_item() -> Any:
    box = [1]

    def write() -> None:
        del box[0]

    def read() -> Any:
        return not box

    return race(write, read)


@form
def inserted() -> Any:
    box = []

    def write() -> None:
        box.insert(0, 1)

    def read() -> Any:
        return len(box)

    return race(write, read)


@form
def reversed_in_place() -> Any:
    box = [0, 1]

    def write() -> None:
        box.reverse()

    def read() -> Any:
        return box[0]

    return race(write, read)


@form
def sorted_in_place() -> Any:
    box = [1, 0]

    def write() -> None:
        box.sort()

    def read() -> Any:
        return box[0] == 0

    return race(write, read)


@form
def cleared() -> Any:
    box = [1]

    def write() -> None:
        box.clear()

    def read() -> Any:
        return not box

    return race(write, read)


@form
def extended_other() -> Any:
    box = []

    def write() -> None:
        box.extend([1])

    def read() -> Any:
        return len(box)

    return race(write, read)


@form
def in_place_add() -> Any:
    box = []

    def write() -> None:
        for_list(box)

    def read() -> Any:
        return len(box)

    return race(write, read)


@form
def slice_written() -> Any:
    box = [0]

    def write() -> None:
        box[:] = [1]

    def read() -> Any:
        return box[0]

    return race(write, read)


@form
def dict_item() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return room["open"]

    return race(write, read)


@form
def dict_get() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return room.get("open")

    return race(write, read)


@form
def dict_values() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return list(room.values())[0]

    return race(write, read)


@form
def dict_items() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return dict(room.items())["open"]

    return race(write, read)


@form
def dict_view_made_before() -> Any:
    room = {"open": 0}
    view = room.values()

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return 1 in view

    return race(write, read)


@form
def dict_keys_view_made_before() -> Any:
    room = {"open": 0}
    view = room.keys()

    def write() -> None:
        room["new"] = 1

    def read() -> Any:
        return "new" in view

    return race(write, read)


@form
def dict_length_of_view() -> Any:
    room = {"open": 0}
    view = room.keys()

    def write() -> None:
        room["new"] = 1

    def read() -> Any:
        return len(view) == 2

    return race(write, read)


@form
def dict_contained() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["new"] = 1

    def read() -> Any:
        return "new" in room

    return race(write, read)


@form
def dict_looped() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["new"] = 1

    def read() -> Any:
        try:
            return "new" in [key for key in room]
        except RuntimeError:  # it has grown meanwhile
            return False

    return race(write, read)


@form
def dict_double_star() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return named_of(**room)

    return race(write, read)


@form
def dict_merged() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return {**room}["open"]

    return race(write, read)


@form
def dict_or() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return (room | {})["open"]

    return race(write, read)


@form
def dict_updated() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        mine = {}
        mine.update(room)
        return mine["open"]

    return race(write, read)


@form
def dict_copied() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return room.copy()["open"]

    return race(write, read)


@form
def dict_mapping_pattern() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        match room:
            case {"open": 1}:
                return True
        return False

    return race(write, read)


@form
def dict_setdefault() -> Any:
    room = {"open": 0}

    def write() -> None:
        room.setdefault("new", 1)

    def read() -> Any:
        return room.get("new")

    return race(write, read)


@form
def dict_popped() -> Any:
    room = {"open": 0}

    def write() -> None:
        room.pop("open")

    def read() -> Any:
        return not room

    return race(write, read)


@form
def dict_deleted() -> Any:
    room = {"open": 0}

    def write() -> None:
        del room["open"]

    def read() -> Any:
        return not room

    return race(write, read)


@form
def dict_update_written() -> Any:
    room = {"open": 0}

    def write() -> None:
        room.update(open=1)

    def read() -> Any:
        return room["open"]

    return race(write, read)


@form
def dict_fromkeys() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return dict(room)["open"]

    return race(write, read)


@form
def dict_counter() -> Any:
    room = Counter()

    def write() -> None:
        room["open"] += 1

    def read() -> Any:
        return room["open"]

    return race(write, read)


@form
def dict_counter_updated() -> Any:
    room = Counter()

    def write() -> None:
        room.update(["open"])

    def read() -> Any:
        return room["open"]

    return race(write, read)


@form
def dict_default() -> Any:
    room = defaultdict(int)

    def write() -> None:
        room["open"]

    def read() -> Any:
        return "open" in room

    return race(write, read)


@form
def dict_ordered() -> Any:
    room = OrderedDict(open=0)

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return room["open"]

    return race(write, read)


@form
def dict_formatted() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return "{open}".format(**room) == "1"

    return race(write, read)


@form
def dict_percent() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return "%(open)s" % room == "1"

    return race(write, read)


@form
def dict_item_getter() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return operator.itemgetter("open")(room)

    return race(write, read)


@form
def dict_dumped() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return json.dumps(room) == '{"open": 1}'

    return race(write, read)


@form
def dict_equal() -> Any:
    room = {"open": 0}

    def write() -> None:
        room["open"] = 1

    def read() -> Any:
        return room == {"open": 1}

    return race(write, read)


@form
def set_contains() -> Any:
    box = set()

    def write() -> None:
        box.add(1)

    def read() -> Any:
        return 1 in box

    return race(write, read)


@form
def set_union() -> Any:
    box = set()

    def write() -> None:
        box.add(1)

    def read() -> Any:
        return 1 in (box | set())

    return race(write, read)


@form
def set_subset() -> Any:
    box = set()

    def write() -> None:
        box.add(1)

    def read() -> Any:
        return {1} <= box

    return race(write, read)


@form
def set_updated() -> Any:
    box = set()

    def write() -> None:
        box.update([1])

    def read() -> Any:
        return 1 in box

    return race(write, read)


@form
def set_in_place() -> Any:
    box = set()

    def write() -> None:
        or_into(box)

    def read() -> Any:
        return 1 in box

    return race(write, read)


@form
def deque_left() -> Any:
    box = deque([0])

    def write() -> None:
        box.appendleft(1)

    def read() -> Any:
        return box[0]

    return race(write, read)


@form
def deque_rotated() -> Any:
    box = deque([0, 1])

    def write() -> None:
        box.rotate(1)

    def read() -> Any:
        return box[0]

    return race(write, read)


@form
def deque_shown() -> Any:
    box = deque([0])

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return repr(box) == "deque([1])"

    return race(write, read)


@form
def bytearray_item() -> Any:
    box = bytearray(1)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box[0]

    return race(write, read)


@form
def attribute_read() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_getattr() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return getattr(door, "open")

    return race(write, read)


@form
def attribute_getattr_default() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return getattr(door, "open", 0)

    return race(write, read)


@form
def attribute_hasattr() -> Any:
    door = Door()

    def write() -> None:
        door.new = 1

    def read() -> Any:
        return hasattr(door, "new")

    return race(write, read)


@form
def attribute_setattr() -> Any:
    door = Door()

    def write() -> None:
        setattr(door, "open", 1)

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_deleted() -> Any:
    door = Door()
    door.open = 1

    def write() -> None:
        del door.open

    def read() -> Any:
        return not door.open

    return race(write, read)


@form
def attribute_in_dict() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.__dict__.get("open")

    return race(write, read)


@form
def attribute_in_vars() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return vars(door).get("open")

    return race(write, read)


@form
def attribute_dict_made_before() -> Any:
    door = Door()
    door.open = 0
    kept = door.__dict__

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return kept.get("open")

    return race(write, read)


@form
def attribute_vars_written() -> Any:
    door = Door()

    def write() -> None:
        vars(door)["open"] = 1

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_getter() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return operator.attrgetter("open")(door)

    return race(write, read)


@form
def attribute_method_caller() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return operator.methodcaller("is_open")(door)

    return race(write, read)


@form
def attribute_method() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.is_open()

    return race(write, read)


@form
def attribute_bound_method() -> Any:
    door = Door()
    ask = door.is_open

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return ask()

    return race(write, read)


@form
def attribute_static() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return Door.read(door)

    return race(write, read)


@form
def attribute_property() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.ajar

    return race(write, read)


@form
def attribute_getattribute() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return object.__getattribute__(door, "open")

    return race(write, read)


@form
def attribute_dunder_getattr() -> Any:
    door = Door()
    wrapped = Wrapper(door)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return wrapped.open

    return race(write, read)


@form
def attribute_descriptor() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.described

    return race(write, read)


@form
def attribute_text() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return str(door) == "open"

    return race(write, read)


@form
def attribute_f_string() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return f"{door}" == "open"

    return race(write, read)


@form
def attribute_f_string_spec() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return f"{door:>4}" == "open"

    return race(write, read)


@form
def attribute_repr() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return repr(door) == "open"

    return race(write, read)


@form
def attribute_truth() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return bool(door)

    return race(write, read)


@form
def attribute_branch() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        if door:
            return True
        return False

    return race(write, read)


@form
def attribute_length() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return len(door)

    return race(write, read)


@form
def attribute_contains() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return 1 in door

    return race(write, read)


@form
def attribute_iteration() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return list(door)[0]

    return race(write, read)


@form
def attribute_item() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door[0]

    return race(write, read)


@form
def attribute_equal() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door == 1

    return race(write, read)


@form
def attribute_hash() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return hash(door)

    return race(write, read)


@form
def attribute_less() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door > 0

    return race(write, read)


@form
def attribute_add() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door + 0

    return race(write, read)


@form
def attribute_negated() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return -door

    return race(write, read)


@form
def attribute_called() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door()

    return race(write, read)


@form
def attribute_context() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        with door as it:
            return it

    return race(write, read)


@form
def attribute_number() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return int(door)

    return race(write, read)


@form
def attribute_index() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return [0, 1][door]

    return race(write, read)


@form
def attribute_sorted_by() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return sorted([door], key=lambda one: one.open)[0].open

    return race(write, read)


@form
def attribute_class() -> Any:
    class Door2:
        open = 0

    def write() -> None:
        Door2.open = 1

    def read() -> Any:
        return Door2.open

    return race(write, read)


@form
def attribute_class_by_object() -> Any:
    class Door2:
        open = 0

    def write() -> None:
        Door2.open = 1

    def read() -> Any:
        return Door2().open

    return race(write, read)


@form
def attribute_by_super() -> Any:
    class Door2:
        open = 0

    class Door3(Door2):
        def read(self):
            return super().open

    def write() -> None:
        Door2.open = 1

    def read() -> Any:
        return Door3().read()

    return race(write, read)


@form
def attribute_slot() -> Any:
    door = Slotted()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_slot_by_descriptor() -> Any:
    door = Slotted()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return Slotted.open.__get__(door)

    return race(write, read)


@form
def attribute_class_pattern() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        match door:
            case Door(open=1):
                return True
        return False

    return race(write, read)


@form
def attribute_class_pattern_by_place() -> Any:
    door = Placed()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        match door:
            case Placed(1):
                return True
        return False

    return race(write, read)


@form
def attribute_weak() -> Any:
    door = Door()
    reference = weakref.ref(door)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return reference().open

    return race(write, read)


@form
def attribute_weak_proxy() -> Any:
    door = Door()
    proxy = weakref.proxy(door)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return proxy.open

    return race(write, read)


@form
def attribute_copied() -> Any:
    door = Door()
    door.open = 0

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return copy.copy(door).open

    return race(write, read)


@form
def attribute_namespace() -> Any:
    door = SimpleNamespace(open=0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_namespace_text() -> Any:
    door = SimpleNamespace(open=0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return f"{door}" == "namespace(open=1)"

    return race(write, read)


@form
def attribute_namespace_equal() -> Any:
    door = SimpleNamespace(open=0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door == SimpleNamespace(open=1)

    return race(write, read)


@form
def attribute_asdict() -> Any:
    door = Card(0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return dataclasses.asdict(door)["open"]

    return race(write, read)


@form
def attribute_astuple() -> Any:
    door = Card(0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return dataclasses.astuple(door)[0]

    return race(write, read)


@form
def attribute_replace() -> Any:
    door = Card(0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return dataclasses.replace(door).open

    return race(write, read)


@form
def attribute_data_equal() -> Any:
    door = Card(0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door == Card(1)

    return race(write, read)


@form
def attribute_data_shown() -> Any:
    door = Card(0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return str(door) == "Card(open=1)"

    return race(write, read)


@form
def attribute_data_copied() -> Any:
    door = Card(0)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return copy.copy(door).open

    return race(write, read)


@form
def attribute_in_place() -> Any:
    door = Door()
    door.open = 0

    def write() -> None:
        door.open += 1

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_augmented_or() -> Any:
    door = Door()
    door.open = 0

    def write() -> None:
        door.open |= 1

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_guard_with_state() -> Any:
    door = Door()

    def write() -> None:
        with opening(door):
            pass

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_generator_send() -> Any:
    door = Door()
    writer = coroutine(door)
    next(writer)

    def write() -> None:
        writer.send(1)

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_exec_made() -> Any:
    door = Door()
    space = {}
    exec("def made(door): return door.open", space)
    made = space["made"]

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return made(door)

    return race(write, read)


@form
def attribute_exec_writes() -> Any:
    door = Door()
    space = {}
    exec("def made(door): door.open = 1", space)
    made = space["made"]

    def write() -> None:
        made(door)

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def attribute_eval() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return eval("door.open", {"door": door})

    return race(write, read)


@form
def attribute_lambda() -> Any:
    door = Door()
    look = lambda one: one.open

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return look(door)

    return race(write, read)


@form
def attribute_cached() -> Any:
    door = Door()
    cached = functools.lru_cache(lambda one: one.open)

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return cached(door)

    return race(write, read)


@form
def attribute_cached_property() -> Any:
    door = Cached()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.kept

    return race(write, read)


@form
def attribute_partial_method() -> Any:
    door = Door()

    def write() -> None:
        door.open = 1

    def read() -> Any:
        return door.asked()

    return race(write, read)


@form
def attribute_function() -> Any:
    look = lambda: 0
    look.open = 0

    def write() -> None:
        look.open = 1

    def read() -> Any:
        return look.open

    return race(write, read)


@form
def nonlocal_read() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        return number

    return race(write, read)


@form
def nonlocal_in_place() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number += 1

    def read() -> Any:
        return number

    return race(write, read)


@form
def nonlocal_in_inner() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        return (lambda: number)()

    return race(write, read)


@form
def nonlocal_in_default() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        def inner(value=number):
            return value

        return inner()

    return race(write, read)


@form
def nonlocal_in_f_string() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        return f"{number}" == "1"

    return race(write, read)


@form
def nonlocal_in_locals() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        number
        return locals()["number"]

    return race(write, read)


@form
def nonlocal_compared() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        return 0 < number < 2

    return race(write, read)


@form
def nonlocal_in_class() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        class Inner:
            kept = number

        return Inner.kept

    return race(write, read)


@form
def nonlocal_walrus() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        return (mine := number)

    return race(write, read)


@form
def nonlocal_deleted() -> Any:
    number = 0

    def write() -> None:
        nonlocal number
        del number

    def read() -> Any:
        try:
            number
        except NameError:
            return True
        return False

    return race(write, read)


@form
def cell_contents() -> Any:
    number = 0

    def look():
        return number

    def write() -> None:
        nonlocal number
        number = 1

    def read() -> Any:
        return look.__closure__[0].cell_contents

    return race(write, read)


@form
def global_read() -> Any:
    global number
    number = 0

    def write() -> None:
        global number
        number = 1

    def read() -> Any:
        return number

    return race(write, read)


@form
def global_in_globals() -> Any:
    global number
    number = 0

    def write() -> None:
        global number
        number = 1

    def read() -> Any:
        return globals()["number"]

    return race(write, read)


@form
def global_by_module() -> Any:
    global number
    number = 0

    def write() -> None:
        global number
        number = 1

    def read() -> Any:
        import forms_of_access as me

        return me.number

    return race(write, read)


@form
def global_by_sys_modules() -> Any:
    global number
    number = 0

    def write() -> None:
        global number
        number = 1

    def read() -> Any:
        import sys

        return sys.modules[__name__].number

    return race(write, read)


@form
def global_written_by_module() -> Any:
    global number
    number = 0

    def write() -> None:
        import forms_of_access as me

        me.number = 1

    def read() -> Any:
        return number

    return race(write, read)


@form
def global_imported() -> Any:
    global number
    number = 0

    def write() -> None:
        global number
        number = 1

    def read() -> Any:
        from forms_of_access import number as mine

        return mine

    return race(write, read)


@form
def global_written_in_globals() -> Any:
    global number
    number = 0

    def write() -> None:
        globals()["number"] = 1

    def read() -> Any:
        return number

    return race(write, read)


@form
def global_by_exec() -> Any:
    global number
    number = 0

    def write() -> None:
        exec("global number; number = 1", globals())

    def read() -> Any:
        return number

    return race(write, read)


@form
def global_by_eval() -> Any:
    global number
    number = 0

    def write() -> None:
        global number
        number = 1

    def read() -> Any:
        return eval("number", globals())

    return race(write, read)


@form
def global_by_getattr() -> Any:
    global number
    number = 0

    def write() -> None:
        global number
        number = 1

    def read() -> Any:
        import forms_of_access as me

        return getattr(me, "number")

    return race(write, read)


@form
def global_by_function_globals() -> Any:
    global number
    number = 0

    def write() -> None:
        global number
        number = 1

    def read() -> Any:
        return first_of.__globals__["number"]

    return race(write, read)


@form
def thread_arguments() -> Any:
    box = [0]
    seen = []
    later = threading.Thread(target=seen.append, args=box)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        later.start()
        later.join()
        return seen[0]

    return race(write, read)


@form
def thread_of_c() -> Any:
    box: list[bool] = []
    later = threading.Thread(target=functools.partial(box.append, True))

    def write() -> None:
        later.start()
        later.join()

    def read() -> Any:
        return bool(box)

    return race(write, read)


@form
def named_thread_arguments() -> Any:
    box, seen = {"one": False}, []
    later = threading.Thread(target=lambda one: seen.append(one), kwargs=box)

    def write() -> None:
        box["one"] = True

    def read() -> Any:
        later.start()
        later.join()
        return seen[0]

    return race(write, read)


@form
def returned_by_a_function() -> Any:
    box: list[bool] = []

    def give() -> list[bool]:
        return box

    def write() -> None:
        box.append(True)

    def read() -> Any:
        return True if give() else False

    return race(write, read)


@form
def either_of_two() -> Any:
    one: list[bool] = []
    other: list[bool] = []

    def write() -> None:
        one.append(True)

    def read() -> Any:
        return (one if not other else other) == [True]

    return race(write, read)


@form
def taken_out_of_a_list() -> Any:
    boxes: list[list[bool]] = [[False]]
    (box,) = boxes

    def write() -> None:
        box[0] = True

    def read() -> Any:
        return boxes.pop()[0]

    return race(write, read)


@form
def untraced() -> Any:
    door = Door()

    def write() -> None:
        import sys

        sys.settrace(None)
        door.open = 1

    def read() -> Any:
        import sys

        sys.settrace(None)
        return door.open

    return race(write, read)


@form
def named_tuple_of_list() -> Any:
    Pair = namedtuple("Pair", "box")
    pair = Pair([0])

    def write() -> None:
        pair.box[0] = 1

    def read() -> Any:
        return pair.box[0]

    return race(write, read)


@form
def default_argument() -> Any:
    def look(box=[0]):
        return box

    def write() -> None:
        look()[0] = 1

    def read() -> Any:
        return look()[0]

    return race(write, read)


@form
def numpy_item() -> Any:
    import numpy

    box = numpy.zeros(1)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box[0]

    return race(write, read)


@form
def numpy_view() -> Any:
    import numpy

    box = numpy.zeros(1)
    view = box[:]

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return view[0]

    return race(write, read)


@form
def numpy_sum() -> Any:
    import numpy

    box = numpy.zeros(1)

    def write() -> None:
        nonlocal box
        box += 1

    def read() -> Any:
        return box.sum()

    return race(write, read)


@form
def numpy_compared() -> Any:
    import numpy

    box = numpy.zeros(1)

    def write() -> None:
        box[0] = 1

    def read() -> Any:
        return box > 0

    return race(write, read)


@form
def numpy_attribute() -> Any:
    import numpy

    box = numpy.zeros(1)

    def write() -> None:
        box.flat[0] = 1

    def read() -> Any:
        return box.T[0]

    return race(write, read)


class Watchful(list):  # type: ignore[type-arg]
    """A list whose methods say what they do by `super()`."""

    def append(self, one: Any) -> None:
        super().append(one)

    def __getitem__(self, place: Any) -> Any:
        return super().__getitem__(place)

    def __len__(self) -> int:
        return super(Watchful, self).__len__()

    def __iter__(self) -> Any:
        return super().__iter__()

    def take(self, others: list[Any]) -> None:
        super().extend(others)


class Careful(dict):  # type: ignore[type-arg]
    def __init__(self, pairs: Any) -> None:
        super().__init__(pairs)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)


class Making(defaultdict):  # type: ignore[type-arg]
    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key)


@form
def super_appends() -> Any:
    box = Watchful()

    def write() -> None:
        box.append(1)

    def read() -> Any:
        return len(box)

    return race(write, read)


@form
def super_gets() -> Any:
    box = Watchful([0])
    plain: list[Any] = box

    def write() -> None:
        list.__setitem__(plain, 0, 1)

    def read() -> Any:
        return box[0]

    return race(write, read)


@form
def super_goes_through() -> Any:
    box = Watchful()

    def write() -> None:
        box.take([1])

    def read() -> Any:
        return [*box]

    return race(write, read)


@form
def super_extends_by_what_is_shared() -> Any:
    box: list[Any] = []

    def write() -> None:
        box.append(1)

    def read() -> Any:
        own = Watchful()
        own.take(box)
        return list.__len__(own)

    return race(write, read)


@form
def super_begins_with_what_is_shared() -> Any:
    box: dict[str, Any] = {"open": 0}

    def write() -> None:
        box["open"] = 1

    def read() -> Any:
        return dict.get(Careful(box), "open")

    return race(write, read)


@form
def super_sets() -> Any:
    box = Careful([("open", 0)])

    def write() -> None:
        box["open"] = 1

    def read() -> Any:
        return box.get("open")

    return race(write, read)


@form
def super_makes() -> Any:
    box = Making(int)

    def write() -> None:
        box["open"]

    def read() -> Any:
        return "open" in box

    return race(write, read)


@form
def super_of_a_class() -> Any:
    class Door2:
        open = 0

        @classmethod
        def set(cls) -> None:
            cls.open = 1

    class Door3(Door2):
        @classmethod
        def set(cls) -> None:
            super().set()

    def write() -> None:
        Door3.set()

    def read() -> Any:
        return Door3.open

    return race(write, read)


@form
def super_property() -> Any:
    class Door2:
        def __init__(self) -> None:
            self.kept = 0

        @property
        def open(self) -> Any:
            return self.kept

    class Door3(Door2):
        @property
        def open(self) -> Any:
            return super().open

    door = Door3()

    def write() -> None:
        door.kept = 1

    def read() -> Any:
        return door.open

    return race(write, read)


@form
def name_of_a_thread() -> Any:
    door = threading.Thread(name="")

    def write() -> None:
        door.name = "open"

    def read() -> Any:
        return f"{door.name}" == "open"

    return race(write, read)


@form
def name_of_a_thread_of_ones_own() -> Any:
    class Door2(threading.Thread):
        kept: tuple[str, ...] = ()

        @property
        def name(self) -> Any:
            return self.kept

        @name.setter
        def name(self, value: str) -> None:
            pass

    door = Door2()

    def write() -> None:
        door.kept = ("open",)

    def read() -> Any:
        return "open" in f"{door.name}"

    return race(write, read)


@form
def name_of_the_current_thread() -> Any:
    seen = []

    def write() -> None:
        threading.current_thread().name = "open"
        seen.append(threading.current_thread())

    def read() -> Any:
        return [f"{one.name}" for one in seen]

    return race(write, read)
