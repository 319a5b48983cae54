"""Wherever a program keeps a primitive or what makes it, the run sees it, or names it; afterwards all is as before."""

from __future__ import annotations

import _thread
import contextlib
import functools
import importlib
import multiprocessing
import queue
import string
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from programs import kept as kept_programs
from programs.kept import WATCHED, two, use

import semalab as lab
from semalab.instrument.adoption import is_wanted
from semalab.instrument.reach import Reach

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["virtual", "wall"])


def references(program: Callable[..., Any]) -> list[tuple[str, int, type]]:
    reach = Reach(is_wanted).walk(program, {}, [program])  # type: ignore[list-item]
    return sorted((r.name, id(r.value), type(r.value)) for r in reach.references if not _is_bound(r.value))


def _is_bound(value: Any) -> bool:
    return isinstance(value, types.BuiltinMethodType)  # Python makes another each time


@CLOCKS
@pytest.mark.parametrize("program", WATCHED, ids=lambda program: program.__name__)
def test_every_place_is_seen_in_every_run(program: Callable[..., Any], clock: str) -> None:
    before = references(program)
    for _ in range(2):
        run = lab.record(program, clock=clock)
        run.trace.certify()
        assert (run.stopped, run.unseen) == (None, ())
        assert list(run.trace.primitives) == WATCHED[program].split()
        for label in run.trace.primitives:
            acquired = sum(event.kind == "acquire" and event.primitive == label for event in run.trace)
            assert acquired == 2 or program is kept_programs.by_the_type_of_another or label == "MEETING"
    assert references(program) == before
    program()  # as plain as ever


def with_a_partner(kind: type) -> Callable[[], None]:
    one = kind()
    one.partner = threading.Lock()

    def program() -> None:
        with one.partner:
            pass

    return program


@CLOCKS
@pytest.mark.parametrize(
    "kind",
    [
        *(threading.Semaphore, threading.BoundedSemaphore, threading.Condition, threading.Event),
        *(queue.Queue, queue.LifoQueue, queue.PriorityQueue),
    ],
)
def test_what_the_program_has_put_into_a_primitive_is_seen(kind: type, clock: str) -> None:
    run = lab.record(with_a_partner(kind), clock=clock)
    assert [event.kind for event in run.trace if event.primitive == "partner"] == ["acquire", "release"]
    assert run.unseen == ()


class Finished(threading.Thread):
    def __init__(self) -> None:
        super().__init__()
        self.permits = threading.Semaphore(2)

    def run(self) -> None:
        with self.permits:
            time.sleep(0.01)


class Alarm(threading.Timer):
    pass


last: dict[str, threading.Thread] = {}


def keeps_its_last_thread() -> None:
    last["thread"] = thread = Finished()
    thread.start()
    thread.join()


def keeps_its_last_timer() -> None:
    last["timer"] = timer = Alarm(0.001, int)
    timer.start()
    timer.join()


@CLOCKS
@pytest.mark.parametrize("played_before", [False, True])
@pytest.mark.parametrize(
    ("program", "told"),
    [
        (keeps_its_last_thread, "Limit of 2 held: never more than 1 inside"),
        (keeps_its_last_timer, "main and 1 thread ran to the end; none of them used a semaphore of threading"),
    ],
)
def test_a_thread_that_has_ended_has_nothing_but_what_the_program_gave_it(
    program: Callable[[], None], told: str, played_before: bool, clock: str
) -> None:
    last.clear()
    if played_before:
        program()
    for _ in range(3):
        run = lab.record(program, clock=clock)
        assert (run.verdict, run.unseen) == (told, ())
        assert {label.partition(" ")[0] for label in run.trace.primitives} <= {"permits"}


def downloads(of: Any) -> None:
    workers = [of() for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


class OwnDownloader(threading.Thread):
    limit = threading.BoundedSemaphore(2)

    def run(self) -> None:
        with self.limit:
            time.sleep(0.01)


class LaterDownloader(OwnDownloader):
    """It has the limit of the class that it is derived from."""


class Site:
    class Inner(threading.Thread):
        limits = (threading.Semaphore(2),)

        def run(self) -> None:
            with self.limits[0]:
                time.sleep(0.01)


@CLOCKS
@pytest.mark.parametrize("of", [OwnDownloader, LaterDownloader, Site.Inner], ids=lambda of: of.__name__)
def test_a_limit_that_a_class_has_is_told(of: Any, clock: str) -> None:
    for _ in range(2):
        run = lab.record(downloads, of=of, clock=clock)
        told = "Limit of 2 held: never more than 2 inside, as many as there are permits"
        assert (run.verdict, run.unseen, len(run.trace.threads)) == (told, (), 5)


@CLOCKS
def test_what_the_first_run_made_is_seen_in_the_second(clock: str) -> None:
    kept_programs.by_name.clear()
    kept_programs.permits_by_name.clear()
    first, second, third = (lab.record(kept_programs.kept_for_a_key, clock=clock) for _ in range(3))
    for run in (first, second, third):
        run.trace.certify()
        assert (run.stopped, run.unseen, len(run.trace.primitives)) == (None, (), 2)
        assert sum(event.kind == "acquire" for event in run.trace) == 4
    assert list(second.trace.primitives) == ["by_name['a']", "permits_by_name['b']"]
    kept_programs.kept_for_a_key()


@CLOCKS
@pytest.mark.parametrize("make", [threading.Semaphore, threading.BoundedSemaphore, threading.Lock, threading.Condition])
def test_a_class_among_the_arguments_makes_what_is_seen(make: Any, clock: str) -> None:
    def program(make: Callable[[], Any]) -> None:
        guard = make()
        two(use, guard)

    run = lab.record(program, make=make, clock=clock)
    assert (next(iter(run.trace.primitives)), run.unseen, run.arguments["make"]) == ("guard", (), make)


@functools.lru_cache
def guard_of(name: str) -> Any:
    return threading.Lock()


def makes_and_keeps() -> Iterator[Any]:
    inner = threading.Lock()
    while True:
        yield inner


class OwnLock(type(threading.RLock())):  # type: ignore[misc]
    """A class of the program, derived from a lock of C."""


guard_of("a")
generator = makes_and_keeps()
next(generator)
own = OwnLock()


def uses_a_cached_one() -> None:
    two(lambda: use(guard_of("a")))


def uses_a_generators() -> None:
    inner = next(generator)
    two(use, inner)


def uses_its_own() -> None:
    two(lambda: use(own))


@pytest.mark.parametrize(
    ("program", "named"),
    [(uses_a_cached_one, ("guard_of",)), (uses_a_generators, ("inner",)), (uses_its_own, ("own", "OwnLock"))],
)
def test_what_c_keeps_is_named_in_every_run(program: Callable[[], None], named: tuple[str, ...]) -> None:
    for _ in range(2):
        run = lab.record(program)
        assert (run.stopped, run.unseen, dict(run.trace.primitives)) == (None, named, {})
        assert run.note.startswith(f"Not watched: {', '.join(f'`{name}`' for name in named)}. ")
    program()


def test_one_lock_in_two_places_is_never_two_locks() -> None:
    """One of the places cannot be changed, so none is: two locks in the place of one would exclude nobody."""
    shared = threading.Lock()
    for_ever = (one for one in [shared] * 9)
    next(for_ever)

    def program() -> list[bool]:
        with shared:
            return [next(for_ever).locked(), shared.locked()]

    run = lab.record(program)
    assert (run.result, run.unseen) == ([True, True], ("shared",))


BANK = """
import threading

guard = threading.Lock()
permits = threading.Semaphore(2)

class Account:
    inside = threading.BoundedSemaphore(2)
    def __init__(self):
        self.own = threading.Lock()
    def deposit(self):
        with guard, permits, self.inside, self.own:
            pass
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "bank.py").write_text(BANK, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("bank", None)


class Lazy(types.ModuleType):
    """A module that gives a name when it is asked for it."""


def lazy_module() -> Any:
    lazy, gates = Lazy("lazy"), Lazy("gates")
    for module in (lazy, gates):
        vars(module)["__file__"] = str(Path(__file__).with_name(f"{module.__name__}.py"))
    vars(gates)["kept"] = threading.Semaphore(1)
    vars(lazy)["gates"] = gates
    exec("def __getattr__(name):\n    return {'gate': gates.kept}[name]\n", vars(lazy))
    return lazy


@CLOCKS
def test_what_a_module_gives_when_it_is_asked_is_seen(clock: str) -> None:
    lazy = lazy_module()

    def program() -> None:
        two(lambda: use(lazy.gate))

    for _ in range(2):
        run = lab.record(program, clock=clock)
        assert (run.unseen, list(run.trace.primitives)) == ((), ["kept"])
        assert sum(event.kind == "acquire" for event in run.trace) == 2
    program()


@CLOCKS
def test_what_the_program_has_put_into_a_module_of_pythons_is_seen(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(string, "gate", threading.Semaphore(1), raising=False)
    monkeypatch.setattr(string, "gates", [threading.Lock()], raising=False)

    def program() -> None:
        two(lambda: use(string.gate))  # type: ignore[attr-defined]
        two(lambda: use(string.gates[0]))  # type: ignore[attr-defined]

    for _ in range(2):
        run = lab.record(program, clock=clock)
        assert run.unseen == () and "gates[0]" in run.trace.primitives and len(run.trace.primitives) == 2
        assert sum(event.kind == "acquire" for event in run.trace) == 4
    program()


class OfEachThread(threading.local):
    def __init__(self) -> None:
        self.guard = threading.Lock()


of_each_thread = OfEachThread()


@CLOCKS
def test_what_each_thread_has_of_its_own_is_seen(clock: str) -> None:
    def program() -> None:
        two(lambda: use(of_each_thread.guard))
        use(of_each_thread.guard)

    for _ in range(2):
        run = lab.record(program, clock=clock)
        assert run.unseen == ()
        assert {event.thread for event in run.trace if event.kind == "acquire"} == set(run.trace.threads)


def imports_inside() -> None:
    from bank import Account  # type: ignore[import-not-found]

    account = Account()
    two(account.deposit)


def imports_the_module() -> None:
    import bank  # type: ignore[import-not-found]

    two(lambda: use(bank.guard, bank.permits, bank.Account.inside, bank.Account().own))


def imports_by_name() -> None:
    module = importlib.import_module("bank")
    two(lambda: use(module.guard, module.permits, module.Account.inside, module.Account().own))


OWN_LOCKS = """
import threading

class Again(type(threading.RLock())):
    def twice(self):
        with self, self:
            return True

class Derived(Again):
    pass

kept = Derived()
"""


@pytest.fixture
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "ownlocks.py").write_text(OWN_LOCKS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("ownlocks", None)


def makes_a_lock_of_its_own() -> bool:
    from ownlocks import Again  # type: ignore[import-not-found]

    own = Again()
    two(own.twice)
    return bool(own.twice())


def uses_one_that_is_kept() -> bool:
    import ownlocks  # type: ignore[import-not-found]

    two(ownlocks.kept.twice)
    return bool(ownlocks.Derived().twice())


@CLOCKS
@pytest.mark.usefixtures("own_locks")
@pytest.mark.parametrize("imported_before", [True, False])
@pytest.mark.parametrize("program", [makes_a_lock_of_its_own, uses_one_that_is_kept])
def test_a_class_derived_from_a_lock_of_c_does_no_harm(
    program: Callable[[], bool], imported_before: bool, clock: str
) -> None:
    """It is named, where C keeps it; and watched, where its module is the run's."""
    if imported_before:
        importlib.import_module("ownlocks")
    for _ in range(2):
        run = lab.record(program, clock=clock)
        run.trace.certify()
        assert (run.result, run.stopped, "Again" in run.unseen) == (True, None, imported_before)
        assert imported_before or sum(event.kind == "acquire" for event in run.trace) >= 3
    left = sys.modules["ownlocks"]
    for own in (left.kept, left.Derived(), left.Again()):
        two(own.twice)
        assert own.twice() and own.acquire(blocking=False)
        in_vain: list[bool] = []
        two(lambda own=own, in_vain=in_vain: in_vain.append(own.acquire(blocking=False)))
        own.release()
        assert in_vain == [False, False]


@CLOCKS
@pytest.mark.usefixtures("own_locks")
def test_a_lock_of_ones_own_that_the_program_leaves_held_is_held(clock: str) -> None:
    def program() -> None:
        import ownlocks  # type: ignore[import-not-found]

        ownlocks.kept.acquire()

    lab.record(program, clock=clock)
    kept, got = sys.modules["ownlocks"].kept, []
    two(lambda: got.append(kept.acquire(blocking=False)))
    kept.release()
    with pytest.raises(RuntimeError):
        kept.release()
    assert got == [False, False]


MAKERS_OF_LOCKS: dict[str, Callable[[], Any]] = {
    "_thread.allocate_lock": lambda: _thread.allocate_lock(),
    "_thread.allocate": lambda: _thread.allocate(),  # type: ignore[attr-defined]
    "_thread.LockType": lambda: _thread.LockType(),
    "_thread.RLock": lambda: _thread.RLock(),
    "threading._allocate_lock": lambda: threading._allocate_lock(),  # type: ignore[attr-defined]
    "threading._RLock": lambda: threading._RLock(),
    "threading._PyRLock": lambda: threading._PyRLock(),  # type: ignore[attr-defined]
    "threading._CRLock": lambda: threading._CRLock(),  # type: ignore[attr-defined]
    "the type of a lock": lambda: type(threading.Lock())(),
    "the type of an RLock": lambda: type(threading.RLock())(),
}


@CLOCKS
@pytest.mark.parametrize("make", MAKERS_OF_LOCKS.values(), ids=MAKERS_OF_LOCKS)
def test_a_lock_is_watched_by_whatever_name_it_was_made(make: Callable[[], Any], clock: str) -> None:
    def program() -> bool:
        door = make()
        two(lambda: use(door))
        return isinstance(door, (type(threading.Lock()), type(threading.RLock())))

    for _ in range(2):
        run = lab.record(program, clock=clock)
        assert (run.result, run.unseen) == (True, ())
        assert run.verdict == "Mutual exclusion held: never more than 1 inside"
        assert "door" in run.trace.primitives


def crosswise_by_other_names() -> None:
    red, blue = _thread.allocate_lock(), threading._RLock()

    def first() -> None:
        with red, blue:
            pass

    def second() -> None:
        with blue, red:
            pass

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
def test_a_deadlock_of_locks_by_other_names_is_found(granularity: str) -> None:
    found = lab.explore(crosswise_by_other_names, granularity=granularity)
    assert found.verdict == "counterexample" and "(a circle" in found.sentence


@CLOCKS
def test_from_a_lock_nothing_can_be_derived_in_a_run_either(clock: str) -> None:
    def program() -> str:
        try:
            type("Own", (type(threading.Lock()),), {})
        except TypeError as error:
            return str(error)
        return "derived"

    assert lab.record(program, clock=clock).result == program() == "type '_thread.lock' is not an acceptable base type"


@CLOCKS
@pytest.mark.usefixtures("own_module")
@pytest.mark.parametrize("program", [imports_inside, imports_the_module, imports_by_name])
def test_modules_imported_inside_the_program_are_seen_in_every_run(program: Callable[[], None], clock: str) -> None:
    for _ in range(3):
        run = lab.record(program, clock=clock)
        assert (run.stopped, run.unseen) == (None, ())
        assert {"guard", "permits", "inside", "own"} <= set(run.trace.primitives)
        assert sum(event.kind == "acquire" for event in run.trace) == 8
    program()
    bank = sys.modules["bank"]
    assert bank.threading is threading


def test_the_makers_are_python_s_own_again() -> None:
    makers = [threading.Lock, threading.RLock, threading.Semaphore.__init__, threading.Thread.__init__]

    def program() -> None:
        raise ZeroDivisionError

    with contextlib.suppress(ZeroDivisionError):
        lab.record(program)
    assert makers == [threading.Lock, threading.RLock, threading.Semaphore.__init__, threading.Thread.__init__]


def test_a_thread_from_outside_makes_the_real_thing_meanwhile() -> None:
    made: list[Any] = []
    asked, given = threading.Event(), threading.Event()

    def outside() -> None:
        asked.wait()
        made.extend([threading.Lock(), threading.RLock(), threading.Semaphore(2), threading.Condition()])
        given.set()

    helper = threading.Thread(target=outside)
    helper.start()
    ask, wait = asked.set, given.wait

    def program() -> None:
        ask()
        wait()

    run = lab.record(program)
    helper.join()
    assert run.stopped is None
    kinds = [type(threading.Lock()), type(threading.RLock()), threading.Semaphore, threading.Condition]
    assert [type(one) for one in made] == kinds


def test_a_large_program_is_looked_through_or_named(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = list(range(1_000_000))
    rows = [[one] for one in range(300)]

    def program() -> int:
        return len(numbers) + len(rows)

    assert lab.record(program).unseen == ()
    monkeypatch.setattr("semalab.instrument.reach.MOST", 100)
    assert "too large to look through" in lab.record(program).unseen[0]


LIBRARY = """
import threading
from threading import Lock as NewLock

_registry = NewLock()

class Guarded:
    def __init__(self, make=threading.Lock):
        self.guard, self.turn, self.permits = make(), threading.Condition(), threading.Semaphore(2)
    def use(self):
        with self.guard, self.turn, self.permits:
            pass

def register():
    with _registry:
        return True

class Room:
    def __init__(self):
        self.changed = threading.Condition()
    def enter(self):
        with self.changed:
            self.changed.notify_all()

class Borrowing:
    def __init__(self, lock):
        self.lock = lock
    def use(self):
        with self.lock:
            pass
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """An installed one."""
    (tmp_path / "guarded.py").write_text(LIBRARY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("semalab.instrument.places._INSTALLED", (str(tmp_path),))
    yield importlib.import_module("guarded")
    sys.modules.pop("guarded", None)


def test_what_a_library_makes_for_itself_is_counted(library: Any) -> None:
    before = library.Guarded()
    program_s = threading.Semaphore(1)

    def made_inside() -> None:
        guarded = library.Guarded()
        two(guarded.use)

    def made_before() -> None:
        two(lambda: use(program_s))
        before.use()

    def by_its_module() -> bool:
        return bool(library.register())

    told = "2 locks and 1 semaphore of guarded"
    for _ in range(2):
        assert (lab.record(made_inside).unseen, lab.record(made_before).unseen) == ((told,), (told,))
        assert lab.record(by_its_module).unseen == ("1 lock of guarded",)
    run = lab.record(made_before, clock="virtual")
    assert (list(run.trace.primitives), run.unseen) == (["program_s"], (told,))
    assert run.note == f"Not watched: {told}. What the program itself makes can be watched."
    assert lab.explore(made_inside).verdict != "proved"
    assert library.NewLock is threading.Lock
    assert library.Guarded.__init__.__defaults__ == (threading.Lock,)


def test_the_sentence_names_the_locks_of_a_library(library: Any) -> None:
    """A lock for readers and writers, say: the program uses nothing else, and was not told to have used nothing."""

    def program(rooms: int) -> None:
        doors = [library.Room() for _ in range(rooms)]
        for door in doors:
            two(door.enter)

    for rooms, were in ((1, "1 lock of guarded was"), (3, "3 locks of guarded were")):
        for _ in range(2):
            run = lab.record(program, rooms=rooms)
            assert run.verdict == f"main and {2 * rooms} threads ran to the end; {were} not watched"


@pytest.mark.parametrize("make", ["Semaphore(2)", "Lock()", "Event()", "Queue()", "BoundedSemaphore(2)"])
def test_what_asyncio_makes_in_a_plain_program_is_counted(make: str) -> None:
    text = f"""
def program():
    import asyncio

    async def main():
        made = asyncio.{make}

    asyncio.run(main())
"""
    space: dict[str, Any] = {}
    exec(text, space)
    noun = make.partition("(")[0].removeprefix("Bounded").lower()
    for _ in range(2):
        run = lab.record(space["program"])
        assert run.unseen == (f"1 {noun} of asyncio",)
        assert run.verdict == f"main ran to the end; 1 {noun} of asyncio was not watched"


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ("Semaphore(2)", "1 semaphore"),
        ("BoundedSemaphore(2)", "1 semaphore"),
        ("RLock()", "1 lock"),
        ("Event()", "1 event"),
        ("Queue()", "1 queue"),
        ("SimpleQueue()", "1 queue"),
        ("Process(target=print)", "1 process"),
    ],
)
def test_what_processes_share_is_counted(made: str, told: str) -> None:
    space: dict[str, Any] = {}
    exec(f"def program():\n    import multiprocessing\n    made = multiprocessing.{made}", space)
    for _ in range(2):
        run = lab.record(space["program"])
        assert run.unseen == (f"{told} of multiprocessing",)
        assert run.verdict == f"main ran to the end; {told} of multiprocessing was not watched"


def test_several_that_processes_share_were_not_watched() -> None:
    space: dict[str, Any] = {}
    exec("import multiprocessing as m\ndef program():\n    q, p, r = m.Queue(), m.Process(), m.Process()", space)
    run = lab.record(space["program"])
    assert run.verdict == "main ran to the end; 1 queue and 2 processes of multiprocessing were not watched"
    assert run.note == (
        "Not watched: 1 queue and 2 processes of multiprocessing."
        " What processes share, and what they do, semalab.beyond.record_processes watches."
    )


@CLOCKS
def test_what_the_program_lends_to_a_library_is_the_programs(library: Any, clock: str) -> None:
    space: dict[str, Any] = {"two": two, "lent": threading.Lock(), "__name__": "__main__"}
    space["borrowing"] = library.Borrowing(space["lent"])
    exec("def program():\n    two(lambda: borrowing.use())", space)
    lent = space["lent"]
    for _ in range(2):
        run = lab.record(space["program"], clock=clock)
        assert (list(run.trace.primitives), run.unseen) == (["lent"], ())
        assert sum(event.kind == "acquire" for event in run.trace) == 2
    assert space["borrowing"].lock is lent is space["lent"]


SHARED = multiprocessing.Value("i", 1)


def counts_in_a_value(make: Callable[[], Any]) -> int:
    number = make()

    def count() -> None:
        with number.get_lock():
            number.value += 1

    workers = [threading.Thread(target=count) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return int(number.value)


@CLOCKS
def test_the_lock_that_a_value_of_multiprocessing_has_is_named(clock: str) -> None:
    """Its module makes it for itself, but the program takes it, by each look at the value."""
    SHARED.value = 1
    for make, unseen in (
        (lambda: multiprocessing.Value("i", 1), "1 lock of multiprocessing"),
        (lambda: SHARED, "SHARED"),
    ):
        run = lab.record(counts_in_a_value, make=make, clock=clock)
        assert (run.result, run.unseen) == (3, (unseen,))
        assert run.verdict.endswith(f"{unseen if ' ' in unseen else '`SHARED`'} was not watched")
