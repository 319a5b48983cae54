"""What is true after each event of a run, in order, at random, and told in a sentence that is never a guess."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from programs.deadlocked import crossed
from programs.virtual_runs import PROGRAMS

import semalab as lab
from semalab.analysis.changes import ASLEEP, ENDED, NOT_BEGUN, STRANGER, UNDER_WAY, WAITS
from semalab.analysis.reading import read
from semalab.analysis.snapshots import Snapshots, sentence_of, snapshots_of
from semalab.log.certificate import WAITED
from semalab.log.trace import LOCKS, Event, Primitive, Trace
from semalab.run import Run

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


def visit(threads: int = 3, initial: int = 1) -> None:
    mutex = threading.Semaphore(initial)

    def work(number: int) -> None:
        time.sleep(0.001 * number)
        with mutex:
            print("worker", number, "is in")
            time.sleep(0.01)

    workers = [threading.Thread(target=work, args=(i,), name=f"worker-{i}") for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def by_hand(*events: tuple[Any, ...], primitives: list[Primitive], threads: str = "main a b c") -> Snapshots:
    """The moments of a log written down by hand; every thread has begun."""
    names = threads.split()
    begun = [Event(0, name, "start") for name in names]
    log = [Event(time, thread, kind, *more) for time, (thread, kind, *more) in enumerate(events, 1)]
    return snapshots_of(read(Trace([*begun, *log], names, primitives)))


def told(moments: Snapshots, thread_count: int = 4) -> list[str]:
    return [moment.sentence for moment in moments[thread_count:]]


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_sentence_of_one_event_is_that_of_its_moment(program: Callable[..., Any]) -> None:
    run = lab.record(program, threads=3, clock="virtual")
    alone = [sentence_of(run.reading, run.printed, number) for number in range(len(run.trace))]
    assert alone == [moment.sentence for moment in run.moments[: len(run.trace)]]


def test_a_mutex_in_sentences() -> None:
    moments = lab.record(visit, threads=2, clock="virtual").moments
    first = [moment.sentence for moment in moments if moment.thread == "worker-1"]
    assert first == [
        "worker-1 begins",
        "worker-1 goes to sleep for 1 ms",
        "worker-1 wakes up",
        "worker-1 must wait for `mutex`, whose value is 0; 1 waits",
        "worker-1 acquires `mutex`: 1 → 0; nobody waits",
        "worker-1 prints “worker 1 is in”",
        "worker-1 goes to sleep for 10 ms",
        "worker-1 wakes up",
        "worker-1 releases `mutex`: 0 → 1; nobody waits",
        "worker-1 ends",
    ]


def test_a_moment_holds_all_that_is_true_then() -> None:
    run = lab.record(visit, threads=3, clock="virtual")
    moment = next(m for m in run.moments if m.sentence.startswith("worker-2 must wait"))
    code = visit.__code__.co_firstlineno
    assert moment.sentence == "worker-2 must wait for `mutex`, whose value is 0; 2 wait"
    assert {thread: str(state) for thread, state in moment.states.items()} == {
        "main": "waits for worker-0 to end",
        "worker-0": "asleep",
        "worker-1": "waits for `mutex`",
        "worker-2": "waits for `mutex`",
    }
    assert moment.waiting == {"mutex": ("worker-1", "worker-2")}
    assert moment.holders == {"mutex": {"worker-0": 1}}
    assert moment.values == {"mutex": 0}
    assert moment.printed == "worker 0 is in\n"
    assert moment.time == 2_000_000
    assert {name: line and line - code for name, line in moment.lines.items()} == {
        "main": 13,
        "worker-0": 7,
        "worker-1": 5,
        "worker-2": 5,
    }


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_every_moment_agrees_with_the_reading(program: Callable[..., object], seed: int) -> None:
    run = lab.record(program, threads=4, clock="virtual", seed=seed)
    _agree(run)


@pytest.mark.parametrize("clock", ["virtual", "wall"])
def test_both_clocks(clock: str) -> None:
    _agree(lab.record(visit, clock=clock))


def _agree(run: Run) -> None:
    """Waits, holds and values counted anew from the reading's spans, for every moment."""
    reading, trace = run.reading, run.trace
    logged = [label for label, primitive in trace.primitives.items() if primitive.kind in WAITED]
    ends = {event.thread: index for index, event in enumerate(trace) if event.kind == "end"}
    values = {label: primitive.initial for label, primitive in trace.primitives.items()}
    for index, (event, moment) in enumerate(zip(trace, run.moments[: len(trace)], strict=True)):
        assert (moment.number, moment.time, moment.thread) == (index, event.time, event.thread)
        if event.value is not None:
            values[event.primitive] = event.value
        assert moment.values == values
        here = [
            span
            for span in reading.spans
            if span.first <= index and (index < span.last if span.last is not None else True)
        ]
        waiting = sorted((s for s in here if s.kind == "wait"), key=lambda span: span.first)
        for label in logged:
            assert moment.waiting[label] == tuple(
                s.thread for s in waiting if s.primitive == label and index < ends.get(s.thread, index + 1)
            )
            held = [s.thread for s in here if s.kind == "hold" and s.primitive == label]
            if trace.primitives[label].kind not in LOCKS:
                assert moment.holders[label] == {thread: held.count(thread) for thread in held}
        for thread, state in moment.states.items():
            asleep = any(s.thread == thread and s.kind == "sleep" for s in here)
            assert (state.word == ASLEEP) == asleep, (moment.sentence, thread)
            assert (state.word == ENDED) == (index >= ends.get(thread, len(trace)))
    printed = "".join(one.text for one in run.printed)
    assert not len(trace) or run.moments[-1].printed == printed


def test_a_deadlock_ends_with_a_moment_of_its_own() -> None:
    run = lab.record(crossed, clock="virtual")
    assert len(run.moments) == len(run.trace) + 1
    last = run.moments[-1]
    assert last.sentence == f"The run is stopped: {run.verdict}"
    assert last.thread == ""
    assert last.time == run.trace.duration
    waiting = {thread for threads in last.waiting.values() for thread in threads}
    assert waiting == {wait.thread for wait in run.stopped.waits if wait.kind == "Lock"}  # type: ignore[union-attr]


def test_looks_in_any_order_see_the_same() -> None:
    run = lab.record(visit, threads=200, clock="virtual")
    assert len(run.moments) > 1_500  # several checkpoints
    in_order = list(run.moments)
    fresh = snapshots_of(run.reading, run.printed)
    order = list(range(len(fresh)))
    random.Random(0).shuffle(order)
    for number in [*order[:300], *range(1_300, 700, -1)]:
        assert fresh[number] == in_order[number]


def test_it_is_a_sequence() -> None:
    moments = lab.record(visit, threads=1, clock="virtual").moments
    assert moments[-1] == moments[len(moments) - 1]
    assert moments[2:4] == (moments[2], moments[3])
    with pytest.raises(IndexError) as caught:
        moments[len(moments)]
    assert str(caught.value) == f"there are {len(moments)} moments, numbered from 0, got {len(moments)}"


def test_a_moment_cannot_be_changed() -> None:
    moments = lab.record(visit, threads=1, clock="virtual").moments
    moment = moments[3]
    for mapping in (moment.states, moment.lines, moment.waiting, moment.holders, moment.values):
        with pytest.raises(TypeError):
            mapping["main"] = None  # type: ignore[index]
    before = dict(moment.states)
    assert moments[-1].states != before
    assert dict(moment.states) == before


def test_threads_that_have_not_begun() -> None:
    moments = lab.record(visit, threads=2, clock="virtual").moments
    assert {str(state) for state in moments[0].states.values()} == {NOT_BEGUN, UNDER_WAY}


def test_no_run_no_moment() -> None:
    assert len(snapshots_of(read(Trace([])))) == 0
    stopped = snapshots_of(read(Trace([])), stopped="nothing moved")
    assert [moment.sentence for moment in stopped] == ["The run is stopped: nothing moved"]


def test_a_look_goes_on_from_what_is_known_nearby() -> None:
    class Counted(Snapshots):
        applied = 0

        def _apply(self, *place: Any) -> None:
            self.applied += 1
            super()._apply(*place)

    run = lab.record(visit, threads=600, clock="virtual")
    moments = Counted(run.reading, run.printed)
    apart = 601  # from one checkpoint to the next: as many moments as there are threads
    assert len(moments) > 5 * apart
    assert moments[-1].number == len(moments) - 1
    assert moments.applied == len(moments)  # all of them, once
    for number, most in ((0, 1), (len(moments) - 1, apart), (len(moments) - 2, apart), (1_000, apart), (1_001, 1)):
        before = moments.applied
        assert moments[number].number == number
        assert moments.applied - before <= most


def test_who_ends_waits_for_nothing() -> None:
    moments = by_hand(("a", "block", "p", 0), ("a", "end"), primitives=[Primitive("p", "Tasks", 0)])
    assert [moment.waiting["p"] for moment in moments[4:]] == [("a",), ()]


def test_a_stolen_wake_up_is_told() -> None:
    moments = by_hand(
        ("a", "block", "s", 0),
        ("main", "release", "s", 1, 1),
        ("main", "acquire", "s", 0, 1),
        ("a", "block", "s", 0),
        primitives=[Primitive("s", "Semaphore", 0)],
    )
    assert told(moments) == [
        "a must wait for `s`, whose value is 0; 1 waits",
        "main releases `s`: 0 → 1; 1 waits",
        "main acquires `s`: 1 → 0; 1 waits",
        "a is woken in vain: it finds `s` at 0 again; 1 waits",
    ]
    assert moments[-1].waiting == {"s": ("a",)}


def test_those_who_wait_stand_in_the_order_in_which_they_came() -> None:
    moments = by_hand(
        *((thread, "block", "s", 0) for thread in ("c", "a", "b")),
        ("c", "block", "s", 0),  # woken in vain: it came first all the same
        ("main", "release", "s", 1, 1),
        ("b", "acquire", "s", 0, 1),
        primitives=[Primitive("s", "Semaphore", 0)],
    )
    assert [moment.waiting["s"] for moment in moments[6:]] == [
        ("c", "a", "b"),
        ("c", "a", "b"),
        ("c", "a", "b"),
        ("c", "a"),
    ]


def test_a_lock_that_another_released_is_in_nobodys_hands() -> None:
    moments = by_hand(
        ("a", "acquire", "lock", 0, 1),
        ("b", "release", "lock", 1, 1),
        ("c", "acquire", "lock", 0, 1),
        primitives=[Primitive("lock", "Lock", 1)],
    )
    assert told(moments)[1] == "b releases `lock`; nobody waits"
    assert [moment.holders["lock"] for moment in moments[4:]] == [{"a": 1}, {}, {"c": 1}]


def test_a_wait_that_ends_without_a_word_has_ended() -> None:
    """The log of a pool's tasks does not tell when a wait for one was over."""
    moments = by_hand(
        ("a", "block", "p", 0),
        ("a", "acquire", "s", 0, 1),
        primitives=[Primitive("p", "Tasks", 0), Primitive("s", "Semaphore", 1)],
    )
    assert [moment.waiting["p"] for moment in moments[4:]] == [("a",), ()]
    assert moments[-1].states["a"].word == UNDER_WAY


def test_a_wait_on_a_condition_goes_on_while_its_lock_is_taken_back() -> None:
    moments = by_hand(
        ("a", "acquire", "lock", 0, 1),
        ("a", "block", "c"),
        ("a", "release", "lock", 1, 1),
        ("main", "acquire", "lock", 0, 1),
        ("main", "notify", "c", None, 1),
        ("a", "block", "lock", 0),
        ("main", "release", "lock", 1, 1),
        ("a", "acquire", "lock", 0, 1),
        ("a", "wake", "c"),
        primitives=[Primitive("c", "Condition", 0), Primitive("lock", "RLock", 1)],
    )
    assert [str(moment.states["a"]) for moment in moments[4:]] == [
        UNDER_WAY,
        *["waits for `c`"] * 4,
        *["waits for `lock`"] * 2,
        "waits for `c`",
        UNDER_WAY,
    ]
    assert told(moments)[4] == "main notifies `c` (at most 1 of those who wait); 1 waits"


def test_threads_from_outside_are_not_told_apart_and_so_nobody_is_counted() -> None:
    moments = by_hand(
        ("outside", "block", "s", 0),
        ("main", "release", "s", 1, 1),
        ("outside", "acquire", "s", 0, 1),
        primitives=[Primitive("s", "Semaphore", 0)],
        threads="main outside",
    )
    assert told(moments, 2) == [
        "outside must wait for `s`, whose value is 0",
        "main releases `s`: 0 → 1",
        "outside acquires `s`: 1 → 0",
    ]
    assert {moment.states["outside"].word for moment in moments[2:]} == {STRANGER}


def test_every_other_event_in_words() -> None:
    kinds = ["Lock", "Event", "Barrier", "Condition", "Queue", "Tasks", "Future", "Semaphore"]
    moments = by_hand(
        ("a", "refuse", "Semaphore", 0),
        ("a", "refuse", "Lock", 0),
        ("a", "block", "Event", 0),
        ("a", "refuse", "Event", 0),
        ("b", "set", "Event", 1),
        ("a", "pass", "Event", 1),
        ("b", "clear", "Event", 0),
        ("a", "block", "Barrier", 1),
        ("b", "clear", "Barrier", 1),
        ("a", "refuse", "Barrier", 0),
        ("b", "notify", "Condition", None, 3),
        ("a", "block", "Queue", 0),
        ("b", "put", "Queue", 1, 1),
        ("b", "block", "Queue", 1),
        ("a", "get", "Queue", 0, 1),
        ("b", "put", "Queue", 1, 1),
        ("a", "refuse", "Queue", 1),
        ("main", "block", "Queue", 1, 2),
        ("main", "pass", "Queue", 0),
        ("b", "put", "Tasks", 1, 1),
        ("a", "get", "Tasks", 0, 1),
        ("a", "block", "Tasks", 0),
        ("b", "block", "Future", 0),
        ("main", "set", "Future", 1),
        ("b", "pass", "Future", 1),
        ("b", "release", "Semaphore", 3, 3),
        ("b", "join", "c", None, 500_000),
        ("b", "joined", "c"),
        ("main", "sleep"),
        ("main", "wake"),
        ("main", "print"),
        primitives=[Primitive(kind, kind, 0) for kind in kinds],
    )
    assert told(moments) == [
        "a does not get `Semaphore`, whose value is 0, and goes on",
        "a does not get `Lock` and goes on",
        "a must wait for `Event` to be set; 1 waits",
        "a gives up waiting for `Event`; nobody waits",
        "b sets `Event`; nobody waits",
        "a passes `Event`; nobody waits",
        "b clears `Event`; nobody waits",
        "a waits at `Barrier`; 1 waits",
        "b resets or aborts `Barrier`; 1 waits",
        "a leaves `Barrier`, which is broken",
        "b notifies `Condition`; nobody waits",
        "a must wait at `Queue` for an item: it is empty; 1 waits",
        "b puts into `Queue`: 0 → 1; 1 waits",
        "b must wait at `Queue` for room: it holds 1; 2 wait",
        "a takes from `Queue`: 1 → 0; 1 waits",
        "b puts into `Queue`: 0 → 1; nobody waits",
        "a is refused by `Queue`, which holds 1",
        "main waits for `Queue` to be done: 2 items are not; 1 waits",
        "main sees that all items of `Queue` are done",
        "b puts into the tasks of `Tasks`: 0 → 1; nobody waits",
        "a takes from the tasks of `Tasks`: 1 → 0; nobody waits",
        "a waits for a task; 1 waits",
        "b must wait for the result of `Future`; 1 waits",
        "main completes `Future`; 1 waits",
        "b sees that `Future` is done",
        "b releases `Semaphore` 3 times: 0 → 3; nobody waits",
        "b waits for c to end, for at most 500 µs",
        "b gives up waiting for c, which has not ended",
        "main goes to sleep",
        "main wakes up",
        "main prints something",
    ]


def test_no_sentence_says_who_is_next() -> None:
    for program in PROGRAMS:
        for moment in lab.record(program, threads=4, clock="virtual").moments:
            assert not {"next", "first", "wakes", "lets"} & set(moment.sentence.split()) - (
                {"wakes"} if moment.sentence.endswith("wakes up") else set()
            )


def test_what_waits_is_in_words() -> None:
    moments = lab.record(visit, clock="virtual").moments
    assert {state.word for moment in moments for state in moment.states.values()} > {WAITS, UNDER_WAY, ASLEEP, ENDED}
