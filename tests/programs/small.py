"""Small random programs over everything `threading` synchronises with, as data, and the one function that runs them.

A program is a value: things (the primitives), and tasks (what each thread does, the main thread first). `perform` is
plain `threading`; called by itself it runs on Python's own threads, given to `record` the very same code is recorded.
What it tells is exact: what every operation returned or raised, and what every thing was left with.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from hypothesis import strategies as st

UNIT = 1 / 512  # seconds; whole nanoseconds and exact as a float, so that equal instants are equal
ERRORS = (RuntimeError, ValueError)  # what the primitives raise, BrokenBarrierError among them

PERMITS = ("Semaphore", "BoundedSemaphore", "Lock", "RLock", "Condition")  # what can be acquired


class Op(NamedTuple):
    """One operation: what, on which thing or thread, how many (permits, threads, the count to wait for), how long."""

    what: str
    on: int = 0
    amount: int = 0
    limit: int | None = None


class Thing(NamedTuple):
    """A primitive: the name of its class, and its initial value or its number of parties."""

    kind: str
    argument: int = 0


class Task(NamedTuple):
    """What one thread does. With a delay (units of time) the thread is a Timer."""

    ops: tuple[Op, ...]
    delay: int | None = None


@dataclass(frozen=True)
class Program:
    """Every task but the first is started by an operation of an earlier one, and joined by the main thread at last."""

    things: tuple[Thing, ...]
    tasks: tuple[Task, ...]

    @property
    def size(self) -> int:
        return sum(len(task.ops) for task in self.tasks)


def perform(program: Program, results: list[list[Any]]) -> list[Any]:
    """Run a program. Each thread appends to its list of results; what is returned is how the things were left."""
    things = [_make(thing) for thing in program.things]
    counts = [0] * len(things)
    threads = [threading.current_thread()]

    def work(i: int) -> None:
        for op in program.tasks[i].ops:
            results[i].append(_result(op, things, counts, threads))

    for i, task in enumerate(program.tasks[1:], 1):
        if task.delay is None:
            threads.append(threading.Thread(target=work, args=(i,), name=str(i)))
        else:
            threads.append(threading.Timer(task.delay * UNIT, work, (i,)))
            threads[i].name = str(i)
    work(0)
    for thread in threads[1:]:
        if thread.ident is not None:
            thread.join()
    return [_left(thing, count) for thing, count in zip(things, counts, strict=True)]


def _make(thing: Thing) -> Any:
    return getattr(threading, thing.kind)(*([thing.argument] if thing.argument or "Sema" in thing.kind else []))


def _left(thing: Any, count: int) -> Any:
    """What can be seen of a thing when all other threads have ended."""
    if hasattr(thing, "is_set"):
        return thing.is_set()
    if hasattr(thing, "parties"):
        return (thing.broken, thing.n_waiting)
    if hasattr(thing, "_value"):
        return thing._value
    return (thing.acquire(blocking=False), count)


def _result(op: Op, things: list[Any], counts: list[int], threads: list[threading.Thread]) -> Any:
    try:
        return _do(op, things, counts, threads)
    except ERRORS as error:
        if isinstance(error.__context__, SystemExit):  # the run was stopped, and unwinding met a lock not held
            raise error.__context__ from None
        return type(error).__name__


def _do(op: Op, things: list[Any], counts: list[int], threads: list[threading.Thread]) -> Any:
    on, amount = op.on, op.amount
    limit = None if op.limit is None else op.limit * UNIT
    match op.what:
        case "acquire":
            return things[on].acquire()
        case "try":
            return things[on].acquire(blocking=False)
        case "timed":
            return things[on].acquire(timeout=limit)
        case "release":
            return things[on].release(*([amount] if amount else []))
        case "add":
            with things[on]:
                counts[on] += 1
            return None
        case "announce":
            with things[on]:
                counts[on] += 1
                things[on].notify_all()
            return None
        case "await":
            with things[on]:
                return things[on].wait_for(lambda: counts[on] >= amount, limit)
        case "sleep for notice":
            with things[on]:
                return things[on].wait(limit)
        case "give notice":
            with things[on]:
                return things[on].notify(amount)
        case "wait":
            return things[on].wait(limit)
        case "notify":
            return things[on].notify(amount)
        case "notify_all" | "set" | "clear" | "is_set" | "abort" | "reset":
            return getattr(things[on], op.what)()
        case "start" | "cancel" | "is_alive":
            return getattr(threads[on], op.what)()
        case "join":
            return threads[on].join(limit)
        case "sleep":
            return time.sleep(op.amount * UNIT)
    raise AssertionError(f"{op.what!r} is not an operation")


# The strategies
def _ops_on(i: int, thing: Thing) -> Iterator[Op]:
    """What can be done with a thing; the more interesting, the earlier and the more often."""
    kind = thing.kind
    if kind == "Condition":
        for _ in range(2):
            yield from (Op("sleep for notice", i, 0, 2), Op("announce", i), Op("await", i, 1), Op("give notice", i, 1))
            yield from (Op("await", i, 1, 2), Op("sleep for notice", i), Op("await", i, 2), Op("give notice", i, 2))
        yield from (Op("sleep for notice", i, 0, 1), Op("notify_all", i), Op("wait", i), Op("notify", i, 1))
    if kind in {"Semaphore", "BoundedSemaphore"}:
        yield from (Op("release", i), Op("timed", i, 0, 1), Op("acquire", i), Op("release", i, 2))
    if kind in {"Lock", "RLock", "Condition"}:
        yield from (Op("add", i), Op("timed", i, 0, 1), Op("add", i))
    if kind in PERMITS:
        yield from (Op("try", i), Op("release", i), Op("timed", i, 0, 2), Op("acquire", i))
    if kind == "Event":
        yield from (Op("set", i), Op("wait", i), Op("wait", i, 0, 1), Op("clear", i), Op("is_set", i))
        yield from (Op("wait", i, 0, 2), Op("set", i))
    if kind == "Barrier":
        yield from (Op("wait", i), Op("wait", i, 0, 1), Op("wait", i, 0, 2), Op("wait", i), Op("abort", i))
        yield Op("reset", i)


THINGS = {
    "Semaphore": (0, 1, 2),
    "BoundedSemaphore": (1, 2),
    "Lock": (0,),
    "RLock": (0,),
    "Event": (0,),
    "Condition": (0,),
    "Barrier": (1, 2, 2, 3),
}


@st.composite
def things(draw: st.DrawFn) -> Thing:
    kind = draw(st.sampled_from([*THINGS, "Condition"]))
    return Thing(kind, draw(st.sampled_from(THINGS[kind])))


@st.composite
def programs(draw: st.DrawFn, most_workers: int = 2, most_ops: int = 3) -> Program:
    """Programs of one or two things and the main thread with a few others, which it or another of them starts."""
    on = tuple(draw(st.lists(things(), min_size=1, max_size=2)))
    workers = draw(st.integers(2, most_workers))
    on_things = [op for i, thing in enumerate(on) for op in _ops_on(i, thing)]
    on_threads = [Op("sleep", 0, 1), Op("sleep", 0, 2)]
    for j in range(workers + 1):
        on_threads += [Op("join", j), Op("join", j, 0, 1), Op("is_alive", j)]
    ops = st.one_of(*[st.sampled_from(on_things)] * 6, st.sampled_from(on_threads))
    todo = [draw(st.lists(ops, max_size=2))]
    todo += [draw(st.lists(ops, min_size=min(2, most_ops), max_size=most_ops)) for _ in range(workers)]
    delays: list[int | None] = [None]
    for j in range(1, workers + 1):
        delays.append(draw(st.sampled_from([None, None, None, None, 1, 2])))
        if delays[j] is not None and draw(st.booleans()):
            i = draw(st.integers(0, workers))
            todo[i].insert(draw(st.integers(0, len(todo[i]))), Op("cancel", j))
    for j in range(workers, 0, -1):  # inserted backwards, they stand in order
        by, at = (0, 0) if draw(st.booleans()) else (draw(st.integers(0, j - 1)), draw(st.integers(0, most_ops)))
        todo[by].insert(at, Op("start", j))
    return Program(on, tuple(Task(tuple(ops), delay) for ops, delay in zip(todo, delays, strict=True)))
