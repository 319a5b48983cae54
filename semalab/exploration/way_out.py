"""What can be done where a search has decided nothing, as an order: what to change in the program, or to ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from semalab.exploration.world import CLOCK, DICE, FILES, INPUT, OTHERS

_OF_THE_WORLD: Mapping[str, str] = {
    CLOCK: "ask `time.monotonic()`, which is the run's own clock",
    DICE: "draw from the module `random`, whose seed is the same in each run",
    FILES: "keep in a list what it writes to a file",
    OTHERS: "put a function of the program in the place of what is outside",
    INPUT: "pass as an argument what somebody would type",
}
_KEPT = "make whatever it changes in the program itself, and ask nothing outside"
CLAIMED = "say what is meant by an `assert` in the program, or by a function as `check`"
UNWATCHED = "make that in the program itself, with the names of `threading` and `queue`"
STRANGERS = "start its threads with `threading.Thread`"
TURNS = (
    "let each loop end after a few turns, and wait by `join()`, `with`, an Event or a Condition instead of asking again"
    " and again"
)
_SMALLER = "fewer threads, or fewer turns of their loops"
_POOLS = "to write its pool's tasks as threads of their own, with `start()` and `join()`"


def of_the_world(asked: Mapping[str, Any]) -> str:
    """asked: what of the world the program has asked for; nothing, if it was something else that was not the same."""
    return ", and ".join(_OF_THE_WORLD[what] for what in asked) or _KEPT


def fewer_schedules(granularity: str, arguments: Mapping[str, Any], used_up: str, pools: bool) -> str:
    """Where there was no time for all. used_up: the limit that was reached, as it was asked for."""
    sizes = [name for name, value in arguments.items() if type(value) is int and value > 1]
    smaller = f"a smaller {' or '.join(f'`{name}`' for name in sizes[:3])}" if sizes else _SMALLER
    ways = [_POOLS if pools else smaller, f"more than {used_up}"]
    if granularity != "operations":
        ways.insert(1, "granularity='operations'")
    return f"try {', or '.join(ways)}"
