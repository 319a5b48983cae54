"""What a step reads or writes, found before it is made: the object whose attribute, or the container and which item."""

from __future__ import annotations

from typing import Any, NamedTuple

from semalab.stepping.accesses import Access
from semalab.stepping.known import MISSING, Scope, Touch, Unknown
from semalab.stepping.operand_values import value_of
from semalab.stepping.operands import Operand

_KEY = {"item": 1, "store": 2}  # which operand says which item; the container is the one before it


class Items(NamedTuple):
    """A container, and the key or index of the one item that is meant (MISSING: others, or nobody can tell)."""

    container: Any
    key: Any


def target_of(access: Access, touch: Touch, scope: Scope) -> Any:
    """The object whose attribute this reads or writes, or Items; MISSING for other accesses, and where nobody can tell.

    touch: what of the access others touch, too.
    """
    if touch.container is not None:
        return Items(touch.container, _key(access, touch, scope))
    return _value(access.operands[0], scope) if access.how == "attribute" else MISSING


def _key(access: Access, touch: Touch, scope: Scope) -> Any:
    place = _KEY.get(access.how)
    if place is None or len(access.operands) != place + 1:  # one more: a slice
        return MISSING
    container, key = (_value(operand, scope) for operand in access.operands[place - 1 : place + 1])
    return key if container is touch.container else MISSING


def _value(operand: Operand, scope: Scope) -> Any:
    try:
        return value_of(operand, scope)
    except Unknown:
        return MISSING
