"""One run from start to finish: what it hands over, and that everything is as before when it is over."""

from __future__ import annotations

import _thread
import contextlib
import functools
import gc
import logging
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable
from threading import Semaphore as S
from threading import Thread
from typing import Any

import pytest

import semalab as lab

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])


def kinds(run: Any, thread: str) -> list[str]:
    return [event.kind for event in run.trace if event.thread == thread]


def mutex(threads: int, initial: int) -> str:
    semaphore = threading.Semaphore(initial)

    def work() -> None:
        with semaphore:
            time.sleep(0.001)

    workers = [threading.Thread(target=work, name=f"worker {i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return "done"


@CLOCKS
def test_a_run_says_what_it_was(clock: str) -> None:
    run = lab.record(mutex, threads=3, initial=1, clock=clock, seed=5)
    assert (run.result, run.exception, run.stopped) == ("done", None, None)
    assert (run.clock, run.seed, dict(run.arguments), run.name) == (clock, 5, {"threads": 3, "initial": 1}, "mutex")
    assert run.trace.threads == ("main", "worker 0", "worker 1", "worker 2")
    assert [tuple(p) for p in run.trace.primitives.values()] == [("semaphore", "Semaphore", 1)]
    assert kinds(run, "worker 0")[0] == "start"
    assert [k for k in kinds(run, "worker 0") if k != "block"] == [
        "start",
        "acquire",
        "sleep",
        "wake",
        "release",
        "end",
    ]
    assert run.trace.certify() is run.trace
    with pytest.raises(TypeError):
        run.arguments["threads"] = 4


def test_the_virtual_run_to_the_nanosecond() -> None:
    run = lab.record(mutex, threads=2, initial=1, clock="virtual")
    line = mutex.__code__.co_firstlineno + 4
    first, second = (e.thread for e in run.trace if e.kind == "acquire")
    assert [tuple(e) for e in run.trace.of("semaphore")] == [
        (0, first, "acquire", "semaphore", 0, 1, line),
        (0, second, "block", "semaphore", 0, 0, line),
        (1_000_000, first, "release", "semaphore", 1, 1, line),
        (1_000_000, second, "acquire", "semaphore", 0, 1, line),
        (2_000_000, second, "release", "semaphore", 1, 1, line),
    ]
    assert (run.duration, run.trace.duration) == (0.002, 2_000_000)


def nested(cell: Any) -> list[int]:
    """Threads that start threads, functions in functions, names the twins must be found behind."""
    gate = S(0)
    order: list[int] = []

    def outer() -> None:
        def inner() -> None:
            def innermost() -> None:
                order.append(cell)
                gate.release()

            innermost()

        worker = Thread(target=inner)
        worker.start()
        worker.join()

    Thread(target=outer).start()
    gate.acquire()
    return order


@CLOCKS
def test_names_imported_by_another_name_are_watched(clock: str) -> None:
    run = lab.record(nested, cell=7, clock=clock)
    assert run.result == [7]
    assert run.trace.threads == ("main", "Thread-1 (outer)", "Thread-2 (inner)")
    assert [(e.thread, e.kind) for e in run.trace.of("gate") if e.kind != "block"] == [
        ("Thread-2 (inner)", "release"),
        ("main", "acquire"),
    ]


def program_with_a_closure() -> Callable[[], bool]:
    kept_sleep, kept_module, kept_class = time.sleep, threading, threading.Semaphore

    def program() -> bool:
        kept_sleep(3600)
        with kept_class(1):
            return isinstance(kept_module.Lock(), object)

    return program


def test_twins_reach_closures_and_leave_them() -> None:
    program = program_with_a_closure()
    before = [cell.cell_contents for cell in program.__closure__ or ()]
    run = lab.record(program, clock="virtual", timeout=4000)
    assert run.duration == 3600.0
    assert [e.kind for e in run.trace] == ["start", "sleep", "wake", "acquire", "release", "end"]
    assert [cell.cell_contents for cell in program.__closure__ or ()] == before


def is_given_a_class(made: Any, real: list[dict[str, Any]]) -> bool:
    with made(1):
        return real[0]["_allocate_lock"] is _thread.allocate_lock and real[0]["Lock"] is _thread.allocate_lock


def test_the_real_threading_itself_is_never_touched() -> None:
    """Although the methods of a class that the program is given are functions of that very module."""
    before = dict(vars(threading))
    real = [vars(threading)]
    space: dict[str, Any] = {}

    def program() -> None:
        space.update(real[0])

    lab.record(program, clock="virtual")
    lab.record(is_given_a_class, made=threading.Semaphore, real=real, clock="virtual")
    lab.record(calls_back, function=lambda: space.update(real[0]), made=threading.Semaphore, clock="virtual")
    asking = {"Lock", "RLock"}  # who makes one is asked for while the run lasts
    assert {name for name, value in before.items() if space[name] is not value} <= {"__builtins__", *asking}
    assert {name for name, value in vars(threading).items() if before.get(name) is not value} == set()


def calls_back(function: Callable[[], None], made: Any) -> None:
    function()


class Counter:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n = 0

    def __call__(self, times: int) -> int:
        workers = [threading.Thread(target=self.add) for _ in range(times)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return self.n

    def add(self) -> None:
        with self.lock:
            self.n += 1


@pytest.mark.parametrize("as_program", [lambda: Counter().__call__, lambda: functools.partial(Counter())])
def test_methods_and_partials_are_programs(as_program: Callable[[], Any]) -> None:
    run = lab.record(as_program(), times=3, clock="virtual")
    assert run.result == 3
    assert run.trace.threads == ("main", "Thread-1 (add)", "Thread-2 (add)", "Thread-3 (add)")
    assert list(run.trace.primitives) == ["lock"]  # made before the run, which the object brings along


def calls(function: Callable[[], float]) -> float:
    return function()


def test_functions_among_the_arguments_see_the_twins() -> None:
    space: dict[str, Any] = {"time": time}
    exec("def elsewhere():\n    time.sleep(60)\n    return time.monotonic()", space)
    assert lab.record(calls, function=space["elsewhere"], clock="virtual", timeout=100).result == 60.0
    assert space["time"] is time


def fails() -> None:
    raise KeyError("no such fork")


def worker_fails() -> str:
    worker = threading.Thread(target=fails, name="careless")
    worker.start()
    worker.join()
    return "main went on"


@CLOCKS
def test_what_the_program_raises_comes_out_of_record(clock: str) -> None:
    with pytest.raises(KeyError, match="no such fork") as caught:
        lab.record(fails, clock=clock)
    assert caught.traceback[-1].name == "fails"
    run = lab.record(fails, clock=clock, raises=False)
    assert isinstance(run.exception, KeyError)
    assert (run.result, run.failed_thread, run.verdict) == (None, "main", "main raised KeyError: 'no such fork'")


@CLOCKS
def test_what_a_worker_raises_comes_out_of_record_and_nothing_is_printed(clock: str, capfd: Any) -> None:
    with pytest.raises(KeyError, match="no such fork"):
        lab.record(worker_fails, clock=clock)
    run = lab.record(worker_fails, clock=clock, raises=False)
    assert (run.result, run.failed_thread, run.verdict) == (
        "main went on",
        "careless",
        "careless raised KeyError: 'no such fork'",
    )
    assert capfd.readouterr() == ("", "")


def one_of_two_fails(bare: bool) -> None:
    told = threading.Event()
    here = threading.Semaphore(0)

    def work(fails: bool) -> None:
        told.wait()
        here.release()  # nobody joins a bare thread, and a busy machine may not have begun it when main ends
        if fails:
            raise KeyError("the second one")

    def start(fails: bool) -> None:
        if bare:
            _thread.start_new_thread(work, (fails,))
        else:
            threading.Thread(target=work, args=(fails,), name="Ada").start()

    start(False)
    start(True)
    told.set()
    for _ in range(2):
        here.acquire()
    time.sleep(0.5)


@CLOCKS
@pytest.mark.parametrize("bare", [False, True])
def test_of_two_threads_with_one_name_the_right_one_is_blamed(clock: str, bare: bool) -> None:
    run = lab.record(one_of_two_fails, clock=clock, raises=False, bare=bare)
    label = run.trace.threads[2]
    assert label.endswith(" (2)")
    assert (run.failed_thread, run.verdict) == (label, f"{label} raised KeyError: 'the second one'")


def both_fail() -> None:
    worker_fails()
    raise ValueError("main as well")


@CLOCKS
def test_the_main_threads_exception_goes_before_a_workers(clock: str) -> None:
    run = lab.record(both_fail, clock=clock, raises=False)
    assert repr(run.exception) == "ValueError('main as well')"


def takes_care_itself() -> list[str]:
    seen: list[str] = []
    threading.excepthook = lambda args: seen.append(f"{args.thread.name}: {args.exc_type.__name__}")
    worker_fails()
    return seen


@CLOCKS
def test_a_programs_own_excepthook_is_its_own(clock: str) -> None:
    hook = threading.excepthook
    run = lab.record(takes_care_itself, clock=clock)
    assert run.result == ["careless: KeyError"]
    assert (run.standing, run.exception) == ("", None)
    assert run.verdict == (
        "main ran to the end; none of them used a semaphore of threading; careless ended with KeyError, as its "
        "excepthook was told"
    )
    assert threading.excepthook is hook


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_a_hook_is_told_of_a_thread_that_exits_and_the_thread_has_ended_as_it_meant_to(clock: str) -> None:
    seen: list[str] = []

    def program() -> None:
        threading.excepthook = lambda args: seen.append(args.exc_type.__name__)
        worker = threading.Thread(target=sys.exit)
        worker.start()
        worker.join()

    run = lab.record(program, clock=clock)
    assert seen == ["SystemExit"]
    assert (run.died, run.exception) == ((), None) and "raised" not in run.verdict


def leaves() -> None:
    worker = threading.Thread(target=sys.exit, args=("bye",))
    worker.start()
    worker.join()
    sys.exit(3)


@CLOCKS
def test_system_exit_ends_a_worker_silently_and_main_loudly(clock: str, capfd: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        lab.record(leaves, clock=clock)
    assert caught.value.code == 3
    assert capfd.readouterr() == ("", "")


def starts_and_returns(threads: int) -> str:
    done = threading.Semaphore(0)

    def work() -> None:
        time.sleep(0.001)
        done.release()

    for _ in range(threads):
        threading.Thread(target=work).start()
    return "main is done"


@CLOCKS
def test_the_run_lasts_until_the_last_thread_has_ended(clock: str) -> None:
    run = lab.record(starts_and_returns, threads=5, clock=clock)
    assert run.result == "main is done"
    assert run.reading.uses["done"].final == 5
    assert sum(e.kind == "end" for e in run.trace) == 6


def short_lived_daemons() -> str:
    gate = threading.Semaphore(0)

    def late() -> None:
        time.sleep(0.02)
        gate.release()

    threading.Thread(target=late).start()
    for _ in range(3):
        daemon = threading.Thread(target=int, daemon=True)
        daemon.start()
        daemon.join()
    gate.acquire()
    return "main waited"


@CLOCKS
def test_daemons_that_end_do_not_end_the_run(clock: str) -> None:
    assert lab.record(short_lived_daemons, clock=clock).result == "main waited"


def leaves_daemons(threads: int) -> None:
    never = threading.Semaphore(0)
    for _ in range(threads):
        threading.Thread(target=never.acquire, daemon=True).start()
    threading.Thread(target=busy, daemon=True).start()
    _thread.start_new_thread(busy, ())


def busy() -> None:
    while True:
        time.sleep(0.001)


@CLOCKS
def test_daemons_do_not_keep_a_run_alive(clock: str) -> None:
    run = lab.record(leaves_daemons, threads=3, clock=clock)
    assert (run.stopped, run.exception) == (None, None)
    assert [e.thread for e in run.trace if e.kind == "end"] == ["main"]
    run.trace.certify()


def own_classes() -> list[str]:
    class Gate(threading.Semaphore):
        def __init__(self, name: str) -> None:
            super().__init__(0)
            self.name = name

        def open(self) -> None:
            self.release()

    class Fence(threading.BoundedSemaphore):
        pass

    class Worker(threading.Thread):
        def run(self) -> None:
            seen.append(threading.current_thread().name)
            with fence:
                gate.open()

    seen: list[str] = []
    gate, fence = Gate("north"), Fence(1)
    worker = Worker(name="Ada")
    worker.start()
    gate.acquire()
    worker.join()
    return [*seen, gate.name, type(worker).__name__, str(isinstance(gate, threading.Semaphore))]


@CLOCKS
def test_classes_derived_in_the_program_are_watched(clock: str) -> None:
    run = lab.record(own_classes, clock=clock)
    assert run.result == ["Ada", "north", "Worker", "True"]
    assert [tuple(p) for p in run.trace.primitives.values()] == [
        ("gate", "Semaphore", 0),
        ("fence", "BoundedSemaphore", 1),
    ]
    assert [(e.primitive, e.kind) for e in run.trace if e.thread == "Ada"] == [
        ("", "start"),
        ("fence", "acquire"),
        ("gate", "release"),
        ("fence", "release"),
        ("", "end"),
    ]


def asks_an_outsider(ask: Any, answered: Any) -> None:
    ask.append("please")
    while not answered:
        time.sleep(0.001)


def test_threads_from_outside_get_the_real_thing_meanwhile() -> None:
    """They use the very module whose names are swapped, while they are swapped."""
    ask: list[str] = []
    answered: list[Any] = []

    def bystander() -> None:
        while not ask:
            time.sleep(0.001)
        semaphore = threading.Semaphore(2)
        helper = threading.Thread(target=semaphore.release)
        helper.start()
        helper.join()
        with contextlib.redirect_stdout(None):
            print("not the program's")
        answered.extend([semaphore, helper, threading.current_thread(), time.time(), random.Random(1), S(1)])

    thread = Thread(target=bystander, name="bystander")
    thread.start()
    run = lab.record(asks_an_outsider, ask=ask, answered=answered)
    thread.join()
    semaphore, helper, current, now, _, other = answered
    assert (type(semaphore), type(helper), type(other)) == (threading.Semaphore, threading.Thread, threading.Semaphore)
    assert current is thread
    assert now > 1e9
    assert (run.output, run.trace.threads, dict(run.trace.primitives)) == ("", ("main",), {})


def given(semaphore: Any) -> None:
    semaphore.acquire()


def lends(out: list[Any], back: list[str]) -> None:
    gate = threading.Semaphore(0)
    out.append(gate)
    while not back:
        time.sleep(0.0005)
    gate.acquire()


def test_a_thread_from_outside_that_uses_the_runs_semaphore_has_its_own_name() -> None:
    out: list[Any] = []
    back: list[str] = []

    def bystander() -> None:
        while not out:
            time.sleep(0.0005)
        out[0].release()
        back.append("done")

    thread = Thread(target=bystander, name="bystander")
    thread.start()
    run = lab.record(lends, out=out, back=back)
    thread.join()
    assert run.trace.threads == ("main", "bystander")
    assert [(e.thread, e.kind) for e in run.trace.of("gate")] == [("bystander", "release"), ("main", "acquire")]
    run.trace.certify()


def rebinds() -> None:
    global later
    later = threading.Semaphore(1)


later: Any = time.sleep


def test_a_name_the_program_bound_anew_keeps_its_new_value() -> None:
    global later
    before = later
    lab.record(rebinds, clock="virtual")
    assert later.__class__.__name__ == "Semaphore"
    later = before


def records_another() -> None:
    lab.record(mutex, threads=1, initial=1)


@CLOCKS
def test_a_recorded_program_cannot_record(clock: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        lab.record(records_another, clock=clock)
    assert str(caught.value) == "a recorded program cannot record another program; call record from outside"


def test_runs_from_several_threads_take_turns() -> None:
    runs: list[Any] = []
    threads = [
        Thread(target=lambda c=clock: runs.append(lab.record(mutex, threads=3, initial=1, clock=c)))  # type: ignore[misc]
        for clock in ("wall", "virtual") * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.verdict for run in runs] == ["Mutual exclusion held: never more than 1 inside"] * 8
    assert {len(run.trace.of("semaphore")) >= 6 for run in runs} == {True}


@CLOCKS
def test_a_debugger_or_coverage_follows_the_programs_threads(clock: str) -> None:
    seen: set[str] = set()

    def trace(frame: Any, what: str, argument: object) -> None:
        seen.add(f"{frame.f_code.co_name} in {threading.current_thread().name}")

    threading.settrace(trace)
    try:
        lab.record(worker_fails, clock=clock, raises=False)
    finally:
        threading.settrace(None)  # type: ignore[arg-type]
    assert {"worker_fails in MainThread", "fails in careless"} <= seen


def asks_logging(records: list[str]) -> None:
    logger = logging.getLogger("semalab.test")
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.threadName or "")  # type: ignore[method-assign]
    logger.addHandler(handler)
    worker = threading.Thread(target=logger.error, args=("from a worker",))
    worker.start()
    worker.join()
    logger.removeHandler(handler)


@CLOCKS
def test_real_libraries_in_a_runs_threads_leave_no_trace_in_the_real_threading(clock: str) -> None:
    """Logging asks the real `threading` who is running, which then makes up a stand-in for our thread."""
    records: list[str] = []
    lab.record(asks_logging, records=records, clock=clock)
    assert len(records) == 1
    assert not any(isinstance(thread, threading._DummyThread) for thread in threading.enumerate())  # type: ignore[attr-defined]


def raw_thread(failing: bool) -> None:
    done = threading.Semaphore(0)

    def work(amount: int) -> None:
        done.release(amount)
        if failing:
            raise LookupError("raw")

    _thread.start_new_thread(work, (2,))
    done.acquire()
    time.sleep(0.01)


@CLOCKS
def test_threads_below_threading_are_threads_of_the_run(clock: str, capfd: Any) -> None:
    run = lab.record(raw_thread, failing=False, clock=clock)
    assert run.trace.threads == ("main", "work")
    run.trace.certify()
    with pytest.raises(LookupError, match="raw"):
        lab.record(raw_thread, failing=True, clock=clock)
    assert capfd.readouterr() == ("", "")


def remembers(references: list[Any], threads: int, dead: bool) -> None:
    gate = threading.Semaphore(0)
    for _ in range(threads):
        worker = threading.Thread(target=gate.acquire)
        worker.start()
        references.extend([weakref.ref(worker), weakref.ref(worker._started)])  # type: ignore[attr-defined]
    if not dead:
        gate.release(threads)


@CLOCKS
@pytest.mark.parametrize("dead", [False, True])
def test_a_run_that_is_over_takes_no_memory_and_leaves_nothing_to_collect(dead: bool, clock: str) -> None:
    references: list[Any] = []
    gc.collect()
    gc.disable()
    try:
        run: Any = lab.record(remembers, references=references, threads=20, dead=dead, clock=clock)
        assert [reference for reference in references if reference() is not None] == []
        trace = weakref.ref(run.trace)
        assert run.reading.uses["gate"].primitive.initial == 0
        del run
        assert trace() is None
    finally:
        gc.enable()


@CLOCKS
def test_who_asks_for_no_time_waits_for_nobody(clock: str) -> None:
    def program() -> list[bool]:
        door, lock = threading.Semaphore(0), threading.Lock()
        lock.acquire()
        return [one.acquire(timeout=limit) for one in (door, lock) for limit in (0, 0.001)]

    run = lab.record(program, clock=clock)
    assert run.result == [False] * 4
    told = [(event.primitive, event.kind) for event in run.trace if event.primitive and event.kind != "acquire"]
    assert told == [(one, kind) for one in ("door", "lock") for kind in ("refuse", "block", "refuse")]
    run.trace.certify()
