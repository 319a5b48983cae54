"""Threads that nobody can tell apart: of states that differ in who is who among them, one stands for all.

They run the same function with the same arguments, the main thread has started them and waits for all of them or for
none before it does anything else, and the program never asks a thread who it is.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from typing import Any

from semalab.exploration.stage import Stage
from semalab.exploration.stored_values import UNKNOWN, scalar
from semalab.instrument import functions
from semalab.stepping.lives import Body
from semalab.stepping.reach import codes_of

# What a program could find out with who it is, without asking a thread.
_TELLING = frozenset(
    "_name _ident _native_id _active _bootstrap excepthook __dict__ vars dir id sys _thread gc inspect traceback"
    " logging warnings asyncio contextvars".split()
)


def may_be_alike(stage: Stage) -> bool:
    """False if the program's text names something that could tell a thread who it is."""
    codes = codes_of(*functions([stage.program, *stage.arguments.values()]))
    return all(_TELLING.isdisjoint(code.co_names) for code, _ in codes)


def are_told_apart(stage: Stage, kinds: Mapping[int, int]) -> bool:
    """Whether the run so far has told threads of one kind apart. kinds: by the threads' numbers."""
    processor = stage.processor
    threads = processor.threads
    if processor.names_matter or threads.others_join or processor.lives_matter or processor.settings.lives:
        return True
    if 0 in threads.waiting or not threads.joined:
        return False
    several = set(kinds.values())
    return any(_is_part(threads.joined, [n for n, kind in kinds.items() if kind == one]) for one in several)


def _is_part(some: set[int], all_of_them: Iterable[int]) -> bool:
    found = [number in some for number in all_of_them]
    return any(found) and not all(found)


def kind_of(stage: Stage, number: int) -> int:
    """The number of the first thread that does the same as this one."""
    threads, twins = stage.processor.threads, stage.twins
    assert twins is not None
    body = threads.bodies.get(number)
    if body is None or body.of is not twins.source.Thread or threads.starters.get(number) != 0:
        return number
    for other, its in sorted(threads.bodies.items()):
        if other < number and threads.starters.get(other) == 0 and its.of is body.of and _same_body(body, its):
            return other
    return number


def _same_body(one: Body, other: Body) -> bool:
    if len(one.args) != len(other.args) or one.kwargs.keys() != other.kwargs.keys():
        return False
    arguments = [*zip(one.args, other.args, strict=True), *((one.kwargs[k], other.kwargs[k]) for k in one.kwargs)]
    return _same(one.target, other.target) and all(_same(a, b) for a, b in arguments)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, types.MethodType) and isinstance(other, types.MethodType):
        return one.__func__ is other.__func__ and one.__self__ is other.__self__
    value = scalar(one)
    return one is other or (value is not UNKNOWN and value == scalar(other))
