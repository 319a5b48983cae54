"""The exercises of the lesson on schedules."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from semalab.exercises.exercise import Answer, Exercise, Prediction
from semalab.exercises.feedback import Feedback
from semalab.exercises.judging import INTERRUPTED, STAY, calls, fault_of, run_together, shape_of
from semalab.exercises.trial import Bounded, Trial, quiet
from semalab.exploration.exploration import Exploration
from semalab.exploration.explore import search
from semalab.exploration.progress import interrupts
from semalab.log.stops import Deadlock
from semalab.run import Run


def _explored(
    asked: Prediction, check: Callable[[Run], Any], arguments: Mapping[str, Any], granularity: str
) -> Exploration:
    """A prediction's program under every schedule: what it is asked about is small."""
    return search(asked.program, dict(arguments), check, granularity, "clock", 1_000, 20.0)


def _of_all(asked: Prediction, read: Callable[[Run], Any], arguments: Mapping[str, Any], granularity: str) -> set[Any]:
    """What is read of a prediction's program under all of its schedules."""
    found: set[Any] = set()

    def note(run: Run) -> None:
        found.add(read(run))

    _explored(asked, note, arguments, granularity)
    return found


# schedule-1: the least that can be left of four increments.
def count_in_two(times: int) -> int:
    total = 0

    def work() -> None:
        nonlocal total
        for _ in range(times):
            total += 1

    workers = [threading.Thread(target=work, name=f"worker-{i}") for i in range(2)]
    run_together(workers)
    return total


def least(run: Run) -> int:
    """The smallest total under any schedule of this run's program."""
    return int(min(_of_all(SCHEDULE_1, lambda run: run.result, run.arguments, "bytecode")))


def the_least_again(answer: Answer) -> Exploration:
    def is_more(run: Run) -> bool:
        return bool(run.result > answer)

    return _explored(SCHEDULE_1, is_more, SCHEDULE_1.arguments, "bytecode")


def because_1() -> dict[Answer, str]:
    return {
        4: "So it is when nobody comes in between. Under some schedules a count is lost.",
        3: "One count can be lost. Can a second be lost, too?",
        1: "Whoever writes last has read what was there after its own first count: that was not 0 any more.",
        0: "Each write is one more than something that was read: 0 is never written.",
    }


SCHEDULE_1 = Prediction(
    name="schedule-1",
    task="Two threads do total += 1 twice each, without a lock: what is the smallest total under any schedule?",
    stub="""\
answer = ...  # the smallest total that can be left

lab.check("schedule-1", answer)
""",
    program=count_in_two,
    arguments={"times": 2},
    read=least,
    asked="a whole number",
    because=because_1,
    otherwise="Four counts were begun at 0: the total is somewhere from 0 to 4.",
    shows="Every write is at least 1, and whoever writes last has read after a write: at least 2 is left.",
    found=the_least_again,
)


# schedule-2: philosophers who all take the left fork first.
def dine(attempt: Any, philosophers: int) -> dict[str, int]:
    forks = [threading.Semaphore(1) for _ in range(philosophers)]
    in_use = clashes = 0  # a bit for each fork

    def sit(i: int) -> None:
        def eat() -> None:
            nonlocal in_use, clashes
            mine = 1 << i | 1 << (i + 1) % philosophers
            print("eats")
            if in_use & mine:
                clashes += 1
            in_use |= mine
            time.sleep(STAY)
            in_use &= ~mine

        attempt(forks, i, eat)

    sitting = [threading.Thread(target=sit, args=[i], name=f"philosopher-{i}") for i in range(philosophers)]
    run_together(sitting)
    return {"clashes": clashes}


def wrong_2(run: Run) -> str | None:
    philosophers, meals = run.arguments["philosophers"], calls(run)
    if run.result["clashes"]:
        return "two neighbours ate at the same time, with one fork between them."
    if len(meals) < philosophers:
        return f"only {len(meals)} of {philosophers} philosophers have eaten."
    if any(use.final != 1 for use in run.reading.uses.values()):
        return "a fork is not on the table when all have eaten, or is there twice."
    return None


def unasked_2(run: Run) -> str | None:
    philosophers = run.arguments["philosophers"]
    taken: dict[str, set[str]] = defaultdict(set)
    for event in run.trace.events:
        if event.kind == "acquire":
            taken[event.thread].add(event.primitive)
    for i in range(philosophers):
        if not {f"forks[{i}]", f"forks[{(i + 1) % philosophers}]"} <= taken[f"philosopher-{i}"]:
            return f"philosopher {i} ate without both forks: forks[{i}] and forks[{(i + 1) % philosophers}]."
    return None


SCHEDULE_2 = Trial(
    name="schedule-2",
    kind="repair",
    task="Each philosopher eats with the fork to the left and the one to the right, and nobody starves in a deadlock.",
    stub="""\
def attempt(forks, i, eat):
    left, right = i, (i + 1) % len(forks)
    with forks[left]:
        with forks[right]:
            eat()


lab.check("schedule-2", attempt)
""",
    program=dine,
    takes=("forks", "i", "eat"),
    small=({"philosophers": 2}, {"philosophers": 3}),
    large=({"philosophers": 7},),
    sized=("philosophers",),
    wrong=wrong_2,
    unasked=unasked_2,
    holds="everybody eats, with both forks, and no schedule ends in a deadlock",
)


# schedule-3: a program that is to deadlock, but not under every schedule.
def give_two_semaphores(attempt: Any) -> None:
    a, b = threading.Semaphore(1), threading.Semaphore(1)
    attempt(a, b)


@dataclass(frozen=True, kw_only=True)
class Trap(Exercise):
    """Solved by a program that deadlocks under some of its schedules, and under others comes to its end."""

    def judge(self, attempt: Any) -> Feedback:
        if (problem := shape_of(attempt, ("a", "b"))) is not None:
            return self.not_yet(problem)
        with quiet(), interrupts() as interrupted:
            bounded = Bounded(interrupted)
            found = bounded.explore(give_two_semaphores, {"attempt": attempt}, lambda run: None)
            if found.unfinished is not None or not found.complete:
                return self._unproved(found, bounded)
            if found.shortest is None:
                return self._harmless(found, bounded.run(give_two_semaphores, {"attempt": attempt}, 0, None))
            return self._answer(found, found.shortest, attempt)

    def _unproved(self, found: Exploration, bounded: Bounded) -> Feedback:
        if bounded.interrupted():
            return self.not_yet(INTERRUPTED)
        if bounded.too_busy():
            return self.too_busy()
        return self.not_yet("there are more schedules than the check can try, or some never end.")

    def _harmless(self, found: Exploration, shown: Run) -> Feedback:
        problem = f"it comes to its end under each of its {found.covered:,} different schedules."
        return self.not_yet(
            problem, "Let two threads hold one semaphore each while they wait for the other.", run=shown
        )

    def _answer(self, found: Exploration, shown: Run, attempt: Any) -> Feedback:
        if (wrong := self._against(found, shown, attempt)) is not None:
            return self.not_yet(wrong, exploration=found, run=shown)
        of = f"{len(found.violations):,} of {found.covered:,} different schedules"
        sentences = (
            f"Solved: {of} {'deadlocks' if len(found.violations) == 1 else 'deadlock'}, the others end well.",
            "Such a program passes its tests on most days. You see the shortest way into the trap.",
        )
        return Feedback(self.name, True, True, sentences, exploration=found, run=shown)

    def _against(self, found: Exploration, shown: Run, attempt: Any) -> str | None:
        if not isinstance(shown.stopped, Deadlock):
            return fault_of(shown, lambda run: None, attempt)
        if any(event.thread == "main" and event.kind == "acquire" for event in shown.trace.events):
            return "main took part: let two threads acquire the semaphores."
        if len(found.violations) == found.covered:
            return "it deadlocks under every schedule. A trap is not seen at once: some must end well."
        if {wait.primitive for wait in shown.stopped.waits if wait.kind == "Semaphore"} != {"a", "b"}:
            return "the deadlock must be over `a` and `b`, one thread at each."
        return None


SCHEDULE_3 = Trap(
    name="schedule-3",
    kind="build",
    task="Build a trap: a program with two threads that deadlocks over two semaphores, but only under some schedules.",
    stub="""\
def attempt(a, b):
    pass  # your program


lab.check("schedule-3", attempt)
""",
)


# schedule-4: in how many orders four lines can come out.
def say_four(gate_at: int) -> None:
    """gate_at: how many permits the gate begins with."""
    gate = threading.Semaphore(gate_at)

    def ab() -> None:
        print("A")
        gate.release()
        print("B")

    def cd() -> None:
        print("C")
        gate.acquire()
        print("D")

    run_together([threading.Thread(target=each, name=each.__name__) for each in (ab, cd)])


def orders(run: Run) -> int:
    """How many words come out of this run's program under all of its schedules."""
    return len(_of_all(SCHEDULE_4, lambda run: run.output, run.arguments, "operations"))


def d_before_b(answer: Answer) -> Exploration:
    def d_comes_after_b(run: Run) -> bool:
        return run.output.index("B") < run.output.index("D")

    return _explored(SCHEDULE_4, d_comes_after_b, SCHEDULE_4.arguments, "operations")


def because_4() -> dict[Answer, str]:
    return {
        orders(SCHEDULE_4.run(gate_at=1)): "So many there are without the gate. Which of them has D before A?",
        1: "The gate keeps D behind A. What does it say of C?",
        2: "C waits for nobody: it may be said before A, after A, and after B.",
        3: "So many there are with D at the end. May D come before B?",
        24: "So many orders have four letters. But A is printed before B, and C before D, always.",
    }


SCHEDULE_4 = Prediction(
    name="schedule-4",
    task="One thread says A, opens a gate, says B. The other says C, waits at the gate, says D: how many orders?",
    stub="""\
answer = ...  # different orders of the four letters

lab.check("schedule-4", answer)
""",
    program=say_four,
    arguments={"gate_at": 0},
    read=orders,
    asked="a whole number of orders",
    because=because_4,
    otherwise="Write down the six orders in which A is before B and C before D, and strike out what the gate forbids.",
    shows="Of six orders the gate forbids CDAB. You see one of the others: D comes before B, and nothing forbids that.",
    found=d_before_b,
)


EXERCISES = (SCHEDULE_1, SCHEDULE_2, SCHEDULE_3, SCHEDULE_4)
