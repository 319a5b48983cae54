"""Right programs in which permits are taken by one thread and given back by another, or never: classics and recipes.

Most are puzzles of Downey's Little Book of Semaphores, the others are recipes that are found again and again. None of
them has a fault, and nobody has claimed anything of them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

# Words that no verdict on them has.
ACCUSING = ("broken", "lost", "too often", "too many", "deadlock", "open from the start", "never opened")


def together(*bodies: Callable[[], Any], daemon: bool = False) -> None:
    threads = [threading.Thread(target=body, daemon=daemon) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def two_gates(hikers: int = 3, rounds: int = 2) -> None:
    mutex, first, second = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(0)
    count = 0

    def hike() -> None:
        nonlocal count
        for _ in range(rounds):
            with mutex:
                count += 1
                if count == hikers:
                    first.release(hikers)
            first.acquire()
            with mutex:
                count -= 1
                if count == 0:
                    second.release(hikers)
            second.acquire()

    together(*[hike] * hikers)


class TwoGates:
    """A barrier that can be used again, as a learner builds it."""

    def __init__(self, n: int) -> None:
        self.n, self.count = n, 0
        self.mutex, self.first, self.second = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(0)

    def wait(self) -> None:
        with self.mutex:
            self.count += 1
            if self.count == self.n:
                self.first.release(self.n)
        self.first.acquire()
        with self.mutex:
            self.count -= 1
            if self.count == 0:
                self.second.release(self.n)
        self.second.acquire()


def ten_at_two_gates(hikers: int = 10, rounds: int = 2) -> None:
    gates = TwoGates(hikers)

    def hike() -> None:
        for _ in range(rounds):
            gates.wait()

    together(*[hike] * hikers)


def main_is_one_of_the_hikers() -> None:
    gates = TwoGates(2)
    other = threading.Thread(target=gates.wait)
    other.start()
    gates.wait()
    other.join()


def turnstiles(n: int = 3, rounds: int = 2) -> None:
    mutex, turnstile, turnstile2 = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(1)
    count = 0

    def work() -> None:
        nonlocal count
        for _ in range(rounds):
            with mutex:
                count += 1
                if count == n:
                    turnstile2.acquire()
                    turnstile.release()
            turnstile.acquire()
            turnstile.release()
            with mutex:
                count -= 1
                if count == 0:
                    turnstile.acquire()
                    turnstile2.release()
            turnstile2.acquire()
            turnstile2.release()

    together(*[work] * n)


def one_way_barrier() -> None:
    mutex, barrier, count = threading.Semaphore(1), threading.Semaphore(0), 0

    def work() -> None:
        nonlocal count
        with mutex:
            count += 1
            if count == 3:
                barrier.release()
        barrier.acquire()
        barrier.release()

    together(*[work] * 3)


def smallest() -> None:
    gate = threading.Semaphore(0)

    def first() -> None:
        gate.acquire()

    def second() -> None:
        gate.release(2)
        gate.acquire()

    together(first, second)


def rate_limiter(calls: int = 4, per: int = 2, period: float = 0.1) -> None:
    tokens = threading.Semaphore(per)

    def call() -> None:
        tokens.acquire()
        threading.Timer(period, tokens.release).start()

    together(*[call] * calls)


def token_bucket() -> None:
    tokens = threading.Semaphore(2)

    def refill() -> None:
        while True:
            time.sleep(0.1)
            tokens.release()

    def call() -> None:
        for _ in range(2):
            tokens.acquire()

    threading.Thread(target=refill, daemon=True).start()
    together(*[call] * 3)


class LightSwitch:
    def __init__(self) -> None:
        self.count, self.mutex = 0, threading.Semaphore(1)

    def lock(self, room: Any) -> None:
        with self.mutex:
            self.count += 1
            if self.count == 1:
                room.acquire()

    def unlock(self, room: Any) -> None:
        with self.mutex:
            self.count -= 1
            if self.count == 0:
                room.release()


def readers_and_writers() -> None:
    room, switch = threading.Semaphore(1), LightSwitch()

    def read() -> None:
        switch.lock(room)
        time.sleep(0.1)
        switch.unlock(room)

    def write() -> None:
        with room:
            time.sleep(0.1)

    together(read, write, read, read, write)


def readers_alone() -> None:
    room, switch = threading.Semaphore(1), LightSwitch()

    def read(seconds: float) -> None:
        switch.lock(room)
        time.sleep(seconds)
        switch.unlock(room)

    together(lambda: read(0.1), lambda: read(0.3))


def no_starving_writers() -> None:
    room, turnstile, switch = threading.Semaphore(1), threading.Semaphore(1), LightSwitch()

    def write() -> None:
        with turnstile, room:
            time.sleep(0.1)

    def read() -> None:
        turnstile.acquire()
        turnstile.release()
        switch.lock(room)
        time.sleep(0.1)
        switch.unlock(room)

    together(read, read, write, read, write)


def bounded_buffer(made: int = 5, eaten: int = 5) -> None:
    mutex, items, spaces = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(2)
    buffer: list[int] = []

    def produce() -> None:
        for n in range(made):
            spaces.acquire()
            with mutex:
                buffer.append(n)
            items.release()

    def consume() -> None:
        for _ in range(eaten):
            items.acquire()
            with mutex:
                buffer.pop(0)
            spaces.release()

    together(produce, consume)


def a_buffer_with_something_left() -> None:
    bounded_buffer(5, 4)


def ping_pong(rounds: int = 3, last: int = 3) -> None:
    ping, pong = threading.Semaphore(1), threading.Semaphore(0)

    def serve() -> None:
        for _ in range(rounds):
            ping.acquire()
            pong.release()

    def reply() -> None:
        for _ in range(last):
            pong.acquire()
            ping.release()

    together(serve, reply)


def a_serve_without_reply() -> None:
    ping_pong(3, 2)


def rendezvous() -> None:
    a_arrived, b_arrived = threading.Semaphore(0), threading.Semaphore(0)

    def a() -> None:
        a_arrived.release()
        b_arrived.acquire()

    def b() -> None:
        b_arrived.release()
        a_arrived.acquire()

    together(a, b)


def multiplex() -> None:
    multiplex = threading.Semaphore(3)

    def work() -> None:
        with multiplex:
            time.sleep(0.1)

    together(*[work] * 5)


def dancers() -> None:
    leaders, followers = threading.Semaphore(0), threading.Semaphore(0)

    def lead() -> None:
        followers.release()
        leaders.acquire()

    def follow() -> None:
        leaders.release()
        followers.acquire()

    together(lead, follow, lead, follow, lead, follow)


def philosophers_with_a_footman(n: int = 4) -> None:
    forks, footman = [threading.Semaphore(1) for _ in range(n)], threading.Semaphore(n - 1)

    def dine(i: int) -> None:
        for _ in range(2):
            with footman, forks[i], forks[(i + 1) % n]:
                time.sleep(0.01)

    together(*(lambda i=i: dine(i) for i in range(n)))  # type: ignore[misc]


def smokers() -> None:
    agent = threading.Semaphore(1)
    on_table = [threading.Semaphore(0) for _ in range(3)]
    wake, mutex = [threading.Semaphore(0) for _ in range(3)], threading.Semaphore(1)
    there = [False] * 3

    def agents(without: int) -> None:
        for _ in range(2):
            agent.acquire()
            for i in range(3):
                if i != without:
                    on_table[i].release()

    def pusher(i: int) -> None:
        for _ in range(4):
            on_table[i].acquire()
            with mutex:
                other = next((j for j in range(3) if j != i and there[j]), None)
                if other is None:
                    there[i] = True
                else:
                    there[other] = False
                    wake[3 - i - other].release()

    def smoke(i: int) -> None:
        for _ in range(2):
            wake[i].acquire()
            agent.release()

    bodies: list[Callable[[], None]] = []
    for i in range(3):
        bodies += [lambda i=i: agents(i), lambda i=i: pusher(i), lambda i=i: smoke(i)]  # type: ignore[misc]
    together(*bodies)


def savages(pot: int = 2, meals: int = 2) -> None:
    servings, mutex = 0, threading.Semaphore(1)
    empty, full = threading.Semaphore(0), threading.Semaphore(0)

    def savage() -> None:
        nonlocal servings
        for _ in range(meals):
            with mutex:
                if servings == 0:
                    empty.release()
                    full.acquire()
                    servings = pot
                servings -= 1

    def cook() -> None:
        for _ in range(2 * meals // pot):
            empty.acquire()
            full.release()

    together(savage, savage, cook)


def barber_shop(guests: int = 3) -> None:
    mutex, customer, barber = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(0)
    done, sat, waiting = threading.Semaphore(0), threading.Semaphore(0), 0

    def cut() -> None:
        for _ in range(guests):
            customer.acquire()
            barber.release()
            time.sleep(0.1)
            done.release()
            sat.acquire()

    def come() -> None:
        nonlocal waiting
        with mutex:
            waiting += 1
        customer.release()
        barber.acquire()
        done.acquire()
        sat.release()
        with mutex:
            waiting -= 1

    together(cut, *[come] * guests)


def santa() -> None:
    elves = reindeer = 0
    wakes, sleigh = threading.Semaphore(0), threading.Semaphore(0)
    elf_door, mutex = threading.Semaphore(1), threading.Semaphore(1)

    def claus() -> None:
        for _ in range(2):
            wakes.acquire()
            with mutex:
                if reindeer == 3:
                    sleigh.release(3)

    def deer() -> None:
        nonlocal reindeer
        with mutex:
            reindeer += 1
            if reindeer == 3:
                wakes.release()
        sleigh.acquire()

    def elf() -> None:
        nonlocal elves
        elf_door.acquire()
        with mutex:
            elves += 1
            if elves == 3:
                wakes.release()
            else:
                elf_door.release()
        time.sleep(0.1)
        with mutex:
            elves -= 1
            if elves == 0:
                elf_door.release()

    together(claus, *[deer] * 3, *[elf] * 3)


def water() -> None:
    mutex, barrier = threading.Semaphore(1), threading.Barrier(3)
    oxygen_queue, hydrogen_queue = threading.Semaphore(0), threading.Semaphore(0)
    oxygen = hydrogen = 0

    def bond_if_complete() -> bool:
        nonlocal oxygen, hydrogen
        if hydrogen >= 2 and oxygen >= 1:
            hydrogen_queue.release(2)
            hydrogen -= 2
            oxygen_queue.release()
            oxygen -= 1
            return True
        return False

    def o() -> None:
        nonlocal oxygen
        mutex.acquire()
        oxygen += 1
        if not bond_if_complete():
            mutex.release()
        oxygen_queue.acquire()
        barrier.wait()
        mutex.release()

    def h() -> None:
        nonlocal hydrogen
        mutex.acquire()
        hydrogen += 1
        if not bond_if_complete():
            mutex.release()
        hydrogen_queue.acquire()
        barrier.wait()

    together(h, o, h, h, o, h)


def water_by_permits() -> None:
    h_slots, o_slots, barrier = threading.Semaphore(2), threading.Semaphore(1), threading.Barrier(3)

    def atom(slots: Any) -> None:
        with slots:
            barrier.wait()

    together(*[lambda: atom(h_slots)] * 4, *[lambda: atom(o_slots)] * 2)


def river_crossing() -> None:
    mutex, barrier = threading.Semaphore(1), threading.Barrier(4)
    queues = [threading.Semaphore(0), threading.Semaphore(0)]
    waiting = [0, 0]

    def board(kind: int) -> None:
        mutex.acquire()
        waiting[kind] += 1
        captain = False
        if waiting[kind] == 4:
            queues[kind].release(4)
            waiting[kind], captain = 0, True
        elif waiting[kind] == 2 and waiting[1 - kind] >= 2:
            queues[kind].release(2)
            queues[1 - kind].release(2)
            waiting[kind], captain = 0, True
            waiting[1 - kind] -= 2
        else:
            mutex.release()
        queues[kind].acquire()
        barrier.wait()
        if captain:
            mutex.release()

    together(*[lambda: board(0)] * 6, *[lambda: board(1)] * 2)


def roller_coaster(seats: int = 2, rides: int = 2) -> None:
    mutex, mutex2 = threading.Semaphore(1), threading.Semaphore(1)
    board, leave = threading.Semaphore(0), threading.Semaphore(0)
    all_in, all_out = threading.Semaphore(0), threading.Semaphore(0)
    boarders = leavers = 0

    def car() -> None:
        for _ in range(rides):
            board.release(seats)
            all_in.acquire()
            leave.release(seats)
            all_out.acquire()

    def ride() -> None:
        nonlocal boarders, leavers
        board.acquire()
        with mutex:
            boarders += 1
            if boarders == seats:
                all_in.release()
                boarders = 0
        leave.acquire()
        with mutex2:
            leavers += 1
            if leavers == seats:
                all_out.release()
                leavers = 0

    together(car, *[ride] * (seats * rides))


def search_insert_delete() -> None:
    insert_mutex, no_searcher, no_inserter = threading.Semaphore(1), threading.Semaphore(1), threading.Semaphore(1)
    searching, inserting = LightSwitch(), LightSwitch()

    def search() -> None:
        searching.lock(no_searcher)
        time.sleep(0.1)
        searching.unlock(no_searcher)

    def insert() -> None:
        inserting.lock(no_inserter)
        with insert_mutex:
            time.sleep(0.1)
        inserting.unlock(no_inserter)

    def delete() -> None:
        with no_searcher, no_inserter:
            time.sleep(0.1)

    together(search, insert, delete, search, insert)


def bathroom() -> None:
    empty, women, men = threading.Semaphore(1), LightSwitch(), LightSwitch()
    places = {"women": threading.Semaphore(3), "men": threading.Semaphore(3)}

    def enter(switch: LightSwitch, who: str) -> None:
        switch.lock(empty)
        with places[who]:
            time.sleep(0.1)
        switch.unlock(empty)

    together(*[lambda: enter(women, "women"), lambda: enter(men, "men")] * 3)


def baboons() -> None:
    rope, turnstile = threading.Semaphore(1), threading.Semaphore(1)
    switches, most = (LightSwitch(), LightSwitch()), (threading.Semaphore(5), threading.Semaphore(5))

    def cross(side: int) -> None:
        with turnstile:
            switches[side].lock(rope)
        with most[side]:
            time.sleep(0.1)
        switches[side].unlock(rope)

    together(*[lambda: cross(0), lambda: cross(1)] * 3)


def sushi_bar(seats: int = 2) -> None:
    mutex, block = threading.Semaphore(1), threading.Semaphore(0)
    eating = waiting = 0
    must_wait = False

    def eat() -> None:
        nonlocal eating, waiting, must_wait
        mutex.acquire()
        if must_wait:
            waiting += 1
            mutex.release()
            block.acquire()
            waiting -= 1
        eating += 1
        must_wait = eating == seats
        if waiting and not must_wait:
            block.release()
        else:
            mutex.release()
        time.sleep(0.1)
        mutex.acquire()
        eating -= 1
        if eating == 0:
            must_wait = False
        if waiting and not must_wait:
            block.release()
        else:
            mutex.release()

    together(*[eat] * 4)


def submit_with_permits() -> None:
    permits = threading.Semaphore(2)
    with ThreadPoolExecutor(3) as pool:
        for _ in range(5):
            permits.acquire()
            pool.submit(time.sleep, 0.1).add_done_callback(lambda future: permits.release())


def main_takes_workers_give() -> None:
    slots, threads = threading.BoundedSemaphore(2), []

    def work() -> None:
        time.sleep(0.1)
        slots.release()

    for _ in range(4):
        slots.acquire()
        threads.append(threading.Thread(target=work))
        threads[-1].start()
    for thread in threads:
        thread.join()


def print_in_order() -> None:
    second, third = threading.Semaphore(0), threading.Semaphore(0)

    def one() -> None:
        second.release()

    def two() -> None:
        second.acquire()
        third.release()

    def three() -> None:
        third.acquire()

    together(three, two, one)


def zero_even_odd(n: int = 5) -> None:
    zero, even, odd = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(0)

    def zeros() -> None:
        for i in range(1, n + 1):
            zero.acquire()
            (odd if i % 2 else even).release()

    def numbers(mine: Any, begin: int) -> None:
        for _ in range(begin, n + 1, 2):
            mine.acquire()
            zero.release()

    together(zeros, lambda: numbers(even, 2), lambda: numbers(odd, 1))


def round_robin(n: int = 3) -> None:
    turns = [threading.Semaphore(1), *(threading.Semaphore(0) for _ in range(n - 1))]

    def work(i: int) -> None:
        for _ in range(2 if i == 0 else 1):
            turns[i].acquire()
            turns[(i + 1) % n].release()

    together(*(lambda i=i: work(i) for i in range(n)))  # type: ignore[misc]


def completion() -> None:
    done = threading.Semaphore(0)
    for _ in range(3):
        threading.Thread(target=done.release).start()
    for _ in range(3):
        done.acquire()


def born_empty() -> None:
    pool = threading.Semaphore(0)

    def work() -> None:
        with pool:
            time.sleep(0.1)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    pool.release(2)
    for worker in workers:
        worker.join()


def growing_limit() -> None:
    limit = threading.Semaphore(1)

    def work() -> None:
        with limit:
            time.sleep(0.1)

    def widen() -> None:
        time.sleep(0.05)
        limit.release(2)

    together(*[work] * 6, widen)


def returned_elsewhere() -> None:
    free, used = threading.Semaphore(2), threading.Semaphore(0)
    taken: deque[int] = deque()

    def take() -> None:
        for n in range(4):
            free.acquire()
            taken.append(n)
            used.release()

    def give_back() -> None:
        for _ in range(4):
            used.acquire()
            taken.popleft()
            free.release()

    together(take, give_back)


def background_logger() -> None:
    lines, written = threading.Semaphore(0), []

    def log() -> None:
        while True:
            lines.acquire()
            written.append(1)

    threading.Thread(target=log, daemon=True).start()
    for _ in range(3):
        lines.release()
    time.sleep(0.1)


def two_permits_a_job() -> None:
    memory = threading.Semaphore(4)

    def big() -> None:
        memory.acquire()
        memory.acquire()
        time.sleep(0.1)
        memory.release(2)

    together(*[big] * 2)


def locks_as_signals() -> None:
    first, second = threading.Lock(), threading.Lock()
    second.acquire()

    def a() -> None:
        for _ in range(2):
            first.acquire()
            second.release()

    def b() -> None:
        for _ in range(2):
            second.acquire()
            first.release()

    together(a, b)


def try_and_go_on() -> None:
    seat = threading.Semaphore(1)

    def work() -> None:
        if seat.acquire(timeout=0.05):
            time.sleep(0.1)
            seat.release()

    together(*[work] * 3)


def a_permit_for_another() -> None:
    door = threading.Semaphore(1)

    def host() -> None:
        door.acquire()
        time.sleep(0.1)

    def porter() -> None:
        time.sleep(0.2)
        door.release()

    together(host, porter)


PROGRAMS = (
    two_gates,
    ten_at_two_gates,
    main_is_one_of_the_hikers,
    turnstiles,
    one_way_barrier,
    smallest,
    rate_limiter,
    token_bucket,
    readers_and_writers,
    readers_alone,
    no_starving_writers,
    bounded_buffer,
    a_buffer_with_something_left,
    ping_pong,
    a_serve_without_reply,
    rendezvous,
    multiplex,
    dancers,
    philosophers_with_a_footman,
    smokers,
    savages,
    barber_shop,
    santa,
    water,
    water_by_permits,
    river_crossing,
    roller_coaster,
    search_insert_delete,
    bathroom,
    baboons,
    sushi_bar,
    submit_with_permits,
    main_takes_workers_give,
    print_in_order,
    zero_even_odd,
    round_robin,
    completion,
    born_empty,
    growing_limit,
    returned_elsewhere,
    background_logger,
    two_permits_a_job,
    locks_as_signals,
    try_and_go_on,
    a_permit_for_another,
)
