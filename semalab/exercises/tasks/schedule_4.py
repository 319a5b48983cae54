"""schedule-4: in how many orders four lines can come out."""

from __future__ import annotations

import threading
from typing import Any

from semalab.exercises.answers import Answer, Prediction
from semalab.exercises.together import run_together
from semalab.exploration.exploration import Exploration
from semalab.exploration.explore import search
from semalab.run import Run


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
    words: set[str] = set()

    def note(run: Run) -> None:
        words.add(run.output)

    _explored(note, run.arguments["gate_at"])
    return len(words)


def d_before_b(answer: Answer) -> Exploration:
    def d_comes_after_b(run: Run) -> bool:
        return run.output.index("B") < run.output.index("D")

    return _explored(d_comes_after_b, EXERCISE.arguments["gate_at"])


def _explored(check: Any, gate_at: int) -> Exploration:
    return search(say_four, {"gate_at": gate_at}, check, "operations", "clock", 1_000, 20.0)


def because() -> dict[Answer, str]:
    return {
        orders(EXERCISE.run(gate_at=1)): "So many there are without the gate. Which of them has D before A?",
        1: "The gate keeps D behind A. What does it say of C?",
        2: "C waits for nobody: it may be said before A, after A, and after B.",
        3: "So many there are with D at the end. May D come before B?",
        24: "So many orders have four letters. But A is printed before B, and C before D, always.",
    }


EXERCISE = Prediction(
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
    because=because,
    otherwise="Write down the six orders in which A is before B and C before D, and strike out what the gate forbids.",
    shows="Of six orders the gate forbids CDAB. You see one of the others: D comes before B, and nothing forbids that.",
    found=d_before_b,
)
