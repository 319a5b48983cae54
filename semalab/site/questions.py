"""The exercises that ask for an answer, answered in the page by the sentences that the lab has for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import escape

from semalab.exercises.catalogue import exercise
from semalab.exercises.prediction import Answer, Prediction
from semalab.log.excerpt import written
from semalab.replay.page import embedded

_ASKED = re.compile(r"""lab\.check\(\s*"([a-z]+-[0-9]+)\"""")
_ELSEWHERE = (
    "This one is a program. It can be tried in JupyterLab or on Binder: "
    '<a href="index.html#open">how to open the lessons</a>.'
)


def questions_of(cells: Mapping[int, str]) -> dict[int, str]:
    """Per number of a cell that checks an attempt, what stands below it, as HTML."""
    found = {}
    for number, source in cells.items():
        asked = _ASKED.search(source)
        if asked is not None:
            task = exercise(asked[1])
            elsewhere = f'<p class="elsewhere">{_ELSEWHERE}</p>'
            found[number] = _question(task) if isinstance(task, Prediction) else elsewhere
    return found


def _question(task: Prediction) -> str:
    right = task.read(task.run())
    known = [right, *task.because()]
    other = _other(right, known)
    nonsense = task.judge(None)
    plan = {
        "name": task.name,
        "kind": "word" if isinstance(right, str) else "number" if isinstance(right, int) else "numbers",
        "told": {json.dumps(answer): _told(task, answer) for answer in known},
        "other": _told(task, other).replace(written(other, 60), "{}"),
        "nonsense": nonsense.sentences[0].replace(written(None, 60), "{}"),
    }
    asked = escape(task.asked)
    return (
        f'<div class="question" role="group" aria-label="Answer {task.name}">'
        f'<script type="application/json">{embedded(plan)}</script>'
        f'<p class="elsewhere">Your answer must be {asked}. <noscript>{_ELSEWHERE}</noscript></p></div>'
    )


def _told(task: Prediction, answer: Answer) -> str:
    return str(task.judge(answer))


def _other(right: Answer, known: Iterable[Answer]) -> Answer:
    """An answer for which the lab has no sentence of its own."""
    taken = set(known)
    if isinstance(right, str):
        return next(word for word in ("SOMETHINGELSE", "SOMETHINGOTHER") if word not in taken)
    if isinstance(right, int):
        return next(number for number in range(918_273, 2_000_000) if number not in taken)
    return next(numbers for first in range(918_273, 2_000_000) if (numbers := (first, *right[1:])) not in taken)
