"""What an exploration answers: its verdict, its counterexample, its runs again, and that it always comes to an end."""

from __future__ import annotations

import _thread
import gc
import inspect
import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import pytest
from programs import explored as programs
from programs import known
from programs import singleton as singletons
from pythons import other_pythons

import semalab as lab
from semalab.exploration.explore import search
from semalab.exploration.sleepsets import DepthFirst
from semalab.exploration.stage import Stage
from semalab.log.schedule import Schedule
from semalab.stepping import Settings, pool

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

ROOT = Path(__file__).resolve().parent.parent.parent


def together(*bodies: Any) -> None:
    """In this module, so that its names are the twins while a program of this module runs."""
    workers = [threading.Thread(target=body) for body in bodies]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def mutex(threads: int, initial: int) -> None:
    semaphore = threading.Semaphore(initial)

    def work() -> None:
        with semaphore:
            pass

    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def count(threads: int) -> None:
    value = 0

    def work() -> None:
        nonlocal value
        value += 1

    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if value != threads:
        raise ValueError(f"{value} of {threads} counted")


def test_value_1_is_proved() -> None:
    found = lab.explore(mutex, threads=3, initial=1, check=lab.mutual_exclusion)
    assert (found.verdict, found.covered, found.complete, found.violations) == ("proved", 6, True, ())
    assert found
    assert repr(found) == (
        "Proved for mutex(threads=3, initial=1) at the granularity of operations: mutual exclusion,"
        " under each of its 6 different schedules (found in 2 runs)"
    )
    with pytest.raises(IndexError):
        found.replay(0)


def test_value_2_is_broken_and_shown() -> None:
    found = lab.explore(mutex, threads=2, initial=2, check=lab.mutual_exclusion)
    assert (found.verdict, found.covered, len(found.violations), found.minimal) == ("counterexample", 4, 2, True)
    assert not found
    assert repr(found) == (
        "Counterexample: Mutual exclusion broken: 2 threads inside at once. For mutex(threads=2, initial=2) at the"
        " granularity of operations, 2 of 4 different schedules are wrong (found in 5 runs), the shortest in 4 steps\n"
        "1. worker-0 acquires `semaphore` (2 → 1)\n"
        "2. worker-1 acquires `semaphore` (1 → 0)\n"
        "3. worker-1 releases `semaphore` (0 → 1)\n"
        "4. worker-0 releases `semaphore` (1 → 2)"
    )


def test_a_lost_update_is_found_between_bytecodes_only() -> None:
    found = lab.explore(count, threads=2, granularity="bytecode")
    assert found.verdict == "counterexample"
    assert repr(found) == (
        "Counterexample: main raised ValueError: 1 of 2 counted. For count(threads=2) at the granularity of bytecode,"
        " 2 of 4 different schedules are wrong, the shortest in 4 steps\n"
        "1. worker-0 reads `value` = 0\n"
        "2. worker-1 reads `value` = 0\n"
        "3. worker-1 writes `value` = 1\n"
        "4. worker-0 writes `value` = 1 (unchanged!)"
    )
    assert str(found) == (
        "Counterexample: main raised ValueError: 1 of 2 counted. For count(threads=2) at the\n"
        "granularity of bytecode, 2 of 4 different schedules are wrong, the shortest in 4 steps.\n"
        "1. worker-0 reads `value` = 0\n"
        "2. worker-1 reads `value` = 0\n"
        "3. worker-1 writes `value` = 1\n"
        "4. worker-0 writes `value` = 1 (unchanged!)"
    )
    for granularity in ("operations", "lines"):
        assert lab.explore(count, threads=2, granularity=granularity).verdict == "proved"


@pytest.mark.parametrize("granularity", ["lines", "bytecode"])
def test_what_the_main_thread_shares_is_seen(granularity: str) -> None:
    results = set()
    lab.explore(programs.main_counts, granularity=granularity, check=lambda run: results.add(run.result))
    assert results == ({1, 2} if granularity == "bytecode" else {2})


def test_a_deadlock_is_named() -> None:
    found = lab.explore(programs.philosophers, threads=3)
    assert found.violations[0].sentence.startswith("Deadlock: ")
    assert found.shortest is not None and str(found.shortest.stopped) in found.sentence
    assert len(found.steps) == 3
    assert lab.explore(programs.left_handed, threads=3).verdict == "proved"


def test_a_deadlock_before_any_step() -> None:
    found = lab.explore(programs.rendezvous_deadlock)
    assert (found.verdict, found.steps, len(found.violations)) == ("counterexample", (), 1)
    assert "the shortest in 0 steps" in repr(found)


def waits_twice() -> None:
    first, never = threading.Semaphore(0), threading.Semaphore(0)

    def wait() -> None:
        first.acquire(timeout=5)
        never.acquire()

    together(wait, first.release)


@pytest.mark.parametrize("time", ["clock", "free"])
def test_a_deadlock_after_a_wait_with_a_limit_is_a_deadlock(time: str) -> None:
    found = lab.explore(waits_twice, time=time)
    assert len(found.violations) == found.covered > 1
    for violation in found.violations:
        assert violation.sentence == (
            "Deadlock: Thread-1 (wait) waits for `never` (value 0) and nobody can release it any more;"
            " main waits for Thread-1 (wait) to end"
        )


def order_of(run: Any) -> bool:
    return str(run.output) == "a\nb\nc\n"


def test_any_callable_can_be_the_check() -> None:
    found = lab.explore(programs.printing, check=order_of)
    assert (len(found.violations), found.covered) == (5, 6)
    assert found.violations[0].sentence == "order_of does not hold"

    def raises(run: Any) -> None:
        if not order_of(run):
            raise ValueError("another order")

    assert lab.explore(programs.printing, check=raises).violations[0].sentence == "raises: another order"
    certified = lab.explore(programs.printing, check=lambda run: run.trace.certify())
    assert certified.sentence == (
        "Proved for printing() at the granularity of operations: the check holds,"
        " under each of its 6 different schedules"
    )
    limited = lab.explore(mutex, threads=3, initial=2, check=lab.at_most(2))
    assert ": at most 2, under " in limited.sentence


def test_sleeps_end_in_their_order_unless_time_is_free() -> None:
    assert lab.explore(programs.sleepers).verdict == "proved"
    found = lab.explore(programs.sleepers, time="free")
    assert (found.verdict, found.time) == ("counterexample", "free")
    assert found.shortest is not None
    found.shortest.trace.certify()


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
def test_violations_can_be_run_again(granularity: str) -> None:
    found = lab.explore(programs.counting, threads=2, initial=2, granularity=granularity, check=lab.mutual_exclusion)
    assert len(found.violations) > 1
    for number, violation in enumerate(found.violations):
        run = found.replay(number)
        assert run.schedule == violation.schedule
        assert (run.exception is not None) == violation.sentence.startswith("main raised")
        run.trace.certify()
        again = lab.record(
            programs.counting, clock="virtual", schedule=run.schedule, raises=False, threads=2, initial=2
        )
        assert again.trace == run.trace


AGAIN = """
import sys
import semalab as lab
from programs import explored
from semalab.log.schedule import Schedule
schedule = Schedule.from_json(sys.argv[1])
run = lab.record(
    explored.counting, clock="virtual", schedule=schedule, raises=False, threads=2, initial=2
)
print([tuple(event) for event in run.trace], run.verdict)
"""


def test_a_counterexample_is_the_same_in_other_processes_and_on_other_pythons(tmp_path: Path) -> None:
    found = lab.explore(programs.counting, threads=2, initial=2, granularity="bytecode")
    assert found.shortest is not None and found.shortest.schedule is not None
    saved = json.loads(found.shortest.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    text = json.dumps(saved["schedule"])
    assert Schedule.from_json(text) == found.shortest.schedule
    here = f"{[tuple(event) for event in found.shortest.trace]} {found.shortest.verdict}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    for python in (Path(sys.executable), *other_pythons().values()):
        ended = subprocess.run(
            [str(python), "-X", "utf8", "-c", AGAIN, text],
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert (ended.stdout.strip(), ended.stderr) == (here, "")


def test_a_schedule_of_another_size_is_told() -> None:
    run = lab.explore(mutex, threads=2, initial=2, check=lab.mutual_exclusion).shortest
    assert run is not None
    with pytest.raises(ValueError, match=r"its step 2 is thread 2's, which cannot make it$"):
        lab.record(mutex, clock="virtual", schedule=run.schedule, threads=2, initial=1)


def test_a_budget_that_runs_out_proves_nothing() -> None:
    found = lab.explore(mutex, threads=3, initial=2, budget=10, check=lambda run: True)
    assert (found.verdict, found.complete, found.schedules) == ("budget exhausted", False, 10)
    assert found.sentence == (
        "Budget exhausted for mutex(threads=3, initial=2) at the granularity of operations:"
        f" nothing wrong in {found.covered} different schedules, but not every schedule was run;"
        " to have it decided, try a smaller `threads` or `initial`, or more than budget=10"
    )
    assert lab.explore(mutex, threads=3, initial=2, seconds=1e-9).verdict == "budget exhausted"
    assert lab.explore(mutex, threads=3, initial=2, check=lambda run: True).schedules > 10


def test_a_budget_that_runs_out_among_the_states_proves_nothing() -> None:
    found = lab.explore(mutex, threads=3, initial=2, budget=2)
    assert (found.verdict, found.complete, found.schedules) == ("budget exhausted", False, 2)
    assert found.sentence == (
        "Budget exhausted for mutex(threads=3, initial=2) at the granularity of operations: nothing wrong in the"
        f" schedules that were run, which pass through {found.states} different states (found in 2 runs), but not every"
        " schedule was run; to have it decided, try a smaller `threads` or `initial`, or more than budget=2"
    )
    assert found.tally == f"none that was run breaks it; {found.states} different states met"


def test_a_budget_of_exactly_what_is_needed_proves() -> None:
    needed = lab.explore(mutex, threads=3, initial=2).schedules
    assert lab.explore(mutex, threads=3, initial=2, budget=needed).verdict == "proved"
    assert lab.explore(mutex, threads=3, initial=2, budget=needed - 1).verdict == "budget exhausted"


def test_what_was_found_before_the_budget_ran_out_counts() -> None:
    found = lab.explore(count, threads=4, granularity="bytecode", budget=60, check=lambda run: True)
    assert (found.verdict, found.complete) == ("counterexample", False)
    assert found.shortest is not None and found.shortest.exception is not None
    assert " so far " in found.sentence


def test_a_search_can_be_stopped_and_keeps_what_it_found() -> None:
    found = search(
        count, {"threads": 4}, None, "bytecode", "clock", 10**6, 60, goes_on=lambda schedules: schedules < 40
    )
    assert (found.verdict, found.schedules, found.minimal) == ("counterexample", 40, False)
    assert found.shortest is not None and found.shortest.exception is not None
    assert "the shortest met in 8 steps" in repr(found)


def never_ends(threads: int = 1) -> None:
    semaphore = threading.Semaphore(1)

    def work() -> None:
        while True:
            with semaphore:
                pass

    together(*[work] * threads)


def spins() -> None:
    while True:
        pass


def test_a_program_that_never_ends_is_not_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    found = lab.explore(never_ends, budget=1)
    assert found.verdict == "budget exhausted"
    assert found.unfinished is not None and " and was still going; " in found.unfinished
    found = lab.explore(never_ends, threads=2, budget=1)
    assert "but not every schedule was run and a run did not end as it should (" in found.sentence
    monkeypatch.setattr("semalab.engine.virtual.NO_PROGRESS", 0.05)
    found = lab.explore(spins)
    assert (found.verdict, found.complete) == ("budget exhausted", True)
    assert "a run did not end as it should (nothing happened" in found.sentence


def asks_again_and_again(right: bool) -> None:
    ready = threading.Event()
    value = 0

    def wait() -> None:
        nonlocal value
        while not ready.is_set():
            pass
        value += 1

    together(wait, ready.set)
    if not right:
        raise ValueError(f"value is {value}")


def test_schedules_without_end_do_not_use_up_the_budget() -> None:
    found = lab.explore(asks_again_and_again, right=True)
    assert (found.verdict, found.complete, found.by_states) == ("proved", True, True)
    assert found.schedules < 20
    found = lab.explore(asks_again_and_again, right=True, check=lambda run: True)  # may ask for the whole past
    assert (found.verdict, found.complete) == ("budget exhausted", False)
    assert found.schedules < 100
    assert found.unfinished is not None and " and was still going; " in found.unfinished
    assert "but not every schedule was run and a run did not end as it should (" in found.sentence


def test_what_is_wrong_beside_schedules_without_end_is_found() -> None:
    found = lab.explore(asks_again_and_again, right=False)
    assert (found.verdict, found.complete, found.minimal) == ("counterexample", False, True)
    assert found.violations[0].sentence == "main raised ValueError: value is 1"
    assert found.shortest is not None and found.shortest.schedule is not None
    assert len(found.shortest.schedule) == 2


# What stands in a property cannot be replaced.
elsewhere = property(_thread.start_new_thread), property(_thread.allocate_lock)


def by_another_way() -> None:
    """Its thread is a real one, in an order that nobody chooses."""
    start, allocate = (one.fget for one in elsewhere)
    over: Any = allocate()  # type: ignore[misc]
    over.acquire()
    start(over.release, ())  # type: ignore[call-arg, misc]
    over.acquire()


def test_threads_that_the_lab_does_not_know_are_not_taken_for_explored() -> None:
    found = lab.explore(by_another_way)
    assert (found.verdict, found.complete) == ("cannot say", True)
    assert "at the granularity of operations: the lab could not watch `elsewhere[0]`, " in found.sentence
    assert threading.Thread.start.__module__ == "threading"


def interrupts() -> None:
    together(lambda: signal.raise_signal(signal.SIGINT), lambda: time.sleep(1))


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_search_and_leaves_nothing() -> None:
    handler = signal.getsignal(signal.SIGINT)
    for _ in range(3):
        found = lab.explore(interrupts)
        assert (found.verdict, found.interrupted, found.complete) == ("budget exhausted", True, False)
        assert "but it was interrupted before every schedule was run" in found.sentence
        assert signal.getsignal(signal.SIGINT) is handler
    assert lab.explore(mutex, threads=2, initial=1).verdict == "proved"


mine = threading.local()


def with_locals() -> bool:
    seen = []
    together(*[lambda: (seen.append(hasattr(mine, "value")), setattr(mine, "value", 1))] * 2)
    return any(seen)


@pytest.mark.parametrize(("program", "arguments"), [(with_locals, {}), (programs.own_locals, {"threads": 3})])
def test_thread_locals_are_each_threads_own(program: Any, arguments: dict[str, int]) -> None:
    assert lab.explore(program, check=lambda run: not run.result, **arguments).verdict == "proved"


def one_after_the_other(threads: int) -> None:
    for _ in range(threads):
        together(int)


def test_more_threads_than_the_pool_keeps() -> None:
    found = lab.explore(one_after_the_other, threads=3 * pool.MOST)
    assert (found.verdict, found.schedules) == ("proved", 1)


shared = {"gate": threading.Semaphore(1), "lock": threading.Lock(), "late": threading.Thread(target=print)}


def from_before(gate: Any = shared["gate"]) -> None:
    shared["late"].start()
    with gate, shared["lock"]:
        pass


def test_primitives_from_before_are_told() -> None:
    with pytest.raises(ValueError) as refused:
        lab.explore(from_before)
    assert str(refused.value) == (
        "an explored program must begin with nothing but its arguments, and uses primitives or threads that were made"
        " before it runs: `shared['gate']`, `shared['lock']`, `shared['late']` and 1 more; make them in the program"
        " itself"
    )
    with pytest.raises(ValueError, match=r"`gate`; make them in the program itself$"):
        lab.explore(gate_from_before, gate=threading.BoundedSemaphore(1))
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match=r"`gate`; make them in the program itself$"):
        lab.explore(gate_from_before, gate=pool)
    assert not shared["late"].is_alive()
    assert type(shared["gate"]) is threading.Semaphore


def gate_from_before(gate: Any) -> None:
    with gate:
        pass


def asks_for_another_thread() -> None:
    """Queues, a pool and their words; nothing of what they keep may come along into the next schedule."""
    tasks: queue.Queue[str] = queue.Queue()
    with ThreadPoolExecutor(1) as pool:
        tasks.put(pool.submit(lambda: threading.current_thread().name).result())
    assert tasks.get() == "ThreadPoolExecutor-0_0"


def test_every_schedule_begins_anew_with_a_pool() -> None:
    found = lab.explore(asks_for_another_thread)
    assert found.verdict == "proved"
    assert found.schedules > 10


def with_a_real_pool() -> None:
    with ThreadPool(1) as pool:
        pool.apply(int)


def by_hand() -> None:
    begun = threading.Semaphore(0)
    _thread.start_new_thread(begun.release, ())
    begun.acquire()


@pytest.mark.parametrize(("program", "module"), [(with_a_real_pool, "multiprocessing.pool"), (by_hand, "_thread")])
def test_what_has_no_steps_of_its_own_is_not_proved(program: Any, module: str) -> None:
    found = lab.explore(program, budget=50)
    assert (found.verdict, bool(found.violations)) == ("cannot say", False)
    assert found.unfinished is not None
    assert module in found.unfinished and found.unfinished.endswith("whose inside the lab does not know")


def test_thousands_of_schedules_leave_nothing() -> None:
    stage = Stage(mutex, {"threads": 3, "initial": 2}, Settings(watched=False))
    sizes = []
    with stage.open():
        for rounds in (10, 30):
            for _ in range(rounds):
                guide, more = DepthFirst(sleeping=False), True
                while more:
                    stage.play(guide)
                    more = guide.advance(stage.processor.touched)
            gc.collect()
            recorder = stage.twins.recorder
            kept = len(recorder.made), len(recorder._primitives), len(stage.swap._exchange._undo)
            sizes.append((kept, len(gc.get_objects())))
    (first, before), (last, after) = sizes
    assert first == last
    assert after - before < 500  # 30 · 54 schedules later


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        (
            {"granularity": "atoms"},
            ValueError,
            "granularity must be 'operations', 'lines' or 'bytecode', got 'atoms'",
        ),
        ({"time": "real"}, ValueError, "time must be 'clock' or 'free', got 'real'"),
        ({"budget": 0}, ValueError, "budget must be at least 1 schedule, got 0"),
        ({"budget": 1.5}, TypeError, "budget must be a whole number of schedules, got 1.5"),
        ({"seconds": 0}, ValueError, "seconds must be more than 0, got 0"),
        ({"seconds": "long"}, TypeError, "seconds must be a number, got 'long'"),
        ({"check": 3}, TypeError, "check must be a claim such as semalab.mutual_exclusion or a callable, got 3"),
        ({"theads": 3}, TypeError, "mutex() has no argument 'theads'; did you mean 'threads'?"),
    ],
)
def test_bad_input_is_told(arguments: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error) as refused:
        lab.explore(mutex, **{"threads": 2, "initial": 1, **arguments})
    assert str(refused.value) == told


def waits_at_random(door: type, pause: Any) -> None:
    gate = door(1)

    def work() -> None:
        time.sleep(pause())
        with gate:
            pass

    together(work, work)


def test_what_was_drawn_at_random_limits_the_proof_and_callables_are_called_by_name() -> None:
    found = lab.explore(waits_at_random, door=threading.Semaphore, pause=random_pause)
    assert found.size == (
        "waits_at_random(door=Semaphore, pause=random_pause) at the granularity of operations, with the random"
        " numbers of seed 0"
    )
    assert found.seed == 0
    assert lab.explore(waits_at_random, door=threading.Semaphore, pause=float).seed is None


def random_pause() -> float:
    return random.random()


def thinks_before_the_door(threads: int) -> None:
    door = threading.Semaphore(1)

    def visit() -> None:
        time.sleep(random.uniform(0, 0.03))
        with door:
            pass

    visitors = [threading.Thread(target=visit) for _ in range(threads)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()


def test_which_thread_draws_which_number_is_tried() -> None:
    """They draw before their first operation: nobody but the dice can tell who began first."""
    assert [lab.explore(thinks_before_the_door, threads=threads).covered for threads in (1, 2, 3)] == [1, 2, 6]


def fails_inside_an_rlock() -> None:
    door = threading.RLock()

    def work() -> None:
        with door:
            raise AssertionError

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()


def test_an_rlock_may_outlive_its_run_in_a_traceback() -> None:
    assert lab.explore(fails_inside_an_rlock).verdict == "counterexample"


@pytest.mark.parametrize("granularity", ["operations", "bytecode"])
def test_who_asks_for_its_own_name_touches_nothing_besides(granularity: str) -> None:
    found = lab.explore(programs.prints_its_name, threads=3, granularity=granularity)
    assert (found.verdict, found.covered) == ("proved", 6)


def test_threads_that_end_before_and_after_a_daemon_begins_are_told_alike() -> None:
    found = lab.explore(programs.smokers_who_grab)
    assert found.verdict == "counterexample"
    assert found.minimal


@pytest.mark.parametrize("program", [singletons.kept_by_a_metaclass, singletons.looked_for_twice])
@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
def test_a_singleton_is_proved_if_it_is_guarded(program: Any, granularity: str) -> None:
    assert lab.explore(program, guarded=True, granularity=granularity).verdict == "proved"


@pytest.mark.parametrize("program", [singletons.kept_by_a_metaclass, singletons.looked_for_twice])
@pytest.mark.parametrize("granularity", ["lines", "bytecode"])
def test_a_singleton_without_a_guard_is_broken(program: Any, granularity: str) -> None:
    assert lab.explore(program, guarded=False, granularity=granularity).verdict == "counterexample"


@pytest.mark.parametrize("granularity", ["lines", "bytecode"])
def test_functions_of_numbers_touch_nothing_else(granularity: str) -> None:
    assert lab.explore(programs.square_roots, guarded=True, granularity=granularity).verdict == "proved"
    assert lab.explore(programs.square_roots, guarded=False, granularity=granularity).verdict == "counterexample"


@pytest.mark.parametrize("granularity", ["lines", "bytecode"])
@pytest.mark.parametrize("program", [programs.finds_what_was_put_in, programs.counts_what_was_put_in])
def test_what_a_step_touches_is_judged_by_what_is_there_when_it_is_made(program: Any, granularity: str) -> None:
    """While a thread stands before a look into a list, another puts in what compares by code that nobody knows."""
    found = lab.explore(program, granularity=granularity)
    assert (found.verdict, found.complete) == ("counterexample", True)


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
@pytest.mark.parametrize(
    ("program", "runs"),
    [
        (known.all_have_come, 50),
        (known.each_has_its_own, 5),
        (known.one_too_many, 10),
        (known.both_pages, 300),
        (known.booked_twice, 30),
        (known.lends, 30),
    ],
)
def test_what_learners_write_is_known(program: Any, runs: int, granularity: str) -> None:
    """Lists compared with a written one, items, a thread's own, guards of contextlib: they took thousands of runs."""
    found = lab.explore(program, granularity=granularity)
    assert found.verdict == "proved"
    assert found.schedules <= runs


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
def test_which_named_tuple_is_read_another_thread_decides(granularity: str) -> None:
    assert lab.explore(known.looks_into_another, granularity=granularity).verdict == "counterexample"


def test_seconds_are_the_processors() -> None:
    assert inspect.signature(search).parameters["now"].default is time.process_time


class Own(threading.Semaphore):
    """Has an acquire of its own, by which it is entered as well."""

    count = 0

    def acquire(self) -> bool:  # type: ignore[override]
        return super().acquire()

    __enter__ = acquire


def enters_an_own_semaphore(guarded: bool = True) -> None:
    semaphore = Own(1 if guarded else 2)

    def work() -> None:
        with semaphore:
            Own.count += 1

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Own.count == 2


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
def test_a_semaphore_that_is_entered_by_the_programs_own_way_is_known(granularity: str) -> None:
    assert lab.explore(enters_an_own_semaphore, granularity=granularity).verdict == "proved"


def test_an_own_semaphore_with_room_for_two_guards_nothing() -> None:
    found = lab.explore(enters_an_own_semaphore, granularity="bytecode", guarded=False)
    assert found.verdict == "counterexample" and "AssertionError" in found.problem
