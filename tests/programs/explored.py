"""Small programs of every kind, for searches that must agree about them: each with its arguments and granularity."""

from __future__ import annotations

import collections
import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


def together(*bodies: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def passing(threads: int, initial: int) -> None:
    semaphore = threading.Semaphore(initial)

    def work() -> None:
        with semaphore:
            pass

    together(*[work] * threads)


def counting(threads: int, initial: int) -> None:
    semaphore = threading.Semaphore(initial)
    count = 0

    def work() -> None:
        nonlocal count
        with semaphore:
            count += 1

    together(*[work] * threads)
    assert count == threads


def unprotected(threads: int) -> None:
    count = 0

    def work() -> None:
        nonlocal count
        count += 1

    together(*[work] * threads)
    assert count == threads


def philosophers(threads: int) -> None:
    forks = [threading.Lock() for _ in range(threads)]

    def dine(i: int) -> None:
        with forks[i], forks[(i + 1) % threads]:
            pass

    together(*[lambda i=i: dine(i) for i in range(threads)])  # type: ignore[misc]


def left_handed(threads: int) -> None:
    """The philosophers, repaired: everybody takes the lower fork first."""
    forks = [threading.Lock() for _ in range(threads)]

    def dine(i: int) -> None:
        one, other = sorted((i, (i + 1) % threads))
        with forks[one], forks[other]:
            pass

    together(*[lambda i=i: dine(i) for i in range(threads)])  # type: ignore[misc]


def rendezvous() -> list[str]:
    a_arrived, b_arrived = threading.Semaphore(0), threading.Semaphore(0)
    order: list[str] = []

    def a() -> None:
        order.append("a1")
        a_arrived.release()
        b_arrived.acquire()
        order.append("a2")

    def b() -> None:
        order.append("b1")
        b_arrived.release()
        a_arrived.acquire()
        order.append("b2")

    together(a, b)
    assert set(order[:2]) == {"a1", "b1"}
    return order


def rendezvous_deadlock() -> None:
    a_arrived, b_arrived = threading.Semaphore(0), threading.Semaphore(0)

    def a() -> None:
        b_arrived.acquire()
        a_arrived.release()

    def b() -> None:
        a_arrived.acquire()
        b_arrived.release()

    together(a, b)


def latch(threads: int) -> None:
    gate = threading.Semaphore(0)
    together(*[lambda: gate.acquire() and gate.release()] * threads, gate.release)


def lost_permit() -> None:
    mutex = threading.Semaphore(1)

    def careless() -> None:
        mutex.acquire()
        if not mutex.acquire(blocking=False):
            return
        mutex.release()

    together(careless, careless)


def bounded() -> None:
    semaphore = threading.BoundedSemaphore(1)

    def twice() -> None:
        semaphore.acquire()
        semaphore.release()
        semaphore.release()

    def once() -> None:
        with semaphore:
            pass

    together(twice, once)


def producer_consumer() -> list[int]:
    items, space = threading.Semaphore(0), threading.Semaphore(1)
    buffer: list[int] = []
    eaten: list[int] = []

    def produce() -> None:
        for item in range(2):
            space.acquire()
            buffer.append(item)
            items.release()

    def consume() -> None:
        for _ in range(2):
            items.acquire()
            eaten.append(buffer.pop())
            space.release()

    together(produce, consume)
    assert eaten == [0, 1]
    return eaten


def impatient() -> list[str]:
    gate = threading.Semaphore(0)
    said: list[str] = []

    def wait() -> None:
        said.append("passed" if gate.acquire(timeout=1) else "gave up")

    def open_late() -> None:
        time.sleep(1)
        gate.release()

    together(wait, open_late)
    return said


def sleepers() -> list[int]:
    order: list[int] = []

    def sleep(seconds: int) -> None:
        time.sleep(seconds)
        order.append(seconds)

    together(lambda: sleep(2), lambda: sleep(1))
    assert order == [1, 2]
    return order


def printing() -> None:
    together(lambda: print("a"), lambda: print("b"), lambda: print("c"))


def conditions() -> list[int]:
    turn = threading.Condition()
    numbers: list[int] = []

    def take() -> None:
        with turn:
            while not numbers:
                turn.wait()
            numbers.pop()

    def give() -> None:
        with turn:
            numbers.append(1)
            turn.notify()

    together(take, give)
    return numbers


def missed_notification() -> None:
    turn = threading.Condition()

    def take() -> None:
        with turn:
            turn.wait()

    def give() -> None:
        with turn:
            turn.notify()

    together(take, give)


def events() -> None:
    ready = threading.Event()
    together(ready.wait, ready.wait, ready.set)


def peeking() -> str:
    ready = threading.Event()
    seen = []
    together(ready.set, lambda: seen.append(ready.is_set()))
    return str(seen)


def barrier() -> None:
    meeting = threading.Barrier(2)
    together(meeting.wait, meeting.wait)


def again() -> None:
    lock = threading.RLock()

    def work() -> None:
        with lock, lock:
            pass

    together(work, work)


def trying() -> list[bool]:
    lock = threading.Lock()
    got: list[bool] = []

    def attempt() -> None:
        if lock.acquire(blocking=False):
            got.append(True)
            lock.release()
        else:
            got.append(False)

    together(attempt, attempt)
    return got


def raising() -> None:
    semaphore = threading.Semaphore(1)

    def fail() -> None:
        if not semaphore.acquire(blocking=False):
            raise ValueError("somebody was inside")
        semaphore.release()

    together(fail, fail)


def attributes(threads: int) -> None:
    class Account:
        def __init__(self) -> None:
            self.balance = 0

        def deposit(self) -> None:
            self.balance += 1

    account = Account()
    together(*[account.deposit] * threads)
    assert account.balance == threads


def entries() -> dict[str, int]:
    counts = {"a": 0}

    def add() -> None:
        counts["a"] = counts["a"] + 1

    together(add, add)
    assert counts["a"] == 2
    return counts


def unlike(value: int) -> int:
    """Two primitives that have nothing to do with each other guard one variable."""
    left, right = threading.Semaphore(1), threading.Semaphore(1)

    def double() -> None:
        nonlocal value
        with left:
            value = value * 2

    def add() -> None:
        nonlocal value
        with right:
            value = value + 1

    together(double, add)
    return value


def after_release() -> list[int]:
    """What follows a release belongs to it: two releases may change places, two appends may not."""
    semaphore = threading.Semaphore(0)
    order: list[int] = []

    def work(i: int) -> None:
        semaphore.release()
        order.append(i)

    together(lambda: work(1), lambda: work(2))
    return order


def before_anything() -> int:
    """What threads do before their first operation."""
    value = 1

    def double() -> None:
        nonlocal value
        value = value * 2

    def add() -> None:
        nonlocal value
        value = value + 1

    together(double, add)
    return value


def main_takes_part() -> int:
    gate = threading.Semaphore(1)
    value = 0

    def work() -> None:
        nonlocal value
        with gate:
            value = value * 2 + 1

    thread = threading.Thread(target=work)
    thread.start()
    with gate:
        value = value * 3 + 1
    thread.join()
    return value


def main_counts() -> int:
    """The main thread's function was under way before there was anybody to share with."""
    count = 0

    def work() -> None:
        nonlocal count
        count += 1

    thread = threading.Thread(target=work)
    thread.start()
    count += 1
    thread.join()
    return count


def alive() -> bool:
    gate = threading.Semaphore(1)
    thread = threading.Thread(target=gate.acquire)
    thread.start()
    there = thread.is_alive()
    thread.join()
    return there


def short_join() -> bool:
    gate = threading.Semaphore(0)
    thread = threading.Thread(target=gate.acquire)
    thread.start()
    thread.join(timeout=1)
    waits = thread.is_alive()
    gate.release()
    thread.join()
    return waits


def daemons() -> list[str]:
    done: list[str] = []
    gate = threading.Semaphore(1)

    def work() -> None:
        gate.acquire()
        done.append("work")

    threading.Thread(target=work, daemon=True).start()
    gate.acquire(blocking=False)
    return done


def children() -> list[str]:
    names: list[str] = []
    mutex = threading.Semaphore(1)

    def child() -> None:
        with mutex:
            names.append("child")

    def parent() -> None:
        thread = threading.Thread(target=child)
        thread.start()
        with mutex:
            names.append("parent")
        thread.join()

    together(parent)
    return names


def grandchildren() -> list[str]:
    """Which thread is the third depends on who starts first."""
    order: list[str] = []
    mutex, other = threading.Semaphore(1), threading.Semaphore(1)

    def child(name: str) -> None:
        with mutex:
            order.append(name)

    def parent(name: str) -> None:
        with other:
            pass
        thread = threading.Thread(target=child, args=(name,))
        thread.start()
        thread.join()

    together(lambda: parent("a"), lambda: parent("b"))
    return order


def own_primitives() -> None:
    def work() -> None:
        with threading.Semaphore(1):
            pass

    together(work, work)


def own_locals(threads: int) -> bool:
    """One thread after the other, each of which could find what the one before it has left."""
    own = threading.local()
    seen = []

    def work() -> None:
        seen.append(hasattr(own, "value"))
        own.value = 1

    for _ in range(threads):
        together(work)
    return any(seen)


def drawing() -> list[float]:
    drawn: list[float] = []
    mutex = threading.Lock()

    def work() -> None:
        number = random.random()
        with mutex:
            drawn.append(number)

    together(work, work)
    return drawn


def timer() -> list[str]:
    said: list[str] = []
    late = threading.Timer(1, lambda: said.append("rang"))
    late.start()
    time.sleep(1)
    late.cancel()
    late.join()
    return said


def flag(initial: int) -> list[int]:
    """A lock made of a variable: both may find it open."""
    taken = False
    inside: list[int] = []

    def work() -> None:
        nonlocal taken
        if not taken:
            taken = True
            inside.append(1)

    together(work, work)
    assert len(inside) < 2 or initial
    return inside


def peeks_inside() -> int:
    """What a semaphore keeps to itself is read without any operation on it."""
    semaphore = threading.Semaphore(1)
    seen = 0

    def peek() -> None:
        nonlocal seen
        seen = semaphore._value

    together(semaphore.acquire, peek)
    return seen


def by_name() -> int:
    """An attribute that no instruction names."""

    class Account:
        balance = 1

    account = Account()
    mutex = threading.Semaphore(1)

    def double() -> None:
        with mutex:
            account.balance = account.balance * 2

    def add() -> None:
        setattr(account, "balance", getattr(account, "balance") + 1)  # noqa: B009, B010

    together(double, add)
    return account.balance


def one_iterator() -> list[int]:
    numbers = iter([1, 2])
    taken: list[int] = []

    def take() -> None:
        for number in numbers:
            taken.append(number * len(taken))
            break

    together(take, take)
    return taken


def two_names() -> list[int]:
    """One list under two names, guarded by two primitives that have nothing to do with each other."""
    left, right = threading.Semaphore(1), threading.Semaphore(1)
    one: list[int] = []
    other = one

    def a() -> None:
        with left:
            one.append(1)

    def b() -> None:
        with right:
            other.append(2)

    together(a, b)
    return one


def no_name() -> list[list[int]]:
    """A list that no variable holds."""
    left, right = threading.Semaphore(1), threading.Semaphore(1)
    rows: list[list[int]] = [[]]
    row = rows[0]

    def a() -> None:
        with left:
            rows[0].append(1)

    def b() -> None:
        with right:
            row.append(2)

    together(a, b)
    return rows


def emptiness() -> str:
    """Whether a list is empty is seen by a jump, with no other instruction."""
    left, right = threading.Semaphore(1), threading.Semaphore(1)
    letters: list[str] = []
    seen = ""

    def look() -> None:
        nonlocal seen
        with left:
            if letters:
                seen = "letters"

    def write() -> None:
        with right:
            letters.append("a")

    together(look, write)
    return seen


class Case(NamedTuple):
    """A program to be explored, and how."""

    program: Callable[..., Any]
    arguments: Mapping[str, int] = MappingProxyType({})
    granularity: str = "operations"
    free: bool = False

    def __str__(self) -> str:
        size = ", ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.program.__name__}({size}), {self.granularity}{', free' if self.free else ''}"


def prints_its_name(threads: int) -> None:
    door = threading.Semaphore(1)
    seen: dict[int, str] = {}

    def come() -> None:
        with door:
            print(f"{threading.current_thread().name} is in")
            seen[threading.get_ident()] = threading.current_thread().name

    together(*[come] * threads)
    assert len(seen) == threads


CASES = (
    *(Case(passing, {"threads": n, "initial": i}) for n, i in [(2, 1), (2, 2), (3, 1), (3, 2)]),
    *(Case(counting, {"threads": n, "initial": i}, "bytecode") for n, i in [(2, 1), (2, 2), (3, 1)]),
    *(Case(counting, {"threads": 2, "initial": 2}, granularity) for granularity in ("operations", "lines")),
    *(Case(unprotected, {"threads": n}, "bytecode") for n in (2, 3)),
    *(Case(unprotected, {"threads": 2}, granularity) for granularity in ("operations", "lines")),
    Case(philosophers, {"threads": 3}),
    Case(left_handed, {"threads": 3}),
    Case(latch, {"threads": 2}),
    *(Case(attributes, {"threads": 2}, granularity) for granularity in ("bytecode", "lines")),
    Case(unlike, {"value": 1}),
    Case(unlike, {"value": 1}, "bytecode"),
    Case(flag, {"initial": 0}, "bytecode"),
    Case(flag, {"initial": 1}, "lines"),
    *(Case(program, granularity="bytecode") for program in (entries, after_release, peeks_inside, main_counts)),
    *map(Case, (peeks_inside, by_name, one_iterator, two_names, no_name, emptiness)),
    *(Case(program, free=True) for program in (sleepers, impatient, timer)),
    *map(
        Case,
        (rendezvous, rendezvous_deadlock, lost_permit, bounded, producer_consumer, impatient, sleepers, printing),
    ),
    *map(Case, (conditions, missed_notification, events, peeking, barrier, again, trying, raising, after_release)),
    *map(Case, (before_anything, main_takes_part, alive, short_join, daemons, children, grandchildren)),
    *map(Case, (own_primitives, drawing, timer)),
)


def square_roots(guarded: bool) -> None:
    lock = threading.Semaphore(1)
    area = 0.0

    def grow() -> None:
        nonlocal area
        if guarded:
            lock.acquire()
        side = math.sqrt(area)
        area = math.floor(side * side + 1.5)
        if guarded:
            lock.release()

    together(grow, grow)
    assert area == 2


def finds_what_was_put_in() -> None:
    """A UserString looks itself equal to "a", until it holds "b"."""
    box: list[Any] = ["c"]
    late = collections.UserString("a")
    found = False

    def look() -> None:
        nonlocal found
        found = "a" in box

    def put() -> None:
        box.append(late)
        late.data = "b"

    together(look, put)
    assert not found


def counts_what_was_put_in() -> None:
    box: list[Any] = ["c"]
    late = collections.UserString("a")
    door = threading.Semaphore(1)
    found = 0

    def look() -> None:
        nonlocal found
        door.acquire()
        door.release()
        found = box.count("a")

    def put() -> None:
        box.append(late)
        door.acquire()
        door.release()
        late.data = "b"

    together(look, put)
    assert not found


def smokers_who_grab() -> None:
    """One may take what the other needs, and then the agent waits for ever; the second smoker is a daemon."""
    paper, tobacco, matches = (threading.Semaphore(0) for _ in range(3))

    def agent() -> None:
        tobacco.release()
        paper.release()

    def has_matches() -> None:
        paper.acquire()
        tobacco.acquire()

    def has_paper() -> None:
        tobacco.acquire()
        matches.acquire()

    waited_for = [threading.Thread(target=body) for body in (agent, has_matches)]
    for thread in (*waited_for, threading.Thread(target=has_paper, daemon=True)):
        thread.start()
    for thread in waited_for:
        thread.join()
