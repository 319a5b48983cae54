"""What threads and primitives are called: by their names and variables, and the same in every run."""

from __future__ import annotations

import collections
import functools
import threading
import types
from dataclasses import dataclass, field
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])


def primitives(run: Any) -> list[tuple[str, str, int]]:
    return [tuple(p) for p in run.trace.primitives.values()]


def plain() -> None:
    semaphore = threading.Semaphore(3)
    fence: threading.BoundedSemaphore = threading.BoundedSemaphore(2)
    lock = threading.Lock()
    again = threading.RLock()
    condition = threading.Condition()
    over = threading.Condition(lock)
    ready = threading.Event()
    start = threading.Barrier(4)
    del semaphore, fence, again, condition, over, ready, start


@CLOCKS
def test_a_primitive_is_called_as_its_variable(clock: str) -> None:
    assert primitives(lab.record(plain, clock=clock)) == [
        ("semaphore", "Semaphore", 3),
        ("fence", "BoundedSemaphore", 2),
        ("lock", "Lock", 1),
        ("again", "RLock", 1),
        ("condition", "Condition", 0),
        ("condition's RLock", "RLock", 1),
        ("over", "Condition", 0),
        ("ready", "Event", 0),
        ("start", "Barrier", 0),
    ]


class Account:
    def __init__(self) -> None:
        self.lock = threading.Lock()


@dataclass
class Desk:
    free: Any = field(default_factory=lambda: threading.Semaphore(1))


def in_objects() -> None:
    mine, yours = Account(), Account()
    desk = Desk()
    table: dict[str, Any] = {}
    table["left"] = threading.Semaphore(1)
    desk.gate = threading.Event()  # type: ignore[attr-defined]
    del mine, yours, table


@CLOCKS
def test_attributes_and_items_name_their_primitive(clock: str) -> None:
    assert [label for label, _, _ in primitives(lab.record(in_objects, clock=clock))] == [
        "lock",
        "lock (2)",
        "free",
        "table['left']",
        "gate",
    ]


def several() -> None:
    first, (second, third) = threading.Lock(), (threading.Semaphore(1), threading.Semaphore(2))
    both = one = threading.Semaphore(4)
    forks = [threading.Semaphore(1) for _ in range(3)]
    doors = {name: threading.Semaphore(0) for name in "ab"}
    north, south = [threading.Event() for _ in range(2)]
    rooms = [threading.Lock(), threading.Lock()]
    for _ in range(2):
        turn = threading.Semaphore(0)
    if (last := threading.Lock()).acquire():
        last.release()
    with threading.Lock() as held:
        pass
    threading.Semaphore(9)
    threading.Semaphore(8)
    make(permits=threading.Semaphore(7))
    del first, second, third, both, one, forks, doors, north, south, rooms, turn, held


def make(permits: Any) -> None:
    pass


@CLOCKS
def test_lists_loops_and_tuples_are_told_apart(clock: str) -> None:
    assert [(label, initial) for label, _, initial in primitives(lab.record(several, clock=clock))] == [
        ("first", 1),
        ("second", 1),
        ("third", 2),
        ("both", 4),
        ("forks[0]", 1),
        ("forks[1]", 1),
        ("forks[2]", 1),
        ("doors['a']", 0),
        ("doors['b']", 0),
        ("north", 0),
        ("south", 0),
        ("rooms[0]", 1),
        ("rooms[1]", 1),
        ("turn", 0),
        ("turn (2)", 0),
        ("last", 1),
        ("held", 1),
        ("Semaphore-1", 9),
        ("Semaphore-2", 8),
        ("permits", 7),
    ]


def unpacked() -> None:
    a, b, c = (threading.Semaphore(0) for _ in range(3))
    d, e = [threading.Semaphore(0) for _ in range(2)]
    f, *g = (threading.Semaphore(0) for _ in range(3))
    *h, i = [threading.Semaphore(0) for _ in range(3)]
    j, *k, m = (threading.Semaphore(1), threading.Semaphore(2), threading.Semaphore(3), threading.Semaphore(4))
    [n, p] = [threading.Semaphore(0), threading.Semaphore(0)]
    (q, r), s = [threading.Lock(), threading.Lock()], threading.Lock()
    t, (u, *v) = threading.Lock(), (threading.Lock(), threading.Lock(), threading.Lock())
    (w, x), (y, z) = [[threading.Semaphore(0) for _ in range(2)] for _ in range(2)]
    left, right = [threading.Semaphore(0) for _ in range(2)], [threading.Semaphore(0)]
    first, second = tuple(threading.Semaphore(0) for _ in range(2))
    for _ in range(2):
        here, there = (threading.Semaphore(0) for _ in range(2))
    rooms = types.SimpleNamespace()
    rooms.north, rooms.south = (threading.Event() for _ in range(2))
    beds, chairs = [[threading.Semaphore(0) for _ in range(2)] for _ in range(2)]
    things: dict[str, Any] = {}
    things["x"], things["y"] = (threading.Semaphore(0) for _ in range(2))
    del a, b, c, d, e, f, g, h, i, j, k, m, n, p, q, r, s, t, u, v, w, x, y, z, left, right, first, second, here, there
    del beds, chairs


UNPACKED = (
    "a b c d e f g[0] g[1] h[0] h[1] i j k[0] k[1] m n p q r s t u v[0] v[1] w x y z left[0] left[1] right[0]"
    " first second here there|here (2)|there (2)|north south beds[0] beds[1] beds[2] beds[3] things[0] things[1]"
)


@CLOCKS
def test_what_is_unpacked_is_called_by_the_name_it_went_to(clock: str) -> None:
    found = [label for label, _, _ in primitives(lab.record(unpacked, clock=clock))]
    assert found == [one for part in UNPACKED.split("|") for one in ([part] if "(" in part else part.split(" "))]


def test_without_source_its_code_says_what_a_primitive_is_called() -> None:
    space: dict[str, Any] = {"threading": threading}
    text = "gate = threading.Semaphore(1); locks = [threading.Lock(), threading.Lock()]"
    exec(f"def program():\n    {text}\n\n    gate.acquire()", space)
    run = lab.record(space["program"], clock="virtual")
    assert primitives(run) == [("gate", "Semaphore", 1), ("Lock-1", "Lock", 1), ("Lock-2", "Lock", 1)]
    assert [(e.kind, e.line) for e in run.trace.of("gate")] == [("acquire", 4)]


def named_threads() -> None:
    def work() -> None:
        pass

    class Porter(threading.Thread):
        pass

    started = [
        threading.Thread(target=work),
        threading.Thread(target=work, name="Ada"),
        threading.Thread(target=work, name="Ada"),
        Porter(target=work),
        threading.Timer(0, work),
        threading.Thread(),
    ]
    for thread in reversed(started):
        thread.start()
    for thread in started:
        thread.join()


@CLOCKS
def test_threads_have_their_names_in_the_order_of_their_starts(clock: str) -> None:
    for _ in range(2):
        assert lab.record(named_threads, clock=clock).trace.threads == (
            "main",
            "Thread-4",
            "Thread-3",
            "Thread-2 (work)",
            "Ada",
            "Ada (2)",
            "Thread-1 (work)",
        )


def awkward_names() -> None:
    thread = threading.Thread(target=int, name='<img src=x onerror=alert(1)> $\\LaTeX$ "quoted"\n\x00')
    thread.start()
    thread.join()


@CLOCKS
def test_names_are_data(clock: str) -> None:
    assert lab.record(awkward_names, clock=clock).trace.threads[1] == (
        '<img src=x onerror=alert(1)> $\\LaTeX$ "quoted" \ufffd'
    )


def lines() -> None:
    gate = threading.Semaphore(1)
    with gate:
        pass
    gate.acquire()
    helper(gate)
    thread = threading.Thread(target=gate.release)
    thread.start()
    thread.join()


def helper(gate: Any) -> None:
    gate.release()
    if gate.acquire(blocking=False):
        gate.release(
            n=1,
        )


@CLOCKS
def test_events_know_the_programs_line(clock: str) -> None:
    here, there = lines.__code__.co_firstlineno, helper.__code__.co_firstlineno
    assert [(e.kind, e.line) for e in lab.record(lines, clock=clock).trace.of("gate")] == [
        ("acquire", here + 2),
        ("release", here + 2),
        ("acquire", here + 4),
        ("release", there + 1),
        ("acquire", there + 2),
        ("release", there + 3),
        ("release", None),  # nobody's line: the thread runs the semaphore's method itself
    ]


class Buffer:
    def __init__(self) -> None:
        self.changed = threading.Condition(threading.Lock())
        self.both = [threading.Condition(lock=threading.RLock()) for _ in range(2)]


def conditions() -> None:
    buffer = Buffer()
    for condition in (buffer.changed, *buffer.both):
        with condition:
            condition.notify()


def test_a_condition_has_the_name_and_its_lock_is_named_after_it() -> None:
    assert list(lab.record(conditions, clock="virtual").trace.primitives) == [
        "changed's Lock",
        "changed",
        "both[0]'s RLock",
        "both[0]",
        "both[1]'s RLock",
        "both[1]",
    ]


made_before = threading.Condition(threading.Lock())
kept: list[threading.Semaphore] = []


def uses_again() -> None:
    mine = threading.Condition(threading.Lock())
    for condition in (made_before, mine):
        with condition:
            pass
    if not kept:
        kept.append(threading.Semaphore(3))
    with kept[0]:
        pass


def test_the_same_object_has_the_same_name_in_every_run() -> None:
    kept.clear()
    first, *others = ({*lab.record(uses_again, clock="virtual").trace.primitives} for _ in range(3))
    assert first == {"made_before", "made_before's Lock", "mine", "mine's Lock", "kept[0]"}
    assert all(names == first for names in others)


def test_what_the_program_puts_in_its_place_has_the_name_in_every_run() -> None:
    space: dict[str, Any] = {"threading": threading, "gate": None}
    text = "global gate\n    gate = threading.Semaphore(1)\n    with gate: pass"
    exec(f"def program():\n    {text}", space)
    for _ in range(3):
        run = lab.record(space["program"], clock="virtual")
        assert [event.primitive for event in run.trace if event.kind == "acquire"] == ["gate"]


def crowd(*works: Any) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def pass_through(door: Any) -> None:
    with door:
        pass


class Hall:
    def enter(self, door: Any) -> None:
        pass_through(door)


lent = threading.Semaphore(1)
HANDED = {
    "a list of threads": (lambda: [threading.Thread(target=pass_through, args=(lent,))], "door"),
    "a keyword": (lambda: [threading.Thread(target=pass_through, kwargs={"door": threading.Lock()})], "door"),
    "a method": (lambda: [threading.Thread(target=Hall().enter, args=(threading.Lock(),))], "door"),
    "a timer": (lambda: [threading.Timer(0, pass_through, (threading.Semaphore(1),))], "door"),
    "its own method": (lambda: [threading.Thread(target=threading.Semaphore(1).acquire)], "Semaphore"),
    "a method of C": (lambda: [threading.Thread(target=threading.Lock().acquire)], "Lock"),
}


@CLOCKS
@pytest.mark.parametrize("shape", HANDED)
def test_what_a_thread_has_for_its_function_is_not_called_by_the_threads_own_attributes(shape: str, clock: str) -> None:
    make, name = HANDED[shape]
    threads = make()

    def program() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert list(lab.record(program, clock=clock).trace.primitives) == [name]


doors: dict[Any, Any] = {}


class Rooms:
    def __init__(self, number: int) -> None:
        self.number = number
        doors[self.number, "left"] = threading.Semaphore(1)


def for_keys() -> None:
    for name in ("b", "a"):
        doors[name] = threading.Semaphore(1)
    by_number: Any = [None] * 3
    for i in (2, 0):
        by_number[i] = threading.Lock()
    nested: dict[str, Any] = {"x": {}}
    nested["x"]["y"] = threading.Event()
    pairs = {"p": [threading.Lock(), threading.Lock()]}
    nested.setdefault("z", threading.Lock())
    doors[name + "?"] = threading.Semaphore(1)  # a key that cannot be read without running it
    Rooms(3)
    made = list(map(threading.Semaphore, [1, 2]))
    hall = Hall()
    setattr(hall, "latch", threading.Lock())  # noqa: B010
    del by_number, pairs, made


@CLOCKS
def test_what_is_kept_for_a_key_is_called_by_it(clock: str) -> None:
    doors.clear()
    expected = [
        *("doors['b']", "doors['a']", "by_number[2]", "by_number[0]", "nested['x']['y']", "pairs['p'][0]"),
        *("pairs['p'][1]", "nested['z']", "doors[0]", "doors[(3, 'left')]", "made[0]", "made[1]", "latch"),
    ]
    assert list(lab.record(for_keys, clock=clock).trace.primitives) == expected


on_demand: dict[Any, Any] = collections.defaultdict(threading.Lock)
permits_on_demand: dict[Any, Any] = collections.defaultdict(lambda: threading.Semaphore(1))


def asks_by_keys() -> None:
    """What comes behind the key says nothing of where it is kept."""
    with on_demand["with"]:
        pass
    on_demand["method"].acquire()
    kept = on_demand["name"]
    here, there = on_demand["first"], permits_on_demand["second"]
    on_demand["alone"]
    there = on_demand["is"] is None
    for number in range(2):
        with permits_on_demand[number, "of two"]:
            pass
    with permits_on_demand["as"] as it:
        pass
    del kept, here, there, it


@CLOCKS
def test_what_is_made_when_it_is_asked_for_is_called_by_its_key(clock: str) -> None:
    on_demand.clear()
    permits_on_demand.clear()
    expected = [
        *("on_demand['with']", "on_demand['method']", "on_demand['name']", "on_demand['first']"),
        *("permits_on_demand['second']", "on_demand['alone']", "on_demand['is']"),
        *("permits_on_demand[(0, 'of two')]", "permits_on_demand[(1, 'of two')]", "permits_on_demand['as']"),
    ]
    assert list(lab.record(asks_by_keys, clock=clock).trace.primitives) == expected
    on_demand["method"].release()
    assert set(lab.record(asks_by_keys, clock=clock).trace.primitives) == set(expected)
    on_demand["method"].release()


def test_the_dictionary_that_locals_gave_is_left_alone() -> None:
    def program() -> tuple[list[str], list[str]]:
        there = locals()
        before = list(there)
        key, locks = "a", {}  # type: ignore[var-annotated]
        locks[key] = threading.Lock()
        return before, list(there)

    assert lab.record(program, clock="virtual").result == program()


@pytest.mark.parametrize("seed", range(8))
def test_a_key_is_the_same_with_every_seed(seed: int) -> None:
    def program() -> None:
        locks: dict[str, Any] = {}

        def work(name: str) -> None:
            locks[name] = threading.Lock()
            with locks[name]:
                pass

        crowd(*(lambda name=name: work(name) for name in "abc"))

    run = lab.record(program, clock="virtual", seed=seed)
    assert {*run.trace.primitives} == {"locks['a']", "locks['b']", "locks['c']"}
    by_thread = {event.thread: event.primitive for event in run.trace if event.kind == "acquire"}
    assert [by_thread[thread] for thread in sorted(by_thread)] == ["locks['a']", "locks['b']", "locks['c']"]


@functools.cache
def lock_of(name: str, number: int = 0) -> Any:
    return threading.Lock()


@functools.cache
def the_lock() -> Any:
    return threading.Lock()


class Lazy:
    @functools.cached_property
    def guard(self) -> Any:
        return threading.Lock()

    @property
    def fresh(self) -> Any:
        return threading.Semaphore(1)

    def make(self, size: int) -> Any:
        return threading.Semaphore(size)


def make_gate() -> Any:
    return threading.Semaphore(1)


def by_their_makers() -> None:
    lazy = Lazy()
    pass_through(lock_of("a", 3))
    pass_through(lock_of("b"))
    pass_through(the_lock())
    pass_through(lazy.guard)
    pass_through(lazy.fresh)
    pass_through(lazy.make(2))
    left, right = make_gate(), make_gate()
    crowd(*(functools.partial(pass_through, door) for door in (left, right)))


@CLOCKS
def test_what_a_function_returns_is_called_by_where_it_goes_or_by_the_function(clock: str) -> None:
    lock_of.cache_clear()
    the_lock.cache_clear()
    first = ["lock_of('a', 3)", "lock_of('b', 0)", "the_lock()", "guard", "fresh", "make(2)", "left", "right"]
    for _ in range(3):
        run = lab.record(by_their_makers, clock=clock)
        assert [event.primitive for event in run.trace if event.kind == "acquire"][:6] == first[:6]
        assert {*run.trace.primitives} == {*first}


row: list[Any] = []


def test_what_a_run_has_made_keeps_its_name_in_later_runs() -> None:
    row.clear()

    def program() -> None:
        if not row:
            turn, guard = threading.Semaphore(1), threading.Lock()
            row.extend([turn, guard])
        for one in row:
            with one:
                pass

    for _ in range(3):
        assert list(lab.record(program, clock="virtual").trace.primitives) == ["turn", "guard"]
    assert [type(one) for one in row] == [threading.Semaphore, type(row[1])]


def made_anew() -> None:
    global again, again_lent
    again = threading.Semaphore(1)
    again_lent = threading.Condition(threading.Lock())


again = threading.Semaphore(1)
again_lent = threading.Condition(threading.Lock())


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_what_a_cell_that_is_run_again_has_thrown_away_is_not_spoken_of(
    clock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("again", "again_lent"):  # what stands there now stands there afterwards
        monkeypatch.setitem(globals(), name, globals()[name])
    for _ in range(2):
        run = lab.record(made_anew, clock=clock)
        assert set(run.trace.primitives) == {"again", "again_lent", "again_lent's Lock"}
        assert run.verdict == "main ran to the end; `again`: 0 released, 0 acquired, value 1 at the end"
