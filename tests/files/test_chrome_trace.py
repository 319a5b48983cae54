"""A trace for Chrome's and Perfetto's viewers shows every thread, span, value, queue and hand-over of the run."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from programs.small import Program, perform, programs
from programs.virtual_runs import PROGRAMS
from support.chrome_trace import ChromeTrace, Slice

import semalab as lab
from semalab.log.trace import Event
from semalab.run import Run


def of(run: Run, folder: Path) -> ChromeTrace:
    return ChromeTrace(run.save(folder / "run.trace.json"))


def mutex() -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        with mutex:
            time.sleep(0.001_234_567)
            print("done")

    workers = [threading.Thread(target=work, name=f"worker {i}") for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def test_a_mutex_line_by_line(tmp_path: Path) -> None:
    run = lab.record(mutex, clock="virtual", seed=1)
    trace = of(run, tmp_path)
    first, second = ("worker 0", "worker 1") if run.printed[0].thread == "worker 0" else ("worker 1", "worker 0")
    half, end = 1_234_567, 2_469_134
    assert trace.threads == {1: "main", 2: "worker 0", 3: "worker 1"}
    assert trace.order == {1: 1, 2: 2, 3: 3}
    assert trace.process == "mutex"
    assert sorted(s for s in trace.nested if s.thread != "main") == sorted(
        [
            Slice(first, "hold mutex", 0, half),
            Slice(first, "sleep", 0, half),
            Slice(second, "wait mutex", 0, half),
            Slice(second, "hold mutex", half, end),
            Slice(second, "sleep", half, end),
        ]
    )
    assert trace.apart == []
    assert trace.counters == {
        "mutex value": [(0, 1), (0, 0), (half, 1), (half, 0), (end, 1)],
        "mutex: waiting threads": [(0, 1), (half, 0)],
    }
    assert trace.flows == [((first, "release mutex", half), (second, "acquire mutex", half))]
    assert [mark for mark in trace.instants if mark[1].startswith("print")] == [
        (first, "print done", half),
        (second, "print done", end),
    ]
    about = {
        "program": "mutex",
        "verdict": "Mutual exclusion held: never more than 1 inside",
        "clock": "virtual",
        "seed": 1,
        "duration_ns": end,
        "threads": 3,
    }
    assert trace.document["otherData"] == trace.document["metadata"] == about
    assert trace.document["displayTimeUnit"] == "ns"


@pytest.mark.parametrize("clock", ["virtual", "wall"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_nothing_of_a_run_is_missing(program: Any, clock: str, tmp_path: Path) -> None:
    for seed in range(3 if clock == "virtual" else 1):
        assert_complete(lab.record(program, threads=4, clock=clock, seed=seed), tmp_path)


@settings(max_examples=100, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs())
def test_nothing_of_any_run_is_missing(tmp_path_factory: pytest.TempPathFactory, program: Program) -> None:
    results: list[list[Any]] = [[] for _ in program.tasks]
    run = lab.record(perform, program=program, results=results, clock="virtual")
    assert_complete(run, tmp_path_factory.mktemp("trace"))


def assert_complete(run: Run, folder: Path) -> None:
    trace, events = of(run, folder), run.trace.events
    assert tuple(trace.threads.values()) == run.trace.threads
    names = [Slice(s.thread, s.name.removeprefix(f"{s.thread}: "), s.begin, s.end) for s in trace.apart]
    spans = [Slice(s.thread, f"{s.kind} {s.primitive}".rstrip(), s.begin, s.end) for s in run.reading.spans]
    assert sorted(trace.nested + names) == sorted(spans)

    def mark(event: Event) -> tuple[str, str, int]:
        return event.thread, f"{event.kind} {event.primitive}", event.time

    handovers = [handover for use in run.reading.uses.values() for handover in use.handovers]
    assert sorted(trace.flows) == sorted((mark(events[h.release]), mark(events[h.acquire])) for h in handovers)
    for use in run.reading.uses.values():
        assert trace.counters[f"{use.label} value"] == list(use.values)
        waiting = trace.counters.get(f"{use.label}: waiting threads", [])
        assert waiting[-len(use.waiters) :] == list(use.waiters)
        assert all(step == (0, 0) for step in waiting[: -len(use.waiters)])
    shown = {"print", "set", "clear", "notify", "pass", "put", "get", "refuse"}
    there = sorted((thread, name.split()[0], time) for thread, name, time in trace.instants)
    expected = sorted((e.thread, e.kind, e.time) for e in events if e.kind in shown)
    assert [one for one in there if one[1] in shown] == expected
    visible = {s.thread for s in trace.nested + trace.apart} | {thread for thread, _, _ in trace.instants}
    assert visible == set(run.trace.threads)


def hand_over_hand() -> None:
    """Takes the next lock before it lets go of the last: no hold lies within another."""
    locks = [threading.Lock() for _ in range(3)]

    def walk() -> None:
        locks[0].acquire()
        for last, following in itertools.pairwise(locks):
            time.sleep(1)
            following.acquire()
            time.sleep(1)
            last.release()
        locks[-1].release()

    threading.Thread(target=walk, name="walker").start()


def test_holds_that_overlap_are_both_there(tmp_path: Path) -> None:
    trace = of(lab.record(hand_over_hand, clock="virtual"), tmp_path)
    second = 1_000_000_000
    assert [s for s in trace.nested if s.name.startswith("hold")] == [
        Slice("walker", "hold locks[0]", 0, 2 * second),
        Slice("walker", "hold locks[2]", 3 * second, 4 * second),
    ]
    assert trace.apart == [Slice("walker", "walker: hold locks[1]", second, 4 * second)]


def opened_for_all() -> None:
    gate = threading.Semaphore(0)
    for i in range(3):
        threading.Thread(target=gate.acquire, name=f"waiter {i}").start()
    time.sleep(1)
    gate.release(3)


def test_one_release_has_an_arrow_to_each_acquire_it_ended(tmp_path: Path) -> None:
    trace = of(lab.record(opened_for_all, clock="virtual"), tmp_path)
    assert {flow.source for flow in trace.flows} == {("main", "release gate", 1_000_000_000)}
    assert sorted(flow.target[0] for flow in trace.flows) == ["waiter 0", "waiter 1", "waiter 2"]
    waiting = [level for _, level in trace.counters["gate: waiting threads"]]
    assert waiting[-6:] == [1, 2, 3, 2, 1, 0]


def stuck() -> None:
    gate = threading.Semaphore(0)
    gate.acquire()


def test_a_wait_without_an_end_reaches_to_the_end(tmp_path: Path) -> None:
    run = lab.record(stuck, clock="virtual")
    trace = of(run, tmp_path)
    (row,) = [row for row in trace.rows if row["ph"] == "X"]
    assert (row["name"], row["args"]["ended"]) == ("wait gate", False)
    assert trace.document["otherData"]["verdict"] == run.verdict


def nothing() -> None:
    pass


def test_a_run_in_which_nothing_happens_still_has_its_thread(tmp_path: Path) -> None:
    trace = of(lab.record(nothing, clock="virtual"), tmp_path)
    assert trace.threads == {1: "main"}
    assert [name for _, name, _ in trace.instants] == ["start", "end"]


def says_much() -> None:
    print("=" * 1_000_000)
    print('"\\\n\x00</script>')


def test_what_is_printed_is_shortened_and_cannot_leave_its_text(tmp_path: Path) -> None:
    trace = of(lab.record(says_much, clock="virtual"), tmp_path)
    first, second = (name for _, name, _ in trace.instants if name.startswith("print"))
    assert len(first) < 500 and first.endswith("more characters)")
    assert second == 'print "\\ \ufffd</script>'
