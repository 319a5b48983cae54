"""The log says of every wait how it ended: as the program was told, whatever happened to the primitive meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import pytest

import semalab as lab
from semalab.run import Run

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

SEEDS = range(60)


def both(here: Callable[[], object], there: Callable[[], object]) -> None:
    thread = threading.Thread(target=there, name="there")
    thread.start()
    here()
    thread.join()


def opened_for_a_moment() -> bool:
    got: list[bool] = []
    gate = threading.Event()

    def open_for_a_moment() -> None:
        gate.set()
        gate.clear()

    both(open_for_a_moment, lambda: got.append(gate.wait(5)))
    return got[0]


def opened_at_the_last_moment() -> bool:
    got: list[bool] = []
    gate = threading.Event()

    def open_later() -> None:
        time.sleep(1)
        gate.set()

    both(open_later, lambda: got.append(gate.wait(1)))
    return got[0]


@pytest.mark.parametrize(
    ("program", "surprise"), [(opened_for_a_moment, (True, 0)), (opened_at_the_last_moment, (False, 1))]
)
def test_an_events_wait_ends_in_the_log_as_it_did_for_the_program(
    program: Callable[[], bool], surprise: tuple[bool, int]
) -> None:
    """Also where the flag says something else by then."""
    seen = set()
    for seed in SEEDS:
        run = lab.record(program, clock="virtual", seed=seed)
        ends = [e for e in run.trace.of("gate") if e.thread == "there" and e.kind in {"pass", "refuse"}]
        assert [e.kind for e in ends] == ["pass" if run.result else "refuse"]
        run.trace.certify()
        seen.add((run.result, ends[0].value))
    assert surprise in seen


def impatient_join(limit: float | None) -> None:
    gate = threading.Semaphore(0)
    thread = threading.Thread(target=gate.acquire)
    thread.start()
    thread.join(limit)
    gate.release()
    thread.join()


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize(("limit", "logged"), [(0.002, 2_000_000), (0, 1), (-3, 1), (1e-12, 1)])
def test_a_join_with_a_time_limit_says_so_in_the_log(limit: float, logged: int, clock: str) -> None:
    run = lab.record(impatient_join, limit=limit, clock=clock)
    assert [e.amount for e in run.trace if e.kind == "join"][:1] == [logged]
    run.trace.certify()


def joins_itself() -> str:
    with contextlib.suppress(RuntimeError):
        threading.current_thread().join()
    return "went on"


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_a_thread_that_would_join_itself_does_not_wait(clock: str) -> None:
    run = lab.record(joins_itself, clock=clock)
    assert run.result == "went on"
    assert kinds(run) == ["start", "end"]
    run.trace.certify()


def waits_in_vain() -> str:
    turn = threading.Condition()
    with turn, contextlib.suppress(TypeError):
        turn.wait("soon")  # type: ignore[arg-type]
    time.sleep(0)
    return "went on"


@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_a_conditions_wait_that_fails_ends_in_the_log(clock: str) -> None:
    run = lab.record(waits_in_vain, clock=clock)
    assert (run.result, kinds(run, "turn")) == ("went on", ["block", "refuse"])
    run.trace.certify()


def condition_on(lock_class: str) -> None:
    lock = getattr(threading, lock_class)()
    turn = threading.Condition(lock)

    def notify() -> None:
        with turn:
            turn.notify()

    thread = threading.Thread(target=notify)
    with turn:
        thread.start()
        turn.wait()
    thread.join()


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("lock_class", ["Lock", "RLock", "Semaphore", "BoundedSemaphore"])
def test_a_condition_is_certified_on_any_lock(lock_class: str, clock: str) -> None:
    run = lab.record(condition_on, lock_class=lock_class, clock=clock)
    assert kinds(run, "turn") == ["block", "notify", "wake"]
    run.trace.certify()
    if "Lock" in lock_class:  # the program has tried nothing, and was refused nothing
        assert "refuse" not in kinds(run, "lock")


def kinds(run: Run, primitive: str | None = None) -> list[str]:
    return [e.kind for e in run.trace if primitive in (None, e.primitive)]
