"""What a log is made of: events, the primitives and kinds they may name, and accesses to shared variables."""

from __future__ import annotations

from typing import NamedTuple

from semalab.log.excerpt import counted, plural

_OTHERS = frozenset(  # semaphores of other modules
    {
        "asyncio.Semaphore",
        "asyncio.BoundedSemaphore",
        "multiprocessing.Semaphore",
        "multiprocessing.BoundedSemaphore",
        "distributed.Semaphore",
    }
)
_OTHER_LOCKS = frozenset({"asyncio.Lock", "multiprocessing.Lock", "multiprocessing.RLock"})
BEYOND = _OTHERS | _OTHER_LOCKS  # who waits for them, and when, is those modules' own business
SEMAPHORES = _OTHERS | {"Semaphore", "BoundedSemaphore"}
LOCKS = _OTHER_LOCKS | {"Lock", "RLock"}
PERMITS = SEMAPHORES | LOCKS  # primitives whose value counts free permits (a lock is one permit)
QUEUES = frozenset({"Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "Tasks"})  # their value counts items
POOLED = frozenset({"Tasks", "Upkeep", "Future", "Futures", "Results"})  # what a pool of threads is made of
IDLE = frozenset({"Tasks", "Upkeep"})  # where a pool's threads wait when they have nothing to do
FAILED, CANCELLED = 1, 2  # what a future's "set" says, where it is no result
FLAGS = frozenset({"Event", "Future", "Futures"})  # their value is 0 until they are set, then 1

KINDS = frozenset(
    "start block acquire refuse release sleep wake print end"  # every program
    " join joined set clear pass notify put get".split()  # Thread.join, Event, Barrier, Condition, Queue
)
_ACTORS = {
    "asyncio": "task",
    "distributed": "task",
    "multiprocessing": "process",
}
OUTSIDE = "outside"  # label of threads that touched the run's primitives without belonging to the run
JOINS = frozenset({"join", "joined"})  # their `primitive` is a thread, which may be called as a primitive is


def several(number: int, kind: str) -> str:
    """So many of those who use a primitive of this class: `3 threads`, of `asyncio.Semaphore` `3 tasks`."""
    return counted(number, _actor(kind))


def actors(kind: str) -> str:
    """What those are called who use a primitive of this class: `threads`, `tasks` or `processes`."""
    return plural(_actor(kind))


def _actor(kind: str) -> str:
    return _ACTORS.get(kind.partition(".")[0], "thread")


def is_outside(thread: str) -> bool:
    """True for the label that all threads share which are not of the run: what each of them is at, no log tells."""
    return thread == OUTSIDE or thread.startswith(f"{OUTSIDE} (")


class Event(NamedTuple):
    """One thing that happened, seen from inside the primitive's own critical section.

    time: nanoseconds since the run began. thread, primitive: labels ("" where there is no primitive).
    value: the primitive's value right after the event. amount: permits or items; nanoseconds of a sleep, and of a
    join with a time limit; of a "block" in Queue.join how many items were not done, of one at a semaphore how many
    permits were there and too few; of the "set" of a future 1 if it is an exception, 2 if it was cancelled; of a
    "joined" 1 if what a signal's handler raised made the thread give up.
    line: the program's source line, or None where it is not known.

    >>> Event(1_500_000, "worker-1", "acquire", "mutex", value=0, amount=1, line=7).kind
    'acquire'
    """

    time: int
    thread: str
    kind: str
    primitive: str = ""
    value: int | None = None
    amount: int = 0
    line: int | None = None


class Primitive(NamedTuple):
    """A synchronisation object of the program: its label, its class name, its value when it was made."""

    label: str
    kind: str
    initial: int


class Access(NamedTuple):
    """A thread reads or writes a variable (`balance`), an attribute (`.balance`), or what is in a container (`box`).

    after: how many events the log had then. kind: "read" or "write". value: what it read or wrote; None if that is no
    number, or not known, or if several objects have an attribute of this name. number: of a container, which number the
    value is: `len(box)`, or `box[0]`.
    """

    after: int
    thread: str
    kind: str
    variable: str
    value: float | None = None
    number: str = ""
