"""What can be said of a program before it is explored."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from semalab.instrument import functions
from semalab.settings import Program
from semalab.stepping.accesses import ITEMS
from semalab.stepping.sharing import goes_under_other_names, looks_at_ends, may_share
from semalab.stepping.special_methods import special_method_from_elsewhere


def shares(program: Program, arguments: Mapping[str, Any]) -> bool:
    """False if its threads certainly share nothing but primitives; then nobody need watch its instructions."""
    found = list(functions([program, *arguments.values()]))
    own = getattr(program, "__func__", program)
    objects = any(not _plain(value) for value in arguments.values())
    return objects or own not in found or may_share(own, found)


def known_to_share(program: Program, arguments: Mapping[str, Any]) -> frozenset[str]:
    """What its threads are taken to share from the beginning: the items of whatever has no name for certain."""
    found = list(functions([program, *arguments.values()]))
    return frozenset((ITEMS,) if found and goes_under_other_names(found[0], found[1:]) else ())


def notices_ends(program: Program, arguments: Mapping[str, Any]) -> bool:
    """Whether it may tell when an object is thrown away: that is another time where its instructions are watched."""
    found = list(functions([program, *arguments.values()]))
    return bool(found) and looks_at_ends(found[0], found[1:])


def unwatched_method(program: Program, arguments: Mapping[str, Any]) -> str | None:
    """The name of a special method of a class of the program whose code is not the program's."""
    found = list(functions([program, *arguments.values()]))
    return special_method_from_elsewhere(found[0], found[1:]) if found else None


def keeps_locals(program: Program, arguments: Mapping[str, Any]) -> bool:
    """True if it can reach a `threading.local` that was there before it runs."""
    return any(isinstance(value, threading.local) for value in _reached(program, arguments))


def _reached(program: Program, arguments: Mapping[str, Any]) -> Iterator[Any]:
    yield from arguments.values()
    for function in functions([program, *arguments.values()]):
        yield from function.__globals__.values()
        for cell in function.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # an empty cell
                continue


def _plain(value: Any) -> bool:
    return value is None or callable(value) or isinstance(value, int | float | complex | str | bytes | bool)
