"""A program that leaves by `sys.exit()` is content: whatever else there is to say is said, and nothing is wrong."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import semalab as lab


def leaves(status: Any) -> None:
    mutex = threading.Semaphore(1)
    with mutex:
        sys.exit(status)


def takes_a_permit_along(status: Any) -> None:
    mutex = threading.Semaphore(1)
    mutex.acquire()
    sys.exit(status)


def leaves_one_waiting(status: Any) -> None:
    gate = threading.Semaphore(0)
    threading.Thread(target=gate.acquire).start()
    sys.exit(status)


def has_a_worker_that_failed(status: Any) -> None:
    def works() -> None:
        raise LookupError("where?")

    worker = threading.Thread(target=works)
    worker.start()
    worker.join()
    sys.exit(status)


async def leaves_a_coroutine(status: Any) -> None:
    import asyncio

    mutex = asyncio.Semaphore(1)
    async with mutex:
        sys.exit(status)


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("status", [None, 0])
@pytest.mark.parametrize(
    ("program", "verdict", "standing"),
    [
        (leaves, "Mutual exclusion held: never more than 1 inside", ""),
        (leaves_a_coroutine, "Mutual exclusion held: never more than 1 inside", ""),
        (takes_a_permit_along, "Permit lost: main ended without releasing `mutex`", "wrong"),
        (
            leaves_one_waiting,
            "Deadlock: Thread-1 (acquire) waits for `gate` (value 0) and nobody can release it any more",
            "wrong",
        ),
        (has_a_worker_that_failed, "Thread-1 (works) raised LookupError: where?", "wrong"),
    ],
)
def test_to_leave_is_no_failure(
    program: Any, verdict: str, standing: str, status: Any, clock: str, tmp_path: Path
) -> None:
    run = lab.record(program, status=status, clock=clock, raises=False)
    assert (run.verdict, run.standing) == (verdict, standing)
    loaded = lab.load(run.save(tmp_path / "run.json"))
    assert (loaded.verdict, loaded.standing) == (verdict, standing)


@pytest.mark.parametrize("program", [leaves, leaves_a_coroutine, takes_a_permit_along])
def test_it_rises_all_the_same(program: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        lab.record(program, status=0)
    assert caught.value.code == 0


@pytest.mark.parametrize("status", [3, "enough", False, ""])
def test_another_status_is_a_failure(status: Any) -> None:
    run = lab.record(leaves, status=status, raises=False)
    with pytest.raises(SystemExit) as plainly:
        sys.exit(status)
    well = plainly.value.code is False  # a process ends with 0 then, as it does with no status at all
    assert run.verdict.startswith("main raised SystemExit") == (not well)


def test_exploring_it_finds_nothing_wrong() -> None:
    assert lab.explore(lambda: leaves(0)).verdict == "proved"
    assert lab.explore(lambda: leaves(3)).verdict == "counterexample"
    assert lab.explore(lambda: leaves_one_waiting(0)).verdict == "counterexample"
    assert lab.explore(lambda: has_a_worker_that_failed(0)).verdict == "counterexample"
