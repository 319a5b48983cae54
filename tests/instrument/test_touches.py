"""A primitive that no walk can find takes part as soon as the program uses it, or it is named."""

from __future__ import annotations

import builtins
import ctypes
import gc
import queue
import string
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from programs.kept import two, use

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["virtual", "wall"])
ROOM = "semalab_hidden_room"


class Kept:
    """An object with a weak reference to it."""


def behind_an_address(one: Any) -> Callable[[], Any]:
    everywhere.append([id(one), one])
    address = id(one)
    return lambda: ctypes.cast(address, ctypes.py_object).value


def in_a_module_of_pythons(one: Any) -> Callable[[], Any]:
    vars(string)[ROOM] = [one]
    return lambda: vars(string)["".join(("semalab_", "hidden_room"))][0]


def in_a_traceback(one: Any) -> Callable[[], Any]:
    def fail(mine: Any) -> None:
        raise LookupError

    try:
        fail(one)
    except LookupError as error:
        trace: Any = error.__traceback__
    return lambda: trace.tb_next.tb_frame.f_locals["mine"]


def behind_a_proxy(one: Any) -> Callable[[], Any]:
    kept = Kept()
    kept.one = one  # type: ignore[attr-defined]
    everywhere.append(kept)
    proxy = weakref.proxy(kept)
    return lambda: proxy.one


def in_a_module_found_by_name(one: Any) -> Callable[[], Any]:
    module = types.ModuleType(ROOM)
    vars(module).update(one=one, __file__=__file__)
    sys.modules[ROOM] = module
    return lambda: sys.modules["".join(("semalab_", "hidden_room"))].one


everywhere: list[Any] = []
HIDINGS = [behind_an_address, in_a_module_of_pythons, in_a_traceback, behind_a_proxy, in_a_module_found_by_name]


@pytest.fixture(autouse=True)
def room() -> Any:
    yield
    sys.modules.pop(ROOM, None)
    vars(string).pop(ROOM, None)
    everywhere.clear()


def hides(hide: Callable[[Any], Callable[[], Any]], one: Any) -> Callable[[], None]:
    find = hide(one)

    def program() -> None:
        found = find()

        def work() -> None:
            with found:
                pass

        two(work)

    return program


@CLOCKS
@pytest.mark.parametrize("make", [threading.Semaphore, threading.BoundedSemaphore, threading.Condition])
@pytest.mark.parametrize("hide", HIDINGS)
def test_what_no_walk_finds_takes_part_when_it_is_used(hide: Any, make: Any, clock: str) -> None:
    one = make()
    program = hides(hide, one)
    for _ in range(3):
        run = lab.record(program, clock=clock)
        run.trace.certify()
        if make is threading.Condition and clock == "wall":
            assert (run.stopped, run.unseen, dict(run.trace.primitives)) == (None, ("found",), {})
            continue
        assert (run.stopped, run.unseen) == (None, ())
        assert "found" in run.trace.primitives
        assert sum(event.kind == "acquire" for event in run.trace) == 2
    assert type(one) is make
    program()


@CLOCKS
def test_events_barriers_and_queues_take_part_when_they_are_used(clock: str) -> None:
    vars(string)[ROOM] = {"event": threading.Event(), "barrier": threading.Barrier(2), "queue": queue.Queue()}

    def program() -> None:
        def work() -> None:
            hidden = vars(string)["".join(("semalab_", "hidden_room"))]
            event, barrier, line = hidden["event"], hidden["barrier"], hidden["queue"]
            barrier.wait()
            event.set()
            event.wait()
            line.put(1)
            line.get()

        two(work)

    for _ in range(2):
        run = lab.record(program, clock=clock)
        assert (run.stopped, run.unseen) == (None, ())
        assert dict.fromkeys(event.primitive for event in run.trace if event.primitive in run.trace.primitives) == {
            "barrier": None,
            "event": None,
            "line": None,
        }


@pytest.fixture
def turns_at_any_moment() -> Iterator[None]:
    """Python's own turns come so often that a moment in which something is half done is met."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def is_put_and_got(one: Any) -> None:
    one.put(1)
    one.get()


def is_set(one: Any) -> None:
    one.set()


def is_held(one: Any) -> None:
    with one:
        pass


@pytest.mark.usefixtures("turns_at_any_moment")
@pytest.mark.parametrize(
    ("make", "once"),
    [(threading.Event, is_set), (lambda: threading.Semaphore(3), is_held), (queue.Queue, is_put_and_got)],
    ids=["Event", "Semaphore", "Queue"],
)
def test_others_who_use_it_at_the_moment_when_it_takes_part_are_not_disturbed(
    make: Callable[[], Any], once: Callable[[Any], None]
) -> None:
    def program() -> None:
        def work() -> None:
            hidden = vars(string)["".join(("semalab_", "hidden_room"))]
            ready.wait()
            once(hidden)

        ready = threading.Barrier(2)
        two(work)

    for _ in range(40):
        vars(string)[ROOM] = make()
        run = lab.record(program, clock="wall")
        assert (run.exception, run.stopped) == (None, None)
        run.trace.certify()


def test_a_deadlock_in_what_no_walk_finds_is_told() -> None:
    program = hides(in_a_module_of_pythons, threading.Semaphore(0))
    run = lab.record(program, clock="virtual")
    assert run.verdict == "Deadlock: 2 threads wait for `found` (value 0) and nobody can release it any more; " + (
        "main waits for Thread-1 (work) to end"
    )


def test_what_is_in_use_when_it_is_found_is_named() -> None:
    one = threading.BoundedSemaphore(2)
    one.acquire()
    run = lab.record(hides(in_a_module_of_pythons, one))
    assert (run.unseen, run.verdict) == (("found",), "main and 2 threads ran to the end; `found` was not watched")
    assert one._value == 1  # type: ignore[attr-defined]


def uses_a_hidden_condition() -> None:
    changed = vars(string)["".join(("semalab_", "hidden_room"))][0]
    with changed:
        changed.notify()


@pytest.fixture
def put_aside() -> Iterator[Callable[[], None]]:
    """Nothing that is there by then is shown by the collector any more."""
    yield gc.freeze
    gc.unfreeze()


@pytest.mark.parametrize("hidden", [False, True], ids=["seen", "put aside"])
@pytest.mark.parametrize("what", ["lock", "method", "generator"])
@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_a_condition_whose_lock_is_somebody_elses_too_is_named(
    make: Any, what: str, hidden: bool, put_aside: Callable[[], None]
) -> None:
    def generator(mine: Any) -> Iterator[Any]:
        while True:
            yield mine.acquire

    lock = make()
    other = {"lock": lock, "method": lock.acquire, "generator": generator(lock)}[what]
    vars(string)[ROOM] = [threading.Condition(lock), other]
    del lock
    if what == "generator":
        next(other)
    if hidden:
        put_aside()
    run = lab.record(uses_a_hidden_condition, clock="virtual")
    assert (run.unseen, run.verdict) == (("changed",), "main ran to the end; `changed` was not watched")


@pytest.mark.parametrize("hidden", [False, True], ids=["seen", "put aside"])
@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_one_that_has_its_lock_alone_takes_part(make: Any, hidden: bool, put_aside: Callable[[], None]) -> None:
    vars(string)[ROOM] = [threading.Condition(make())]
    if hidden:
        put_aside()
    for _ in range(2):
        run = lab.record(uses_a_hidden_condition, clock="virtual")
        assert (run.unseen, "changed" in run.trace.primitives) == ((), True)


@pytest.mark.parametrize("hide", HIDINGS)
def test_nothing_is_proved_of_a_program_that_uses_what_no_walk_finds(hide: Any) -> None:
    found = lab.explore(hides(hide, threading.Semaphore(1)), granularity="operations")
    assert found.verdict == "cannot say"
    assert "the lab could not watch `found`" in found.sentence


@CLOCKS
def test_a_thread_that_only_releases_is_seen_using_it(clock: str) -> None:
    hidden = threading.Semaphore(1)
    address = id(hidden)

    def program() -> None:
        release = ctypes.cast(address, ctypes.py_object).value.release
        thread = threading.Thread(target=release)
        thread.start()
        thread.join()

    run = lab.record(program, clock=clock)
    assert [(event.thread, event.kind) for event in run.trace if event.primitive in run.trace.primitives] == [
        ("Thread-1 (release)", "release")
    ]
    assert hidden._value == 2


def test_what_python_uses_itself_is_not_told() -> None:
    def program() -> None:
        import logging

        logging.getLogger(ROOM).debug("nothing")

    assert lab.record(program).unseen == ()


def test_the_classes_are_as_they_were() -> None:
    classes = (threading.Semaphore, threading.Condition, threading.Event, threading.Barrier, queue.Queue)
    before = [dict(vars(cls)) for cls in classes]
    lab.record(hides(behind_an_address, threading.Semaphore(1)))
    assert [dict(vars(cls)) for cls in classes] == before


deep: list[Any] = []


def waits_in_a_queue() -> Any:
    line: queue.Queue[Any] = queue.Queue()
    line.put(threading.Lock())
    return lambda: line.queue[0]


def in_an_array() -> Any:
    numpy = pytest.importorskip("numpy")
    array = numpy.empty((1, 2), dtype=object)
    array[0, 1] = threading.Lock()
    return lambda: array[0, 1]


def by_any_name() -> Any:
    """In a module of its own: by the names of this one a program gets at pytest, and at all that pytest has loaded."""
    space: dict[str, Any] = {"__name__": "any_name", "lock_by_any_name": threading.Lock()}
    exec('def find():\n    return globals()["_".join(("lock", "by_any_name"))]', space)
    return space["find"]


def in_a_subclass() -> Any:
    class Base:
        pass

    class Derived(Base):
        lock = threading.Lock()

    deep.append(Derived)
    return lambda: Base.__subclasses__()[0].lock  # type: ignore[attr-defined]


def in_an_annotation() -> Any:
    lock = threading.Lock()

    def noted() -> None:
        pass

    noted.__annotations__["one"] = lock
    return lambda: noted.__annotations__["one"]


IN_REACH = [waits_in_a_queue, in_an_array, by_any_name, in_a_subclass, in_an_annotation]


@CLOCKS
@pytest.mark.parametrize("hide", IN_REACH)
def test_a_lock_of_c_is_found_in_places_that_the_collector_does_not_tell_of(hide: Any, clock: str) -> None:
    find = hide()

    def program() -> None:
        two(lambda: use(find()))

    for _ in range(2):
        run = lab.record(program, clock=clock)
        assert (run.stopped, run.unseen) == (None, ())
        assert sum(event.kind == "acquire" for event in run.trace) == 2
    assert type(find()) is type(threading.Lock())
    deep.clear()


def test_what_a_finalizer_has_is_named() -> None:
    kept, lock = Kept(), threading.Lock()
    finalizer: Any = weakref.finalize(kept, print, lock)
    finalizer.atexit = False

    def program() -> None:
        two(lambda: use(finalizer.peek()[2][0]))

    run = lab.record(program)
    finalizer.detach()
    assert run.unseen == ("finalizer[0]",)


def test_a_lock_among_the_builtins_is_found() -> None:
    builtins.__dict__[ROOM] = threading.Lock()
    space: dict[str, Any] = {}
    exec(f"def program():\n    with {ROOM}:\n        print()", space)
    try:
        run = lab.record(space["program"])
    finally:
        lock = builtins.__dict__.pop(ROOM)
    assert (run.unseen, list(run.trace.primitives), type(lock)) == ((), [ROOM], type(threading.Lock()))
