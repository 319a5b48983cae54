"""Small programs with loops that may never end, and all that can become of them: a search over their states, by itself.

A program has two shared variables, a lock and two threads. Its states are where each thread stands, what the variables
hold and who has the lock; a step is one access, one operation. Nothing of it is the lab's.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

VARIABLES = ("x", "y")
Statement = tuple[Any, ...]
State = tuple[Any, ...]


class Verdict(NamedTuple):
    """What can become of a program.

    ends: the variables at its end, in every way that there is. stuck: a deadlock can be reached. hopeless: there is a
    state from which no end, and no deadlock, follows. circles: states can come again. fair: also if nobody is passed
    over.
    """

    ends: frozenset[tuple[int, ...]]
    stuck: bool
    hopeless: bool
    circles: bool
    fair: bool


def random_bodies(seed: int) -> tuple[list[Statement], list[Statement]]:
    dice = random.Random(seed)
    return _block(dice, 3, 2), _block(dice, 3, 2)


def _block(dice: random.Random, most: int, deep: int) -> list[Statement]:
    return [_statement(dice, deep) for _ in range(dice.randint(1, most))]


def _statement(dice: random.Random, deep: int) -> Statement:
    what = dice.choice(
        ["set", "set", "copy", "while", "while", "with", "try", "if"] if deep else ["set", "copy", "pass"]
    )
    name, value = dice.choice(VARIABLES), dice.randint(0, 1)
    if what == "set":
        return "set", name, value
    if what == "copy":
        return "copy", name, dice.choice(VARIABLES)
    if what == "pass":
        return ("pass",)
    inner = _block(dice, 2, deep - 1) if dice.random() < 0.6 else [("pass",)]
    if what in ("while", "if"):
        return what, name, value, inner
    return what, inner


def text_of(bodies: tuple[list[Statement], list[Statement]]) -> str:
    lines = ["def program():", "    x = y = 0", "    lock = threading.Lock()"]
    for name, body in zip(("one", "two"), bodies, strict=True):
        lines += [f"    def {name}():", "        nonlocal x, y", *_lines(body, 2)]
    lines += ["    first, second = threading.Thread(target=one), threading.Thread(target=two)"]
    lines += ["    first.start()", "    second.start()", "    first.join()", "    second.join()", "    return x, y"]
    return "\n".join(lines) + "\n"


def _lines(body: list[Statement], deep: int) -> list[str]:
    found = []
    space = "    " * deep
    for what, *rest in body:
        if what == "set" or what == "copy":
            found += [f"{space}{rest[0]} = {rest[1]}"]
        elif what == "pass":
            found += [f"{space}pass"]
        elif what in ("while", "if"):
            found += [f"{space}{what} {rest[0]} == {rest[1]}:", *_lines(rest[2], deep + 1)]
        elif what == "with":
            found += [f"{space}with lock:", *_lines(rest[0], deep + 1)]
        elif what == "try":
            found += [f"{space}while not lock.acquire(blocking=False):", *_lines(rest[0], deep + 1)]
            found += [f"{space}lock.release()"]
    return found


# the model
def _compiled(body: list[Statement], begin: int = 0) -> list[tuple[Any, ...]]:
    """Instructions: read into the thread's own variable, write, jump unless, jump, acquire, try, release."""
    code: list[tuple[Any, ...]] = []
    for what, *rest in body:
        here = begin + len(code)
        if what == "set":
            code += [("write", rest[0], rest[1])]
        elif what == "copy":
            code += [("read", rest[1]), ("write", rest[0], None)]
        elif what in ("while", "if"):
            inner = _compiled(rest[2], here + 2)
            back = [("jump", here)] if what == "while" else []
            code += [("read", rest[0]), ("unless", rest[1], here + 2 + len(inner) + len(back)), *inner, *back]
        elif what == "with":
            code += [("acquire",), *_compiled(rest[0], here + 1), ("release",)]
        elif what == "try":
            inner = _compiled(rest[0], here + 2)
            code += [("try",), ("unless", 1, here + 3 + len(inner)), *inner, ("jump", here), ("release",)]
    return code


def verdict_of(bodies: tuple[list[Statement], list[Statement]]) -> Verdict:
    codes = [_compiled(body) for body in bodies]
    start: State = ((0, 0), (0, 0), (0, 0), False)
    after: dict[State, dict[int, State]] = {}
    queue = [start]
    while queue:
        state = queue.pop()
        if state not in after:
            steps = ((i, _step(codes[i], i, state)) for i in (0, 1))
            after[state] = {i: to for i, to in steps if to is not None}
            queue += after[state].values()
    over = [state for state in after if not after[state]]
    ended = [state for state in over if all(state[i][0] == len(codes[i]) for i in (0, 1))]
    hopeful = _that_lead_to(after, over)
    return Verdict(
        frozenset(state[2] for state in ended),
        len(ended) < len(over),
        len(hopeful) < len(after),
        bool(_circles(after)),
        _has_fair_circle(after),
    )


def _step(code: list[tuple[Any, ...]], i: int, state: State) -> State | None:
    pc, own = state[i]
    held = state[3]
    variables = list(state[2])
    if pc == len(code):
        return None
    what, *rest = code[pc]
    pc += 1
    if what == "acquire" and held:
        return None
    if what == "acquire":
        held = True
    elif what == "release":
        held = False
    elif what == "try":
        own, held = int(held), True  # 1: it was taken, and the loop's body follows
    elif what == "read":
        own = variables[VARIABLES.index(rest[0])]
    elif what == "write":
        variables[VARIABLES.index(rest[0])] = own if rest[1] is None else rest[1]
    if what == "jump":
        pc = rest[0]
    elif what == "unless":
        value, target = rest
        pc, own = (pc if own == value else target), 0
    if what == "write" and rest[1] is None:
        own = 0
    threads = [state[0], state[1]]
    threads[i] = (pc, own)
    return threads[0], threads[1], tuple(variables), held


def _that_lead_to(after: dict[State, dict[int, State]], goal: list[State]) -> set[State]:
    found = set(goal)
    while True:
        more = {state for state, steps in after.items() if state not in found and not found.isdisjoint(steps.values())}
        if not more:
            return found
        found |= more


def _reached(after: dict[State, dict[int, State]], begin: State, within: Callable[[State], bool]) -> set[State]:
    found: set[State] = set()
    queue = [to for to in after[begin].values() if within(to)]
    while queue:
        state = queue.pop()
        if state not in found:
            found.add(state)
            queue += [to for to in after[state].values() if within(to)]
    return found


def _circles(after: dict[State, dict[int, State]]) -> list[State]:
    return [state for state in after if state in _reached(after, state, lambda to: True)]


def _has_fair_circle(after: dict[State, dict[int, State]]) -> bool:
    """By trying what a circle may leave out: for each choice of threads that are never able on it, the largest ones."""
    for still in ((), (0,), (1,)):
        allowed = {state for state, steps in after.items() if not any(i in steps for i in still)}
        for state in allowed:
            around = _reached(after, state, allowed.__contains__)
            if state not in around:
                continue
            part = {one for one in around if state in _reached(after, one, allowed.__contains__)}
            steps = {i for one in part for i, to in after[one].items() if to in part}
            able = {i for one in part for i in after[one]}
            if able <= steps:
                return True
    return False
