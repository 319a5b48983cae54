"""The primitives of a run as the program made them, in a few words: `reach = room = Semaphore(1)`."""

from __future__ import annotations

from semalab.analysis.reading import Reading, Use
from semalab.log.excerpt import cut_name
from semalab.log.trace import POOLED, SEMAPHORES

_NAMED = 6  # primitives that are named; of more, how many there are besides
_LONGEST = 40  # characters of a name


def introduced(reading: Reading) -> list[str]:
    """Each way of making one with the names of those that were made so: the main one's first, each then in order.

    >>> introduced(run.reading)
    ['mutex = Semaphore(1)', 'gate = Semaphore(0)']
    """
    main = reading.main_use
    if main is None or main.primitive.kind in POOLED:
        return []
    used = [use for use in reading.uses.values() if use.role != "unused" and use.primitive.kind not in POOLED]
    order = [main, *(use for use in used if use.label != main.label)]
    made: dict[str, list[str]] = {}
    for use in order[:_NAMED]:
        made.setdefault(_call(reading, use), []).append(cut_name(use.label, _LONGEST))
    parts = [f"{', '.join(labels)} = {call}" for call, labels in made.items()]
    return [*parts, f"{len(order) - _NAMED:,} more"] if len(order) > _NAMED else parts


def _call(reading: Reading, use: Use) -> str:
    kind = use.primitive.kind
    if kind in SEMAPHORES:
        return f"{kind}({use.primitive.initial})"
    if kind == "Barrier":
        return f"Barrier({_parties(reading, use.label) or '…'})"
    return f"{kind}()"


def _parties(reading: Reading, label: str) -> int | None:
    """How many a barrier waits for: who comes last passes without a wait, beside those who have waited."""
    waiting: set[str] = set()
    for event in reading.trace:
        if event.primitive != label:
            continue
        if event.kind == "block":
            waiting.add(event.thread)
        elif event.kind == "pass" and event.thread not in waiting:
            return len(waiting) + 1
        elif event.kind in {"pass", "refuse", "clear"}:
            waiting.discard(event.thread)
    return None
