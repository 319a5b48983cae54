"""Processes on the bench: their notes make one log that certifies; whatever they do, none of them is left alive."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

import semalab as lab
from semalab.beyond import record_processes
from semalab.beyond.processes import module_text
from semalab.beyond.stuck import hold, is_held
from semalab.log.stops import Deadlock, Timeout

PAUSE = 0.01


def visit(mutex, marks):
    with mutex:
        print("inside")
        time.sleep(PAUSE)
    Path(marks, str(os.getpid())).touch()


def visit_the_room(marks, processes=3, initial=1):
    mutex = multiprocessing.Semaphore(initial)
    for i in range(processes):
        multiprocessing.Process(target=visit, args=[mutex, marks], name=f"visitor-{i}").start()
    return processes


def die_inside(mutex):
    with mutex:
        os._exit(1)


def lose_a_process(joins=True):
    mutex = multiprocessing.Semaphore(1)
    victim = multiprocessing.Process(target=die_inside, args=[mutex], name="victim")
    victim.start()
    if joins:
        victim.join()
    while victim.is_alive():
        time.sleep(0.01)
    mutex.acquire()


def release_too_often():
    multiprocessing.BoundedSemaphore(1).release()


def fail_in_a_process():
    process = multiprocessing.Process(target=[].pop, name="poor one")
    process.start()
    process.join()


def compute_for_ever(marks):
    multiprocessing.Process(target=spin, args=[marks, "spinner"], name="spinner").start()
    spin(marks, "main")


def spin(marks, name):
    hold(os.open(Path(marks, name), os.O_RDWR))
    while True:
        pass


def no_patience():
    door = multiprocessing.Semaphore(0)
    return door.acquire(timeout=0.05), door.acquire(False)


def wait_in_two_ways():
    gate, counter = multiprocessing.Semaphore(0), multiprocessing.Semaphore(0)
    opener = multiprocessing.Process(target=open_it, args=[gate, counter], name="opener")
    opener.start()
    gate.acquire()
    opener.join(timeout=100)


def open_it(gate, counter):
    for _ in range(3):
        counter.release()
    gate.release()


def test_the_log_of_several_processes_is_one_and_certifies(tmp_path: Path) -> None:
    run = record_processes(visit_the_room, marks=str(tmp_path))
    run.trace.certify()
    assert run.verdict == "Mutual exclusion held: never more than 1 inside"
    assert run.result == 3 and run.output == "inside\n" * 3 and len(list(tmp_path.iterdir())) == 3
    assert run.trace.threads == ("main", "visitor-0", "visitor-1", "visitor-2")
    assert run.description == "main and 3 processes · mutex = multiprocessing.Semaphore(1) · wall clock"
    limited = record_processes(visit_the_room, marks=str(tmp_path), initial=2, claim=lab.at_most(2))
    assert limited.claims[0].held


def test_latch_and_counter(tmp_path: Path) -> None:
    run = record_processes(wait_in_two_ways)
    run.trace.certify()
    gate, counter = run.reading.uses["gate"], run.reading.uses["counter"]
    assert (gate.acquires, gate.released, counter.released, counter.final) == (1, 1, 3, 3)


def test_nobody_can_go_on_is_a_deadlock_and_nobody_is_left(tmp_path: Path) -> None:
    run = record_processes(visit_the_room, marks=str(tmp_path), processes=2, initial=0)
    run.trace.certify()
    assert isinstance(run.stopped, Deadlock) and set(run.stopped.threads) == {"visitor-0", "visitor-1"}
    assert run.verdict.startswith("Deadlock: 2 processes wait for `mutex` (value 0)")


@pytest.mark.parametrize("joins", [True, False])
def test_a_process_that_is_killed_keeps_its_permit(joins: bool) -> None:
    run = record_processes(lose_a_process, joins=joins)
    run.trace.certify()
    assert run.verdict == "Deadlock: main waits for `mutex` (value 0) and nobody can release it any more"
    assert run.reading.uses["mutex"].kept == ("victim",)
    texts = {text.get_text() for text in run.timeline().texts}
    assert "dies" in texts and any(text.endswith(f" · wall clock · {run.died[0]}") for text in texts)


def test_giving_up_is_a_refusal() -> None:
    run = record_processes(no_patience)
    run.trace.certify()
    assert run.result == (False, False) and [e.kind for e in run.trace if e.primitive] == ["block", "refuse", "refuse"]


def test_a_release_that_was_refused_is_not_in_the_log() -> None:
    with pytest.raises(ValueError, match="semaphore or lock released too many times"):
        record_processes(release_too_often)
    run = record_processes(release_too_often, raises=False)
    run.trace.certify()
    assert not [e for e in run.trace if e.kind == "release"]


def test_an_exception_in_a_process_is_told() -> None:
    run = record_processes(fail_in_a_process, raises=False)
    assert run.verdict == "poor one raised IndexError: pop from empty list"


def test_what_does_not_end_is_killed_with_all_it_started(tmp_path: Path) -> None:
    marks = [tmp_path / "main", tmp_path / "spinner"]
    for mark in marks:
        mark.touch()
    for limit in (2.0, 10.0, 50.0):  # seconds: a busy machine takes its time to begin a process
        run = record_processes(compute_for_ever, marks=str(tmp_path), timeout=limit)
        if "spinner" in run.verdict:
            break
    assert isinstance(run.stopped, Timeout) and "spinner" in run.verdict
    deadline = time.monotonic() + 20
    while any(map(is_held, marks)):  # they have been killed, and the system takes them away in its own time
        assert time.monotonic() < deadline
        time.sleep(PAUSE)


def test_only_what_stands_at_the_top_can_be_given_to_other_processes() -> None:
    with pytest.raises(TypeError, match="program must be a function that stands at the top of a cell or module"):
        record_processes(lambda: None)
    text = module_text(no_patience)
    assert "PAUSE = 0.01" in text and "import multiprocessing" in text
