"""The four queues on both clocks: what they do is CPython's, what is logged is what they did."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from queue import Empty, Full, LifoQueue, PriorityQueue, Queue
from typing import Any

import pytest

import semalab as lab
from semalab.analysis.snapshots import Snapshots
from semalab.log.stops import Deadlock
from semalab.log.trace import CertificateError, Event, Trace

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])
EVERY_CLASS = pytest.mark.parametrize("name", ["Queue", "LifoQueue", "PriorityQueue", "SimpleQueue"])
SHUTDOWN = pytest.mark.skipif(not hasattr(queue, "ShutDown"), reason="a queue can be shut down from 3.13 on")


def record(program: Callable[..., Any], **arguments: Any) -> Any:
    run = lab.record(program, **arguments)
    run.trace.certify()
    return run


def rows(run: Any, program: Callable[..., Any], label: str = "tasks") -> list[tuple[Any, ...]]:
    """Milliseconds, thread, what happened, items then, how many of them moved, line counted from the program's own."""
    first = program.__code__.co_firstlineno
    events = run.trace.of(label)
    return [(e.time / 1e6, e.thread, e.kind, e.value, e.amount, (e.line or first) - first) for e in events]


def kinds(run: Any, label: str = "tasks") -> list[str]:
    return [event.kind for event in run.trace.of(label)]


# --- putting and taking ----------------------------------------------------------------------------------------------


def hands_over(name: str) -> list[int]:
    tasks = getattr(queue, name)()
    taken: list[int] = []

    def take() -> None:
        for _ in range(2):
            taken.append(tasks.get())
            time.sleep(0.002)

    taker = threading.Thread(target=take, name="taker")
    taker.start()
    time.sleep(0.001)
    tasks.put(2)
    time.sleep(0.001)
    tasks.put(1)
    taker.join()
    return taken


@EVERY_CLASS
def test_every_put_and_get_is_logged_with_the_size_and_the_programs_line(name: str) -> None:
    run = record(hands_over, name=name, clock="virtual")
    assert rows(run, hands_over) == [
        (0.0, "taker", "block", 0, 0, 6),
        (1.0, "main", "put", 1, 1, 12),
        (1.0, "taker", "get", 0, 1, 6),
        (2.0, "main", "put", 1, 1, 14),
        (3.0, "taker", "get", 0, 1, 6),
    ]
    assert [tuple(p) for p in run.trace.primitives.values()] == [("tasks", name, 0)]
    assert run.result == [2, 1]


@EVERY_CLASS
@CLOCKS
def test_items_arrive(name: str, clock: str) -> None:
    run = record(hands_over, name=name, clock=clock)
    assert sorted(run.result) == [1, 2]
    assert [kinds(run).count(kind) for kind in ("put", "get", "refuse", "pass")] == [2, 2, 0, 0]
    assert run.verdict == "main and 1 thread ran to the end; `tasks`: 2 put, 2 taken, 0 left at the end"
    assert run.description.startswith(f"main and 1 thread · tasks = {name}() · ")


def in_order(name: str, items: list[int]) -> list[int]:
    tasks = getattr(queue, name)()
    for item in items:
        tasks.put(item)
    return [tasks.get() for _ in items] + [tasks.qsize(), tasks.empty()]


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("Queue", [3, 1, 2]),
        ("LifoQueue", [2, 1, 3]),
        ("PriorityQueue", [1, 2, 3]),
        ("SimpleQueue", [3, 1, 2]),
    ],
)
@CLOCKS
def test_each_class_has_its_own_order(name: str, order: list[int], clock: str) -> None:
    run = record(in_order, name=name, items=[3, 1, 2], clock=clock)
    assert run.result == [*order, 0, True]
    assert [e.value for e in run.trace.of("tasks")] == [1, 2, 3, 2, 1, 0]


def bounded(name: str) -> list[int]:
    tasks = getattr(queue, name)(maxsize=1)
    taken: list[int] = []

    def put() -> None:
        tasks.put(1)
        tasks.put(2)

    putter = threading.Thread(target=put, name="putter")
    putter.start()
    time.sleep(0.001)
    taken.append(tasks.get())
    putter.join()
    taken.append(tasks.get())
    return taken


@pytest.mark.parametrize("name", ["Queue", "LifoQueue", "PriorityQueue"])
def test_a_put_into_a_full_queue_waits(name: str) -> None:
    run = record(bounded, name=name, clock="virtual")
    assert rows(run, bounded) == [
        (0.0, "putter", "put", 1, 1, 5),
        (0.0, "putter", "block", 1, 0, 6),
        (1.0, "main", "get", 0, 1, 11),
        (1.0, "putter", "put", 1, 1, 6),
        (1.0, "main", "get", 0, 1, 13),
    ]
    assert run.result == [1, 2]


# --- giving up -------------------------------------------------------------------------------------------------------


def gives_up(name: str) -> list[str]:
    """Catches the exceptions by the names that were imported long before."""
    tasks = getattr(queue, name)()
    said: list[str] = []
    for how in ({"block": False}, {"timeout": 0.003}, {"block": True, "timeout": 0}):
        try:
            tasks.get(**how)
        except Empty as error:
            said.append(type(error).__module__ + "." + type(error).__qualname__)
    try:
        tasks.get_nowait()
    except queue.Empty:
        said.append("by the module's name")
    return said


@EVERY_CLASS
@CLOCKS
def test_an_empty_queue_refuses_with_the_real_exception(name: str, clock: str) -> None:
    run = record(gives_up, name=name, clock=clock)
    assert run.result == [f"{Empty.__module__}.Empty"] * 3 + ["by the module's name"]
    assert [k for k in kinds(run) if k != "block"] == ["refuse"] * 4
    if clock == "virtual":
        times = [(e.time, e.kind) for e in run.trace.of("tasks")]
        assert times[:3] == [(0, "refuse"), (0, "block"), (3_000_000, "refuse")]


def overfills(name: str) -> list[str]:
    tasks = getattr(queue, name)(1)
    tasks.put("first")
    said: list[str] = []
    for how in ({"block": False}, {"timeout": 0.003}):
        try:
            tasks.put("second", **how)
        except Full as error:
            said.append(repr(error))
    try:
        tasks.put_nowait("third")
    except queue.Full:
        said.append(str(tasks.full()))
    return said


@pytest.mark.parametrize("name", ["Queue", "LifoQueue", "PriorityQueue"])
@CLOCKS
def test_a_full_queue_refuses_with_the_real_exception(name: str, clock: str) -> None:
    run = record(overfills, name=name, clock=clock)
    assert run.result == ["Full()", "Full()", "True"]
    assert [k for k in kinds(run) if k != "block"] == ["put"] + ["refuse"] * 3


def out_of_the_program() -> None:
    queue.Queue().get_nowait()


@CLOCKS
def test_an_exception_that_comes_out_is_the_real_one(clock: str) -> None:
    with pytest.raises(queue.Empty):
        lab.record(out_of_the_program, clock=clock)


def wrong_timeouts(name: str) -> list[str]:
    tasks = getattr(queue, name)()
    said: list[str] = []
    for use in (lambda: tasks.get(timeout=-1), lambda: tasks.get(timeout="x")):
        try:
            use()
        except (ValueError, TypeError) as error:
            said.append(f"{type(error).__name__}: {error}")
    return said


@pytest.mark.parametrize("name", ["Queue", "LifoQueue", "PriorityQueue"])
@CLOCKS
def test_wrong_timeouts_are_refused_as_by_the_real_queue(name: str, clock: str) -> None:
    run = record(wrong_timeouts, name=name, clock=clock)
    assert run.result == wrong_timeouts(name)
    assert kinds(run) == []


# --- join and task_done ----------------------------------------------------------------------------------------------


def works_through() -> list[int]:
    tasks: Queue[int] = Queue()
    done: list[int] = []

    def work() -> None:
        while True:
            item = tasks.get()
            time.sleep(0.001)
            done.append(item)
            tasks.task_done()

    threading.Thread(target=work, name="worker", daemon=True).start()
    tasks.put(1)
    tasks.put(2)
    tasks.join()
    tasks.join()
    return done


@CLOCKS
def test_join_waits_for_the_last_task(clock: str) -> None:
    run = record(works_through, clock=clock)
    assert (run.result, run.stopped) == ([1, 2], None)
    passed = [(e.thread, e.line) for e in run.trace.of("tasks") if e.kind == "pass"]
    first = works_through.__code__.co_firstlineno
    assert passed == [("main", first + 14), ("main", first + 15)]
    if clock == "virtual":
        waits = [e for e in run.trace.of("tasks") if e.kind == "block" and e.thread == "main"]
        assert [(e.amount, e.time) for e in waits] == [(2, 0)]
        assert [e.time for e in run.trace.of("tasks") if e.kind == "pass"] == [2_000_000] * 2


def done_too_often() -> None:
    Queue[int]().task_done()


@CLOCKS
def test_task_done_too_often_is_an_error(clock: str) -> None:
    with pytest.raises(ValueError) as caught:
        lab.record(done_too_often, clock=clock)
    assert str(caught.value) == "task_done() called too many times"


# --- the inside of a queue, as programs use it -----------------------------------------------------------------------


def empties(how: str) -> int:
    tasks: Queue[int] = Queue()
    for item in range(3):
        tasks.put(item)
    if how == "with":
        with tasks.mutex:
            tasks.queue.clear()
    else:
        tasks.mutex.acquire()
        locked = tasks.mutex.locked()
        tasks.queue.clear()
        tasks.mutex.release()
        assert locked and not tasks.mutex.locked()
    tasks.put(9)
    return tasks.qsize()


@pytest.mark.parametrize("how", ["with", "acquire"])
@CLOCKS
def test_a_queue_that_is_emptied_under_its_mutex_is_logged_as_emptied(how: str, clock: str) -> None:
    run = record(empties, how=how, clock=clock)
    assert run.result == 1
    assert [(e.kind, e.value, e.amount) for e in run.trace.of("tasks")] == [
        ("put", 1, 1),
        ("put", 2, 1),
        ("put", 3, 1),
        ("set", 0, 3),
        ("put", 1, 1),
    ]
    assert "4 put, 0 taken, 3 removed without get(), 1 left at the end" in run.verdict
    assert run.trace.of("tasks")[3].line == empties.__code__.co_firstlineno + (5 if how == "with" else 11)


def shares_the_mutex() -> list[int]:
    """A condition of the program's own on the queue's lock, as CPython's own queue has three."""
    tasks: Queue[int] = Queue()
    many = threading.Condition(tasks.mutex)
    seen: list[int] = []

    def wait() -> None:
        with many:
            tasks.queue.append(7)
            many.wait_for(lambda: len(tasks.queue) > 1)
            seen.extend(tasks.queue)

    waiter = threading.Thread(target=wait, name="waiter")
    waiter.start()
    time.sleep(0.001)
    tasks.put(8)
    with many:
        many.notify()
    waiter.join()
    return seen


@CLOCKS
def test_a_condition_may_share_the_mutex(clock: str) -> None:
    run = record(shares_the_mutex, clock=clock)
    assert run.result == [7, 8]
    if clock == "virtual":
        assert [(e.thread, e.kind, e.value) for e in run.trace.of("tasks")] == [
            ("waiter", "set", 1),
            ("main", "put", 2),
        ]


def clears_without_the_lock() -> int:
    tasks: Queue[int] = Queue()
    for item in range(3):
        tasks.put(item)
    tasks.queue.clear()
    tasks.put(9)
    return tasks.get()


def clears_last() -> None:
    tasks: Queue[int] = Queue()
    tasks.put(1)
    tasks.put(2)
    tasks.queue.clear()


def fills_by_hand() -> int:
    tasks: Queue[int] = Queue()
    tasks.queue.append(5)
    return tasks.get()


def exchanges_all() -> int:
    tasks: PriorityQueue[int] = PriorityQueue()
    tasks.put(1)
    tasks.queue = [2, 3]
    return tasks.get()


class Clearable(Queue):  # type: ignore[type-arg]
    def clear(self) -> None:
        with self.not_empty:
            self.queue.clear()

    def put_all(self, items: list[int]) -> None:
        with self.mutex:
            self.queue.extend(items)
            self.not_empty.notify_all()


def has_methods_of_its_own() -> int:
    tasks = Clearable()
    tasks.put_all([1, 2, 3])
    tasks.put(4)
    tasks.clear()
    return tasks.qsize()


def clears_while_a_put_waits() -> int:
    tasks: Queue[int] = Queue(1)
    putter = threading.Thread(target=lambda: [tasks.put(item) for item in range(2)])
    putter.start()
    time.sleep(0.01)
    with tasks.mutex:
        tasks.queue.clear()
        tasks.not_full.notify()
    putter.join()
    return tasks.get()


@pytest.mark.parametrize(
    ("program", "result", "told"),
    [
        (clears_without_the_lock, 9, "4 put, 1 taken, 3 removed without get(), 0 left at the end"),
        (clears_last, None, "2 put, 0 taken, 2 removed without get(), 0 left at the end"),
        (fills_by_hand, 5, "0 put, 1 taken, 1 added without put(), 0 left at the end"),
        (exchanges_all, 2, "1 put, 1 taken, 1 added without put(), 1 left at the end"),
        (has_methods_of_its_own, 0, "4 put, 0 taken, 4 removed without get(), 0 left at the end"),
        (clears_while_a_put_waits, 1, "2 put, 1 taken, 1 removed without get(), 0 left at the end"),
    ],
)
@CLOCKS
def test_what_is_done_to_the_contents_by_hand_is_no_put_and_no_get(
    program: Callable[[], Any], result: Any, told: str, clock: str
) -> None:
    run = record(program, clock=clock)
    assert run.result == result
    assert told in run.verdict
    assert "changed by hand" in " ".join(Snapshots(run.reading).sentence(i) for i in range(len(run.trace)))


class Once(Queue):  # type: ignore[type-arg]
    """Derived in an earlier cell: a queue that takes everything once."""

    def _init(self, maxsize: int) -> None:
        self.queue = set()  # type: ignore[assignment]

    def _put(self, item: Any) -> None:
        self.queue.add(item)  # type: ignore[attr-defined]

    def _get(self) -> Any:
        return self.queue.pop()


def takes_once() -> list[int]:
    class Loud(LifoQueue):  # type: ignore[type-arg]
        def _put(self, item: Any) -> None:
            print("put", item)
            super()._put(item)

    tasks, loud = Once(), Loud()
    for item in (1, 1, 2):
        tasks.put(item)
        loud.put(item)
    return [tasks.qsize(), sorted([tasks.get(), tasks.get()])[0], loud.get()]


@CLOCKS
def test_derived_queues_keep_their_own_ways(clock: str) -> None:
    run = record(takes_once, clock=clock)
    assert (run.result, run.output) == ([2, 1, 2], "put 1\nput 1\nput 2\n")
    assert [(e.kind, e.value) for e in run.trace.of("tasks")] == [("put", 1), ("put", 2), ("get", 1), ("get", 0)]
    assert kinds(run, "loud") == ["put", "put", "put", "get"]
    assert [tuple(p) for p in run.trace.primitives.values()] == [("tasks", "Queue", 0), ("loud", "LifoQueue", 0)]
    assert Once.__bases__ == (Queue,)


class TwoEnds(queue.Queue):  # type: ignore[type-arg]
    """Has more than its parent's `__init__` knows of, and a size of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.urgent: list[int] = []

    def _qsize(self) -> int:
        return len(self.queue) + len(self.urgent)

    def _put(self, item: int) -> None:
        (self.urgent if item < 0 else self.queue).append(item)

    def _get(self) -> int:
        return self.urgent.pop() if self.urgent else self.queue.popleft()  # type: ignore[no-any-return]


def two_ends() -> list[int]:
    tasks = TwoEnds()
    for item in (1, -1, 2):
        tasks.put(item)
    return [tasks.get() for _ in range(3)]


@CLOCKS
def test_a_derived_queues_size_is_asked_only_when_it_is_made(clock: str) -> None:
    run = record(two_ends, clock=clock)
    assert run.result == [-1, 1, 2]
    assert [e.value for e in run.trace.of("tasks")] == [1, 2, 3, 2, 1, 0]


class Broken(queue.Queue):  # type: ignore[type-arg]
    broken = False

    def _qsize(self) -> int:
        if self.broken:
            raise LookupError("no size")
        return super()._qsize()


def asks_the_broken() -> list[str]:
    tasks = Broken()
    said: list[str] = []
    tasks.put(1)
    tasks.broken = True
    for _ in range(2):
        try:
            tasks.get()
        except LookupError as error:
            said.append(str(error))
    tasks.broken = False
    return [*said, str(tasks.get())]


@CLOCKS
def test_a_size_that_raises_leaves_no_lock_behind(clock: str) -> None:
    assert record(asks_the_broken, clock=clock, timeout=5).result == ["no size", "no size", "1"]


class Ranked:
    def __init__(self, rank: int) -> None:
        self.rank = rank

    def __lt__(self, other: Ranked) -> bool:
        print(f"{self.rank} < {other.rank}")
        if other.rank == 3:
            raise LookupError("never compare with 3")
        return self.rank < other.rank


def compares() -> list[Any]:
    tasks: PriorityQueue[Ranked] = PriorityQueue()
    said: list[Any] = []

    def put() -> None:
        tasks.put(Ranked(1))

    tasks.put(Ranked(2))
    putter = threading.Thread(target=put, name="putter")
    putter.start()
    putter.join()
    said.append(tasks.get().rank)
    tasks.put(Ranked(3))
    try:
        tasks.put(Ranked(1))
    except LookupError as error:
        said.append(str(error))
    said.append(tasks.qsize())
    return said


@CLOCKS
def test_comparisons_that_print_or_raise_do_so_in_the_caller(clock: str) -> None:
    run = record(compares, clock=clock, timeout=5)
    assert run.result == compares()
    assert run.printed[0].thread == "putter"
    assert (run.trace.of("tasks")[-1].value, kinds(run)[:3]) == (run.result[-1], ["put", "put", "get"])


def compares_under_a_lock(threads: int) -> list[int]:
    """Items whose comparison takes a lock: on the virtual clock, another thread may run in the midst of a put."""
    guard = threading.Lock()

    class Guarded(Ranked):
        def __lt__(self, other: Ranked) -> bool:
            with guard:
                return self.rank < other.rank

    tasks: PriorityQueue[Guarded] = PriorityQueue()
    workers = [threading.Thread(target=tasks.put, args=(Guarded(i),)) for i in reversed(range(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [tasks.get().rank for _ in workers]


@CLOCKS
def test_comparisons_may_take_locks(clock: str) -> None:
    for seed in range(5):
        run = record(compares_under_a_lock, threads=5, clock=clock, seed=seed, timeout=5)
        assert (run.stopped, run.result) == (None, [0, 1, 2, 3, 4])


def shuts_down(immediate: bool) -> list[str]:
    tasks: Queue[int] = Queue()
    said: list[str] = []

    def take() -> None:
        try:
            while True:
                said.append(str(tasks.get()))
        except queue.ShutDown:
            said.append("shut down")

    tasks.put(1)
    tasks.put(2)
    if immediate:
        tasks.shutdown(immediate=True)
    taker = threading.Thread(target=take, name="taker")
    taker.start()
    time.sleep(0.001)
    tasks.shutdown()
    taker.join()
    try:
        tasks.put(3)
    except queue.ShutDown:
        said.append("no more")
    return said


@SHUTDOWN
@CLOCKS
def test_a_queue_can_be_shut_down(clock: str) -> None:
    run = record(shuts_down, immediate=False, clock=clock)
    assert run.result == ["1", "2", "shut down", "no more"]
    assert [(e.thread, e.kind) for e in run.trace.of("tasks")] == [
        ("main", "put"),
        ("main", "put"),
        ("taker", "get"),
        ("taker", "get"),
        ("taker", "block"),
        ("taker", "refuse"),
        ("main", "refuse"),
    ]
    run = record(shuts_down, immediate=True, clock=clock)
    assert run.result == ["shut down", "no more"]
    assert [(e.kind, e.amount) for e in run.trace.of("tasks")][2] == ("set", 2)


# --- names -----------------------------------------------------------------------------------------------------------


class Office:
    def __init__(self) -> None:
        self.inbox: Queue[int] = Queue()


def names_its_queues() -> None:
    import queue as q
    from queue import SimpleQueue as Simple

    office = Office()
    lanes = [q.LifoQueue() for _ in range(2)]  # type: ignore[var-annotated]
    for one in (office.inbox, *lanes, Simple(), queue.PriorityQueue(3)):
        one.put(1)  # type: ignore[attr-defined]


@CLOCKS
def test_queues_have_the_programs_names(clock: str) -> None:
    run = record(names_its_queues, clock=clock)
    assert [tuple(p) for p in run.trace.primitives.values()] == [
        ("inbox", "Queue", 0),
        ("lanes[0]", "LifoQueue", 0),
        ("lanes[1]", "LifoQueue", 0),
        ("SimpleQueue-1", "SimpleQueue", 0),
        ("PriorityQueue-1", "PriorityQueue", 0),
    ]


def passes_types() -> list[bool]:
    tasks, simple = queue.PriorityQueue(), queue.SimpleQueue()  # type: ignore[var-annotated]
    return [isinstance(tasks, queue.Queue), isinstance(simple, queue.SimpleQueue), type(tasks) is PriorityQueue]


@CLOCKS
def test_classes_are_what_their_names_say(clock: str) -> None:
    assert record(passes_types, clock=clock).result == [True, True, True]


def leaves_some(out: list[Any]) -> None:
    for one in (queue.Queue(2), queue.PriorityQueue(), queue.SimpleQueue()):  # type: ignore[attr-defined]
        one.put(5)
        out.append(one)


@CLOCKS
def test_a_queue_that_is_left_over_works_without_the_lab(clock: str) -> None:
    out: list[Any] = []
    record(leaves_some, out=out, clock=clock)
    bounded, ranked, _ = out
    assert (type(bounded), type(ranked)) == (queue.Queue, queue.PriorityQueue)
    taker: list[int] = []
    for one in out:
        one.put(4)
        thread = threading.Thread(target=lambda one=one: taker.extend([one.get(), one.get()]))
        thread.start()
        thread.join()
        with pytest.raises(Empty):
            one.get(timeout=0.001)
    assert taker == [5, 4, 4, 5, 5, 4]


# --- deadlocks -------------------------------------------------------------------------------------------------------


def nobody_puts() -> None:
    tasks: Queue[int] = Queue()
    tasks.get()


def nobody_puts_simply() -> None:
    tasks = queue.SimpleQueue()  # type: ignore[var-annotated]
    tasks.get()


def nobody_takes() -> None:
    tasks: Queue[int] = Queue(2)
    for item in range(3):
        tasks.put(item)


def nobody_is_done(threads: int) -> None:
    tasks: Queue[int] = Queue()

    def work() -> None:
        while True:
            tasks.get()

    for _ in range(threads):
        threading.Thread(target=work).start()
    tasks.put(1)
    tasks.join()


def takes_the_mutex_twice() -> None:
    tasks: Queue[int] = Queue()
    with tasks.mutex:
        tasks.put(1)


PUT, TAKE = "and nobody can put one any more", "and nobody can take one any more"


@CLOCKS
@pytest.mark.parametrize(
    ("program", "arguments", "told"),
    [
        (nobody_puts, {}, f"main waits for `tasks` (empty) {PUT}"),
        (nobody_puts_simply, {}, f"main waits for `tasks` (empty) {PUT}"),
        (nobody_takes, {}, f"main waits for `tasks` (2 items) {TAKE}"),
        (
            takes_the_mutex_twice,
            {},
            "main waits for `tasks.mutex` and nobody can release it any more",
        ),
        (
            nobody_is_done,
            {"threads": 3},
            "main waits in `tasks`.join() and nobody can call task_done() any more; "
            f"3 threads wait for `tasks` (empty) {PUT}",
        ),
    ],
    ids=["get", "simple get", "put", "mutex", "join"],
)
def test_a_deadlock_in_a_queue_is_told(
    program: Callable[..., None], arguments: dict[str, Any], told: str, clock: str
) -> None:
    run = record(program, clock=clock, **arguments)
    assert isinstance(run.stopped, Deadlock)
    assert run.verdict == f"Deadlock: {told}"


# --- the certificate -------------------------------------------------------------------------------------------------


def changed(trace: Trace, index: int, **fields: Any) -> Trace:
    events: list[Event] = list(trace.events)
    events[index] = events[index]._replace(**fields)
    return Trace(events, trace.threads, trace.primitives.values(), trace.duration)


@EVERY_CLASS
def test_a_corrupted_log_of_a_queue_is_refused(name: str) -> None:
    trace = record(in_order, name=name, items=[3, 1, 2], clock="virtual").trace
    of_tasks = [i for i, e in enumerate(trace) if e.primitive == "tasks"]
    assert len(of_tasks) == 6
    for i in of_tasks:
        event = trace[i]
        assert event.value is not None
        other = {"put": "get", "get": "put"}[event.kind]
        for fields in ({"value": event.value + 1}, {"amount": 2}, {"amount": 0}, {"kind": other}, {"kind": "block"}):
            with pytest.raises(CertificateError):
                changed(trace, i, **fields).certify()
        without = [e for j, e in enumerate(trace) if j != i]
        if i != of_tasks[-1]:
            with pytest.raises(CertificateError):
                Trace(without, trace.threads, trace.primitives.values()).certify()


def crowded(threads: int, rounds: int, name: str) -> list[int]:
    tasks = getattr(queue, name)(*([2] if name != "SimpleQueue" else []))
    taken: list[int] = []

    def put() -> None:
        for item in range(rounds):
            tasks.put(item)

    def take() -> None:
        for _ in range(rounds):
            taken.append(tasks.get())

    workers = [threading.Thread(target=work) for work in (put, take) * threads]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sorted(taken)


@EVERY_CLASS
@CLOCKS
def test_many_threads_lose_no_item_and_no_event(name: str, clock: str) -> None:
    run = record(crowded, threads=3, rounds=20, name=name, clock=clock)
    assert run.result == sorted([*range(20)] * 3)
    use = run.reading.uses["tasks"]
    assert (use.released, use.acquires, use.final) == (60, 60, 0)
    assert not use.waiters or use.waiters[-1].level == 0
