"""Right programs of everyday: pools, credits, chains of hand-overs, buckets, more puzzles, coroutines, processes.

As in `right_programs`, none of them has a fault, and nobody has claimed anything of them. CLAIMED has the claims that
are true of some of them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Queue
from typing import Any

import semalab as lab
from programs.right import LightSwitch, together


class Turnstile:
    """A barrier for `n`, to be used again and again: two phases, each with a gate of its own."""

    def __init__(self, n: int) -> None:
        self.n, self.count, self.mutex = n, 0, threading.Lock()
        self.gates = threading.Semaphore(0), threading.Semaphore(0)

    def phase(self, gate: Any, step: int, full: int) -> None:
        with self.mutex:
            self.count += step
            if self.count == full:
                for _ in range(self.n):
                    gate.release()
        gate.acquire()

    def wait(self) -> None:
        self.phase(self.gates[0], 1, self.n)
        self.phase(self.gates[1], -1, 0)


def simulation_in_steps(workers: int = 3, steps: int = 3) -> None:
    barrier = Turnstile(workers)

    def work() -> None:
        for _ in range(steps):
            time.sleep(0.01)
            barrier.wait()

    together(*[work] * workers)


def last_one_opens_for_all(workers: int = 4) -> None:
    """A barrier without a second phase, for one meeting: the last opens, and does not wait itself."""
    mutex, gate, arrived = threading.Semaphore(1), threading.Semaphore(0), 0

    def work() -> None:
        nonlocal arrived
        with mutex:
            arrived += 1
            last = arrived == workers
        if last:
            gate.release(workers - 1)
        else:
            gate.acquire()

    together(*[work] * workers)


def pool_of_connections(workers: int = 4) -> None:
    free = deque(["a", "b"])
    permits, mutex = threading.BoundedSemaphore(2), threading.Lock()

    def work() -> None:
        for _ in range(2):
            with permits:
                with mutex:
                    one = free.popleft()
                time.sleep(0.01)
                with mutex:
                    free.append(one)

    together(*[work] * workers)


def pool_that_lends(workers: int = 3) -> None:
    """Whoever borrows gives back later, from another method."""

    class Pool:
        def __init__(self, n: int) -> None:
            self.available = threading.Semaphore(n)

        def borrow(self) -> None:
            self.available.acquire()

        def give_back(self) -> None:
            self.available.release()

    pool = Pool(2)

    def work() -> None:
        for _ in range(2):
            pool.borrow()
            try:
                time.sleep(0.01)
            finally:
                pool.give_back()

    together(*[work] * workers)


def objects_given_back_by_a_cleaner(workers: int = 3) -> None:
    permits, used = threading.Semaphore(2), Queue[Any]()

    def work(n: int) -> None:
        permits.acquire()
        used.put(n)

    def clean() -> None:
        for _ in range(workers):
            used.get()
            time.sleep(0.01)
            permits.release()

    together(*(lambda n=n: work(n) for n in range(workers)), clean)  # type: ignore[misc]


def chain_of_five() -> None:
    links = [threading.Semaphore(0) for _ in range(6)]

    def work(i: int) -> None:
        links[i].acquire()
        links[i + 1].release()

    threads = [threading.Thread(target=work, args=(i,)) for i in reversed(range(5))]
    for thread in threads:
        thread.start()
    links[0].release()
    links[5].acquire()
    for thread in threads:
        thread.join()


def relay_that_keeps_the_baton(rounds: int = 2) -> None:
    """The baton goes round and ends elsewhere than it began."""
    posts = [threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(0)]

    def run(i: int) -> None:
        for _ in range(rounds if i < 2 else rounds - 1):
            posts[i].acquire()
            posts[(i + 1) % 3].release()

    together(*(lambda i=i: run(i) for i in range(3)))  # type: ignore[misc]


def credits_of_a_sender(messages: int = 6, window: int = 3) -> None:
    """The receiver gives credits in bundles; the last bundle stays with it."""
    credits, wire = threading.Semaphore(window), Queue[int]()

    def send() -> None:
        for n in range(messages):
            credits.acquire()
            wire.put(n)

    def receive() -> None:
        for n in range(1, messages + 1):
            wire.get()
            if n % window == 0 and n < messages:
                credits.release(window)

    together(send, receive)


def credits_given_once() -> None:
    """One more permit than it began with was needed, and main gave it."""
    credits = threading.Semaphore(1)
    workers = [threading.Thread(target=credits.acquire) for _ in range(2)]
    for worker in workers:
        worker.start()
    credits.release()
    for worker in workers:
        worker.join()


def sentinels(workers: int = 2, jobs: int = 4) -> None:
    work: deque[int | None] = deque()
    items, mutex = threading.Semaphore(0), threading.Lock()

    def consume() -> None:
        while True:
            items.acquire()
            with mutex:
                job = work.popleft()
            if job is None:
                return

    def produce() -> None:
        for job in [*range(jobs), *[None] * workers]:
            with mutex:
                work.append(job)
            items.release()

    together(produce, *[consume] * workers)


def one_sentinel_that_goes_on(workers: int = 3) -> None:
    """The end mark is handed on by whoever meets it, and stays in the end."""
    work: deque[int | None] = deque()
    items, mutex = threading.Semaphore(0), threading.Lock()

    def consume() -> None:
        while True:
            items.acquire()
            with mutex:
                job = work[0] if work[0] is None else work.popleft()
            if job is None:
                items.release()
                return

    def produce() -> None:
        for job in [1, 2, 3, None]:
            with mutex:
                work.append(job)
            items.release()

    together(*[consume] * workers, produce)


def buffer_with_a_limit_and_a_sentinel() -> None:
    """The place of the last thing taken is not given back: nobody will need it."""
    items, places, buffer = threading.Semaphore(0), threading.Semaphore(2), deque[Any]()

    def produce() -> None:
        for job in [1, 2, 3, None]:
            places.acquire()
            buffer.append(job)
            items.release()

    def consume() -> None:
        while True:
            items.acquire()
            if buffer.popleft() is None:
                return
            places.release()

    together(produce, consume)


def pipeline(stages: int = 3, jobs: int = 4) -> None:
    pipes = [Queue[Any](1) for _ in range(stages + 1)]
    under_way = threading.Semaphore(2)

    def stage(i: int) -> None:
        while (job := pipes[i].get()) is not None:
            pipes[i + 1].put(job)
        pipes[i + 1].put(None)

    def feed() -> None:
        for job in range(jobs):
            under_way.acquire()
            pipes[0].put(job)
        pipes[0].put(None)

    def collect() -> None:
        while pipes[-1].get() is not None:
            under_way.release()

    together(feed, collect, *(lambda i=i: stage(i) for i in range(stages)))  # type: ignore[misc]


def philosophers_in_order(n: int = 4) -> None:
    forks = [threading.Semaphore(1) for _ in range(n)]

    def dine(i: int) -> None:
        first, second = sorted((i, (i + 1) % n))
        for _ in range(2):
            with forks[first], forks[second]:
                time.sleep(0.01)

    together(*(lambda i=i: dine(i) for i in range(n)))  # type: ignore[misc]


def philosophers_who_put_back(n: int = 3) -> None:
    forks = [threading.Semaphore(1) for _ in range(n)]

    def dine(i: int) -> None:
        left, right = forks[i], forks[(i + 1) % n]
        while True:
            left.acquire()
            if right.acquire(blocking=False):
                break
            left.release()
            time.sleep(0.01 * (i + 1))
        time.sleep(0.01)
        right.release()
        left.release()

    together(*(lambda i=i: dine(i) for i in range(n)))  # type: ignore[misc]


def philosophers_of_tanenbaum(n: int = 4) -> None:
    mutex, may_eat = threading.Semaphore(1), [threading.Semaphore(0) for _ in range(n)]
    state = ["thinks"] * n

    def test(i: int) -> None:
        if state[i] == "hungry" and "eats" not in (state[i - 1], state[(i + 1) % n]):
            state[i] = "eats"
            may_eat[i].release()

    def dine(i: int) -> None:
        for _ in range(2):
            with mutex:
                state[i] = "hungry"
                test(i)
            may_eat[i].acquire()
            time.sleep(0.01)
            with mutex:
                state[i] = "thinks"
                test((i - 1) % n)
                test((i + 1) % n)

    together(*(lambda i=i: dine(i) for i in range(n)))  # type: ignore[misc]


def hair_in_chairs(guests: int = 5, chairs: int = 2) -> None:
    """Who finds no chair goes; the barber goes home when he is told."""
    customers, ready, mutex, waiting, shut = threading.Semaphore(0), threading.Semaphore(0), threading.Lock(), 0, False

    def cut() -> None:
        nonlocal waiting
        while True:
            customers.acquire()
            with mutex:
                if waiting == 0 and shut:
                    return
                waiting -= 1
            ready.release()

    def come() -> None:
        nonlocal waiting
        with mutex:
            if waiting == chairs:
                return
            waiting += 1
        customers.release()
        ready.acquire()

    barber = threading.Thread(target=cut)
    barber.start()
    together(*[come] * guests)
    shut = True
    customers.release()
    barber.join()


def smokers_and_an_agent(rounds: int = 4) -> None:
    ingredients = [threading.Semaphore(0) for _ in range(3)]
    done, over = threading.Semaphore(0), [False]

    def smoke(i: int) -> None:
        while True:
            ingredients[i].acquire()
            if over[0]:
                return
            done.release()

    def deal() -> None:
        for n in range(rounds):
            ingredients[n % 3].release()
            done.acquire()
        over[0] = True
        for one in ingredients:
            one.release()

    together(deal, *(lambda i=i: smoke(i) for i in range(3)))  # type: ignore[misc]


def water_with_a_maker(molecules: int = 2) -> None:
    hydrogen, oxygen, bonded = threading.Semaphore(0), threading.Semaphore(0), threading.Semaphore(0)

    def atom(kind: Any) -> None:
        kind.release()
        bonded.acquire()

    def make() -> None:
        for _ in range(molecules):
            hydrogen.acquire()
            hydrogen.acquire()
            oxygen.acquire()
            bonded.release(3)

    together(make, *[lambda: atom(hydrogen)] * (2 * molecules), *[lambda: atom(oxygen)] * molecules)


def bridge_of_one_lane(cars: int = 6) -> None:
    bridge, order, sides = threading.Semaphore(1), threading.Semaphore(1), (LightSwitch(), LightSwitch())

    def drive(side: int) -> None:
        with order:
            sides[side].lock(bridge)
        time.sleep(0.01)
        sides[side].unlock(bridge)

    together(*(lambda i=i: drive(i % 2) for i in range(cars)))  # type: ignore[misc]


def rendezvous_of_many(pairs: int = 3) -> None:
    """Each pair of its own: semaphores in a list of pairs."""
    gates = [(threading.Semaphore(0), threading.Semaphore(0)) for _ in range(pairs)]

    def meet(i: int, side: int) -> None:
        gates[i][side].release()
        gates[i][1 - side].acquire()

    together(*(lambda i=i, side=side: meet(i, side) for i in range(pairs) for side in (0, 1)))  # type: ignore[misc]


def bucket_with_an_end() -> None:
    tokens = threading.Semaphore(2)

    def refill() -> None:
        for _ in range(2):
            time.sleep(0.1)
            tokens.release()

    together(refill, *[tokens.acquire] * 4)


def bucket_that_was_stopped() -> None:
    """Its refill was ended before it had given anything."""
    tokens, over = threading.Semaphore(3), threading.Event()

    def refill() -> None:
        while not over.wait(10):
            tokens.release()

    filling = threading.Thread(target=refill)
    filling.start()
    together(*[tokens.acquire] * 3)
    over.set()
    filling.join()


def bucket_whose_timers_were_cancelled() -> None:
    tokens, timers = threading.Semaphore(2), list[threading.Timer]()

    def call() -> None:
        tokens.acquire()
        timers.append(threading.Timer(10, tokens.release))
        timers[-1].start()

    together(call, call)
    for timer in timers:
        timer.cancel()


def tickets_that_are_sold(buyers: int = 3) -> None:
    tickets, sold = threading.Semaphore(5), []

    def buy() -> None:
        if tickets.acquire(blocking=False):
            sold.append(1)

    together(*[buy] * buyers)


def tickets_with_patience(buyers: int = 3) -> None:
    tickets, sold = threading.Semaphore(3), []

    def buy() -> None:
        if tickets.acquire(timeout=1):
            sold.append(1)

    together(*[buy] * buyers)


def a_limit_that_shrinks() -> None:
    """Main takes a permit out of circulation, for good, and gives one back when it closes."""
    limit = threading.Semaphore(3)

    def work() -> None:
        with limit:
            time.sleep(0.01)

    limit.acquire()
    together(*[work] * 4)
    limit.release()


def all_permits_at_once() -> None:
    """A reader takes one, the writer all."""
    room, turn = threading.Semaphore(3), threading.Lock()

    def read() -> None:
        with turn:
            room.acquire()
        time.sleep(0.01)
        room.release()

    def write() -> None:
        with turn:
            for _ in range(3):
                room.acquire()
            room.release(3)

    together(read, write, read, write, read)


def two_locks_in_order() -> None:
    one, two = threading.Lock(), threading.Lock()

    def work() -> None:
        with one, two:
            time.sleep(0.01)

    together(work, work)


def watch_dog() -> None:
    alive, over, late = threading.Semaphore(0), threading.Event(), []

    def watch() -> None:
        while not over.is_set():
            if not alive.acquire(timeout=1):
                late.append(1)

    dog = threading.Thread(target=watch)
    dog.start()
    for _ in range(3):
        time.sleep(0.5)
        alive.release()
    over.set()
    dog.join()


def wake_who_sleeps(sleepers: int = 3) -> None:
    """A condition by hand: each waiter has a semaphore of its own."""
    waiters, mutex = deque[Any](), threading.Lock()

    def sleep() -> None:
        mine = threading.Semaphore(0)
        with mutex:
            waiters.append(mine)
        mine.acquire()

    def wake() -> None:
        woken = 0
        while woken < sleepers:
            with mutex:
                while waiters:
                    waiters.popleft().release()
                    woken += 1
            time.sleep(0.01)

    together(*[sleep] * sleepers, wake)


class Weighted(threading.Semaphore):
    """Whoever needs more takes more, at once."""

    def take(self, permits: int) -> None:
        with self._cond:
            self._cond.wait_for(lambda: self._value >= permits)
            self._value -= permits

    def try_to_take(self, permits: int) -> bool:
        with self._cond:
            if self._value < permits:
                return False
            self._value -= permits
            return True

    def give(self, permits: int) -> None:
        with self._cond:
            self._value += permits
            self._cond.notify_all()

    @property
    def left(self) -> int:
        with self._cond:
            return self._value


def memory_for_large_and_small() -> None:
    memory = Weighted(3)

    def work(size: int) -> None:
        for _ in range(2):
            memory.take(size)
            time.sleep(0.01)
            memory.give(size)

    together(*(lambda n=n: work(n) for n in (1, 2, 3, 1)))  # type: ignore[misc]


def condition_on_a_lock_of_one_s_own() -> None:
    class Counting:
        def __init__(self) -> None:
            self.lock, self.times = threading.Lock(), 0

        def acquire(self, *how: Any) -> bool:
            self.times += 1
            return self.lock.acquire(*how)

        def release(self) -> None:
            self.lock.release()

        def __enter__(self) -> bool:
            return self.acquire()

        def __exit__(self, *raised: object) -> None:
            self.release()

    changed, ready = threading.Condition(Counting()), []  # type: ignore[arg-type]

    def wait() -> None:
        with changed:
            while not ready:
                changed.wait()

    def announce() -> None:
        time.sleep(0.01)
        with changed:
            ready.append(True)
            changed.notify()

    together(wait, announce)


def mutex_of_morris(workers: int = 3) -> None:
    """Nobody starves: two turnstiles, of which one is open, and whoever is last in the room closes it."""
    room, between, guard = 0, 0, threading.Semaphore(1)
    first, second = threading.Semaphore(1), threading.Semaphore(0)

    def work() -> None:
        nonlocal room, between
        for _ in range(2):
            with guard:
                room += 1
            first.acquire()
            between += 1
            with guard:
                room -= 1
                (first if room else second).release()
            second.acquire()
            between -= 1
            (second if between else first).release()

    together(*[work] * workers)


def memory_that_may_be_short() -> None:
    memory = Weighted(3)

    def work() -> None:
        if memory.try_to_take(2):
            time.sleep(0.01)
            memory.give(2)
        elif memory.left:
            with memory:
                time.sleep(0.01)

    together(work, work, work)


RECIPES = tuple(
    one
    for name, one in list(globals().items())
    if callable(one) and getattr(one, "__module__", "") == __name__ and name.islower()
)


async def limited_downloads() -> None:
    limit = asyncio.Semaphore(2)

    async def fetch() -> None:
        async with limit:
            await asyncio.sleep(0.01)

    await asyncio.gather(*(fetch() for _ in range(5)))


async def started_when_there_is_room() -> None:
    """The starter takes, the task's end gives back."""
    limit, tasks = asyncio.Semaphore(2), []

    async def work() -> None:
        await asyncio.sleep(0.01)

    for _ in range(4):
        await limit.acquire()
        tasks.append(asyncio.create_task(work()))
        tasks[-1].add_done_callback(lambda task: limit.release())
    await asyncio.gather(*tasks)


async def tokens_of_a_loop() -> None:
    tokens = asyncio.Semaphore(2)

    async def call() -> None:
        await tokens.acquire()
        asyncio.get_running_loop().call_later(0.1, tokens.release)

    await asyncio.gather(*(call() for _ in range(5)))


async def items_of_a_loop() -> None:
    items, buffer = asyncio.Semaphore(0), deque[int]()

    async def produce() -> None:
        for n in range(4):
            buffer.append(n)
            items.release()
            await asyncio.sleep(0)

    async def consume() -> None:
        for _ in range(2):
            await items.acquire()
            buffer.popleft()

    await asyncio.gather(produce(), consume(), consume())


async def a_latch_of_a_loop() -> None:
    gate = asyncio.Semaphore(0)
    waiters = [asyncio.create_task(gate.acquire()) for _ in range(3)]
    await asyncio.sleep(0.01)
    for _ in waiters:
        gate.release()
    await asyncio.gather(*waiters)


async def given_up_in_time() -> None:
    gate = asyncio.Semaphore(0)
    try:
        await asyncio.wait_for(gate.acquire(), 0.01)
    except TimeoutError:
        gate.release()


async def refilled_by_a_task_that_is_cancelled() -> None:
    tokens = asyncio.Semaphore(2)

    async def refill() -> None:
        while True:
            await asyncio.sleep(0.1)
            tokens.release()

    filling = asyncio.create_task(refill())
    for _ in range(4):
        await tokens.acquire()
    filling.cancel()


COROUTINES = (
    limited_downloads,
    started_when_there_is_room,
    tokens_of_a_loop,
    items_of_a_loop,
    a_latch_of_a_loop,
    given_up_in_time,
    refilled_by_a_task_that_is_cancelled,
)

CLAIMED: tuple[tuple[Callable[..., Any], Any], ...] = (
    (pool_of_connections, lab.limit("permits")),
    (pool_of_connections, lab.mutual_exclusion("mutex")),
    (pool_of_connections, lab.at_most(2, "permits")),
    (pool_that_lends, lab.limit),
    (mutex_of_morris, lab.limit),
    (mutex_of_morris, lab.mutual_exclusion),
    (memory_for_large_and_small, lab.limit),
    (memory_for_large_and_small, lab.exact_count(3)),
    (memory_that_may_be_short, lab.limit("memory")),
    (objects_given_back_by_a_cleaner, lab.limit("permits")),
    (chain_of_five, lab.latch("links")),
    (last_one_opens_for_all, lab.latch("gate")),
    (last_one_opens_for_all, lab.mutual_exclusion("mutex")),
    (sentinels, lab.exact_count(0, "items")),
    (one_sentinel_that_goes_on, lab.exact_count(1, "items")),
    (philosophers_in_order, lab.mutual_exclusion),
    (philosophers_who_put_back, lab.mutual_exclusion),
    (philosophers_of_tanenbaum, lab.mutual_exclusion("mutex")),
    (water_with_a_maker, lab.exact_count(0)),
    (bridge_of_one_lane, lab.mutual_exclusion("order")),
    (rendezvous_of_many, lab.latch),
    (bucket_with_an_end, lab.exact_count(0)),
    (a_limit_that_shrinks, lab.limit),
    (all_permits_at_once, lab.limit("room")),
    (two_locks_in_order, lab.mutual_exclusion),
    (limited_downloads, lab.limit),
    (started_when_there_is_room, lab.limit),
    (tokens_of_a_loop, lab.limit),
    (a_latch_of_a_loop, lab.latch),
)
