"""A long log takes less room while the program runs, and says the same."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.patience import stopped_late_enough

import semalab as lab
from semalab.engine import processor
from semalab.log import columns
from semalab.log.columns import ROW, Packed, count, pack, rows, times

FIELDS = st.one_of(st.none(), st.integers(), st.integers(-300, 300), st.text(max_size=3), st.floats(), st.booleans())
ROWS = st.lists(st.tuples(st.integers(0, 2**63 - 1), *[FIELDS] * (ROW - 1)), max_size=60)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "KEPT", 20)
    monkeypatch.setattr(columns, "AT_ONCE", 7)


@settings(deadline=None, database=None, derandomize=True)
@given(st.lists(ROWS, min_size=1, max_size=4), st.data())
def test_a_packed_log_has_the_same_rows(parts: list[list[tuple[Any, ...]]], draw: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "KEPT", 20)
        patch.setattr(columns, "AT_ONCE", 7)
        log: list[Any] = []
        for part in parts:
            for row in part:
                log.extend(row)
            pack(log)
    written = [row for part in parts for row in part]
    assert [repr(row) for row in rows(log, None)] == [repr(tuple(row)) for row in written]
    assert times(log, None) == [row[0] for row in written]
    assert count(log) == len(written)
    assert count([entry for entry in log if type(entry) is not Packed]) < 20 + 7
    last = draw.draw(st.integers(0, 3))
    front = sum(type(entry) is Packed for entry in log)
    if len(log) - front >= last * ROW:
        end = len(log) - last * ROW
        assert len(list(rows(log, end))) == len(times(log, end)) == len(written) - last


@pytest.mark.usefixtures("small")
def test_a_short_log_is_left_alone() -> None:
    log = list(range(20 * ROW))
    pack(log)
    assert log == list(range(20 * ROW))
    log.extend(range(7 * ROW))
    pack(log)
    assert type(log[0]) is Packed and log[1:] == [*range(7 * ROW, 20 * ROW), *range(7 * ROW)]


@pytest.fixture
def early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "KEPT", 2_000)
    monkeypatch.setattr(columns, "AT_ONCE", 1_000)


def turns(threads: int, pairs: int) -> int:
    semaphore, lock = threading.Semaphore(1), threading.Lock()

    def work() -> None:
        for _ in range(pairs):
            with semaphore, lock:
                pass

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return threads * pairs


@pytest.mark.usefixtures("early")
@pytest.mark.parametrize("clock", ["wall", "virtual"])
def test_a_run_whose_log_is_packed_all_the_time_is_whole(clock: str) -> None:
    run = lab.record(turns, threads=4, pairs=2_000, clock=clock)
    run.trace.certify()
    for label in ("semaphore", "lock"):
        kinds = [event.kind for event in run.trace.of(label)]
        assert kinds.count("acquire") == kinds.count("release") == 8_000


def endless() -> None:
    semaphore = threading.Semaphore(1)
    while True:
        with semaphore:
            pass


@pytest.mark.usefixtures("early")
def test_a_run_that_is_stopped_while_its_log_is_packed_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "MOST_EVENTS", 10**9)  # a fast machine writes a million before the time is over
    run, limit = stopped_late_enough(
        lambda limit: lab.record(endless, timeout=limit), lambda run: len(run.trace) > 1_000
    )
    run.trace.certify()
    told = f"the program had not ended after {limit:g} s; main was still there, in endless, line "
    assert str(run.stopped).startswith(told)


def test_a_virtual_run_is_the_same_whether_its_log_is_packed_or_not(
    small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = lab.record(turns, threads=3, pairs=2_000, clock="virtual", seed=7)
    monkeypatch.setattr(columns, "KEPT", 10**9)
    assert lab.record(turns, threads=3, pairs=2_000, clock="virtual", seed=7).trace == short.trace
