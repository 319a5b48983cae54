"""`time`, `random` and `print` as a recorded program sees them, and the real ones beside them."""

from __future__ import annotations

import asyncio
import importlib
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import choice, randint
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])


def reads_clocks() -> list[Any]:
    time.sleep(1.5)
    seconds = [time.time(), time.monotonic(), time.perf_counter()]
    nanoseconds = [time.time_ns(), time.monotonic_ns(), time.perf_counter_ns()]
    return [*seconds, *nanoseconds]


def test_every_clock_is_the_virtual_one() -> None:
    assert lab.record(reads_clocks, clock="virtual").result == [1.5] * 3 + [1_500_000_000] * 3


def tells_the_date() -> list[Any]:
    time.sleep(86_400)
    short = [time.gmtime(), time.localtime(), time.ctime(), time.asctime(), time.strftime("%j %H:%M:%S")]
    none = [time.gmtime(None), time.localtime(None), time.ctime(None)]
    return short + none + [time.gmtime(7), time.strftime("%Y", time.gmtime(0)), time.asctime(time.gmtime(0))]


def test_dates_without_a_moment_are_of_the_virtual_clock() -> None:
    here = time.localtime(86_400)
    moment = [time.gmtime(86_400), here, time.ctime(86_400)]
    assert lab.record(tells_the_date, clock="virtual", timeout=100_000).result == [
        *moment,
        time.asctime(here),
        time.strftime("%j %H:%M:%S", here),
        *moment,
        time.gmtime(7),
        "1970",
        "Thu Jan  1 00:00:00 1970",
    ]


def tells_the_year() -> list[str]:
    return [time.strftime("%Y"), time.ctime()[-4:], str(time.gmtime(None).tm_year)]


def test_dates_on_the_wall_are_of_today() -> None:
    assert {int(year) for year in lab.record(tells_the_year).result} <= {time.gmtime().tm_year + i for i in (-1, 0, 1)}


def plans() -> list[Any]:
    import sched

    done: list[Any] = []
    plan = sched.scheduler()
    for delay, priority, name in ((2, 1, "late"), (1, 2, "second"), (1, 1, "first"), (3, 1, "never")):
        event = plan.enter(delay, priority, lambda name=name: done.append((name, time.monotonic())))
    plan.cancel(event)
    plan.run()
    other = sched.scheduler(time.time, time.sleep)
    other.enterabs(time.time() + 5, 0, done.append, ("with time and sleep",))
    other.run()
    return [*done, time.monotonic()]


def test_a_scheduler_runs_on_the_virtual_clock() -> None:
    run = lab.record(plans, clock="virtual")
    assert run.result == [("first", 1.0), ("second", 1.0), ("late", 2.0), "with time and sleep", 7.0]
    assert sum(e.amount for e in run.trace if e.kind == "sleep") == 7 * 10**9


def sets_timers() -> list[str]:
    said: list[str] = []
    timer = threading.Timer(2, said.append, ["two"])
    cancelled = threading.Timer(3, said.append, ["never"])
    repeated = [threading.Timer(1, said.append, args=("one",))]
    for one in (timer, cancelled, *repeated):
        one.start()
    time.sleep(1.5)
    cancelled.cancel()
    for one in (timer, cancelled, *repeated):
        one.join()
    return said


def test_a_timers_wait_is_drawn_as_sleep() -> None:
    run = lab.record(sets_timers, clock="virtual")
    assert (run.result, run.duration) == (["one", "two"], 2.0)
    of_timers = [(e.thread, e.time, e.kind, e.amount) for e in run.trace if e.kind in {"sleep", "wake"}]
    second = 10**9
    assert [event for event in of_timers if event[0] == "Thread-1"] == [
        ("Thread-1", 0, "sleep", 2 * second),
        ("Thread-1", 2 * second, "wake", 0),
    ]
    assert [event[1:] for event in of_timers if event[0] == "Thread-2"] == [
        (0, "sleep", 3 * second),
        (3 * second // 2, "wake", 0),
    ]
    assert [s.kind for s in run.reading.spans if s.thread == "Thread-3"] == ["sleep"]


def cancels_a_timer() -> list[str]:
    said: list[str] = []
    for cancelled in (True, False):
        timer = threading.Timer(60 if cancelled else 0.001, said.append, [str(cancelled)])
        timer.start()
        if cancelled:
            timer.cancel()
        timer.join()
    return said


@CLOCKS
def test_timers_run_and_are_cancelled(clock: str) -> None:
    run = lab.record(cancels_a_timer, clock=clock)
    assert run.result == ["False"]
    assert [e.kind for e in run.trace if e.thread == "Thread-2"][:3] == ["start", "sleep", "wake"]
    run.trace.certify()


def one_tick() -> list[float]:
    before = time.time()
    time.sleep(0)
    return [before, time.time()]


def test_on_the_wall_the_clocks_are_the_real_ones() -> None:
    before = time.time()
    first, second = lab.record(one_tick).result
    assert before <= first <= second <= time.time()


def nap(length: Any) -> None:
    time.sleep(length)


def test_sleeping_costs_virtual_time_only() -> None:
    run = lab.record(nap, length=86_400, clock="virtual", timeout=90_000)
    assert run.duration == 86_400.0
    assert [(e.time, e.kind, e.amount) for e in run.trace][1:3] == [
        (0, "sleep", 86_400_000_000_000),
        (86_400_000_000_000, "wake", 0),
    ]
    assert run.trace[1].line == nap.__code__.co_firstlineno + 1


@pytest.mark.parametrize("length", [-1, float("nan"), "x", None])
@CLOCKS
def test_a_wrong_length_is_refused_as_the_real_sleep_refuses_it(length: Any, clock: str) -> None:
    with pytest.raises((ValueError, TypeError)) as real:
        time.sleep(length)
    run = lab.record(nap, length=length, clock=clock, raises=False)
    assert type(run.exception) is real.type
    assert [e.kind for e in run.trace] == ["start", "end"]


def naps(threads: int) -> list[int]:
    woken: list[int] = []

    def work(i: int) -> None:
        time.sleep(threads - i)
        woken.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return woken


def test_who_sleeps_less_wakes_first() -> None:
    run = lab.record(naps, threads=5, clock="virtual")
    assert (run.result, run.duration) == ([4, 3, 2, 1, 0], 5.0)


def tells(pause: float) -> None:
    told = threading.Event()

    def work() -> None:
        told.wait()
        time.sleep(pause)
        print("from", "a worker", sep=" – ", end="!\n")

    worker = threading.Thread(target=work, name="Ada")
    worker.start()
    print("from main", flush=True)
    told.set()
    worker.join()
    print("to stdout", file=sys.stdout)
    print("to stderr", file=sys.stderr)
    print()


@CLOCKS
def test_print_is_collected_with_its_thread_and_time(clock: str, capsys: Any) -> None:
    run = lab.record(tells, pause=0.002, clock=clock)
    assert run.output == "from main\nfrom – a worker!\nto stdout\n\n"
    assert capsys.readouterr() == ("", "to stderr\n")
    assert [p.thread for p in run.printed] == ["main", "Ada", "main", "main"]
    assert [(e.thread, e.kind) for e in run.trace if e.kind == "print"][1] == ("Ada", "print")
    if clock == "virtual":
        assert [p.time for p in run.printed] == [0, 2_000_000, 2_000_000, 2_000_000]


def prints_much() -> None:
    print("x" * 10_000_000)
    print("\x00\ud800$<b>")


def test_long_and_odd_output_is_kept_as_it_is() -> None:
    assert lab.record(prints_much, clock="virtual").output == "x" * 10_000_000 + "\n\x00\ud800$<b>\n"


@pytest.fixture
def real_random() -> Iterator[random.Random]:
    """Puts the real generator into a known state for the test, and takes it out again."""
    before = random.getstate()
    random.seed(5)
    yield random.Random(5)
    random.setstate(before)


def draws() -> list[Any]:
    drawn: list[Any] = [random.random(), randint(1, 6), choice("abc"), random.gauss(0, 1)]
    random.shuffle(drawn)
    other = random.Random(1)
    return [*drawn, other.random()]


def test_random_numbers_belong_to_the_seed(real_random: random.Random) -> None:
    first = lab.record(draws, clock="virtual", seed=7)
    assert lab.record(draws, clock="virtual", seed=7).result == first.result
    assert lab.record(draws, clock="virtual", seed=8).result != first.result
    assert first.result[-1] == random.Random(1).random()
    assert random.Random(7).random() in first.result
    assert random.random() == real_random.random()


def seeds_itself() -> list[float]:
    random.seed(99)
    state = random.getstate()
    first = random.random()
    random.setstate(state)
    return [first, random.random()]


def test_a_program_may_seed_its_random_and_only_its_own() -> None:
    outside = random.getstate()
    result = lab.record(seeds_itself, clock="virtual").result
    assert result == [random.Random(99).random()] * 2
    assert random.getstate() == outside


def one_draw() -> float:
    return random.random()


def test_on_the_wall_random_is_the_real_one(real_random: random.Random) -> None:
    assert lab.record(one_draw).result == real_random.random()


def asks_threading() -> list[Any]:
    names: list[Any] = []

    def work() -> None:
        local.value = threading.current_thread().name
        names.extend([local.value, threading.active_count(), threading.main_thread().name])
        names.append(threading.get_ident() == threading.current_thread().ident)

    local = threading.local()
    worker = threading.Thread(target=work, name="Ada")
    names.append(worker.is_alive())
    worker.start()
    worker.join()
    names.append([t.name for t in threading.enumerate()])
    names.append((worker.is_alive(), hasattr(local, "value"), threading.current_thread() is threading.main_thread()))
    return names


@CLOCKS
def test_threading_knows_the_runs_threads_and_no_others(clock: str) -> None:
    assert lab.record(asks_threading, clock=clock).result == [
        False,
        "Ada",
        2,
        "MainThread",
        True,
        ["MainThread"],
        (False, False, True),
    ]


def asks_who_is_who() -> list[Any]:
    local = threading.local()
    local.name = "main"
    seen: list[Any] = []
    release = threading.Event()

    class Named(threading.local):
        def __init__(self) -> None:
            self.own = threading.current_thread().name

    named = Named()

    def work() -> None:
        seen.append((named.own, hasattr(local, "name"), threading.get_native_id() == me().native_id))
        release.wait()

    me = threading.current_thread
    workers = [threading.Thread(target=work, name=name, daemon=name == "Bob") for name in ("Ada", "Bob")]
    for worker in workers:
        worker.start()
    time.sleep(0.01)
    names = sorted(thread.name for thread in threading.enumerate())
    idents = {thread.ident for thread in threading.enumerate()}
    count = threading.active_count()
    release.set()
    for worker in workers:
        worker.join()
    return [
        sorted(seen),
        names,
        count,
        len(idents),
        threading.get_ident() in idents,
        threading.get_ident() == threading.main_thread().ident == me().ident,
        (local.name, named.own),
        [repr(worker).split("(")[1].split(",")[0] for worker in workers],
        threading.active_count(),
    ]


@CLOCKS
def test_threads_are_who_they_are(clock: str) -> None:
    assert lab.record(asks_who_is_who, clock=clock).result == [
        [("Ada", False, True), ("Bob", False, True)],
        ["Ada", "Bob", "MainThread"],
        3,
        3,
        True,
        True,
        ("main", "MainThread"),
        ["Ada", "Bob"],
        1,
    ]


def traces() -> list[str]:
    called: set[str] = set()

    def work() -> None:
        pass

    def note(frame: Any, what: str, argument: object) -> None:
        if frame.f_code.co_name == "work":
            called.add(f"{what} in {threading.current_thread().name}")

    threading.settrace(note)
    threading.setprofile(note)
    worker = threading.Thread(target=work, name="Ada")
    worker.start()
    worker.join()
    threading.settrace(None)  # type: ignore[arg-type]
    threading.setprofile(None)  # type: ignore[arg-type]
    return sorted(called)


@CLOCKS
def test_a_program_may_trace_its_threads_and_only_these(clock: str) -> None:
    tracing, profiling = threading.gettrace(), threading.getprofile()
    assert lab.record(traces, clock=clock).result == ["call in Ada", "return in Ada"]
    assert (threading.gettrace(), threading.getprofile()) == (tracing, profiling)


def traces_for_ever() -> None:
    threading.settrace(lambda *args: None)
    threading.setprofile(lambda *args: None)
    threading.excepthook = lambda args: None
    threading.stack_size(512 * 1024)


@CLOCKS
def test_settings_of_threads_are_the_runs_own(clock: str) -> None:
    before = (threading.gettrace(), threading.getprofile(), threading.excepthook, threading.stack_size())
    lab.record(traces_for_ever, clock=clock)
    assert (threading.gettrace(), threading.getprofile(), threading.excepthook, threading.stack_size()) == before


def asks_the_stack_size() -> list[int]:
    sizes = [threading.stack_size(), threading.stack_size(256 * 1024), threading.stack_size()]
    worker = threading.Thread(target=sizes.append, args=(1,))
    worker.start()
    worker.join()
    return sizes


@CLOCKS
def test_the_stack_size_can_be_set_and_asked(clock: str) -> None:
    assert lab.record(asks_the_stack_size, clock=clock).result == [0, 0, 256 * 1024, 1]


def hooks() -> list[str]:
    said: list[str] = []

    def fail() -> None:
        raise KeyError("lost")

    def note(args: Any) -> None:
        said.append(f"{args.exc_type.__name__} in {args.thread.name}, {args.exc_traceback is not None}")

    for hook in (note, threading.__excepthook__):
        threading.excepthook = hook
        worker = threading.Thread(target=fail, name="Ada")
        worker.start()
        worker.join()
    return said


@CLOCKS
def test_a_hook_for_exceptions_can_be_set_and_taken_back(clock: str) -> None:
    run = lab.record(hooks, clock=clock, raises=False)
    told = "Ada (2) raised KeyError: 'lost'; Ada ended with KeyError, as its excepthook was told"
    assert (run.result, run.verdict) == (["KeyError in Ada, True"], told)


def hands_on() -> list[str]:
    """As whoever writes a hook does: what is not for it goes to the one before it."""
    said: list[str] = []

    def fail() -> None:
        raise KeyError("lost")

    def note(before: Callable[[Any], None]) -> Callable[[Any], None]:
        def hook(args: Any) -> None:
            said.append(args.thread.name)
            before(args)

        return hook

    for name, before in (("Ada", threading.excepthook), ("Bob", threading.__excepthook__), ("Eve", None)):
        threading.excepthook = note(threading.excepthook if before is None else before)
        worker = threading.Thread(target=fail, name=name)
        worker.start()
        worker.join()
    return said


@CLOCKS
def test_a_hook_hands_on_to_the_one_before_it(clock: str) -> None:
    run = lab.record(hands_on, clock=clock, raises=False)
    assert (run.result, run.output) == (["Ada", "Bob", "Eve", "Eve"], "")
    assert run.died == tuple(
        f"{name} ended with KeyError, as its excepthook was told" for name in ("Ada", "Bob", "Eve")
    )
    assert run.verdict.startswith("Ada raised KeyError: 'lost'; Ada ended with KeyError")


def hooks_five() -> None:
    threading.excepthook = lambda args: None
    for number in range(5):
        threading.Thread(target=divmod, args=(1, 0), name=f"Ada {number}").start()


def test_of_many_whose_hook_was_told_some_are_named() -> None:
    run = lab.record(hooks_five, clock="virtual")
    assert len(run.died) == 5
    assert run.verdict.endswith("; ".join(["", *run.died[:3], "2 more did not come to their own end"]))


def is_held_up_in_its_hook() -> None:
    inside = threading.Event()

    def hook(args: Any) -> None:
        inside.set()
        threading.Event().wait()

    threading.excepthook = hook
    threading.Thread(target=divmod, args=(1, 0), name="Ada", daemon=True).start()
    threading.Thread(target=int, name="Bob").start()
    inside.wait()


@CLOCKS
def test_who_is_held_up_in_its_hook_has_not_ended(clock: str) -> None:
    run = lab.record(is_held_up_in_its_hook, clock=clock)
    assert (run.died, run.stopped) == ((), None)
    assert run.verdict.startswith("main and 1 thread ran to the end and Ada had not; ")


def asks_what_locks_are() -> list[bool]:
    lock, again = threading.Lock(), threading.RLock()
    return [
        isinstance(lock, LockType),
        isinstance(again, AgainType),
        isinstance(lock, AgainType),
        LockType is type(lock),
        isinstance(threading.Semaphore(1), S),
    ]


LockType, AgainType, S = type(threading.Lock()), type(threading.RLock()), threading.Semaphore


@CLOCKS
def test_types_of_locks_can_be_asked_for(clock: str) -> None:
    assert lab.record(asks_what_locks_are, clock=clock).result == [True, True, False, True, True]
    assert LockType is type(threading.Lock())


@CLOCKS
def test_the_programs_main_thread_and_no_other_has_an_event_loop_for_the_asking(clock: str) -> None:
    def asked() -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on, where none was set
            try:
                asyncio.get_event_loop().close()
            except RuntimeError as error:
                return str(error)
            finally:
                asyncio.set_event_loop(None)
        return "made"

    def program() -> tuple[str, str]:
        with ThreadPoolExecutor(1) as pool:
            return asked(), pool.submit(asked).result()

    events = importlib.import_module("asyncio.events")
    before = vars(events)["threading"]
    in_main, in_another = lab.record(program, clock=clock).result
    assert in_main == "made"
    assert in_another.startswith("There is no current event loop in thread 'ThreadPoolExecutor-0_0'")
    assert vars(events)["threading"] is before
    globals().pop("__warningregistry__", None)  # of what is ignored above
