"""A run of tasks leaves everybody else alone: other cells, other loops, and what is there before and after it."""

from __future__ import annotations

import asyncio
import builtins
import os
import queue
import signal
import threading
import time
from asyncio import Semaphore, sleep
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import pytest
from support.patience import stopped_late_enough, wait_until

import semalab as lab
from semalab.run import Run

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])


def methods() -> dict[tuple[type, str], Any]:
    classes = [asyncio.Semaphore, asyncio.BoundedSemaphore, asyncio.Lock, asyncio.Event, asyncio.Condition]
    classes += [asyncio.Barrier, asyncio.Queue, *asyncio.Lock.__mro__[:-1]]
    return {(cls, name): value for cls in classes for name, value in vars(cls).items() if callable(value)}


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    own = {"SEMAPHORE", "LOCK", "BOUNDED"}  # made anew by `everywhere`
    names = {name: value for name, value in globals().items() if name not in own}
    threads, before = set(threading.enumerate()), methods()
    yield
    assert {name: globals().get(name) for name in names} == names and "print" not in globals()
    wait_until(lambda: set(threading.enumerate()) <= threads, "the end of each thread that a test has begun")
    assert methods() == before


async def visit(tasks: int = 3, seconds: float = 0.01) -> None:
    door = asyncio.Semaphore(1)

    async def work() -> None:
        async with door:
            print("inside")
            await asyncio.sleep(seconds)

    await asyncio.gather(*(work() for _ in range(tasks)))


async def stay(tasks: int = 1) -> None:
    door = asyncio.Semaphore(1)
    async with door:
        while True:
            await asyncio.sleep(0.01)


async def until(state: Callable[[], Any]) -> None:
    for _ in range(3000):
        if state():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that within 30 s")


def test_other_cells_go_on_while_a_panel_of_tasks_runs_and_its_button_stops_it(capsys: Any) -> None:
    async def cells() -> tuple[Run, str, int]:
        panel = lab.interact(stay, tasks=(1, 3), timeout=60.0)
        pictures: list[bytes] = []
        panel.picture.observe(lambda change: pictures.append(change["new"]), names="value")
        before = panel.run  # on the virtual clock it was stopped at once
        panel.clock.value = "wall"
        await until(lambda: len(pictures) >= 2)  # it grows
        door, other = asyncio.Semaphore(1), asyncio.Event()
        async with door:
            print("hello", "from", "another cell")
            other.set()
            await other.wait()
            assert await asyncio.sleep(0.02, "slept") == "slept"
        assert not panel.stop.disabled and panel.run is before
        panel.stop.click()
        await until(lambda: panel.run is not before)
        assert panel.run is not None and before is not None
        return panel.run, panel.sentence.value, len(pictures)

    run, sentence, pictures = asyncio.run(cells())
    assert capsys.readouterr().out == "hello from another cell\n"
    assert run.verdict == "Stopped: the stop button was pressed" and run.verdict in sentence and pictures >= 2
    run.trace.certify()
    assert run.trace.threads == ("main",) and run.unseen == () and run.output == ""
    assert list(run.trace.primitives) == ["door"] and sum(e.kind == "acquire" for e in run.trace) == 1
    assert {e.amount for e in run.trace if e.kind == "sleep"} == {10_000_000}  # none of another cell's


@CLOCKS
def test_a_loop_beside_the_run_is_neither_logged_nor_changed(clock: str) -> None:
    """The other cell's own primitives have waiters before, during and after the run."""
    inside = threading.Event()
    told: list[str] = []

    async def program() -> None:
        inside.set()
        await visit(2)

    async def cell() -> Run:
        mine, event = asyncio.Semaphore(0), asyncio.Event()
        waiter = asyncio.create_task(mine.acquire())
        await asyncio.sleep(0)
        run = asyncio.create_task(asyncio.to_thread(lab.record, program, clock=clock))
        await until(inside.is_set)
        mine.release()
        assert await waiter
        lock = asyncio.Lock()
        async with lock:
            event.set()
            await event.wait()
            told.append("went on")
        return await run

    run = asyncio.run(cell())
    run.trace.certify()
    assert told == ["went on"] and list(run.trace.primitives) == ["door"] and set(run.unseen) <= {"inside"}
    assert run.trace.threads == ("main", "work", "work (2)") and run.output == "inside\n" * 2


@CLOCKS
def test_print_is_nobody_else_s(clock: str) -> None:
    """While a run goes on, the module's own print, in another thread, prints."""
    there, go = threading.Event(), threading.Event()
    seen: list[str] = []

    async def program() -> None:
        print("of the run")
        there.set()
        while not go.is_set():
            await asyncio.sleep(0.001)

    def beside() -> None:
        there.wait(30)
        before = builtins.print
        try:
            builtins.print = lambda *values, **settings: seen.append(" ".join(values))  # type: ignore[assignment]
            print("of another cell")
        finally:
            builtins.print = before
            go.set()

    other = threading.Thread(target=beside)
    other.start()
    run = lab.record(program, clock=clock, timeout=1e5)
    other.join()
    assert run.output == "of the run\n" and seen == ["of another cell"]


# what was made before the run
SEMAPHORE, LOCK, READY = asyncio.Semaphore(2), asyncio.Lock(), asyncio.Event()
BOUNDED = asyncio.BoundedSemaphore(2)
PLACES: dict[str, Any] = {}
MAKE = {"class": asyncio.Semaphore}


class Pool:
    limit = Semaphore(2)

    class Inner:
        limit = Semaphore(2)

    def __init__(self, make: Any = asyncio.Semaphore) -> None:
        self.own = make(2)


class Gate(asyncio.Semaphore):
    def __init__(self) -> None:
        super().__init__(2)


def default(limit: Any = asyncio.Semaphore(2)) -> Any:  # noqa: B008
    return limit


def users(find: Callable[[], Any]) -> Callable[..., Any]:
    async def use_it(tasks: int = 4) -> int:
        found, inside, most = find(), 0, 0

        async def work() -> None:
            nonlocal inside, most
            async with found:
                inside, most = inside + 1, max(most, inside + 1)
                await sleep(0.01)
                inside -= 1

        await asyncio.gather(*(work() for _ in range(tasks)))
        return most

    return use_it


def everywhere() -> dict[str, tuple[Callable[[], Any], str, int]]:
    """Where a semaphore may be kept: how it is found, what it is called, how many may be inside."""
    global SEMAPHORE, LOCK, BOUNDED
    SEMAPHORE, LOCK, BOUNDED = asyncio.Semaphore(2), asyncio.Lock(), asyncio.BoundedSemaphore(2)
    Pool.limit, Pool.Inner.limit = Semaphore(2), Semaphore(2)
    PLACES.update(named=asyncio.Semaphore(2), several=[None, asyncio.Semaphore(2)], held=Pool(), gate=Gate())
    local = asyncio.Semaphore(2)
    default.__defaults__ = (asyncio.Semaphore(2),)
    return {
        "module": (lambda: SEMAPHORE, "SEMAPHORE", 2),
        "lock": (lambda: LOCK, "LOCK", 1),
        "bounded": (lambda: BOUNDED, "BOUNDED", 2),
        "class attribute": (lambda: Pool.limit, "limit", 2),
        "nested class": (lambda: Pool.Inner.limit, "limit", 2),
        "closure": (lambda: local, "", 2),
        "default": (default, "", 2),
        "mapping": (lambda: PLACES["named"], "PLACES['named']", 2),
        "object": (lambda: PLACES["held"].own, "", 2),
        "list": (lambda: PLACES["several"][1], "", 2),
        "derived class": (lambda: PLACES["gate"], "PLACES['gate']", 2),
        "class in a mapping": (lambda: MAKE["class"](2), "", 2),
        "class as a default": (lambda: Pool().own, "own", 2),
        "derived, made in the run": (Gate, "found", 2),
        "partial": (__import__("functools").partial(asyncio.BoundedSemaphore, 2), "found", 2),
    }


@CLOCKS
@pytest.mark.parametrize("place", list(everywhere()))
def test_it_does_not_matter_where_a_semaphore_is_kept(place: str, clock: str) -> None:
    find, name, most = everywhere()[place]
    run = lab.record(users(find), clock=clock, claim=lab.limit)
    run.trace.certify()
    (primitive,) = run.trace.primitives.values()
    assert run.result == most == run.reading.uses[primitive.label].most_inside == primitive.initial
    assert run.claims[0].held and run.unseen == () and (not name or primitive.label in {name, "found"})


@CLOCKS
def test_the_second_run_of_a_module_s_semaphore_says_what_is_wrong_and_what_to_do(clock: str) -> None:
    for place in ("module", "lock", "class attribute", "bounded"):
        find, name, _ = everywhere()[place]
        first, second = (lab.record(users(find), clock=clock, raises=False) for _ in range(2))
        assert first.exception is None and isinstance(second.exception, RuntimeError)
        said = str(second.exception).replace("`found`", f"`{name}`")
        assert said == (
            f"`{name}` is bound to a different event loop: made outside of the program, it belongs to the loop in which"
            " a task first waited for it, and each run has a loop of its own."
            f" Make `{name}` inside the coroutine function"
        )
        assert second.verdict.endswith(str(second.exception))
        second.trace.certify()


def test_a_semaphore_in_which_nobody_ever_waited_serves_every_run() -> None:
    find, _, _ = everywhere()["module"]
    for _ in range(3):
        run = lab.record(users(find), clock="virtual", tasks=2)
        assert run.reading.uses["found"].most_inside == 2


def test_what_another_loop_s_tasks_wait_for_is_named() -> None:
    async def cell() -> Run:
        mine = asyncio.Semaphore(0)
        waiter = asyncio.create_task(mine.acquire())
        await asyncio.sleep(0)

        async def program() -> None:
            mine.release()  # not what asyncio allows between threads; what it does is not this run's alone

        run = await asyncio.to_thread(lab.record, program)
        waiter.cancel()
        return run

    run = asyncio.run(cell())
    assert run.unseen == ("`mine` (asyncio.Semaphore)",) and not run.trace.primitives


def test_a_bounded_semaphore_with_a_part_of_its_permits_away_is_named() -> None:
    taken = asyncio.BoundedSemaphore(2)
    asyncio.run(taken.acquire())

    async def program() -> None:
        async with taken:
            pass

    run = lab.record(program, clock="virtual")
    assert run.unseen == ("`taken` (asyncio.BoundedSemaphore)",)


async def wait_for_an_event() -> None:
    ready = asyncio.Event()
    waiter = asyncio.create_task(ready.wait())
    await asyncio.sleep(0.01)
    ready.set()
    await waiter


async def wait_for_the_module_s_event() -> None:
    READY.set()
    await READY.wait()


async def hand_over() -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    waiter = asyncio.create_task(queue.get())
    await queue.put(1)
    await waiter


async def meet() -> None:
    barrier = asyncio.Barrier(2)
    await asyncio.gather(barrier.wait(), barrier.wait())


async def take_from_a_priority_queue() -> None:
    queue: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
    queue.put_nowait(1)
    queue.get_nowait()


async def hand_to_a_pool() -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, int) for _ in range(3)))


async def hand_to_another_pool() -> None:
    with ThreadPool(2) as pool:
        pool.map(abs, range(3))


async def wait_for_a_thread_s_future() -> None:
    future: Future[int] = Future()
    threading.Thread(target=future.set_result, args=(1,)).start()
    await asyncio.wrap_future(future)


async def hand_to_a_thread_s_queue() -> None:
    words: queue.Queue[int] = queue.Queue()
    words.put(1)
    words.get()


async def use_a_lock_of_threading() -> None:
    door = threading.Semaphore(1)
    with door:
        await asyncio.sleep(0.01)


@CLOCKS
@pytest.mark.parametrize(
    ("program", "unseen"),
    [
        (wait_for_an_event, "`ready` (asyncio.Event)"),
        (wait_for_the_module_s_event, "`READY` (asyncio.Event)"),
        (hand_over, "`queue` (asyncio.Queue)"),
        (meet, "`barrier` (asyncio.Barrier)"),
        (take_from_a_priority_queue, "`queue` (asyncio.PriorityQueue)"),
        (use_a_lock_of_threading, "`door` (threading.Semaphore)"),
        (hand_to_a_pool, "`pool` (a pool of threads)"),
        (hand_to_another_pool, "`pool` (a pool of threads)"),
        (wait_for_a_thread_s_future, "`future` (concurrent.futures.Future)"),
        (hand_to_a_thread_s_queue, "`words` (queue.Queue)"),
    ],
)
def test_what_is_not_watched_is_named(program: Callable[..., Any], unseen: str, clock: str) -> None:
    run = lab.record(program, clock=clock)
    run.trace.certify()
    assert run.unseen == (unseen,) and not run.trace.primitives
    assert run.note == f"Not watched: {unseen}. In a coroutine the lab watches asyncio's semaphores and locks."
    assert run.verdict.endswith(f" ran to the end; {unseen} was not watched")


@CLOCKS
def test_what_asyncio_makes_for_itself_is_not_told(clock: str) -> None:
    async def program() -> int:
        return sum([await one for one in asyncio.as_completed([asyncio.sleep(0.01, n) for n in range(3)])])

    run = lab.record(program, clock=clock)
    assert (run.result, run.unseen) == (3, ())
    assert run.verdict == "main and 3 tasks ran to the end; none of them used a semaphore of asyncio"


@CLOCKS
def test_threads_of_the_loop_are_waited_for_as_asyncio_run_does(clock: str) -> None:
    goes_on = threading.Event()

    def work(tell: Callable[[], Any]) -> str:
        tell()
        goes_on.wait(20)
        return threading.current_thread().name

    async def program() -> None:
        begun = asyncio.Event()
        tell = partial(asyncio.get_running_loop().call_soon_threadsafe, begun.set)
        threads = [asyncio.create_task(asyncio.to_thread(work, tell)) for _ in range(3)]
        await begun.wait()
        threading.Timer(0.05, goes_on.set).start()
        assert not any(thread.done() for thread in threads)

    assert lab.record(program, clock=clock).standing == ""  # the fixture looks for threads that are left
    assert goes_on.is_set()


async def waits_for_a_thread_of_the_loop() -> str:
    await asyncio.wait_for(asyncio.to_thread(time.sleep, 0.05), 5)
    return "in time"


async def waits_for_a_thread_of_its_own() -> str:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    threading.Timer(0.05, loop.call_soon_threadsafe, (ready.set,)).start()
    await asyncio.wait_for(ready.wait(), 5)
    return "in time"


@pytest.mark.parametrize(
    ("program", "thread"), [(waits_for_a_thread_of_the_loop, "asyncio_0"), (waits_for_a_thread_of_its_own, "Thread-1")]
)
def test_the_virtual_clock_does_not_jump_over_what_a_thread_is_at(program: Any, thread: str) -> None:
    assert lab.record(program).result == "in time"
    run = lab.record(program, clock="virtual")
    assert run.verdict.startswith(f"Stopped: the virtual clock does not rule the thread {thread}, which takes part; ")


def test_it_jumps_when_its_threads_have_done_what_they_were_given() -> None:
    async def program() -> str:
        results = [await asyncio.to_thread(str, number) for number in range(3)]
        await asyncio.sleep(5)
        return "".join(results)

    run = lab.record(program, clock="virtual")
    assert (run.result, run.duration >= 5, run.standing) == ("012", True, "")


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="Windows has none of these signals")
@pytest.mark.parametrize("seconds", [0, 1])
def test_a_signal_that_a_task_sends_comes_before_the_clock_jumps(seconds: float) -> None:
    async def program() -> str:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGUSR1, ready.set)
        loop.call_later(seconds, os.kill, os.getpid(), signal.SIGUSR1)
        await asyncio.wait_for(ready.wait(), 5)
        return "in time"

    for clock in ("wall", "virtual"):
        assert lab.record(program, clock=clock).result == "in time"


async def enters_in_a_loop_of_its_own() -> None:
    door, ready, changed, full = asyncio.Semaphore(1), asyncio.Event(), asyncio.Condition(), asyncio.Queue[int](1)

    async def visit(number: int) -> None:
        async with door:
            ready.set()
        await ready.wait()
        async with changed:
            changed.notify()
        await full.put(number)
        await full.get()

    async def inner() -> None:
        await asyncio.gather(visit(1), visit(2))

    await asyncio.to_thread(asyncio.run, inner())


@CLOCKS
def test_what_a_thread_uses_in_a_loop_of_its_own_is_named(clock: str) -> None:
    run = lab.record(enters_in_a_loop_of_its_own, clock=clock)
    kinds = {"door": "Semaphore", "ready": "Event", "changed": "Condition", "full": "Queue"}
    assert {f"`{name}` (asyncio.{kind})" for name, kind in kinds.items()} <= set(run.unseen)
    assert "none of them used" not in run.verdict and "were not watched" in run.verdict


@CLOCKS
def test_a_thread_of_the_loop_that_does_not_end_is_told(clock: str) -> None:
    goes_on = threading.Event()

    def work(tell: Callable[[], Any]) -> None:
        tell()
        goes_on.wait(60)

    async def program() -> None:
        begun = asyncio.Event()
        tell = partial(asyncio.get_running_loop().call_soon_threadsafe, begun.set)
        thread = asyncio.create_task(asyncio.to_thread(work, tell))
        await begun.wait()
        thread.cancel()

    run, limit = stopped_late_enough(
        lambda limit: lab.record(program, clock=clock, timeout=limit), lambda run: "asyncio_0" in run.verdict
    )
    assert run.verdict.startswith(
        f"Stopped: the program had not ended after {limit:g} s; the thread asyncio_0 of its event loop was at work"
    )
    goes_on.set()
    for thread in threading.enumerate():
        if thread.name == "asyncio_0":
            thread.join()


@CLOCKS
def test_what_stands_in_containers_is_called_by_its_key(clock: str) -> None:
    async def program() -> None:
        doors = {"in": asyncio.Semaphore(1), "out": asyncio.Semaphore(1)}
        hosts: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        limits: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(2))
        for one in (doors["in"], doors["out"], hosts["a"], limits["b"], limits["c"]):
            async with one:
                pass

    run = lab.record(program, clock=clock)
    assert list(run.trace.primitives) == ["doors['in']", "doors['out']", "hosts['a']", "limits['b']", "limits['c']"]


@CLOCKS
def test_a_condition_s_lock_is_watched_and_the_condition_named(clock: str) -> None:
    async def program() -> None:
        changed = asyncio.Condition()

        async def wait() -> None:
            async with changed:
                await changed.wait()

        waiter = asyncio.create_task(wait())
        await asyncio.sleep(0.01)
        async with changed:
            changed.notify_all()
        await waiter

    run = lab.record(program, clock=clock)
    run.trace.certify()
    assert run.unseen == ("`changed` (asyncio.Condition)",)
    assert [primitive.kind for primitive in run.trace.primitives.values()] == ["asyncio.Lock"]
    assert list(run.trace.primitives) == ["changed"] and run.reading.uses["changed"].acquires == 3


def test_a_deadlock_names_what_everybody_waits_for() -> None:
    async def program() -> None:
        ready, gate, lock = asyncio.Event(), asyncio.Semaphore(0), asyncio.Lock()

        async def wait() -> None:
            await ready.wait()

        async def enter() -> None:
            await gate.acquire()

        async def twice() -> None:
            async with lock:
                await lock.acquire()

        await asyncio.wait([asyncio.create_task(one()) for one in (wait, enter, twice)])

    run = lab.record(program, clock="virtual")
    assert run.verdict.startswith(
        "Deadlock: enter waits for `gate` (value 0) and nobody can release it any more;"
        " twice waits for `lock`, which it holds itself;"
        " wait waits for `ready` (not set) and nobody can set it any more; main waits for wait to end"
    )


def test_a_deadlock_of_queues_says_what_is_missing() -> None:
    async def program() -> None:
        empty, full, undone = asyncio.Queue[int](), asyncio.Queue[int](1), asyncio.Queue[int]()
        full.put_nowait(1)
        undone.put_nowait(1)
        await asyncio.gather(empty.get(), full.put(2), undone.join())

    run = lab.record(program, clock="virtual")
    assert run.verdict.startswith(
        "Deadlock: get waits for `empty` (empty) and nobody can put one any more;"
        " put waits for `full` (1 item) and nobody can take one any more;"
        " join waits in `undone`.join() and nobody can call task_done() any more; main waits for get to end"
    )


def test_those_who_wait_for_what_is_not_watched_are_tasks() -> None:
    async def program() -> None:
        barrier = asyncio.Barrier(4)
        await asyncio.gather(*(barrier.wait() for _ in range(3)))

    run = lab.record(program, clock="virtual")
    assert run.verdict == (
        "Deadlock: 3 tasks wait at `barrier` and nobody can arrive any more; main waits for wait to end"
    )


def test_those_who_wait_for_an_end_are_tasks() -> None:
    async def program() -> None:
        gate = asyncio.Semaphore(0)
        opener = asyncio.create_task(gate.acquire(), name="opener")
        guests = [asyncio.create_task(wait_for(opener)) for _ in range(3)]
        await guests[0]

    async def wait_for(task: asyncio.Task[bool]) -> None:
        await task

    run = lab.record(program, clock="virtual")
    assert run.verdict == (
        "Deadlock: opener waits for `gate` (value 0) and nobody can release it any more;"
        " main waits for wait_for to end; 3 tasks wait for opener to end"
    )


@CLOCKS
def test_no_deadlock_while_a_thread_of_the_program_can_still_open_the_gate(clock: str) -> None:
    async def program() -> str:
        gate, loop = asyncio.Semaphore(0), asyncio.get_running_loop()
        opener = threading.Timer(0.3, loop.call_soon_threadsafe, [gate.release])
        opener.start()
        await gate.acquire()
        return "open"

    run = lab.record(program, clock=clock)
    run.trace.certify()
    assert run.result == "open" and run.stopped is None and run.trace.threads == ("main", "outside")


@CLOCKS
def test_sleep_is_seen_under_any_name_and_of_any_library(clock: str) -> None:
    nap = {"nap": asyncio.sleep}

    async def program() -> str:
        await sleep(0.01)
        answer: str = await nap["nap"](0.02, "rested")
        waiting = asyncio.create_task(asyncio.sleep(5), name="late")
        await asyncio.sleep(0.001)
        waiting.cancel()
        return answer

    run = lab.record(program, clock=clock)
    run.trace.certify()
    slept = [(e.thread, e.amount) for e in run.trace if e.kind == "sleep"]
    ten = 10_000_000
    assert run.result == "rested" and slept == [
        ("main", ten),
        ("main", 2 * ten),
        ("main", ten // 10),
        ("late", 500 * ten),
    ]
    assert sum(e.kind == "wake" for e in run.trace) == 4


@CLOCKS
def test_a_run_of_tasks_is_saved_and_loaded(clock: str, tmp_path: Path) -> None:
    """Also one that was stopped, one that failed, and one in which something was not watched."""

    async def fail() -> None:
        async with asyncio.Semaphore(1):
            raise LookupError("nobody there")

    for program in (visit, stay, fail, wait_for_an_event, users(lambda: LOCK)):
        everywhere()
        run = lab.record(program, clock=clock, raises=False, timeout=0.3)
        again = lab.load(run.save(tmp_path / "run.json"))
        assert again.trace == run.trace and again.verdict == run.verdict and again.clock == clock
        assert (again.unseen, again.note, again.stopped) == (run.unseen, run.note, run.stopped)


def test_a_run_that_goes_on_can_be_looked_at() -> None:
    from semalab.recording import run_program

    seen: list[Run] = []

    def look(so_far: Any) -> None:
        if so_far.events > 20 * len(seen):
            seen.append(so_far())

    run = run_program(stay, {}, timeout=60.0, cancelled=lambda: len(seen) >= 5, watched=look)
    for earlier in seen:
        earlier.trace.certify()
        assert earlier.stopped is None and list(earlier.trace) == list(run.trace)[: len(earlier.trace)]
    assert len(seen[-1].trace) > len(seen[0].trace) and seen[-1].module == "asyncio"
