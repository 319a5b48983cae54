"""How many states a search meets depends on what a state is named by: counted here on models, without any thread.

A search that names states by the values its threads have seen meets others than ours, which names them by what came
before what: that needs nothing from the program's memory, and tells two pasts apart that happen to have led to the
same values. Both counts are those of the real search and of an earlier, independent one.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pytest
from programs import explored as programs
from support.full_enumeration import enumerate_all

from semalab.exploration.search import Search
from semalab.exploration.sleepsets import History, Names
from semalab.stepping import Settings, footprint

Model = tuple[Sequence[str], int, int]  # what each thread does, how many threads, the semaphore's initial value

PASS: Sequence[str] = ("acquire", "release")
GUARDED: Sequence[str] = ("acquire", "read", "write", "release")
BARE: Sequence[str] = ("read", "write")
WRITES = {"acquire": True, "release": False, "read": False, "write": True}


class State:
    """A state of a model: how far each thread is, what it has seen, the semaphore's and the variable's value."""

    def __init__(self, threads: int, value: int) -> None:
        self.seen: list[tuple[int, ...]] = [()] * threads
        self.value = value
        self.count = 0

    def able(self, todo: Sequence[str]) -> list[int]:
        return [
            thread
            for thread, seen in enumerate(self.seen)
            if len(seen) < len(todo) and (todo[len(seen)] != "acquire" or self.value > 0)
        ]

    def step(self, thread: int, what: str) -> State:
        after = State(0, self.value)
        after.seen, after.count = list(self.seen), self.count
        if what in ("acquire", "release"):
            after.value += 1 if what == "release" else -1
            found = after.value
        elif what == "read":
            found = self.count
        else:
            found = after.count = self.seen[thread][-1] + 1
        after.seen[thread] += (found,)
        return after

    @property
    def by_values(self) -> Hashable:
        return tuple(self.seen), self.value, self.count


def states(model: Model) -> tuple[int, int]:
    """The numbers of states by values seen and by pasts, over all schedules."""
    todo, threads, value = model
    names, values, pasts = Names(), set(), set()
    stack: list[tuple[State, tuple[tuple[int, str], ...]]] = [(State(threads, value), ())]
    while stack:
        state, past = stack.pop()
        name = named(names, past)
        key = (state.by_values, name)
        if key in values:
            continue
        values.add(key)
        pasts.add(name)
        for thread in state.able(todo):
            what = todo[len(state.seen[thread])]
            stack.append((state.step(thread, what), (*past, (thread, what))))
    return len({by_values for by_values, _ in values}), len(pasts)


def named(names: Names, past: Sequence[tuple[int, str]]) -> Hashable:
    history = History(names)
    for thread, what in past:
        location = "semaphore" if what in ("acquire", "release") else "variable"
        history.step(thread, footprint([(location, WRITES[what])]))
    return history.state


@pytest.mark.parametrize(
    ("program", "todo", "threads", "initial", "by_values", "by_pasts"),
    [
        (programs.passing, PASS, 2, 1, 8, 9),
        (programs.passing, PASS, 3, 1, 20, 31),
        (programs.passing, PASS, 4, 1, 48, 129),
        (programs.passing, PASS, 2, 2, 18, 17),
        (programs.passing, PASS, 3, 2, 110, 139),
        (programs.counting, GUARDED, 2, 1, 17, 17),
        (programs.counting, GUARDED, 3, 1, 61, 61),
        (programs.counting, GUARDED, 4, 1, 257, 257),
        (programs.counting, GUARDED, 2, 2, 79, 81),
        (programs.unprotected, BARE, 2, 0, 13, 14),
        (programs.unprotected, BARE, 3, 0, 84, 119),
    ],
)
def test_states_by_values_and_by_pasts(
    program: Any, todo: Sequence[str], threads: int, initial: int, by_values: int, by_pasts: int
) -> None:
    assert states((todo, threads, initial)) == (by_values, by_pasts)
    arguments = {"threads": threads, "initial": initial} if todo is not BARE else {"threads": threads}
    watched = todo is not PASS
    search = Search(
        program, arguments, None, Settings("bytecode" if watched else "operations", watched=watched), 10_000, 600
    )
    search.run()  # which finds out what is shared
    assert len(enumerate_all(program, arguments, search.settings).states) == by_pasts
