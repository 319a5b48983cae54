"""The steps of a counterexample, as an exploration tells them, with what was printed beside "prints"."""

from __future__ import annotations

from semalab.excerpt import written
from semalab.exploration.steps import Step
from semalab.exploration.telling import Telling

_LONGEST = 40  # characters of what was printed


def way_of(telling: Telling) -> tuple[Step, ...]:
    """Each step's thread and what it does. A thread's steps that print go with its lines in their order."""
    lines = {thread: iter([p.text for p in telling.run.printed if p.thread == thread]) for thread, _ in telling.steps}
    steps = []
    for step in telling.steps:
        text = next(lines[step.thread], None) if step.what == "prints" else None
        steps.append(step if text is None else Step(step.thread, f"prints {written(text.strip(), _LONGEST)}"))
    return tuple(steps)
