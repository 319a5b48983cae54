"""Programs of several processes, each complete in itself: they are imported anew by every process."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict

WHILE = 0.8  # seconds that something takes of which nobody should be impatient


def visit(gate, mutex, visits):
    gate.acquire()
    with mutex:
        print("inside")
    visits.release()


def all_four_usages(initial=1):
    gate, visits = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
    mutex = multiprocessing.Semaphore(initial)
    for i in range(3):
        multiprocessing.Process(target=visit, args=[gate, mutex, visits], name=f"visitor-{i}").start()
    for _ in range(3):
        gate.release()
    for process in multiprocessing.active_children():
        process.join()
    return multiprocessing.get_start_method()


class Slow:
    """Takes a while to come to life in another process, as a module that it imports would."""

    def __reduce__(self):
        return __import__("time").sleep, (WHILE,)


class Broken:
    def __reduce__(self):
        return int, ("not a number",)


def open_it(gate, delay=None):
    gate.release()


def slow_to_start():
    gate = multiprocessing.Semaphore(0)
    opener = multiprocessing.Process(target=open_it, args=[gate, Slow()], name="opener")
    opener.start()
    gate.acquire()
    opener.join()
    return "open"


def never_begins():
    gate = multiprocessing.Semaphore(0)
    multiprocessing.Process(target=open_it, args=[gate, Broken()], name="broken").start()
    gate.acquire()


def die_inside(mutex):
    with mutex:
        os._exit(3)


def lose_a_process():
    mutex = multiprocessing.Semaphore(1)
    victim = multiprocessing.Process(target=die_inside, args=[mutex], name="victim")
    victim.start()
    victim.join()
    mutex.acquire()


def start_and_die(mutex, gate):
    multiprocessing.Process(target=die_inside, args=[mutex], name="orphan").start()
    gate.acquire()


def lose_a_process_that_nobody_joins():
    mutex, gate = multiprocessing.Semaphore(1), multiprocessing.Semaphore(0)
    multiprocessing.Process(target=start_and_die, args=[mutex, gate], name="parent").start()
    gate.acquire()


class OwnError(Exception):
    pass


def fail(message):
    raise OwnError(message)


def fails():
    process = multiprocessing.Process(target=fail, args=["no such seat"], name="poor one")
    process.start()
    process.join()


def raises_its_own():
    raise OwnError("in main")


def never_joined():
    """Its semaphore is gone before a process that is not forked can open it."""
    start_one()


def start_one():
    multiprocessing.Process(target=open_it, args=[multiprocessing.Semaphore(0)], name="late").start()


def wait_at(ready, gate):
    ready.release()
    gate.acquire()


def stop_and_go():
    ready, gate = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
    waiter = multiprocessing.Process(target=wait_at, args=[ready, gate], name="waiter")
    waiter.start()
    ready.acquire()
    os.kill(waiter.pid, signal.SIGSTOP)
    code = f"import os, signal, time; time.sleep({WHILE}); os.kill({waiter.pid}, signal.SIGCONT)"
    gate.release()
    with subprocess.Popen([sys.executable, "-c", code]):
        waiter.join()
    return waiter.exitcode


def stay_until(mutex, ready, go):
    with mutex:
        ready.release()
        go.acquire()


def take_and_give(mutex):
    with mutex:
        pass


def owner_stops_and_goes_on(kind="Semaphore"):
    """Whoever owns the permit is not scheduled for a while, and somebody waits for it meanwhile."""
    ready, mutex = multiprocessing.Semaphore(0), getattr(multiprocessing, kind)(*[1] * (kind == "Semaphore"))
    go = multiprocessing.Semaphore(0)
    owner = multiprocessing.Process(target=stay_until, args=[mutex, ready, go], name="owner")
    owner.start()
    ready.acquire()
    os.kill(owner.pid, signal.SIGSTOP)
    go.release()
    waiter = multiprocessing.Process(target=take_and_give, args=[mutex], name="waiter")
    waiter.start()
    code = f"import os, signal, time; time.sleep({1.5 * WHILE}); os.kill({owner.pid}, signal.SIGCONT)"
    with subprocess.Popen([sys.executable, "-c", code]):
        waiter.join()
        owner.join()
    return owner.exitcode, waiter.exitcode


def hand_to_a_pool():
    gate = multiprocessing.Semaphore(0)
    with multiprocessing.Pool(1, initializer=open_it, initargs=[gate, Slow()]) as pool:
        gate.acquire()
        return pool.apply(abs, [-1])


def leave_inside(mutex, ready, how):
    mutex.acquire()
    ready.release()
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(how)


def dies_with_a_permit(how, joins=False):
    """There is a second permit, so that nobody has to wait for the lost one."""
    mutex, ready = multiprocessing.Semaphore(2), multiprocessing.Semaphore(0)
    victim = multiprocessing.Process(target=leave_inside, args=[mutex, ready, how], name="victim")
    victim.start()
    ready.acquire()
    with mutex:
        print("another permit is left")
    if joins:
        victim.join()


def gives_back_for_another(how):
    """Whoever gives the permit back, it is back."""
    mutex, ready = multiprocessing.Semaphore(1), multiprocessing.Semaphore(0)
    victim = multiprocessing.Process(target=leave_inside, args=[mutex, ready, how], name="victim")
    victim.start()
    victim.join()
    mutex.release()


def sleep_on(ready):
    ready.release()
    time.sleep(60)


def ends_a_sleeper():
    ready = multiprocessing.Semaphore(0)
    sleeper = multiprocessing.Process(target=sleep_on, args=[ready], name="sleeper")
    sleeper.start()
    ready.acquire()
    sleeper.terminate()
    sleeper.join()


def start_another(mutex, ready, how):
    multiprocessing.Process(target=leave_inside, args=[mutex, ready, how], name="victim").start()


def dies_below(how):
    """A child waits for its own child at its end, as Python does, and only then has ended."""
    mutex, ready = multiprocessing.Semaphore(2), multiprocessing.Semaphore(0)
    middle = multiprocessing.Process(target=start_another, args=[mutex, ready, how], name="middle")
    middle.start()
    ready.acquire()
    middle.join()


def hold_on(mutex, ready):
    with mutex:
        ready.release()
        time.sleep(60)


def leaves_a_daemon():
    """Python ends a daemon with the process that has started it: it has not come to its end, and has lost nothing."""
    mutex, ready = multiprocessing.Semaphore(1), multiprocessing.Semaphore(0)
    multiprocessing.Process(target=hold_on, args=[mutex, ready], name="holder", daemon=True).start()
    ready.acquire()


def leave_one_behind(mutex, ready):
    multiprocessing.Process(target=hold_on, args=[mutex, ready], name="holder").start()
    ready.acquire()
    os._exit(0)


def leaves_an_orphan():
    mutex, ready = multiprocessing.Semaphore(1), multiprocessing.Semaphore(0)
    parent = multiprocessing.Process(target=leave_one_behind, args=[mutex, ready], name="parent")
    parent.start()
    parent.join()


def main_breaks_off():
    mutex, ready = multiprocessing.Semaphore(1), multiprocessing.Semaphore(0)
    multiprocessing.Process(target=hold_on, args=[mutex, ready], name="holder").start()
    ready.acquire()
    os._exit(4)


PATIENCE = [0.01] * 2


class Visitor(multiprocessing.Process):
    """A process of a class of the program's own."""

    def __init__(self, door, careful=True):
        super().__init__()
        self.door, self.careful = door, careful

    def run(self):
        self.door.acquire()
        time.sleep(PATIENCE[0])
        if self.careful:
            self.door.release()


class Guest(Visitor):
    def run(self):
        super().run()
        if not self.careful:
            raise ValueError("no manners")


def processes_of_its_own_class(kind="Visitor"):
    door = multiprocessing.Semaphore(1)
    visitors = [globals()[kind](door) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    return [visitor.exitcode for visitor in visitors]


def a_process_of_its_own_class_is_careless(kind="Visitor"):
    door = multiprocessing.Semaphore(1)
    visitor = globals()[kind](door, careful=False)
    visitor.start()
    visitor.join()


def stay_at(door):
    with door:
        time.sleep(PATIENCE[1])


def semaphore_of_a_context():
    context = multiprocessing.get_context()
    door = context.BoundedSemaphore(2)
    visitors = [context.Process(target=stay_at, args=[door]) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()


def what_is_not_watched():
    words, ready, sum_ = multiprocessing.Queue(), multiprocessing.Event(), multiprocessing.Value("i", 0)
    with sum_.get_lock():
        ready.set()
        words.put(1)
        return words.get()


def take_both(first, second, mine, other):
    with first:
        mine.release()
        other.acquire()
        with second:
            pass


def locks_crosswise(kind):
    fork, knife = getattr(multiprocessing, kind)(), getattr(multiprocessing.get_context(), kind)()
    one, two = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
    ann = multiprocessing.Process(target=take_both, args=[fork, knife, one, two], name="ann")
    ben = multiprocessing.Process(target=take_both, args=[knife, fork, two, one], name="ben")
    ann.start()
    ben.start()
    ann.join()
    ben.join()


def count_in(lock, sum_, times):
    for _ in range(times):
        with lock:
            sum_.value += 1


def locks_count(kind, processes=3):
    lock, sum_ = getattr(multiprocessing, kind)(), multiprocessing.Value("i", 0, lock=False)
    workers = [multiprocessing.Process(target=count_in, args=[lock, sum_, 5]) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum_.value


def lock_twice(kind):
    lock = getattr(multiprocessing, kind)()
    with lock, lock, lock:
        pass
    return lock.acquire(False), lock.acquire(timeout=0.01)


def give_back(lock):
    lock.release()


def lock_of_another():
    baton = multiprocessing.Lock()
    baton.acquire()
    runner = multiprocessing.Process(target=give_back, args=[baton], name="runner")
    runner.start()
    baton.acquire()
    runner.join()


def lock_given_back_by_nobody(kind):
    try:
        getattr(multiprocessing, kind)().release()
    except (ValueError, AssertionError) as error:
        return str(error)


def lock_in_a_condition():
    lock = multiprocessing.Lock()
    changed = multiprocessing.Condition(lock)
    with changed:
        changed.notify_all()
    with lock:
        return changed.wait(0.01)


TASKS = {}
ORDER: list = []
BY_LETTER = defaultdict(list)
LIMITS = {"turns": 2, "letters": ("a", "b")}


def task(name):
    def put(function):
        TASKS[name] = function
        ORDER.append(name)
        BY_LETTER[name[0]].append(function)
        return function

    return put


@task("add")
def adds(mutex):
    for _ in range(LIMITS["turns"]):
        with mutex:
            pass


@task("beep")
def beeps(mutex):
    with mutex:
        pass


def runs_a_task(name, mutex):
    for function in BY_LETTER[name[0]]:
        function(mutex)


def tasks_by_name():
    mutex = multiprocessing.Semaphore(1)
    workers = [multiprocessing.Process(target=runs_a_task, args=[name, mutex], name=name) for name in TASKS]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return ORDER, sorted(BY_LETTER), LIMITS


def works(shelf):
    shelf.recv()


def computes(shelf):
    total = 0
    while True:
        total += 1


def naps(shelf):
    time.sleep(3600)


def waits(shelf):
    multiprocessing.Semaphore(0).acquire(timeout=3600)


def sums(shelf):
    sum(iter(int, 1))


def never_end(functions):
    pipe = multiprocessing.Pipe()
    work = {f.__name__: f for f in (works, computes, naps, waits, sums)}
    workers = [multiprocessing.Process(target=work[name], args=[pipe[0]], name=name) for name in functions]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


class Later:
    """Takes longer to come to another process than anybody waits."""

    def __reduce__(self):
        return __import__("time").sleep, (3600,)


def never_comes_to_life():
    multiprocessing.Process(target=open_it, args=[None, Later()], name="worker").start()
    multiprocessing.active_children()[0].join()


def leaves_a_thread():
    threading.Thread(target=time.sleep, args=[3600]).start()
