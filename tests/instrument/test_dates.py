"""On the virtual clock every way to ask for the time tells the time of the run: `datetime`, `clock_gettime` …"""

from __future__ import annotations

import contextlib
import datetime as calendar
import email.utils
import importlib
import pickle
import sys
import threading
import time
import timeit
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import perf_counter as ticks
from timeit import default_timer
from typing import Any

import pytest

import semalab as lab


class Moment(datetime):
    """Somebody's own class of moments, such as pandas has."""


UNIX = pytest.mark.skipif(not hasattr(time, "clock_gettime"), reason="there is no clock_gettime here")


@pytest.mark.parametrize(
    "now",
    [
        datetime.now,
        calendar.datetime.now,
        lambda: datetime.now(UTC),
        datetime.today,
        lambda: datetime.fromtimestamp(time.time()),
        lambda: Moment.now(),
        lambda: email.utils.localtime(),
    ],
)
def test_a_program_that_polls_a_date_comes_to_its_end(now: Callable[[], datetime]) -> None:
    def program() -> int:
        gate, turns = threading.Semaphore(0), 0
        end = now() + timedelta(seconds=1)
        while now() < end:
            gate.acquire(timeout=0.25)
            turns += 1
        return turns

    run = lab.record(program, clock="virtual")
    assert (run.result, run.duration, run.stopped) == (4, 1.0, None)


JOBS = """
import datetime
import time

class Jobs:
    def __init__(self):
        self.every = []

    def add(self, seconds, work):
        self.every.append([datetime.datetime.now() + datetime.timedelta(seconds=seconds), seconds, work])

    def run_pending(self):
        for job in self.every:
            if datetime.datetime.now() >= job[0]:
                job[0] += datetime.timedelta(seconds=job[1])
                job[2]()

    @property
    def idle_seconds(self):
        return (min(job[0] for job in self.every) - datetime.datetime.now()).total_seconds()
"""


@pytest.mark.parametrize("imported_before", [True, False])
@pytest.mark.parametrize("polls", [True, False])
def test_a_library_s_jobs_are_due_by_the_run_s_date(
    polls: bool, imported_before: bool, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jobs_by_date.py").write_text(JOBS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("semalab.instrument.places._INSTALLED", (str(tmp_path),))
    if imported_before:
        importlib.import_module("jobs_by_date")

    def program() -> list[float]:
        from jobs_by_date import Jobs  # type: ignore[import-not-found]

        jobs, done, begun = Jobs(), [], time.monotonic()
        jobs.add(1, lambda: done.append(round(time.monotonic() - begun, 1)))
        while time.monotonic() < begun + 2.5:
            jobs.run_pending()
            time.sleep(0.1 if polls else max(0, jobs.idle_seconds))
        return done

    try:
        run = lab.record(program, clock="virtual")
        assert (run.result[:2], run.stopped) == ([1.0, 2.0], None)
    finally:
        sys.modules.pop("jobs_by_date", None)


@pytest.mark.parametrize(
    "clock",
    [
        ticks,
        default_timer,
        lambda: timeit.default_timer(),
        pytest.param(lambda: time.clock_gettime(time.CLOCK_MONOTONIC), marks=UNIX),
        pytest.param(lambda: time.clock_gettime_ns(time.CLOCK_REALTIME) / 1e9, marks=UNIX),
        lambda: datetime.now().timestamp(),
    ],
)
def test_every_clock_is_the_runs(clock: Callable[[], float]) -> None:
    def program() -> float:
        begun = clock()
        time.sleep(1.5)
        return clock() - begun

    assert lab.record(program, clock="virtual").result == 1.5


@UNIX
def test_seconds_of_the_cpu_stay_the_cpus() -> None:
    def program() -> tuple[float, float]:
        begun = time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID), time.process_time()
        time.sleep(20.0)
        return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) - begun[0], time.process_time() - begun[1]

    assert all(seconds < 15.0 for seconds in lab.record(program, clock="virtual").result)


@UNIX
def test_a_wrong_clock_is_refused_as_ever() -> None:
    def program() -> None:
        time.clock_gettime(987654)

    with pytest.raises(OSError, match="Invalid argument"):
        lab.record(program, clock="virtual")


def dates() -> list[Any]:
    time.sleep(60 * 60 * 24 * 2 + 0.5)
    return [datetime.now(UTC), datetime.now(tz=UTC), date.today(), datetime.today(), Moment.now(UTC), time.time()]


def test_dates_agree_with_each_other_and_are_plain_dates() -> None:
    now, again, day, today, moment, seconds = lab.record(dates, clock="virtual", timeout=1e5 * 2).result
    assert now == again == moment == datetime(1970, 1, 3, 0, 0, 0, 500000, UTC)
    assert today.timestamp() == now.timestamp() == seconds
    assert day == today.date()
    assert [type(one) for one in (now, day, today, moment)] == [datetime, date, datetime, Moment]
    assert pickle.loads(pickle.dumps([now, moment])) == [now, moment]
    assert repr(now) == "datetime.datetime(1970, 1, 3, 0, 0, 0, 500000, tzinfo=datetime.timezone.utc)"


def test_utcnow_is_the_runs_too() -> None:
    def program() -> bool:
        time.sleep(2.0)
        deprecated = pytest.warns(DeprecationWarning, match=r"datetime\.datetime\.utcnow\(\) is deprecated")
        with deprecated if sys.version_info >= (3, 12) else contextlib.nullcontext():
            return datetime.utcnow() == datetime.now(UTC).replace(tzinfo=None)

    assert lab.record(program, clock="virtual").result is True


def test_inside_a_run_the_classes_are_themselves() -> None:
    def program() -> tuple[bool, ...]:
        now = datetime.now()
        return (
            type(now) is datetime,
            isinstance(now, calendar.datetime),
            isinstance(now, date),
            datetime is calendar.datetime,
            (now - timedelta(days=1) < now),
            pickle.loads(pickle.dumps(now)) == now,
        )

    assert all(lab.record(program, clock="virtual").result)


def test_another_thread_and_everybody_afterwards_have_the_real_time() -> None:
    before = vars(datetime)["now"], vars(datetime)["utcnow"], vars(date)["today"]
    ask, answered, seen = threading.Semaphore(0), threading.Semaphore(0), []

    def outside() -> None:
        ask.acquire()
        seen.append(datetime.now().year)
        answered.release()

    beside = threading.Thread(target=outside)
    beside.start()
    requests = iter([ask.release, answered.acquire])  # where the lab does not find what is not its own

    def program() -> int:
        for call in requests:
            call()
        return datetime.now(UTC).year

    assert lab.record(program, clock="virtual").result == 1970
    beside.join()
    assert seen[0] > 2000
    assert datetime.now().year > 2000
    assert (vars(datetime)["now"], vars(datetime)["utcnow"], vars(date)["today"]) == before


def test_on_the_wall_clock_dates_are_real() -> None:
    assert lab.record(lambda: datetime.now().year, clock="wall").result > 2000
