"""A library that was imported before the run holds the real classes: what it asks of the program's objects is true."""

from __future__ import annotations

import concurrent.futures
import copy
import importlib
import multiprocessing.pool
import pickle
import queue
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

real_event, real_thread = threading.Event, threading.Thread
CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
LIBRARY = """
import concurrent.futures, functools, multiprocessing.pool, queue, threading

KINDS = {
    "Lock": type(threading.Lock()), "RLock": type(threading.RLock()), "Semaphore": threading.Semaphore,
    "BoundedSemaphore": threading.BoundedSemaphore, "Event": threading.Event, "Condition": threading.Condition,
    "Barrier": threading.Barrier, "Thread": threading.Thread, "Timer": threading.Timer, "Queue": queue.Queue,
    "LifoQueue": queue.LifoQueue, "PriorityQueue": queue.PriorityQueue, "SimpleQueue": queue.SimpleQueue,
    "Future": concurrent.futures.Future, "Executor": concurrent.futures.Executor,
    "ThreadPoolExecutor": concurrent.futures.ThreadPoolExecutor, "ThreadPool": multiprocessing.pool.ThreadPool,
}

def kinds_of(one):
    # every class that it is one of
    return [name for name, kind in KINDS.items() if isinstance(one, kind)]

def bases_of(cls):
    return [name for name, kind in KINDS.items() if issubclass(cls, kind)]

@functools.singledispatch
def described(one):
    return "something"

for _name, _kind in KINDS.items():
    described.register(_kind, functools.partial(lambda name, one: name, _name))

def matched(one):
    match one:
        case threading.Thread():
            return "thread"
        case threading.Semaphore(_value=value):
            return f"semaphore at {value}"
        case queue.Queue(maxsize=size):
            return f"queue of {size}"

def checked_start(thread):
    if not isinstance(thread, threading.Thread):
        raise TypeError(f"a Thread, please, got {type(thread)}")
    thread.start()
    thread.join()
    return thread.name
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[types.ModuleType]:
    """An installed one."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "asking.py").write_text(LIBRARY, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setattr("semalab.instrument.places._INSTALLED", (str(folder),))
        yield importlib.import_module("asking")
    sys.modules.pop("asking", None)


class Tickets(threading.BoundedSemaphore):
    pass


class Worker(threading.Thread):
    def run(self) -> None:
        pass


class Mailbox(queue.PriorityQueue[int]):
    pass


def objects() -> dict[str, Any]:
    class Local(threading.Event):
        pass

    return {
        "lock": threading.Lock(),
        "rlock": threading.RLock(),
        "semaphore": threading.Semaphore(2),
        "bounded": threading.BoundedSemaphore(),
        "event": threading.Event(),
        "condition": threading.Condition(),
        "barrier": threading.Barrier(2),
        "thread": threading.Thread(),
        "timer": threading.Timer(1, print),
        "queue": queue.Queue(3),
        "lifo": queue.LifoQueue(),
        "priority": queue.PriorityQueue(),
        "simple": queue.SimpleQueue(),
        "future": concurrent.futures.Future(),
        "tickets": Tickets(2),
        "worker": Worker(name="worker"),
        "mailbox": Mailbox(),
        "local": Local(),
    }


def asked(library: Any) -> dict[str, Any]:
    made = objects()
    answers = {name: (library.kinds_of(one), library.described(one)) for name, one in made.items()}
    answers |= {f"{name}'s class": library.bases_of(type(made[name])) for name in ("semaphore", "tickets", "worker")}
    answers |= {f"{name} matched": library.matched(made[name]) for name in ("semaphore", "worker", "queue", "lock")}
    answers["started"] = [library.checked_start(made[name]) for name in ("worker",)]
    answers["main"] = library.kinds_of(threading.main_thread())
    with concurrent.futures.ThreadPoolExecutor(1) as pool, multiprocessing.pool.ThreadPool(1) as other:
        answers["pools"] = library.kinds_of(pool), library.kinds_of(other), library.kinds_of(pool.submit(int))
    return answers


@CLOCKS
def test_a_library_is_told_what_it_would_be_told_without_the_lab(library: Any, clock: str) -> None:
    plain = asked(library)
    assert plain["lock"] == (["Lock"], "Lock") and plain["tickets"][0] == ["Semaphore", "BoundedSemaphore"]
    run = lab.record(lambda: asked(library), clock=clock)
    assert run.result == plain


def own_answers() -> dict[str, Any]:
    """What the program itself finds out."""
    made = objects()
    found: dict[str, Any] = {"own class": [name for name, one in made.items() if one.__class__ is not type(one)]}
    found["lock"] = isinstance(made["lock"], type(threading.Lock())), made["lock"].__class__ is type(threading.Lock())
    found["exact"] = [type(made["semaphore"]) is threading.Semaphore, type(made["queue"]) is queue.Queue]
    found["no other"] = [isinstance(made["semaphore"], threading.BoundedSemaphore), isinstance(made["event"], Tickets)]
    for name in ("lock", "rlock", "simple"):
        for how in (copy.copy, copy.deepcopy):
            with pytest.raises(TypeError) as refused:
                how(made[name])
            found[f"{how.__name__} of {name}"] = str(refused.value)
    return found


def given_away(made: dict[str, Any]) -> dict[str, str]:
    """What comes of it to pickle each, and to copy it: the class of the error, or what the copy is one of."""
    found = {}
    for name, one in made.items():
        for how in (pickle.dumps, copy.copy, copy.deepcopy):
            try:
                found[f"{how.__name__} {name}"] = type(how(one)).__name__
            except Exception as error:
                found[f"{how.__name__} {name}"] = f"raised {type(error).__name__}"
    return found


@CLOCKS
def test_what_cannot_be_pickled_or_copied_raises_what_it_raises_without_the_lab(clock: str) -> None:
    plain = given_away(objects())
    assert plain["dumps semaphore"] == "raised TypeError" and plain["copy semaphore"] == "Semaphore"
    run = lab.record(lambda: (given_away(objects()), objects()), clock=clock)
    in_the_run, kept = run.result
    assert in_the_run == plain
    del kept["simple"]  # a class of C that nothing written in Python can become
    afterwards = given_away(kept)
    assert afterwards == {what: plain[what] for what in afterwards}


@CLOCKS
def test_the_program_itself_sees_one_class_in_one_place(clock: str) -> None:
    assert lab.record(own_answers, clock=clock).result == own_answers()


@CLOCKS
def test_what_outlives_its_run_is_what_it_was_taken_for(library: Any, clock: str) -> None:
    run = lab.record(objects, clock=clock)
    plain = objects()
    c_no_more = {"simple"}  # a class of C that nothing written in Python can become
    for name, one in run.result.items():
        if name not in c_no_more:
            assert library.kinds_of(one) == library.kinds_of(plain[name]), name
    for name in ("semaphore", "event", "barrier", "thread", "queue", "tickets", "worker", "mailbox"):
        assert type(run.result[name]).__mro__[-2:] == type(plain[name]).__mro__[-2:]
    assert Tickets.__bases__ == (threading.BoundedSemaphore,) and Worker.__bases__ == (threading.Thread,)


class Named(threading.Thread):
    def __init__(self, label: str) -> None:
        super().__init__(name=label)


class Latch(threading.Event):
    def __new__(cls, *colours: str) -> Latch:
        latch = super().__new__(cls)
        latch.colours = colours  # type: ignore[attr-defined]
        return latch

    def __init__(self, *colours: str) -> None:
        super().__init__()


class Meeting(threading.Barrier):
    pass


class Guarded(threading.Condition):
    pass


class Late(threading.Timer):
    pass


class Crew(concurrent.futures.ThreadPoolExecutor):
    pass


MADE = [(Tickets, 2), (Named, "worker"), (Latch, "red"), (Meeting, 2), (Guarded, None), (Mailbox, 3), (Crew, 1)]


@CLOCKS
def test_a_class_of_ones_own_can_be_made_after_a_run_as_before(clock: str) -> None:
    def program() -> None:
        for cls, argument in MADE:
            assert isinstance(cls(argument), cls)
        assert isinstance(Late(1, print), Late)

    for _ in range(2):
        lab.record(program, clock=clock)
        program()


OF_A_RUN: dict[str, tuple[Any, ...]] = {
    "Thread": (), "Timer": (0.01, print), "Semaphore": (), "BoundedSemaphore": (), "Condition": (), "Event": (),
    "Barrier": (1,),
}  # fmt: skip


@CLOCKS
@pytest.mark.parametrize("name", OF_A_RUN)
def test_a_class_that_the_program_derives_in_a_run_derives_from_the_real_one_afterwards(name: str, clock: str) -> None:
    real = getattr(threading, name)

    def program() -> Any:
        own = type("Own", (getattr(threading, name),), {})
        one = type("Another", (own,), {})(*OF_A_RUN[name])
        if isinstance(one, threading.Thread):
            one.start()
            one.join()
        return one

    for _ in range(2):
        one = lab.record(program, clock=clock).result
        assert [cls.__name__ for cls in type(one).__mro__][:3] == ["Another", "Own", name]
        assert isinstance(one, real) and type(one).__mro__[2:] == real.__mro__
    again = type(one)(*OF_A_RUN[name])
    assert isinstance(again, real)


@CLOCKS
def test_who_is_not_of_the_run_makes_real_objects_of_the_same_names(clock: str) -> None:
    """A thread that was there before calls what the program's names stand for just now."""
    begun, done = real_event(), real_event()
    kinds: list[type] = []

    def outside() -> None:
        begun.wait(60)
        names = ("Semaphore", "BoundedSemaphore", "Event", "Condition", "Thread", "Lock", "RLock")
        made = [getattr(threading, name)() for name in names]
        made += [threading.Barrier(2), threading.Timer(1, print), queue.Queue(), queue.SimpleQueue()]
        kinds.extend(map(type, made))
        with made[0], made[5], made[6]:
            made[4].start()
            made[4].join()
        done.set()

    def program() -> None:
        begun.set()
        while not done.is_set():
            pass

    thread = real_thread(target=outside)
    thread.start()
    run = lab.record(program, clock=clock)
    thread.join()
    modules = {kind.__module__ for kind in kinds}
    assert modules <= {"threading", "_thread", "queue", "_queue"} and run.trace.threads == ("main",)
    known = (threading.Semaphore, threading.BoundedSemaphore, threading.Event, threading.Condition, threading.Thread)
    assert tuple(kinds[:5]) == known
    assert kinds[5:8] == [type(threading.Lock()), type(threading.RLock()), threading.Barrier]


@CLOCKS
def test_what_the_program_made_before_is_taken_in_all_the_same(library: Any, clock: str) -> None:
    tickets, worker = Tickets(2), Worker(name="early")

    def program() -> Any:
        with tickets:
            worker.start()
        worker.join()
        return library.kinds_of(tickets), library.kinds_of(worker)

    run = lab.record(program, clock=clock)
    assert run.result == (["Semaphore", "BoundedSemaphore"], ["Thread"])
    assert (list(run.trace.primitives), run.trace.threads, run.unseen) == (["tickets"], ("main", "early"), ())
    assert type(tickets).__bases__ == (threading.BoundedSemaphore,)
