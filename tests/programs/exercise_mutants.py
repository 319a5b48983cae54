"""Wrong attempts at every exercise, each with words of the reason that fits."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import Any, NamedTuple


class Mutant(NamedTuple):
    attempt: Any
    words: str


MUTANTS: dict[str, list[Mutant]] = {
    "limiter-1": [
        Mutant(50, "one after another"),
        Mutant(25, "split its call in two"),
        Mutant(20, "The fifth needs a line, too"),
        Mutant(10, "Without a limit"),
        Mutant(31, "Draw two rows"),
        Mutant("soon", "must be a whole number of milliseconds, got 'soon'"),
        Mutant(True, "must be a whole number of milliseconds, got True"),
    ],
    "mutex-1": [
        Mutant(1, "if every release belonged to an acquire"),
        Mutant(2, "there is the first one, too"),
        Mutant(5, "Are there as many keys?"),
        Mutant(0, "somebody does get in"),
        Mutant(4, "Follow the value"),
        Mutant([3], "must be a whole number of guests, got [3]"),
    ],
    "latch-1": [
        Mutant("NOW", "waits at `second`"),
        Mutant("NWO", "from behind"),
        Mutant("", "Does `say_o` wait?"),
        Mutant("ONW", "Who releases it"),
        Mutant("WON", "Begin with the thread that waits for nobody"),
        Mutant(3, "must be a word in quotes, got 3"),
    ],
    "counter-1": [
        Mutant(1, "adds 2, not 1"),
        Mutant(2, "The value begins at 2"),
        Mutant(8, "Four threads take one each"),
        Mutant(6, "three threads, two each"),
        Mutant(5, "Begin with the value at the start"),
        Mutant(4.5, "must be a whole number, got 4.5"),
    ],
}


def fails(name: str, words: str) -> Any:
    def put(attempt: Any) -> Any:
        MUTANTS.setdefault(name, []).append(Mutant(attempt, words))
        return attempt

    return put


def run_together(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# limiter-2
@fails("limiter-2", "2 clients talked at once, and only 1 may")
def ask_without_a_permit(connections, talk):
    return talk()


@fails("limiter-2", "2 clients talked at once, and only 1 may")
def ask_after_a_pause(connections, talk):
    time.sleep(0.05)
    return talk()


@fails("limiter-2", "2 clients talked at once, and only 1 may")
def release_before_asking(connections, talk):
    with connections:
        pass
    return talk()


@fails("limiter-2", "a permit too many came back")
def ask_after_waiting_for_a_while(connections, talk):
    connections.acquire(timeout=0.001)
    try:
        return talk()
    finally:
        connections.release()


@fails("limiter-2", "the server's error did not reach the caller")
def swallow_the_error(connections, talk):
    try:
        with connections:
            return talk()
    except ConnectionError:
        return None


@fails("limiter-2", "a caller did not get the answer")
def forget_the_answer(connections, talk):
    with connections:
        talk()


@fails("limiter-2", "of 2 clients have called `talk()`")
def answer_by_heart(connections, talk):
    with connections:
        return 10


@fails("limiter-2", "a deadlock")
def release_only_after_errors(connections, talk):
    connections.acquire()
    try:
        return talk()
    except ConnectionError:
        connections.release()
        raise


@fails("limiter-2", "a permit too many came back: `connections` began with 1 and ended with 2")
def release_twice_after_errors(connections, talk):
    with connections:
        try:
            return talk()
        except ConnectionError:
            connections.release()
            raise


# limiter-3
@fails("limiter-3", "a visitor waited for a seat")
def wait_for_a_seat(free_seats, ride):
    with free_seats:
        ride()
    return True


@fails("limiter-3", "2 rode at once, and there is only 1")
def ride_without_a_seat(free_seats, ride):
    ride()
    return True


@fails("limiter-3", "turned away who never asked")
def never_ride(free_seats, ride):
    return False


@fails("limiter-3", "turned away who never asked")
def look_at_the_value(free_seats, ride):
    if free_seats._value == 0:
        return False
    with free_seats:
        ride()
    return True


@fails("limiter-3", "a seat is lost: `free_seats` began with 1 and ended with 0")
def keep_the_seat(free_seats, ride):
    if not free_seats.acquire(blocking=False):
        return False
    ride()
    return True


@fails("limiter-3", "a seat too many came back")
def do_not_look_at_the_answer(free_seats, ride):
    free_seats.acquire(blocking=False)
    ride()
    free_seats.release()
    return True


@fails("limiter-3", "a visitor was given neither")
def say_nothing(free_seats, ride):
    if free_seats.acquire(blocking=False):
        ride()
        free_seats.release()


@fails("limiter-3", "were told True, but 0 rode")
def take_a_seat_and_sit(free_seats, ride):
    free = free_seats.acquire(blocking=False)
    if free:
        free_seats.release()
    return free


@fails("limiter-3", "a seat too many came back")
def release_what_was_refused(free_seats, ride):
    free = free_seats.acquire(blocking=False)
    if free:
        ride()
    free_seats.release()
    return free


# mutex-2
@fails("mutex-2", "more tickets were sold than there are: -1 are left")
def look_outside_then_sell(mutex, read, write):
    if read() > 0:
        with mutex:
            write(read() - 1)
        return True
    return False


@fails("mutex-2", "2 buyers were told that they have a ticket, but there was one")
def sell_without_a_mutex(mutex, read, write):
    left = read()
    if left == 0:
        return False
    write(left - 1)
    return True


@fails("mutex-2", "2 buyers were told that they have a ticket, but there was one")
def pause_and_sell(mutex, read, write):
    time.sleep(0.5)
    left = read()
    if left == 0:
        return False
    write(left - 1)
    return True


@fails("mutex-2", "2 buyers were told that they have a ticket, but there was one")
def lock_twice(mutex, read, write):
    with mutex:
        left = read()
    if left == 0:
        return False
    with mutex:
        write(left - 1)
    return True


@fails("mutex-2", "`mutex` must be 1 again when everybody has gone, and is 0")
def keep_the_mutex_when_sold_out(mutex, read, write):
    mutex.acquire()
    if read() == 0:
        return False
    write(read() - 1)
    return mutex.release() is None


@fails("mutex-2", "of 2 buyers looked how many tickets are left")
def sell_blindly(mutex, read, write):
    with mutex:
        return True


@fails("mutex-2", "1 of 1 tickets were sold, and yet 1 are said to be left")
def sell_without_counting(mutex, read, write):
    with mutex:
        read()
        return not mutex.__dict__.setdefault("sold", []) and not mutex.sold.append(1)


@fails("mutex-2", "a buyer went away without a ticket while 1 were left")
def never_sell(mutex, read, write):
    with mutex:
        read()
        return False


@fails("mutex-2", "a buyer was given neither")
def sell_in_silence(mutex, read, write):
    with mutex:
        if read():
            write(read() - 1)


# mutex-3
def visitors(guests, target):
    return [threading.Thread(target=target) for _ in range(guests)]


@fails("mutex-3", "2 guests were in the room at once")
def no_door(guests, visit):
    run_together(visitors(guests, visit))


@fails("mutex-3", "2 guests were in the room at once")
def two_keys(guests, visit):
    door = threading.Semaphore(2)

    def enter():
        with door:
            visit()

    run_together(visitors(guests, enter))


@fails("mutex-3", "2 guests were in the room at once")
def a_door_for_each(guests, visit):
    def enter():
        with threading.Semaphore(1):
            visit()

    run_together(visitors(guests, enter))


@fails("mutex-3", "2 guests were in the room at once")
def come_one_by_one(guests, visit):
    def enter(i):
        time.sleep(i)
        visit()

    run_together([threading.Thread(target=enter, args=[i]) for i in range(guests)])


@fails("mutex-3", "a deadlock: 2 threads wait for `door` (value 0)")
def no_key(guests, visit):
    door = threading.Semaphore(0)

    def enter():
        with door:
            visit()

    run_together(visitors(guests, enter))


@fails("mutex-3", "no guest ever had to wait at the semaphore")
def one_after_the_other(guests, visit):
    door = threading.Semaphore(1)

    def enter():
        with door:
            visit()

    for guest in visitors(guests, enter):
        guest.start()
        guest.join()


@fails("mutex-3", "main called `visit()` itself")
def main_alone(guests, visit):
    for _ in range(guests):
        with threading.Semaphore(1):
            visit()


@fails("mutex-3", "it works with a Lock")
def a_lock(guests, visit):
    door = threading.Lock()

    def enter():
        with door:
            visit()

    run_together(visitors(guests, enter))


@fails("mutex-3", "wait for every thread with `join()`")
def leave_early(guests, visit):
    door = threading.Semaphore(1)

    def enter():
        with door:
            visit()

    for guest in visitors(guests, enter):
        guest.start()


@fails("mutex-3", "2 guests are to come in once each; 1 came, 2 times in all")
def one_guest_twice(guests, visit):
    def enter():
        for _ in range(guests):
            visit()

    run_together(visitors(1, enter))


# latch-2
@fails("latch-2", "passed the gate before the track was prepared")
def open_all_then_prepare(gate, runners, prepare):
    gate.release(runners)
    prepare()


@fails("latch-2", "a deadlock")
def open_for_one(gate, runners, prepare):
    prepare()
    gate.release()


@fails("latch-2", "a deadlock: runner")
def open_for_two(gate, runners, prepare):
    prepare()
    gate.release(2)


@fails("latch-2", "the gate is still open for 1 more")
def open_too_far(gate, runners, prepare):
    prepare()
    gate.release(runners + 1)


@fails("latch-2", "nobody called `prepare()`")
def sleep_then_open(gate, runners, prepare):
    time.sleep(1)
    gate.release(runners)


@fails("latch-2", "passed the gate before the track was prepared")
def prepare_for_the_second(gate, runners, prepare):
    gate.release()
    prepare()
    gate.release(runners - 1)


@fails("latch-2", "prepared 2 times")
def prepare_twice(gate, runners, prepare):
    prepare()
    prepare()
    gate.release(runners)


# latch-3
@fails("latch-3", "a leg began out of turn")
def all_at_once(legs):
    run_together([threading.Thread(target=leg) for leg in legs])


@fails("latch-3", "a leg began out of turn")
def leg_after_pause(legs):
    def run(i):
        time.sleep(i)
        legs[i]()

    run_together([threading.Thread(target=run, args=[i]) for i in range(len(legs))])


@fails("latch-3", "a leg began out of turn")
def gates_that_are_open(legs):
    gates = [threading.Semaphore(1) for _ in legs]

    def run(i):
        with gates[i]:
            legs[i]()

    run_together([threading.Thread(target=run, args=[i]) for i in range(len(legs))])


@fails("latch-3", "a leg began out of turn")
def one_gate_for_all(legs):
    gate = threading.Semaphore(1)

    def run(leg):
        with gate:
            leg()

    run_together([threading.Thread(target=run, args=[leg]) for leg in legs])


@fails("latch-3", "no runner ever had to wait at a semaphore")
def join_in_between(legs):
    gate = threading.Semaphore(1)

    def run(leg):
        with gate:
            leg()

    for leg in legs:
        run_together([threading.Thread(target=run, args=[leg])])


@fails("latch-3", "main ran a leg itself")
def main_runs(legs):
    for leg in legs:
        leg()


@fails("latch-3", "a deadlock")
def nobody_begins(legs):
    gates = [threading.Semaphore(0) for _ in range(len(legs) + 1)]

    def run(i):
        gates[i].acquire()
        legs[i]()
        gates[i + 1].release()

    run_together([threading.Thread(target=run, args=[i]) for i in range(len(legs))])


@fails("latch-3", "it works with an Event")
def relay_with_events(legs):
    over = [threading.Event() for _ in legs]

    def run(i):
        if i:
            over[i - 1].wait()
        legs[i]()
        over[i].set()

    run_together([threading.Thread(target=run, args=[i]) for i in range(len(legs))])


@fails("latch-3", "2 runners are to run a leg each; 0 ran, 0 legs in all")
def nobody_runs(legs):
    run_together([threading.Thread(target=time.sleep, args=[1]) for _ in legs])


# counter-2
@fails("counter-2", "somebody was still counting")
def sleep_then_read(counter, clerks):
    for clerk in clerks:
        clerk.start()
    time.sleep(5)
    return counter._value


@fails("counter-2", "somebody was still counting")
def join_the_last(counter, clerks):
    for clerk in clerks:
        clerk.start()
    clerks[-1].join()
    return counter._value


@fails("counter-2", "5 was returned and 6 votes were cast")
def count_by_heart(counter, clerks):
    run_together(clerks)
    return 5


@fails("counter-2", "9 was returned and 5 votes were cast: nobody counts so far")
def count_too_far(counter, clerks):
    run_together(clerks)
    return 9


@fails("counter-2", "call `start()`, not `run()`")
def count_in_main(counter, clerks):
    for clerk in clerks:
        clerk.run()
    return counter._value


@fails("counter-2", "the clerks came one after another")
def one_clerk_at_a_time(counter, clerks):
    for clerk in clerks:
        clerk.start()
        clerk.join()
    return counter._value


@fails("counter-2", "the count itself was changed")
def take_what_is_counted(counter, clerks):
    run_together(clerks)
    votes = 0
    while counter.acquire(blocking=False):
        votes += 1
    return votes


@fails("counter-2", "return the number that was counted; yours is None")
def count_and_forget(counter, clerks):
    run_together(clerks)


@fails("counter-2", "only 0 of 2 clerks were started")
def send_them_home(counter, clerks):
    return 3


# counter-3
@fails("counter-3", "when 0 of 1 cakes were done")
def do_not_wait(done, enough):
    return enough


@fails("counter-3", "when 0 of 1 cakes were done")
def sleep_well(done, enough):
    time.sleep(10)


@fails("counter-3", "when 1 of 2 cakes were done")
def take_one(done, enough):
    done.acquire()


@fails("counter-3", "a deadlock")
def take_one_more(done, enough):
    for _ in range(enough + 1):
        done.acquire()


@fails("counter-3", "when 0 of 1 cakes were done")
def lose_patience(done, enough):
    for _ in range(enough):
        done.acquire(timeout=0.001)


@fails("counter-3", "when 0 of 1 cakes were done")
def bake_by_myself(done, enough):
    for _ in range(enough):
        done.release()
    for _ in range(enough):
        done.acquire()


@fails("counter-3", "nobody has to ask again and again")
def ask_again_and_again(done, enough):
    while done._value < enough:
        time.sleep(0.001)


MUTANTS["barrier-1"] = [
    Mutant(8, "A barrier counts again from the beginning"),
    Mutant(3, "So many fit into one boat"),
    Mutant(2, "So many"),
    Mutant(0, "what should keep them?"),
    Mutant(5, "Let them come one by one"),
    Mutant((6, 2), "must be a whole number of walkers, got (6, 2)"),
]
MUTANTS["schedule-1"] = [
    Mutant(4, "when nobody comes in between"),
    Mutant(3, "Can a second be lost"),
    Mutant(1, "not 0"),
    Mutant(0, "0 is never written"),
    Mutant(-1, "somewhere from 0 to 4"),
    Mutant("two", "must be a whole number, got 'two'"),
]


# barrier-2
@fails("barrier-2", "a hiker went on before all had arrived")
def do_not_stop(arrive, gate):
    arrive()


@fails("barrier-2", "a hiker went on before all had arrived")
def rest_a_while(arrive, gate):
    arrive()
    time.sleep(10)


@fails("barrier-2", "a hiker went on before all had arrived")
def everybody_opens(arrive, gate):
    arrive()
    gate.release()
    gate.acquire()


@fails("barrier-2", "a deadlock")
def the_last_opens_once(arrive, gate):
    if not arrive():
        gate.acquire()
    else:
        gate.release()


@fails("barrier-2", "a deadlock")
def open_for_two_hikers(arrive, gate):
    if arrive():
        gate.release(2)
    gate.acquire()


@fails("barrier-2", "must call `arrive()` once; 2 hikers called it 0 times")
def never_arrive(arrive, gate):
    gate.release()
    gate.acquire()


@fails("barrier-2", "must call `arrive()` once; 2 hikers called it 4 times")
def arrive_twice(arrive, gate):
    arrive()
    arrive()


# barrier-3
def evening(friends, spend_the_evening):
    run_together([threading.Thread(target=spend_the_evening) for _ in range(friends)])


@fails("barrier-3", "somebody ate before everybody had cooked")
def eat_at_once(friends, cook, eat):
    def spend_the_evening():
        cook()
        eat()

    evening(friends, spend_the_evening)


@fails("barrier-3", "somebody ate before everybody had cooked")
def eat_late(friends, cook, eat):
    def spend_the_evening():
        cook()
        time.sleep(5)
        eat()

    evening(friends, spend_the_evening)


@fails("barrier-3", "it works with a Barrier")
def a_real_barrier(friends, cook, eat):
    table = threading.Barrier(friends)

    def spend_the_evening():
        cook()
        table.wait()
        eat()

    evening(friends, spend_the_evening)


@fails("barrier-3", "must cook and eat in the same thread")
def cooks_and_eaters(friends, cook, eat):
    evening(friends, cook)
    evening(friends, eat)


@fails("barrier-3", "somebody ate before everybody had cooked")
def open_after_the_first(friends, cook, eat):
    table = threading.Semaphore(0)

    def spend_the_evening():
        cook()
        table.release()
        table.acquire()
        eat()

    evening(friends, spend_the_evening)


@fails("barrier-3", "a deadlock")
def open_for_one_friend(friends, cook, eat):
    cooked, table = threading.Semaphore(0), threading.Semaphore(0)

    def spend_the_evening():
        cook()
        cooked.release()
        table.acquire()
        eat()

    for _ in range(friends):
        threading.Thread(target=spend_the_evening).start()
    for _ in range(friends):
        cooked.acquire()
    table.release()


@fails("barrier-3", "main cooked or ate itself")
def cook_alone(friends, cook, eat):
    for _ in range(friends):
        cook()
    evening(friends, eat)


@fails("barrier-3", "2 had cooked and 0 had eaten")
def go_to_bed_hungry(friends, cook, eat):
    evening(friends, cook)


# schedule-2
@fails("schedule-2", "two neighbours ate at the same time")
def without_forks(forks, i, eat):
    eat()


@fails("schedule-2", "two neighbours ate at the same time")
def eat_in_turn(forks, i, eat):
    time.sleep(i)
    eat()


@fails("schedule-2", "a deadlock")
def right_fork_first(forks, i, eat):
    with forks[(i + 1) % len(forks)], forks[i]:
        eat()


@fails("schedule-2", "two neighbours ate at the same time")
def only_the_left_fork(forks, i, eat):
    with forks[i]:
        eat()


@fails("schedule-2", "ate without both forks")
def one_fork_for_all(forks, i, eat):
    with forks[0]:
        eat()


@fails("schedule-2", "philosophers have eaten")
def give_up(forks, i, eat):
    with forks[i]:
        if forks[(i + 1) % len(forks)].acquire(blocking=False):
            eat()
            forks[(i + 1) % len(forks)].release()


@fails("schedule-2", "a deadlock: philosopher-1 waits for `forks[1]`")
def keep_a_fork(forks, i, eat):
    first, second = sorted([i, (i + 1) % len(forks)])
    with forks[first]:
        forks[second].acquire()
        eat()
        if i:
            forks[second].release()


# schedule-3
def take(*order):
    def work():
        for semaphore in order:
            semaphore.acquire()
        for semaphore in order:
            semaphore.release()

    return work


@fails("schedule-3", "comes to its end under each of its 2 different schedules")
def same_order(a, b):
    run_together([threading.Thread(target=take(a, b)) for _ in range(2)])


@fails("schedule-3", "it deadlocks under every schedule")
def always(a, b):
    run_together([threading.Thread(target=take(a, a)), threading.Thread(target=take(b, b))])


@fails("schedule-3", "main took part")
def main_waits(a, b):
    thread = threading.Thread(target=take(b, a))
    thread.start()
    take(a, b)()


@fails("schedule-3", "the deadlock must be over `a` and `b`")
def semaphores_of_my_own(a, b):
    c, d = threading.Semaphore(1), threading.Semaphore(1)
    run_together([threading.Thread(target=take(c, d)), threading.Thread(target=take(d, c))])


@fails("schedule-3", "comes to its end under each of its")
def only_sleep(a, b):
    run_together([threading.Thread(target=time.sleep, args=[i]) for i in range(2)])


@fails("schedule-3", "raised RuntimeError: trapped")
def raise_instead(a, b):
    raise RuntimeError("trapped")


@fails("barrier-3", "somebody ate before everybody had cooked")
def wait_for_two_cooks(friends, cook, eat):
    cooked, table = threading.Semaphore(0), threading.Semaphore(0)

    def spend_the_evening():
        cook()
        cooked.release()
        table.acquire()
        eat()

    threads = [threading.Thread(target=spend_the_evening) for _ in range(friends)]
    for thread in threads:
        thread.start()
    cooked.acquire()
    cooked.acquire()
    table.release(friends)
    for thread in threads:
        thread.join()


@fails("barrier-2", "nobody waited at the gate")
def look_at_the_gate(arrive, gate):
    if arrive():
        gate.release()
    while gate._value == 0:
        time.sleep(0.001)


# the classic problems
MUTANTS["classic-1"] = [
    Mutant(3, "What does the cook have in hand"),
    Mutant(8, "can all of them stand on the counter"),
    Mutant(2, "begins at the number of free places"),
    Mutant(1, "only waits when no place is free"),
    Mutant(0, "does not wait for the waiter"),
    Mutant(10, "Go through the cook's loop"),
    Mutant("many", "must be a whole number of dishes, got 'many'"),
]


@fails("classic-2", "a visitor stood in the dark")
def switch_without_the_mutex(mutex, come, go, light, look):
    if come():
        light(True)
    look()
    if go():
        light(False)


@fails("classic-2", "a visitor stood in the dark")
def switch_off_after_a_while(mutex, come, go, light, look):
    with mutex:
        if come():
            light(True)
    look()
    time.sleep(1)
    if go():
        light(False)


@fails("classic-2", "a visitor stood in the dark")
def count_alone_and_switch_outside(mutex, come, go, light, look):
    with mutex:
        if come():
            light(True)
    look()
    with mutex:
        last = go()
    if last:
        light(False)


@fails("classic-2", "one visitor at a time looks")
def look_alone(mutex, come, go, light, look):
    with mutex:
        if come():
            light(True)
        look()
        if go():
            light(False)


@fails("classic-2", "the light still burns")
def leave_it_on(mutex, come, go, light, look):
    with mutex:
        if come():
            light(True)
    look()
    with mutex:
        go()


@fails("classic-2", "must call `come()` once and `go()` once")
def light_for_each_visitor_alone(mutex, come, go, light, look):
    with mutex:
        light(True)
        look()
        light(False)


@fails("classic-2", "visitors have looked")
def look_nowhere(mutex, come, go, light, look):
    with mutex:
        come()
    with mutex:
        go()


@fails("classic-2", "a deadlock")
def keep_the_mutex(mutex, come, go, light, look):
    mutex.acquire()
    if come():
        light(True)
    look()
    with mutex:
        if go():
            light(False)


@fails("classic-3", "before the barber was ready")
def sit_down_at_once(free_chairs, customer, barber, get_hair_cut):
    if not free_chairs.acquire(blocking=False):
        return False
    customer.release()
    free_chairs.release()
    get_hair_cut()
    barber.acquire()
    return True


@fails("classic-3", "before the barber was ready")
def wait_a_while_for_the_barber(free_chairs, customer, barber, get_hair_cut):
    if not free_chairs.acquire(blocking=False):
        return False
    customer.release()
    time.sleep(0.5)
    free_chairs.release()
    get_hair_cut()
    barber.acquire()
    return True


@fails("classic-3", "a deadlock")
def let_the_barber_sleep(free_chairs, customer, barber, get_hair_cut):
    if not free_chairs.acquire(blocking=False):
        return False
    barber.acquire()
    free_chairs.release()
    customer.release()
    get_hair_cut()
    return True


@fails("classic-3", "should have gone away")
def wait_for_a_chair(free_chairs, customer, barber, get_hair_cut):
    with free_chairs:
        customer.release()
        barber.acquire()
    get_hair_cut()
    return True


@fails("classic-3", "a chair is lost")
def keep_the_chair(free_chairs, customer, barber, get_hair_cut):
    if not free_chairs.acquire(blocking=False):
        return False
    customer.release()
    barber.acquire()
    get_hair_cut()
    return True


@fails("classic-3", "keeps the chair during the haircut")
def sit_on_the_chair_during_the_haircut(free_chairs, customer, barber, get_hair_cut):
    if not free_chairs.acquire(blocking=False):
        return False
    customer.release()
    barber.acquire()
    get_hair_cut()
    free_chairs.release()
    return True


@fails("classic-3", "a customer went away who never asked")
def go_away_at_once(free_chairs, customer, barber, get_hair_cut):
    return False


@fails("classic-3", "were told True, but the barber cut")
def only_say_so(free_chairs, customer, barber, get_hair_cut):
    return True


@fails("classic-3", "a customer was given neither")
def forget_the_answer_at_the_barber(free_chairs, customer, barber, get_hair_cut):
    if free_chairs.acquire(blocking=False):
        customer.release()
        barber.acquire()
        free_chairs.release()
        get_hair_cut()


# fair or fast
MUTANTS["fair-1"] = [
    Mutant(5, "would have to wait for 40 milliseconds"),
    Mutant(2, "has not waited too long"),
    Mutant(4, "has gone by then"),
    Mutant(1, "nobody would wait at all"),
    Mutant(0, "finds the permit there"),
    Mutant(7, "At which moment is the door free"),
    Mutant(2.5, "must be a whole number of guests, got 2.5"),
]


@fails("fair-2", "guests were inside at once")
def visit_without_asking(door, patience, visit):
    visit()
    return True


@fails("fair-2", "guests were inside at once")
def sleep_and_visit(door, patience, visit):
    time.sleep(patience)
    visit()
    return True


@fails("fair-2", "a permit came back that nobody had")
def finally_release_what_was_never_there(door, patience, visit):
    door.acquire(timeout=patience)
    try:
        visit()
    finally:
        door.release()
    return True


@fails("fair-2", "a permit came back that nobody had")
def release_in_any_case(door, patience, visit):
    got = door.acquire(timeout=patience)
    try:
        if got:
            visit()
    finally:
        door.release()
    return got


@fails("fair-2", "a permit is lost")
def lose_it_when_the_lamp_falls(door, patience, visit):
    if not door.acquire(timeout=patience):
        return False
    visit()
    door.release()
    return True


@fails("fair-2", "gave up too early")
def have_no_patience(door, patience, visit):
    if not door.acquire(blocking=False):
        return False
    with_door = door
    try:
        visit()
    finally:
        with_door.release()
    return True


@fails("fair-2", "waited longer than")
def have_all_the_patience(door, patience, visit):
    with door:
        visit()
    return True


@fails("fair-2", "an error got lost")
def hide_the_error(door, patience, visit):
    if not door.acquire(timeout=patience):
        return False
    try:
        visit()
    except ValueError:
        return None
    finally:
        door.release()
    return True


@fails("fair-2", "an error got lost")
def hide_the_error_and_say_yes(door, patience, visit):
    if not door.acquire(timeout=patience):
        return False
    try:
        visit()
    except ValueError:
        pass
    finally:
        door.release()
    return True


@fails("fair-2", "a guest was told True without a visit")
def say_yes_to_those_who_go(door, patience, visit):
    if not door.acquire(timeout=patience):
        return True
    try:
        visit()
    finally:
        door.release()
    return True


@fails("fair-2", "a guest was told False after a visit")
def say_no_to_those_who_come(door, patience, visit):
    if not door.acquire(timeout=patience):
        return False
    try:
        visit()
    finally:
        door.release()
    return False


@fails("fair-2", "a guest was given neither")
def raise_instead_of_saying_no(door, patience, visit):
    if not door.acquire(timeout=patience):
        raise ValueError("too late")
    try:
        visit()
    finally:
        door.release()
    return True


@fails("fair-2", "turned away who had not waited in vain")
def always_say_no(door, patience, visit):
    return False


@fails("fair-3", "whose turn it was not")
def move_at_once(turns, i, rounds, move):
    for _ in range(rounds):
        move()


@fails("fair-3", "whose turn it was not")
def move_after_a_while(turns, i, rounds, move):
    for turn in range(rounds):
        time.sleep(0.1 * (turn * len(turns) + i))
        move()


@fails("fair-3", "whose turn it was not")
def play_all_rounds_at_once(turns, i, rounds, move):
    turns[i].acquire()
    for _ in range(rounds):
        move()
    turns[(i + 1) % len(turns)].release()


@fails("fair-3", "a deadlock")
def keep_the_turn(turns, i, rounds, move):
    for _ in range(rounds):
        turns[i].acquire()
        move()


@fails("fair-3", "still moving")
def give_it_on_before_moving(turns, i, rounds, move):
    for _ in range(rounds):
        turns[i].acquire()
        turns[(i + 1) % len(turns)].release()
        move()


@fails("fair-3", "there must be one permit")
def give_it_on_and_keep_it_at_the_end(turns, i, rounds, move):
    for _ in range(rounds):
        turns[i].acquire()
        move()
        turns[(i + 1) % len(turns)].release()
    if i == len(turns) - 1:
        turns[0].release()


@fails("fair-3", "to move")
def move_once(turns, i, rounds, move):
    turns[i].acquire()
    move()
    turns[(i + 1) % len(turns)].release()


@fails("fair-3", "to move")
def pass_every_turn(turns, i, rounds, move):
    for _ in range(rounds):
        turns[i].acquire()
        turns[(i + 1) % len(turns)].release()


# beyond threads
MUTANTS["beyond-1"] = [
    Mutant(12, "without the `await`"),
    Mutant(1, "What does it read the second time"),
    Mutant(4, "write the same number"),
    Mutant(0, "one more than what was read"),
    Mutant(5, "take turns at the `await`"),
    Mutant("few", "must be a whole number, got 'few'"),
]


@fails("beyond-2", "talk only with a permit in hand")
async def talk_at_once(connections, talk):
    return await talk()


@fails("beyond-2", "talk only with a permit in hand")
async def talk_after_a_pause(connections, talk):
    await asyncio.sleep(0.1)
    return await talk()


@fails("beyond-2", "a permit is lost")
async def release_only_after_an_exception_of_the_server(connections, talk):
    await connections.acquire()
    try:
        answer = await talk()
    except ConnectionError:
        connections.release()
        raise
    connections.release()
    return answer


@fails("beyond-2", "an exception did not reach the caller")
async def swallow_what_the_server_says(connections, talk):
    try:
        async with connections:
            return await talk()
    except ConnectionError:
        return None


@fails("beyond-2", "did not get the answer")
async def forget_what_was_said(connections, talk):
    async with connections:
        await talk()


@fails("beyond-2", "have called `talk()`")
async def never_talk(connections, talk):
    async with connections:
        return 3


@fails("beyond-2", "a permit too many came back")
async def release_twice(connections, talk):
    async with connections:
        try:
            return await talk()
        finally:
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(0.3, connections.release)


@fails("beyond-2", "must be a coroutine function")
def talk_without_async(connections, talk):
    return talk()


@fails("beyond-2", "yours takes nothing")
async def take_nothing():
    await asyncio.sleep(1)


@fails("beyond-2", "does not come to an end")
async def ask_for_ever(connections, talk):
    while True:
        await asyncio.sleep(0)


@fails("beyond-3", "jobs were at work at once")
async def gather_all(jobs, most):
    return await asyncio.gather(*(job() for job in jobs))


@fails("beyond-3", "do not await one by one")
async def one_by_one(jobs, most):
    return [await job() for job in jobs]


@fails("beyond-3", "do not wait for a whole batch")
async def in_batches(jobs, most):
    answers, permits = [], asyncio.Semaphore(most)
    for i in range(0, len(jobs), most):
        async with permits:
            answers += await asyncio.gather(*(job() for job in jobs[i : i + most]))
    return answers


@fails("beyond-3", "jobs were at work at once")
async def stagger(jobs, most):
    async def one(i, job):
        await asyncio.sleep(0.01 * (i // most))
        return await job()

    return await asyncio.gather(*(one(i, job) for i, job in enumerate(jobs)))


@fails("beyond-3", "in the order of the jobs")
async def as_they_come(jobs, most):
    permits = asyncio.Semaphore(most)

    async def one(job):
        async with permits:
            return await job()

    return [await done for done in asyncio.as_completed([one(job) for job in jobs])]


@fails("beyond-3", "jobs were at work at once")
async def a_semaphore_for_each(jobs, most):
    async def one(job):
        async with asyncio.Semaphore(most):
            return await job()

    return await asyncio.gather(*(one(job) for job in jobs))


@fails("beyond-3", "were begun")
async def answer_by_heart_in_order(jobs, most):
    return [7 * i + 3 for i in range(len(jobs))]


@fails("beyond-3", "it works without a semaphore")
async def workers_at_a_list(jobs, most):
    answers, left = [None] * len(jobs), list(enumerate(jobs))

    async def worker():
        while left:
            i, job = left.pop(0)
            answers[i] = await job()

    await asyncio.gather(*(worker() for _ in range(most)))
    return answers


@fails("beyond-3", "a deadlock")
async def hold_two_permits_each(jobs, most):
    permits = asyncio.Semaphore(most)

    async def one(job):
        async with permits:
            await asyncio.sleep(0)
            async with permits:
                return await job()

    return await asyncio.gather(*(one(job) for job in jobs))


# found by looking for ways around
@fails("limiter-2", "the server's error did not reach the caller")
def raise_another_error(connections, talk):
    with connections:
        try:
            return talk()
        except ConnectionError:
            raise ConnectionError("try again") from None


@fails("classic-3", "without a chair")
def stand_while_waiting(free_chairs, customer, barber, get_hair_cut):
    if not free_chairs.acquire(blocking=False):
        return False
    free_chairs.release()
    customer.release()
    barber.acquire()
    get_hair_cut()
    return True


@fails("beyond-2", "still talks")
async def let_it_talk_on(connections, talk):
    async with connections:
        return await asyncio.shield(talk())


# rate-1
MUTANTS["rate-1"] = [
    Mutant(2, "The timer brings more"),
    Mutant(4, "The bucket was not empty at the beginning"),
    Mutant(7, "It sleeps before it releases"),
    Mutant(9, "how many tokens are there in all"),
    Mutant(5, "Count the tokens"),
    Mutant("six", "must be a whole number of callers, got 'six'"),
    Mutant(6.5, "must be a whole number of callers, got 6.5"),
]


# rate-2
@fails("rate-2", "took its token before it had a connection")
def token_first_and_finally_release(connections, tokens, send):
    tokens.acquire()
    connections.acquire()
    try:
        send()
    finally:
        connections.release()


@fails("rate-2", "a token is used up by its call")
def token_given_back(connections, tokens, send):
    with connections, tokens:
        send()


@fails("rate-2", "a client sent without a token")
def token_forgotten(connections, tokens, send):
    with connections:
        send()


@fails("rate-2", "a client sent without a token")
def token_after_the_call(connections, tokens, send):
    with connections:
        send()
        tokens.acquire()


@fails("rate-2", "sent without a connection in hand")
def connection_forgotten(connections, tokens, send):
    tokens.acquire()
    send()


@fails("rate-2", "sent without a connection in hand")
def connection_given_back_too_early(connections, tokens, send):
    with connections:
        tokens.acquire()
    send()


@fails("rate-2", "a deadlock")
def connection_kept(connections, tokens, send):
    connections.acquire()
    tokens.acquire()
    send()


@fails("rate-2", "sent was 0 times")
def never_sends(connections, tokens, send):
    with connections:
        tokens.acquire()


@fails("rate-2", "a deadlock")
def two_tokens(connections, tokens, send):
    with connections:
        tokens.acquire()
        tokens.acquire()
        send()


@fails("rate-2", "took its token before it had a connection")
def token_put_back_and_taken_too_early(connections, tokens, send):
    tokens.acquire()
    tokens.release()
    tokens.acquire()
    with connections:
        send()


# rate-3
@fails("rate-3", "paused with a permit in hand")
def back_off_inside(connections, talk, pause):
    connections.acquire()
    try:
        while not talk():
            pause()
    finally:
        connections.release()


@fails("rate-3", "paused with a permit in hand")
def give_back_after_the_pause(connections, talk, pause):
    while True:
        with connections:
            if talk():
                return
            pause()


@fails("rate-3", "2 clients talked at once")
def talk_without_a_permit(connections, talk, pause):
    while not talk():
        pause()


@fails("rate-3", "asked again at once")
def ask_without_a_pause(connections, talk, pause):
    while True:
        with connections:
            if talk():
                return


@fails("rate-3", "a client gave up")
def give_up_after_a_refusal(connections, talk, pause):
    with connections:
        answered = talk()
    if not answered:
        pause()


@fails("rate-3", "a client gave up")
def ask_twice_only(connections, talk, pause):
    for _ in range(2):
        with connections:
            if talk():
                return
        pause()


@fails("rate-3", "paused that had no need to")
def pause_after_the_answer(connections, talk, pause):
    answered = False
    while not answered:
        with connections:
            answered = talk()
        pause()


@fails("rate-3", "paused that had no need to")
def pause_before_asking(connections, talk, pause):
    pause()
    while True:
        with connections:
            if talk():
                return
        pause()


@fails("rate-3", "2 clients talked at once")
def ask_again_without_a_permit(connections, talk, pause):
    with connections:
        answered = talk()
    while not answered:
        pause()
        answered = talk()


@fails("rate-3", "a deadlock")
def keep_the_permit_of_the_answer(connections, talk, pause):
    while True:
        connections.acquire()
        if talk():
            return
        connections.release()
        pause()


@fails("rate-3", "a permit too many came back")
def give_back_twice(connections, talk, pause):
    while True:
        with connections:
            if talk():
                return
            connections.release()
        pause()


# rate-4
@fails("rate-4", "gave its permit back itself")
def limit_those_inside(starts, later, send):
    with starts:
        send()


@fails("rate-4", "gave its permit back itself")
def give_back_twice_now_and_later(starts, later, send):
    with starts:
        later(starts.release)
        send()


@fails("rate-4", "a client sent without a permit")
def send_at_will(starts, later, send):
    send()


@fails("rate-4", "a client sent without a permit")
def send_and_then_ask(starts, later, send):
    send()
    starts.acquire()
    later(starts.release)


@fails("rate-4", "a deadlock")
def never_give_back(starts, later, send):
    starts.acquire()
    send()


@fails("rate-4", "time is lost")
def begin_the_time_after_the_call(starts, later, send):
    starts.acquire()
    send()
    later(starts.release)


@fails("rate-4", "'NoneType' object is not callable")
def release_at_once(starts, later, send):
    starts.acquire()
    later(starts.release())
    send()


@fails("rate-4", "a permit too many came back")
def give_back_two(starts, later, send):
    starts.acquire()
    later(lambda: starts.release(2))
    send()


@fails("rate-4", "the client itself is to call `send()`")
def send_later(starts, later, send):
    starts.acquire()
    later(starts.release)
    later(send)


@fails("rate-4", "gave its permit back itself")
def sleep_with_the_permit(starts, later, send):
    with starts:
        send()
        time.sleep(0.1)


@fails("rate-4", "sent was 0 times")
def never_send(starts, later, send):
    starts.acquire()
    later(starts.release)


# mutex-4
@fails("mutex-4", "two clients changed the same account at the same time, because no lock was common to them")
def change_without_a_lock(locks, client, account, change):
    change()


@fails("mutex-4", "two clients changed the same account at the same time, because no lock was common to them")
def a_lock_for_each_call(locks, client, account, change):
    with threading.Semaphore(1):
        change()


@fails("mutex-4", "two clients changed the same account at the same time, because no lock was common to them")
def a_lock_for_each_client_behind_the_others(locks, client, account, change):
    with locks[-1 - client]:
        change()


@fails("mutex-4", "never are two accounts changed at the same time, either")
def one_lock_for_every_account(locks, client, account, change):
    with locks[0]:
        change()


@fails("mutex-4", "never are two accounts changed at the same time, either")
def every_lock_for_every_account(locks, client, account, change):
    for lock in locks:
        lock.acquire()
    change()
    for lock in locks:
        lock.release()


@fails("mutex-4", "because no lock was common to them")
def pass_the_lock_and_change(locks, client, account, change):
    with locks[account]:
        pass
    change()


@fails("mutex-4", "a deadlock")
def keep_the_lock(locks, client, account, change):
    locks[account].acquire()
    change()


@fails("mutex-4", "2 clients are to change once each; 0 did, 0 times in all")
def change_nothing(locks, client, account, change):
    with locks[account]:
        pass


@fails("mutex-4", "a deadlock")
def the_account_and_then_the_client(locks, client, account, change):
    with locks[account], locks[client]:
        change()


# mutex-5
def alone_behind(lock_of):
    def alone(account, change):
        with lock_of(account):
            change()

    return alone


@fails("mutex-5", "two clients changed the same account at the same time")
def a_lock_that_two_may_make(accounts):
    locks = {}

    def alone(account, change):
        if account not in locks:
            locks[account] = threading.Lock()
        with locks[account]:
            change()

    return alone


@fails("mutex-5", "two clients changed the same account at the same time")
def no_lock_at_all(accounts):
    return lambda account, change: change()


@fails("mutex-5", "two clients changed the same account at the same time")
def a_new_lock_each_time(accounts):
    return alone_behind(lambda account: threading.Semaphore(1))


@fails("mutex-5", "two clients changed the same account at the same time")
def a_permit_for_each_account(accounts):
    door = threading.Semaphore(accounts + 1)
    return alone_behind(lambda account: door)


@fails("mutex-5", "never are two accounts changed at the same time, either: one lock guards them all")
def one_lock_for_all(accounts):
    door = threading.Lock()
    return alone_behind(lambda account: door)


@fails("mutex-5", "never are two accounts changed at the same time, either: one lock guards them all")
def the_same_lock_many_times(accounts):
    locks = [threading.Semaphore(1)] * accounts
    return alone_behind(locks.__getitem__)


@fails("mutex-5", "two clients changed the same account at the same time")
def a_lock_for_each_thread(accounts):
    locks = {f"client-{i}": threading.Semaphore(1) for i in range(20)}
    return alone_behind(lambda account: locks[threading.current_thread().name])


@fails("mutex-5", "a deadlock")
def locks_without_a_permit(accounts):
    locks = [threading.Semaphore(0) for _ in range(accounts)]
    return alone_behind(locks.__getitem__)


@fails("mutex-5", "return a function that takes an account and a change; `attempt` returned a list")
def return_the_locks(accounts):
    return [threading.Semaphore(1) for _ in range(accounts)]


@fails("mutex-5", "2 clients are to change once each; 0 did, 0 times in all")
def forget_the_change(accounts):
    locks = [threading.Semaphore(1) for _ in range(accounts)]

    def alone(account, change):
        with locks[account]:
            return change

    return alone


# limiter-4
@fails("limiter-4", "2 jobs were fetched and not done yet, and only 1 may be")
def fetch_and_then_wait(fetch, most):
    room, threads = threading.Semaphore(most), []

    def do(work):
        work()
        room.release()

    while work := fetch():
        room.acquire()
        threads.append(threading.Thread(target=do, args=[work]))
        threads[-1].start()
    for thread in threads:
        thread.join()


@fails("limiter-4", "2 jobs were fetched and not done yet, and only 1 may be")
def wait_in_the_threads(fetch, most):
    room = threading.Semaphore(most)

    def do(work):
        with room:
            work()

    run_together([threading.Thread(target=do, args=[work]) for work in iter(fetch, None)])


@fails("limiter-4", "2 jobs were fetched and not done yet, and only 1 may be")
def release_before_the_work(fetch, most):
    room, threads = threading.Semaphore(most), []

    def do(work):
        room.release()
        work()

    room.acquire()
    while work := fetch():
        threads.append(threading.Thread(target=do, args=[work]))
        threads[-1].start()
        room.acquire()
    for thread in threads:
        thread.join()


@fails("limiter-4", "2 jobs were fetched and not done yet, and only 1 may be")
def one_permit_too_many(fetch, most):
    room, threads = threading.Semaphore(most + 1), []

    def do(work):
        work()
        room.release()

    room.acquire()
    while work := fetch():
        threads.append(threading.Thread(target=do, args=[work]))
        threads[-1].start()
        room.acquire()
    for thread in threads:
        thread.join()


@fails("limiter-4", "never two jobs were at work at once")
def join_each_before_the_next(fetch, most):
    room = threading.Semaphore(most)
    while work := fetch():
        with room:
            run_together([threading.Thread(target=work)])


@fails("limiter-4", "a deadlock")
def never_give_room_back(fetch, most):
    room = threading.Semaphore(most)
    room.acquire()
    while work := fetch():
        threading.Thread(target=work).start()
        room.acquire()


@fails("limiter-4", "wait for every thread with `join()`")
def do_not_wait_for_the_last(fetch, most):
    room = threading.Semaphore(most)

    def do(work):
        work()
        room.release()

    room.acquire()
    while work := fetch():
        threading.Thread(target=do, args=[work]).start()
        room.acquire()


@fails("limiter-4", "main did a job itself")
def work_in_main(fetch, most):
    while work := fetch():
        work()


@fails("limiter-4", "only 1 of 2 jobs were fetched")
def fetch_once(fetch, most):
    run_together([threading.Thread(target=fetch())])


# latch-4
@fails("latch-4", "what `prepare()` raises is to reach whoever called `attempt`")
def swallow_the_rain(gate, runners, prepare):
    with contextlib.suppress(ConnectionError):
        prepare()
    gate.release(runners)


@fails("latch-4", "a deadlock")
def open_for_one_in_the_rain(gate, runners, prepare):
    try:
        prepare()
    except ConnectionError:
        gate.release()
        raise
    gate.release(runners)


@fails("latch-4", "a deadlock")
def open_in_the_rain_only(gate, runners, prepare):
    try:
        prepare()
    except ConnectionError:
        gate.release(runners)
        raise


@fails("latch-4", "a deadlock")
def open_in_the_sun_only(gate, runners, prepare):
    try:
        prepare()
    except ConnectionError:
        raise
    else:
        gate.release(runners)


@fails("latch-4", "the gate is still open for 3 more")
def open_in_any_case_and_once_more(gate, runners, prepare):
    try:
        prepare()
        gate.release(runners)
    finally:
        gate.release(runners)


@fails("latch-4", "a runner passed the gate before `prepare()` had come to its end")
def open_before_anything(gate, runners, prepare):
    gate.release(runners)
    prepare()


@fails("latch-4", "`prepare()` is to be called once, and was called 2 times")
def try_once_more(gate, runners, prepare):
    try:
        try:
            prepare()
        except ConnectionError:
            prepare()
    finally:
        gate.release(runners)


@fails("latch-4", "called 0 times")
def do_not_prepare(gate, runners, prepare):
    time.sleep(1)
    gate.release(runners)


# counter-4
@fails("counter-4", "a deadlock")
def look_and_then_take(left):
    if left._value > 0:
        left.acquire()
        return True
    return False


@fails("counter-4", "2 guests were told that they have a coupon, but there was one")
def look_and_do_not_take(left):
    return left._value > 0


@fails("counter-4", "2 guests were told that they have a coupon, but there was one")
def take_and_give_back(left):
    with left:
        return True


@fails("counter-4", "2 guests were told that they have a coupon, but there was one")
def take_and_do_not_look(left):
    left.acquire(blocking=False)
    return True


@fails("counter-4", "a deadlock")
def wait_for_a_coupon(left):
    return left.acquire()


@fails("counter-4", "a guest waited for a coupon, and should have been sent away")
def wait_for_a_second(left):
    return left.acquire(timeout=1)


@fails("counter-4", "a guest went away without a coupon while 1 were left")
def send_everybody_away(left):
    return False


@fails("counter-4", "a guest was given neither")
def take_in_silence(left):
    left.acquire(blocking=False)


@fails("counter-4", "1 of 1 coupons were handed out, and yet `left` says that 1 are left")
def take_and_put_back(left):
    if left.acquire(blocking=False):
        left.release()
        return not left.__dict__.setdefault("gone", []) and not left.gone.append(1)
    return False


MUTANTS["barrier-4"] = [
    Mutant(1, "if only the impatient one were told"),
    Mutant(3, "What happens to whoever comes later?"),
    Mutant(2, "And those who stood there when it broke?"),
    Mutant(0, "Patience ends after 20 ms"),
    Mutant(4, "Say of each of the five"),
    Mutant("all", "must be a whole number of hikers, got 'all'"),
]
MUTANTS["beyond-5"] = [
    Mutant(4, "with a semaphore for each loop"),
    Mutant(2, "Who finds a free permit in the second one?"),
    Mutant(1, "the second visitor waits, and gets in after the first"),
    Mutant(0, "may be made outside of a loop"),
    Mutant(5, "More than there are visitors"),
    Mutant(-1, "is the permit free, or has it to wait?"),
    Mutant("RuntimeError", "must be a whole number of visitors, got 'RuntimeError'"),
]
MUTANTS["schedule-4"] = [
    Mutant(6, "without the gate"),
    Mutant(1, "What does it say of C?"),
    Mutant(2, "C waits for nobody"),
    Mutant(3, "May D come before B?"),
    Mutant(24, "A is printed before B, and C before D, always"),
    Mutant(4, "Write down the six orders"),
    Mutant("many", "must be a whole number of orders, got 'many'"),
]


# classic-4
@fails("classic-4", "a deadlock")
def one_mutex_for_both_sides(side, mutexes, bridge, come, go, cross):
    with mutexes[1]:
        if come():
            bridge.acquire()
    cross()
    with mutexes[1]:
        if go():
            bridge.release()


@fails("classic-4", "two cars met on the bridge")
def count_outside_of_the_mutex(side, mutexes, bridge, come, go, cross):
    if come():
        bridge.acquire()
    cross()
    with mutexes[side]:
        if go():
            bridge.release()


@fails("classic-4", "two cars met on the bridge")
def no_bridge_at_all(side, mutexes, bridge, come, go, cross):
    with mutexes[side]:
        come()
    cross()
    with mutexes[side]:
        go()


@fails("classic-4", "one car at a time crosses")
def the_bridge_for_each_car(side, mutexes, bridge, come, go, cross):
    with bridge:
        come()
        cross()
        go()


@fails("classic-4", "a deadlock")
def the_first_keeps_the_bridge(side, mutexes, bridge, come, go, cross):
    with mutexes[side]:
        if come():
            bridge.acquire()
    cross()
    with mutexes[side]:
        go()


@fails("classic-4", "`bridge` is not 1 again when all cars have crossed")
def everybody_gives_the_bridge_back(side, mutexes, bridge, come, go, cross):
    with mutexes[side]:
        if come():
            bridge.acquire()
    cross()
    with mutexes[side]:
        go()
        bridge.release()


@fails("classic-4", "one car at a time crosses")
def the_mutex_until_the_end(side, mutexes, bridge, come, go, cross):
    with mutexes[side]:
        if come():
            bridge.acquire()
        cross()
        if go():
            bridge.release()


@fails("classic-4", "must call `come()` once and `go()` once")
def nobody_counts(side, mutexes, bridge, come, go, cross):
    with bridge:
        cross()


# fair-4
@fails("fair-4", "a deadlock")
def one_seat_after_the_other(seats, mutex, ride):
    seats.acquire()
    time.sleep(0.01)
    seats.acquire()
    ride()
    seats.release(2)


@fails("fair-4", "a deadlock")
def the_mutex_around_the_first_only(seats, mutex, ride):
    with mutex:
        seats.acquire()
    seats.acquire()
    ride()
    seats.release(2)


@fails("fair-4", "a deadlock")
def a_mutex_for_each_couple(seats, mutex, ride):
    with threading.Semaphore(1):
        seats.acquire()
        seats.acquire()
    ride()
    seats.release(2)


@fails("fair-4", "never two at the same time, though there are seats for both")
def the_mutex_during_the_ride(seats, mutex, ride):
    with mutex:
        seats.acquire()
        seats.acquire()
        ride()
        seats.release(2)


@fails("fair-4", "a couple rode with 1 permit for `seats` in hand, and needs two")
def one_seat_for_both(seats, mutex, ride):
    with mutex:
        seats.acquire()
    ride()
    seats.release()


@fails("fair-4", "a couple rode with 1 permit for `seats` in hand, and needs two")
def take_the_second_if_there_is_one(seats, mutex, ride):
    seats.acquire()
    second = seats.acquire(blocking=False)
    ride()
    seats.release(1 + second)


@fails("fair-4", "a couple rode with no permit for `seats` in hand")
def the_mutex_is_enough(seats, mutex, ride):
    with mutex:
        ride()


@fails("fair-4", "a deadlock")
def one_seat_is_not_given_back(seats, mutex, ride):
    with mutex:
        seats.acquire()
        seats.acquire()
    ride()
    seats.release()


@fails("fair-4", "a deadlock")
def the_mutex_is_not_given_back(seats, mutex, ride):
    mutex.acquire()
    seats.acquire()
    seats.acquire()
    ride()
    seats.release(2)


# beyond-4
@fails("beyond-4", "a permit too many came back: `connections` began with 1 and ended with 2")
async def give_back_in_any_case(connections, talk):
    answer = None
    try:
        await connections.acquire()
        answer = await talk()
    finally:
        connections.release()
    return answer


@fails("beyond-4", "a permit too many came back")
async def give_back_what_was_cancelled(connections, talk):
    try:
        await connections.acquire()
    except asyncio.CancelledError:
        connections.release()
        raise
    try:
        return await talk()
    finally:
        connections.release()


@fails("beyond-4", "a permit is lost: `connections` began with 1 and ended with 0")
async def shield_the_wait(connections, talk):
    await asyncio.shield(connections.acquire())
    try:
        return await talk()
    finally:
        connections.release()


@fails("beyond-4", "a cancellation did not reach the caller")
async def swallow_the_cancellation(connections, talk):
    try:
        await connections.acquire()
    except asyncio.CancelledError:
        return None
    try:
        return await talk()
    finally:
        connections.release()


@fails("beyond-4", "clients talked at once, and only 1 may")
async def talk_without_waiting(connections, talk):
    return await talk()


@fails("beyond-4", "a permit too many came back")
async def talk_after_a_short_wait(connections, talk):
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(connections.acquire(), 0.05)
    try:
        return await talk()
    finally:
        connections.release()


@fails("beyond-4", "only 1 of 3 clients whose patience lasted have called `talk()`")
async def go_away_if_somebody_talks(connections, talk):
    if connections.locked():
        await asyncio.sleep(1)
        return None
    async with connections:
        return await talk()


@fails("beyond-4", "a caller did not get the answer")
async def keep_the_answer_to_oneself(connections, talk):
    async with connections:
        await talk()
