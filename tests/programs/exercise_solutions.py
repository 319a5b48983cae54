"""Right attempts at every exercise: the lesson's solution, and others written differently."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import threading
from typing import Any

SOLUTIONS: dict[str, list[Any]] = {
    "limiter-1": [30, 30.0],
    "mutex-1": [3, 3.0],
    "latch-1": ["OWN", " own "],
    "counter-1": [4, 4.0],
}


def solves(name: str) -> Any:
    def put(attempt: Any) -> Any:
        SOLUTIONS.setdefault(name, []).append(attempt)
        return attempt

    return put


# limiter-2
@solves("limiter-2")
def ask_with(connections, talk):
    with connections:
        return talk()


@solves("limiter-2")
def ask_and_finally_release(connections, talk):
    connections.acquire()
    try:
        answer = talk()
    finally:
        connections.release()
    return answer


@solves("limiter-2")
def ask_and_raise_again(connections, talk):
    connections.acquire()
    try:
        answer = talk()
    except BaseException:
        connections.release()
        raise
    connections.release()
    return answer


# limiter-3
@solves("limiter-3")
def ride_if_free(free_seats, ride):
    if not free_seats.acquire(blocking=False):
        return False
    try:
        ride()
    finally:
        free_seats.release()
    return True


@solves("limiter-3")
def ask_for_no_time(free_seats, ride):
    if not free_seats.acquire(timeout=0):
        return False
    with contextlib.ExitStack() as stack:
        stack.callback(free_seats.release)
        ride()
    return True


@solves("limiter-3")
def ride_and_tell(free_seats, ride):
    free = free_seats.acquire(False)
    if free:
        ride()
        free_seats.release()
    return free


# mutex-2
@solves("mutex-2")
def look_and_sell_inside(mutex, read, write):
    with mutex:
        left = read()
        if left > 0:
            write(left - 1)
        return left > 0


@solves("mutex-2")
def acquire_look_and_sell(mutex, read, write):
    mutex.acquire()
    try:
        if read() == 0:
            return False
        write(read() - 1)
        return True
    finally:
        mutex.release()


# mutex-3
@solves("mutex-3")
def one_door(guests, visit):
    door = threading.Semaphore(1)

    def enter():
        with door:
            visit()

    threads = [threading.Thread(target=enter) for _ in range(guests)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Guest(threading.Thread):
    def __init__(self, key, visit, number):
        super().__init__(name=f"guest number {number}")
        self.key, self.visit = key, visit

    def run(self):
        self.key.acquire()
        self.visit()
        self.key.release()


@solves("mutex-3")
def guests_with_a_key(guests, visit):
    key = threading.BoundedSemaphore(1)
    people = [Guest(key, visit, i) for i in range(guests)]
    [person.start() for person in people]
    [person.join() for person in people]


# latch-2
@solves("latch-2")
def prepare_then_open(gate, runners, prepare):
    prepare()
    gate.release(runners)


@solves("latch-2")
def prepare_then_open_one_by_one(gate, runners, prepare):
    prepare()
    for _ in range(runners):
        gate.release()


# latch-3
@solves("latch-3")
def relay(legs):
    gates = [threading.Semaphore(0) for _ in range(len(legs) + 1)]

    def run(i):
        gates[i].acquire()
        legs[i]()
        gates[i + 1].release()

    runners = [threading.Thread(target=run, args=[i]) for i in range(len(legs))]
    for runner in runners:
        runner.start()
    gates[0].release()
    for runner in runners:
        runner.join()


@solves("latch-3")
def relay_with_batons(legs):
    def run(leg, mine, following):
        if mine:
            mine.acquire()
        leg()
        following.release()

    baton, runners = None, []
    for leg in legs:
        following = threading.Semaphore(0)
        runners.append(threading.Thread(target=run, args=(leg, baton, following)))
        baton = following
    for runner in reversed(runners):
        runner.start()
    baton.acquire()
    for runner in runners:
        runner.join()


# counter-2
@solves("counter-2")
def start_join_read(counter, clerks):
    for clerk in clerks:
        clerk.start()
    for clerk in clerks:
        clerk.join()
    return counter._value


@solves("counter-2")
def join_from_behind(counter, clerks):
    [clerk.start() for clerk in clerks]
    while clerks:
        clerks.pop().join()
    return counter._value


# counter-3
@solves("counter-3")
def take_enough(done, enough):
    for _ in range(enough):
        done.acquire()


@solves("counter-3")
def take_until_nothing_is_missing(done, enough):
    missing = enough
    while missing > 0:
        missing -= done.acquire()


SOLUTIONS["barrier-1"] = [6, 6.0]
SOLUTIONS["schedule-1"] = [2, 2.0]


# barrier-2
@solves("barrier-2")
def pass_it_on(arrive, gate):
    if arrive():
        gate.release()
    with gate:
        pass


@solves("barrier-2")
def the_last_does_not_wait(arrive, gate):
    if not arrive():
        gate.acquire()
    gate.release()


# barrier-3
@solves("barrier-3")
def main_counts_the_cooks(friends, cook, eat):
    cooked, table = threading.Semaphore(0), threading.Semaphore(0)

    def spend_the_evening():
        cook()
        cooked.release()
        table.acquire()
        eat()

    threads = [threading.Thread(target=spend_the_evening) for _ in range(friends)]
    for thread in threads:
        thread.start()
    for _ in range(friends):
        cooked.acquire()
    table.release(friends)
    for thread in threads:
        thread.join()


@solves("barrier-3")
def the_last_cook_opens(friends, cook, eat):
    mutex, table = threading.Semaphore(1), threading.Semaphore(0)
    missing = friends

    def spend_the_evening():
        nonlocal missing
        cook()
        with mutex:
            missing -= 1
            if missing == 0:
                table.release()
        with table:
            pass
        eat()

    threads = [threading.Thread(target=spend_the_evening) for _ in range(friends)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# schedule-2
@solves("schedule-2")
def lower_number_first(forks, i, eat):
    first, second = sorted([i, (i + 1) % len(forks)])
    with forks[first], forks[second]:
        eat()


@solves("schedule-2")
def one_is_left_handed(forks, i, eat):
    left, right = forks[i], forks[(i + 1) % len(forks)]
    if i == 0:
        left, right = right, left
    left.acquire()
    right.acquire()
    eat()
    left.release()
    right.release()


# schedule-3
@solves("schedule-3")
def opposite_orders(a, b):
    def take(first, second):
        with first, second:
            pass

    threads = [threading.Thread(target=take, args=both) for both in [(a, b), (b, a)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@solves("schedule-3")
def a_chain_of_four(a, b):
    def forwards():
        a.acquire()
        b.acquire()
        b.release()
        a.release()

    def backwards():
        with b, a:
            print("through")

    threading.Thread(target=forwards).start()
    threading.Thread(target=backwards).start()


# the classic problems
SOLUTIONS["classic-1"] = [4, 4.0]


@solves("classic-2")
def switch_alone(mutex, come, go, light, look):
    with mutex:
        if come():
            light(True)
    look()
    with mutex:
        if go():
            light(False)


@solves("classic-2")
def switch_by_hand(mutex, come, go, light, look):
    mutex.acquire()
    first = come()
    if first:
        light(True)
    mutex.release()
    look()
    mutex.acquire()
    last = go()
    if last:
        light(False)
    mutex.release()


@solves("classic-3")
def sit_down_or_go(free_chairs, customer, barber, get_hair_cut):
    if not free_chairs.acquire(blocking=False):
        return False
    customer.release()
    barber.acquire()
    free_chairs.release()
    get_hair_cut()
    return True


@solves("classic-3")
def sit_down_if_there_is_a_chair(free_chairs, customer, barber, get_hair_cut):
    found = free_chairs.acquire(False)
    if found:
        try:
            customer.release()
            barber.acquire()
        finally:
            free_chairs.release()
        get_hair_cut()
    return found


# fair or fast
SOLUTIONS["fair-1"] = [3, 3.0]


@solves("fair-2")
def look_at_the_answer(door, patience, visit):
    if not door.acquire(timeout=patience):
        return False
    try:
        visit()
    finally:
        door.release()
    return True


@solves("fair-2")
def release_and_raise_again(door, patience, visit):
    if door.acquire(True, patience):
        try:
            visit()
        except BaseException:
            door.release()
            raise
        door.release()
        return True
    return False


@solves("fair-3")
def give_the_turn_on(turns, i, rounds, move):
    for _ in range(rounds):
        turns[i].acquire()
        move()
        turns[(i + 1) % len(turns)].release()


@solves("fair-3")
def give_the_turn_on_or_back(turns, i, rounds, move):
    while rounds:
        turns[i].acquire()
        move()
        turns[i - len(turns) + 1].release()
        rounds -= 1


# beyond threads
SOLUTIONS["beyond-1"] = [3, 3.0]


@solves("beyond-2")
async def ask_with_a_coroutine(connections, talk):
    async with connections:
        return await talk()


@solves("beyond-2")
async def ask_and_finally_release_in_a_coroutine(connections, talk):
    await connections.acquire()
    try:
        return await talk()
    finally:
        connections.release()


@solves("beyond-3")
async def gather_a_few_at_a_time(jobs, most):
    permits = asyncio.Semaphore(most)

    async def one(job):
        async with permits:
            return await job()

    return await asyncio.gather(*(one(job) for job in jobs))


@solves("beyond-3")
async def acquire_before_the_task_begins(jobs, most):
    permits, tasks = asyncio.Semaphore(most), []

    async def one(job):
        try:
            return await job()
        finally:
            permits.release()

    for job in jobs:
        await permits.acquire()
        tasks.append(asyncio.create_task(one(job)))
    return [await task for task in tasks]


# rate-1
SOLUTIONS["rate-1"] = [6, 6.0]


# rate-2
@solves("rate-2")
def token_last(connections, tokens, send):
    with connections:
        tokens.acquire()
        send()


@solves("rate-2")
def token_last_and_finally_release(connections, tokens, send):
    connections.acquire()
    try:
        tokens.acquire()
        send()
    finally:
        connections.release()


# rate-3
@solves("rate-3")
def back_off_outside(connections, talk, pause):
    while True:
        with connections:
            if talk():
                return
        pause()


@solves("rate-3")
def back_off_between_two_tries(connections, talk, pause):
    with connections:
        answered = talk()
    while not answered:
        pause()
        with connections:
            answered = talk()


@solves("rate-3")
def back_off_by_calling_itself(connections, talk, pause):
    connections.acquire()
    try:
        answered = talk()
    finally:
        connections.release()
    if not answered:
        pause()
        back_off_by_calling_itself(connections, talk, pause)


# rate-4
@solves("rate-4")
def given_back_by_the_clock(starts, later, send):
    starts.acquire()
    later(starts.release)
    send()


@solves("rate-4")
def given_back_by_the_clock_in_a_lambda(starts, later, send):
    starts.acquire()
    later(lambda: starts.release())
    return send()


# which lock guards which data
@solves("mutex-4")
def lock_the_account(locks, client, account, change):
    with locks[account]:
        change()


@solves("mutex-4")
def lock_the_account_by_hand(locks, client, account, change):
    mine = locks[-len(locks) + account]
    mine.acquire()
    try:
        change()
    finally:
        mine.release()


@solves("mutex-5")
def a_semaphore_for_each(accounts):
    locks = [threading.Semaphore(1) for _ in range(accounts)]

    def alone(account, change):
        with locks[account]:
            change()

    return alone


@solves("mutex-5")
def a_lock_for_each_in_a_dict(accounts):
    locks = {account: threading.Lock() for account in range(accounts)}

    def alone(account, change):
        locks[account].acquire()
        change()
        locks[account].release()

    return alone


@solves("mutex-5")
def a_lock_when_it_is_asked_for(accounts):
    guard, locks = threading.Lock(), {}

    def alone(account, change):
        with guard:
            if account not in locks:
                locks[account] = threading.Lock()
        with locks[account]:
            change()

    return alone


@solves("mutex-5")
def a_dictionary_that_makes_them(accounts):
    locks = collections.defaultdict(threading.Lock)  # in one step: neither the key nor the maker runs code of Python's

    def alone(account, change):
        with locks[account]:
            change()

    return alone


class Guard:
    def __init__(self, accounts):
        self.doors = tuple(threading.BoundedSemaphore() for _ in range(accounts))

    def __call__(self, account, change):
        with self.doors[account]:
            return change()


@solves("mutex-5")
def an_object_with_doors(accounts):
    return Guard(accounts)


# limiter-4
@solves("limiter-4")
def room_before_a_job(fetch, most):
    room, threads = threading.Semaphore(most), []

    def do(work):
        with_room = work()
        room.release()
        return with_room

    room.acquire()
    while work := fetch():
        threads.append(threading.Thread(target=do, args=[work]))
        threads[-1].start()
        room.acquire()
    for thread in threads:
        thread.join()


@solves("limiter-4")
def room_and_as_many_permits_at_the_end(fetch, most):
    room = threading.BoundedSemaphore(most)

    def do(work):
        try:
            work()
        finally:
            room.release()

    while True:
        room.acquire()
        work = fetch()
        if work is None:
            break
        threading.Thread(target=do, args=[work]).start()
    for _ in range(most - 1):
        room.acquire()


# latch-4
@solves("latch-4")
def finally_open(gate, runners, prepare):
    try:
        prepare()
    finally:
        gate.release(runners)


@solves("latch-4")
def open_and_raise_again(gate, runners, prepare):
    try:
        prepare()
    except BaseException:
        for _ in range(runners):
            gate.release()
        raise
    for _ in range(runners):
        gate.release()


# counter-4
@solves("counter-4")
def ask_and_take_in_one(left):
    return left.acquire(blocking=False)


@solves("counter-4")
def take_or_go(left):
    have = left.acquire(timeout=0)
    print("taken" if have else "too late")
    return have


@solves("counter-4")
def look_first_and_ask_all_the_same(left):
    return left._value > 0 and left.acquire(False)


SOLUTIONS["barrier-4"] = [5, 5.0]
SOLUTIONS["schedule-4"] = [5, 5.0]
SOLUTIONS["beyond-5"] = [3, 3.0]


# classic-4
@solves("classic-4")
def a_mutex_for_each_side(side, mutexes, bridge, come, go, cross):
    with mutexes[side]:
        if come():
            bridge.acquire()
    cross()
    with mutexes[side]:
        if go():
            bridge.release()


@solves("classic-4")
def the_other_mutex_for_each_side(side, mutexes, bridge, come, go, cross):
    mine = mutexes[1 - side]
    mine.acquire()
    if come():
        bridge.acquire()
    mine.release()
    cross()
    mine.acquire()
    last = go()
    if last:
        bridge.release()
    mine.release()


# fair-4
@solves("fair-4")
def both_at_once(seats, mutex, ride):
    with mutex:
        seats.acquire()
        seats.acquire()
    ride()
    seats.release(2)


@solves("fair-4")
def both_at_once_and_finally_release(seats, mutex, ride):
    mutex.acquire()
    for _ in range(2):
        seats.acquire()
    mutex.release()
    try:
        ride()
    finally:
        for _ in range(2):
            seats.release()


# beyond-4
@solves("beyond-4")
async def wait_in_with(connections, talk):
    async with connections:
        return await talk()


@solves("beyond-4")
async def wait_before_the_try(connections, talk):
    await connections.acquire()
    try:
        return await talk()
    finally:
        connections.release()


@solves("beyond-4")
async def remember_whether_there_is_a_permit(connections, talk):
    have = False
    try:
        have = await connections.acquire()
        return await talk()
    finally:
        if have:
            connections.release()
