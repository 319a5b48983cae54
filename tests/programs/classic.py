"""Small programs that show by name what `threading` leaves open, and where implementations have gone wrong."""

from __future__ import annotations

from programs.small import Op, Program, Task, Thing

CONDITION, LOCK, RLOCK, EVENT = Thing("Condition"), Thing("Lock"), Thing("RLock"), Thing("Event")


def program(
    *things: Thing, main: tuple[Op, ...] = (), delay: int | None = None, workers: tuple[list[Op], ...]
) -> Program:
    """The main thread starts the workers, the last of them a timer if there is a delay, and does what it has to do."""
    starts = tuple(Op("start", j) for j in range(1, len(workers) + 1))
    tasks = [Task(tuple(ops)) for ops in workers]
    if delay is not None:
        tasks[-1] = tasks[-1]._replace(delay=delay)
    return Program(things, (Task(starts + main), *tasks))


CLASSICS = {
    "the releaser takes the permit back": program(
        Thing("Semaphore", 0), workers=([Op("acquire")], [Op("release"), Op("try")])
    ),
    "a permit for one of two": program(
        Thing("Semaphore", 0), main=(Op("release"),), workers=([Op("timed", 0, 0, 2)], [Op("timed", 0, 0, 1)])
    ),
    "one release too many": program(
        Thing("BoundedSemaphore", 1), workers=([Op("acquire"), Op("release")], [Op("release")])
    ),
    "a lock released by another": program(LOCK, workers=([Op("acquire"), Op("add")], [Op("release"), Op("add")])),
    "taken twice by its owner": program(
        RLOCK, workers=([Op("acquire"), Op("acquire"), Op("release")], [Op("try"), Op("release")])
    ),
    "crossed locks": program(
        LOCK,
        LOCK,
        workers=(
            [Op("acquire", 0), Op("acquire", 1), Op("release", 0), Op("release", 1)],
            [Op("acquire", 1), Op("add")],
        ),
    ),
    "set and cleared at once": program(EVENT, workers=([Op("wait", 0, 0, 2), Op("is_set")], [Op("set"), Op("clear")])),
    "notified too early": program(CONDITION, workers=([Op("sleep for notice")], [Op("give notice", 0, 1)])),
    "one notice for two": program(
        CONDITION,
        workers=([Op("sleep for notice")], [Op("sleep for notice")]),
        main=(Op("sleep", 0, 1), Op("give notice", 0, 1)),
    ),
    "a notice for one whose time is up": program(
        CONDITION,
        workers=([Op("sleep for notice", 0, 0, 1)], [Op("sleep for notice", 0, 0, 2)]),
        main=(Op("sleep", 0, 1), Op("give notice", 0, 1)),
    ),
    "all are told": program(
        CONDITION, workers=([Op("await", 0, 1)], [Op("await", 0, 2)]), main=(Op("announce"), Op("announce"))
    ),
    "waiting without the lock": program(CONDITION, workers=([Op("wait"), Op("notify", 0, 1)], [Op("announce")])),
    "two rounds of a barrier": program(
        Thing("Barrier", 2), workers=([Op("wait"), Op("wait")], [Op("wait"), Op("wait")])
    ),
    "a barrier broken by impatience": program(
        Thing("Barrier", 2), workers=([Op("wait", 0, 0, 1)], [Op("sleep", 0, 2), Op("wait"), Op("reset")])
    ),
    "a barrier reset": program(Thing("Barrier", 2), workers=([Op("wait")], [Op("reset"), Op("wait", 0, 0, 1)])),
    "a barrier for three, and a fourth": program(
        Thing("Barrier", 3),
        main=(Op("wait", 0, 0, 1),),
        workers=([Op("wait", 0, 0, 2)], [Op("wait", 0, 0, 2)], [Op("wait", 0, 0, 2)]),
    ),
    "cancelled too late": program(
        Thing("Semaphore", 0), delay=1, main=(Op("sleep", 0, 1), Op("cancel", 1), Op("try")), workers=([Op("release")],)
    ),
    "joined before its start": program(EVENT, workers=([Op("join", 2), Op("is_alive", 2)], [Op("set")])),
    "the main thread waited for": program(EVENT, main=(Op("set"),), workers=([Op("join", 0, 0, 1)], [Op("join", 0)])),
}
