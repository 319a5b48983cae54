"""Many learners on one machine press check at once: a process for each, forked when all is imported.

`python tests/support/crowded_checks.py 30`, where `tests` is on the path, prints a line of JSON: for each learner, the
answers that are not as they should be.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from programs.exercise_mutants import MUTANTS
from programs.exercise_solutions import SOLUTIONS

import semalab as lab


def turns_for_ever(guests: Any, visit: Any) -> None:
    while True:
        pass


def sleeps_for_ever(guests: Any, visit: Any) -> None:
    while True:
        time.sleep(1)


# The two that a busy machine was once told to have "more schedules than the check can try", and the shortest, which all
# after these learners do: the crowd comes from their number.
RIGHT = ("classic-2", "mutex-3", "limiter-2", "classic-3", "limiter-2", "mutex-3", "classic-2", "classic-3", "mutex-3")
ENDLESS = "Not yet: the program does not come to an end, and the check has stopped it."


def wrong_answers(learner: int) -> list[str]:
    """What a learner was told that is not so: of a right attempt, a wrong one and, for two, one without an end."""
    wrong = []
    name = RIGHT[min(learner, len(RIGHT) - 1)]
    answer = lab.check(name, SOLUTIONS[name][learner % len(SOLUTIONS[name])])
    wrong += [] if answer.solved else [f"{name}: {answer}"]
    mutant = MUTANTS[name][learner % len(MUTANTS[name])]
    answer = lab.check(name, mutant.attempt)
    wrong += [] if mutant.words in str(answer) and not answer.solved else [f"{name}: {answer}"]
    if learner < 2:
        endless = (turns_for_ever, sleeps_for_ever)[learner]
        answer = lab.check("mutex-3", endless)
        wrong += [] if answer.sentences[0] == ENDLESS else [f"{endless.__name__}: {answer}"]
    return wrong


def crowd(learners: int) -> list[list[str]]:
    """All of them at once; what each was told wrongly."""
    wait, begin = os.pipe()
    pipes = []
    for learner in range(learners):
        out, into = os.pipe()
        if not os.fork():
            os.close(begin)
            os.read(wait, 1)  # until the parent closes its end
            os.write(into, json.dumps(wrong_answers(learner)).encode())
            os._exit(0)
        os.close(into)
        pipes.append(out)
    os.close(begin)
    told = []
    for out in pipes:
        with os.fdopen(out, "rb") as answers:
            told.append(json.loads(answers.read() or b'["it died"]'))
        os.wait()
    return told


if __name__ == "__main__":
    print(json.dumps(crowd(int(sys.argv[1])), ensure_ascii=True))
