"""Semaphores whose permits the program means to be used up, as far as its text tells.

A log cannot tell a ticket that was sold from a permit that was forgotten: in both nobody has released. The text can:
who only ever tries, and nowhere gives back, sells; and where some function only gives, which takes nothing, the
permits are tokens, and that function may have had no occasion.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from semalab.analysis.listings import Source

_TAKES, _GIVES = "acquire", "release"
_NUMBER = re.compile(r"\[.*\]$|(?: \(\d+\))$")  # of a label: which of several it is
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class _Mention:
    """Somewhere in the text a semaphore is taken or given. tries: with a time limit, or without waiting at all.

    function: in which one. handed: the method itself goes elsewhere, to be called by others.
    """

    does: str
    function: ast.AST | None
    tries: bool = False
    handed: bool = False


def spent(labels: Iterable[str], source: Source) -> frozenset[str]:
    """Those of these semaphores whose permits may be meant to go, if nobody has given any."""
    labels = tuple(labels)
    if not labels:
        return frozenset()
    trees = [tree for listing in source.listings if (tree := _tree(listing.lines)) is not None]
    return frozenset(one for one in labels if _may_go([m for tree in trees for m in _mentions(tree, _name(one))]))


def _may_go(mentions: list[_Mention]) -> bool:
    takers = {one.function for one in mentions if one.does == _TAKES}
    gives = [one for one in mentions if one.does == _GIVES]
    if not gives:
        return bool(takers) and all(one.tries for one in mentions)
    return all(one.handed or one.function not in takers for one in gives)


def _tree(lines: Iterable[str]) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent("\n".join(lines)))
    except (SyntaxError, ValueError):  # a cell with magics, or a part of something
        return None


def _name(label: str) -> str:
    return _NUMBER.sub("", label)


def _mentions(node: ast.AST, name: str, function: ast.AST | None = None) -> Iterator[_Mention]:
    """Every place below this node where the semaphore of that name is taken or given."""
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Attribute) and called.attr in (_TAKES, _GIVES) and _is(called.value, name):
        yield _Mention(called.attr, function, tries=bool(node.args or node.keywords))  # type: ignore[attr-defined]
    elif isinstance(node, ast.Attribute) and node.attr in (_TAKES, _GIVES) and _is(node.value, name):
        yield _Mention(node.attr, function, handed=True)
    elif isinstance(node, ast.withitem) and _is(node.context_expr, name):
        yield _Mention(_TAKES, function)
        yield _Mention(_GIVES, function)
    for child in ast.iter_child_nodes(node):
        if child is called:
            yield from _mentions(child.value, name, function) if isinstance(child, ast.Attribute) else ()
        else:
            yield from _mentions(child, name, child if isinstance(child, _FUNCTIONS) else function)


def _is(node: Any, name: str) -> bool:
    """Whether an expression says this name, as a variable, an attribute, or one of several."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)
