"""Small random programs as text: closures over primitives and plain shared data, as learners write them."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable
from typing import Any

_PRIMITIVES = {
    "semaphore": "threading.Semaphore({})",
    "bounded": "threading.BoundedSemaphore({})",
    "lock": "threading.Lock()",
    "rlock": "threading.RLock()",
    "event": "threading.Event()",
    "condition": "threading.Condition()",
    "line": "queue.Queue(1)",
    "barrier": "threading.Barrier(2)",
}
_OPERATIONS = {
    "semaphore": ["{p}.acquire()", "{p}.release()", "with {p}:\n    {b}", "if {p}.acquire(blocking=False):\n    {b}"],
    "bounded": ["with {p}:\n    {b}", "{p}.acquire()", "if {p}.acquire(timeout=1):\n    {b}\n    {p}.release()"],
    "lock": [
        "with {p}:\n    {b}",
        "if not {p}.locked():\n    {b}",
        "if {p}.acquire(timeout=1):\n    {b}\n    {p}.release()",
    ],
    "rlock": ["with {p}, {p}:\n    {b}"],
    "event": ["{p}.set()", "{p}.wait()", "if {p}.is_set():\n    {b}", "if {p}.wait(1):\n    {b}", "{p}.clear()"],
    "condition": [
        "with {p}:\n    {b}\n    {p}.notify()",
        "with {p}:\n    {p}.wait(1)\n    {b}",
        "with {p}:\n    {p}.wait()\n    {b}",
        "with {p}:\n    {b}\n    {p}.notify_all()",
    ],
    "line": ["{p}.put(x)", "y = {p}.get()", "if {p}.empty():\n    {b}"],
    "barrier": ["{p}.wait()", "if {p}.n_waiting:\n    {b}"],
}
_BODIES = ["x += 1", "y = x", "x = 2", "y = x + y", "seen.append(x)", "x += len(seen)", "pass"]


# What a thread knows by itself, and how often it has turned in a loop.
_OWN = [
    "mine = x",
    "x = mine + 1",
    "mine += 1",
    "own = (*own, mine)",
    "x += len(own)",
    "for turn in range(2): x += turn",
    "if mine: x += 1",
]


def written(seed: int, data: bool = True, own: bool = False) -> str:
    """The text of the program with this seed; without data, its threads share nothing but primitives.

    own: they have variables of their own, and loops.
    """
    dice = random.Random(seed)
    bodies = _BODIES if data else ["pass", "time.sleep(1)", "pass"]
    if own:
        bodies = [*bodies, *_OWN]
    kinds = dice.choices([*_PRIMITIVES, "semaphore", "lock"], k=dice.choice((1, 2, 2)))
    if not data:
        kinds = [kind for kind in kinds if kind != "line"] or ["semaphore"]
    made = [
        f"p{i} = {_PRIMITIVES[kind].format(dice.choice((1, 1, 2, 0) if kind != 'bounded' else (1, 2)))}"
        for i, kind in enumerate(kinds)
    ]
    functions, calls = [], []
    for i in range(dice.choice((1, 2))):
        steps = [_step(dice, kinds, bodies) for _ in range(dice.choice((1, 2, 2, 3)))]
        if own:
            steps = ["mine, own = 0, ()", *([_in_a_loop(steps)] if dice.random() < 0.5 else steps)]
        functions.append(f"def f{i}():\n" + _indented((["nonlocal x, y"] if data else []) + steps))
        calls += [f"f{i}"] * dice.choice((1, 2, 2))
    if len(calls) < 2:
        calls *= 2
    if len(calls) > 3:
        calls = calls[:3]
    end = ["for t in ts: t.start()", "for t in ts: t.join()"]
    if dice.random() < 0.2:
        end.insert(1, _step(dice, kinds, bodies))
    if dice.random() < 0.2:
        end[-1:] = ["ts[0].join()", _step(dice, kinds, bodies), "for t in ts[1:]: t.join()"]
    if data:
        end.append("return x, y, seen" if dice.random() < 0.7 else "assert x < 3")
    begin = ["x = y = 0", "seen = []"] if data else []
    begin += ["mine, own = 0, ()"] if own else []
    lines = [*begin, *made, *functions, f"ts = [threading.Thread(target=f) for f in ({', '.join(calls)},)]", *end]
    return "def program():\n" + _indented(lines)


def _step(dice: random.Random, kinds: list[str], bodies: list[str]) -> str:
    if dice.random() < 0.25:
        return dice.choice(bodies)
    place = dice.randrange(len(kinds))
    return dice.choice(_OPERATIONS[kinds[place]]).format(p=f"p{place}", b=dice.choice(bodies))


def _in_a_loop(steps: list[str]) -> str:
    return "for turn in range(2):\n" + _indented(steps)


def _indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for text in lines for line in text.split("\n"))


def compiled(text: str) -> Callable[[], Any]:
    """The program with this text, in a namespace of its own."""
    import time

    namespace: dict[str, Any] = {"threading": threading, "queue": queue, "time": time, "__name__": "__main__"}
    exec(compile(text, "<written>", "exec"), namespace)
    program: Callable[[], Any] = namespace["program"]
    return program
