"""What a primitive was used for, read from who acquires and who releases."""

from __future__ import annotations

from collections.abc import Sequence

from semalab.log.trace import FLAGS, PERMITS, QUEUES, SEMAPHORES, Event, Primitive


def role_of(primitive: Primitive, events: Sequence[Event]) -> str:
    """Read the role from who releases: a guard is released by those inside, a latch or signal by others."""
    if not events:
        return "unused"
    if primitive.kind in QUEUES:
        return "queue"
    if primitive.kind in FLAGS:
        return "event"
    if primitive.kind not in PERMITS:
        return primitive.kind.lower()
    if primitive.kind not in SEMAPHORES:
        return "guard"
    held: dict[str, int] = {}
    acquires: dict[str, int] = {}
    outsiders: set[str] = set()
    released = False
    returned = 0
    free_before = primitive.initial > 0  # could anybody pass before a thread from outside released?
    highest = 0
    for event in events:
        if event.kind == "acquire":
            held[event.thread] = held.get(event.thread, 0) + 1
            acquires[event.thread] = acquires.get(event.thread, 0) + 1
        elif event.kind == "release":
            released = True
            own = held.get(event.thread, 0)
            held[event.thread] = max(0, own - event.amount)
            returned += min(own, event.amount)
            highest = max(highest, event.value or 0)
            if event.amount > own:
                outsiders.add(event.thread)
    if not acquires:
        waited = any(event.kind == "block" for event in events)
        return "counter" if released and not waited else "latch" if waited else "unused"
    if not outsiders:
        return "guard"
    inside = all(thread in acquires for thread in outsiders)
    if (free_before or inside) and 2 * returned > sum(acquires.values()):
        return "guard"  # those who pass give back what they took: the release from outside is a stray one
    if free_before and (returned or inside) and highest <= primitive.initial:
        return "guard"  # every release gave back what somebody had taken, if not always the one who took it
    return "latch" if max(acquires.values()) == 1 else "signal"
