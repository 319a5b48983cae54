"""The program's text as a module of its own, which other processes can import."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

from semalab.instrument.naming import lines_of
from semalab.log.excerpt import written

_PLAIN = (bool, int, float, complex, str, bytes, tuple, list, dict, set, type(None))
_CONTAINERS = frozenset("dict list set tuple deque defaultdict OrderedDict Counter".split())
_LONGEST = 100_000  # characters
_AT_LAST = (  # for a process that finds its own class here: from then on that notes what it does
    "import semalab.beyond.inside",
    "semalab.beyond.inside.swap_names()",
)


def module_text(program: Callable[..., Any]) -> str:
    """The cell or module of a function as a module of its own: its imports, functions and classes, on the same lines.

    What it uses from other cells, functions, modules and plain values, stands below.
    """
    if not isinstance(program, types.FunctionType) or program.__qualname__ != program.__name__:
        raise TypeError(
            f"program must be a function that stands at the top of a cell or module, got {written(program)}"
        )
    lines = lines_of(program.__code__.co_filename)
    if not lines:
        raise ValueError(f"the text of {program.__name__} is not to be had; define it in a cell or a file")
    tree = ast.parse("".join(lines))
    kept = [""] * len(lines)
    for statement in filter(_defines, tree.body):
        first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
        kept[first - 1 : statement.end_lineno] = [line.rstrip("\n") for line in lines[first - 1 : statement.end_lineno]]
    text = "\n".join(kept)
    return "\n".join([text, *_from_elsewhere(program.__globals__, text), *_AT_LAST]) + "\n"


def _defines(statement: ast.stmt) -> bool:
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    constant = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
    return isinstance(statement, kinds) or constant or _is_container(statement)


def _is_container(statement: ast.AST) -> bool:
    """True for `handlers = {}` and the like, which decorators of the functions below may fill."""
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        known = all(isinstance(one, ast.Constant) or getattr(one, "id", "") in _CONTAINERS for one in value.args)
        return name in _CONTAINERS and known and not value.keywords
    if not isinstance(value, ast.Dict | ast.List | ast.Set | ast.Tuple):
        return False
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError):  # names are in it, which may have another meaning by now; or it cannot be made
        return False
    return True


def _from_elsewhere(namespace: dict[str, Any], text: str) -> Iterator[str]:
    """What the text uses of its namespace and does not define, as text."""
    tree = ast.parse(text)
    done = {name for node in ast.walk(tree) if not _is_container(node) for name in _bound(node)}
    asked = [text]
    while asked:
        for node in ast.walk(ast.parse(asked.pop())):
            if not isinstance(node, ast.Name) or node.id in done or node.id not in namespace:
                continue
            done.add(node.id)
            value = namespace[node.id]
            if isinstance(value, types.ModuleType):
                yield f"import {value.__name__} as {node.id}"
            elif isinstance(value, types.FunctionType) and value.__globals__ is namespace:
                asked.append(textwrap.dedent(inspect.getsource(value)))
                yield asked[-1]
            elif getattr(value, "__module__", None) in sys.modules and getattr(value, "__name__", "") == node.id:
                yield f"from {value.__module__} import {node.id}"
            elif (text_of := _as_text(value)) is not None:
                yield f"{node.id} = {text_of}"


def _as_text(value: Any) -> str | None:
    """A number, a text, or a collection of such, as Python writes it; None for anything else, and what is too long."""
    text = repr(value) if type(value) in _PLAIN else ""
    if not text or len(text) > _LONGEST:
        return None
    try:
        same = ast.literal_eval(text) == value
    except (ValueError, SyntaxError, RecursionError):  # something else is in it
        return None
    return text if same else None


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))
