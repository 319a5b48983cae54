"""What a primitive is called: the variable the program assigned it to."""

from __future__ import annotations

import ast
import dis
import functools
import itertools
import linecache
import os
import threading
import types
from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple, Protocol

from semalab.engine.uncaught import LAB
from semalab.log.event import LOCKS
from semalab.log.excerpt import cut_name

# `threading` besides: of a standard library in a zip, `os` is frozen and says that it lies elsewhere.
_PYTHON = (str(Path(os.__file__).parent), str(Path(threading.__file__).parent), "<frozen ")
_LONGEST = 80  # characters of a name in a label, which every event of a log may repeat


_FILLING = frozenset({"append", "appendleft", "add", "insert", "setdefault", "put"})  # what puts a value into several
_CONTAINERS = frozenset({"list", "tuple", "set", "frozenset", "deque", "dict", "sorted"})
_DICTIONARIES = ast.Dict | ast.DictComp
_SEVERAL = ast.List | ast.Set | ast.Dict | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Target(NamedTuple):
    """Where a call's result went: a name, and whether the call may make several for it (a list, a loop).

    lent: it went into a condition, and that has the name: `changed = Condition(Lock())`.
    keys: for which it went into dictionaries, lists. several: there may be more than one for these keys.
    names: those that its results went to in their order, if it is made for each of them; "*rest" takes all the others.
    """

    name: str
    many: bool
    lent: bool = False
    keys: tuple[ast.expr, ...] = ()
    several: bool = False
    names: tuple[str, ...] = ()


def is_programs(code: types.CodeType) -> bool:
    """False for the lab's code and Python's own."""
    file = code.co_filename
    return not (file.startswith(LAB) or (file.startswith(_PYTHON) and "site-packages" not in file))


def line_of(code: types.CodeType, instruction: int) -> int | None:
    """The source line of the instruction at this offset; None in code that is not a program's: the lab's, Python's."""
    if not is_programs(code):
        return None
    position = next(itertools.islice(code.co_positions(), instruction // 2, None), None)
    return position[0] if position is not None else None


def lines_of(file: str) -> list[str]:
    """The text of a file or cell, as far as it can be had. None of "<string>": any text given to `exec` is called that.

    From 3.13 on `linecache` has one text of that name, what Python was started with by `-c`; it is not what a data
    class's `__init__` was made from.
    """
    return linecache.getlines(file) if file != "<string>" else []


@functools.lru_cache(maxsize=4096)
def assigned_to(code: types.CodeType, instruction: int) -> Target | None:
    """The target of the assignment around the call at this bytecode offset; None if there is none or no source.

    >>> code = compile("gate = threading.Semaphore(0)", "<cell>", "exec")  # with its text in linecache: "gate"
    """
    position = next(itertools.islice(code.co_positions(), instruction // 2, None), None)
    tree = _tree("".join(lines_of(code.co_filename)))
    if tree is None or position is None or None in position:
        return _stored_next(code, instruction)
    return _Finder(position).find(tree)


def _stored_next(code: types.CodeType, instruction: int) -> Target | None:
    """Where the call's result goes if that comes next, in code without a text: a data class's `__init__`, say."""
    after = instruction
    for operation in dis.get_instructions(code):
        if operation.offset <= after or operation.opname.startswith(("CACHE", "LOAD_FAST")):
            continue
        if operation.opname != "JUMP_FORWARD":
            return Target(operation.argval, False) if operation.opname.startswith("STORE_") else None
        after = operation.argval - 1
    return None


@functools.lru_cache(maxsize=64)
def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source) if source else None
    except SyntaxError:  # a cell with magics
        return None


class _Into(NamedTuple):
    """What a value goes into, looked at from the inside out.

    many: the call may make several for it. keys: those that lead to the value, if there is nothing else on the way.
    several: there may be several for these keys.
    """

    many: bool = False
    keys: tuple[ast.expr, ...] = ()
    several: bool = False

    def one_of_several(self) -> _Into:
        return _Into(True, (), True)

    def within(self, key: ast.expr | None) -> _Into:
        return _Into(True, (key, *self.keys), self.several) if key is not None and self._leads else _Into(True, ())

    @property
    def _leads(self) -> bool:
        """Nothing is on the way from the last key to here."""
        return bool(self.keys) or not self.many or self.several


class _Finder:
    """Finds the call at a position, then looks outwards for what its value is assigned to."""

    def __init__(self, position: tuple[int | None, ...]) -> None:
        self.position = position

    def find(self, tree: ast.AST) -> Target | None:
        path = self._path(tree)
        if not path:
            return None
        outer = next((place for place in (-2, -3) if len(path) >= -place and _makes_condition(path[place])), None)
        if outer is not None and path[outer].func is not path[outer + 1]:  # type: ignore[attr-defined]
            target = self._outwards(path[: outer + 1])
            return target._replace(lent=True) if target is not None else None
        return self._outwards(path)

    def _outwards(self, path: list[ast.AST]) -> Target | None:
        """The target of the last node of a path, which leads to it from the top."""
        inner, into = path[-1], _Into()
        if _makes_container(inner):  # what it asked C to make: `list(map(Lock, …))`
            into = into.one_of_several()
        if isinstance(inner, ast.Subscript):
            return _target(inner, into)
        for node in reversed(path[:-1]):
            if isinstance(node, ast.NamedExpr):
                return _target(node.target, into)
            if isinstance(node, ast.Assign):
                return self._assigned(node.targets[0], node.value, inner, into)
            if isinstance(node, ast.AnnAssign):
                return _target(node.target, into)
            if isinstance(node, ast.withitem):
                return _target(node.optional_vars, into) if node.optional_vars is not None else None
            if isinstance(node, ast.Call):
                if (filled := _filled(node, inner)) is not None:
                    return _target(filled, into)
                if _makes_container(node):
                    into = into.one_of_several()
            if isinstance(node, ast.keyword) and node.arg:
                return Target(node.arg, into.many)
            if isinstance(node, ast.Lambda | ast.stmt):
                return None
            if isinstance(node, _SEVERAL):
                into = into.within(_key_of(node, inner)) if isinstance(node, _DICTIONARIES) else into.one_of_several()
            inner = node if isinstance(node, ast.expr) else inner
        return None

    def _assigned(self, target: ast.expr, value: ast.expr, inner: ast.AST, into: _Into) -> Target | None:
        if not isinstance(target, ast.Tuple | ast.List):
            return _target(target, into)
        if isinstance(value, ast.Tuple | ast.List):
            taken = _taken_by(target, value)
            if taken is not None:
                element, name = next(each for each in taken if self._holds(each[0]))
                if isinstance(name, ast.Starred):
                    return _target(name.value, into.one_of_several())
                if isinstance(name, ast.Tuple | ast.List):
                    return self._assigned(name, element, inner, into)
                alone = isinstance(value, ast.List) and not into.keys and self._depth(element) == 0
                return _target(name, _Into() if alone else into)
        found = _target(target, into.one_of_several())
        return found._replace(names=_unpacked_to(target, self._depth(value))) if found is not None else None

    def _holds(self, node: ast.AST) -> bool:
        return any(self._here(each) for each in ast.walk(node))

    def _depth(self, value: ast.AST) -> int:
        """How many comprehensions in order are around the call, one in another; 0 if it is in something else, too."""
        depth = 0
        while not self._here(value):
            if isinstance(value, ast.ListComp | ast.GeneratorExp):
                depth, value = depth + 1, value.elt
            elif _makes_container(value) and value.func.id in ("list", "tuple"):  # type: ignore[attr-defined]
                value = value.args[0] if value.args else value.func  # type: ignore[attr-defined]
            else:
                return 0
        return depth

    def _path(self, node: ast.AST) -> list[ast.AST]:
        if self._here(node):
            return [node]
        for child in ast.iter_child_nodes(node):
            if not self._may_contain(child):
                continue
            rest = self._path(child)
            if rest:
                return [node, *rest]
        return []

    def _here(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Call | ast.Subscript):  # what is asked for by its key may be made for it
            return False
        return (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == self.position

    def _may_contain(self, node: ast.AST) -> bool:
        if not hasattr(node, "lineno"):
            return True
        first, last = self.position[0], self.position[1]
        assert first is not None and last is not None
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        end = getattr(node, "end_lineno", None)
        return start <= first and (end is None or last <= end)


def _makes_condition(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return (isinstance(function, ast.Name) and function.id == "Condition") or (
        isinstance(function, ast.Attribute) and function.attr == "Condition"
    )


def _makes_container(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CONTAINERS


def _filled(call: ast.Call, inner: ast.AST) -> ast.expr | None:
    """What a call puts its argument into: `x.append(…)`, `x.setdefault(key, …)`, `setattr(x, "name", …)`."""
    function, arguments = call.func, call.args
    if isinstance(function, ast.Attribute) and function.attr in _FILLING and function.value is not inner:
        key = arguments[0] if function.attr == "setdefault" and arguments[1:] == [inner] else ast.Slice()
        return ast.Subscript(function.value, key)
    if isinstance(function, ast.Name) and function.id == "setattr" and arguments[2:] == [inner]:
        name = arguments[1].value if isinstance(arguments[1], ast.Constant) else None
        return ast.Attribute(arguments[0], name) if isinstance(name, str) else None
    return None


def _key_of(dictionary: ast.AST, value: ast.AST) -> ast.expr | None:
    """For what a dictionary has this value, as it is written."""
    if isinstance(dictionary, ast.DictComp):
        return dictionary.key if dictionary.value is value else None
    assert isinstance(dictionary, ast.Dict)
    return next((key for key, one in zip(dictionary.keys, dictionary.values, strict=True) if one is value), None)


def _target(node: ast.expr, into: _Into) -> Target | None:
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return Target(name, into.many, keys=into.keys, several=into.several)
    if isinstance(node, ast.Subscript):
        return _target(node.value, into.within(node.slice))
    if isinstance(node, ast.Starred):
        return _target(node.value, into)
    if isinstance(node, ast.Tuple | ast.List) and node.elts:
        return _target(node.elts[0], into.one_of_several())
    return None


def _taken_by(target: ast.Tuple | ast.List, value: ast.Tuple | ast.List) -> list[tuple[ast.expr, ast.expr]] | None:
    """What of a written tuple or list goes to which of the targets; None if that cannot be told."""
    names, elements = target.elts, value.elts
    if any(isinstance(element, ast.Starred) for element in elements):
        return None
    star = next((n for n, name in enumerate(names) if isinstance(name, ast.Starred)), None)
    if star is not None and len(elements) >= len(names) - 1:
        more = len(elements) - len(names) + 1
        names = [*names[:star], *[names[star]] * more, *names[star + 1 :]]
    return list(zip(elements, names, strict=True)) if len(elements) == len(names) else None


def _unpacked_to(target: ast.expr, depth: int) -> tuple[str, ...]:
    """The names that unpacking gives to what comprehensions of this depth make; none if they are not told apart."""
    if depth == 0 or not isinstance(target, ast.Tuple | ast.List):
        return ()
    if depth > 1:
        inner = [_unpacked_to(each, depth - 1) for each in target.elts]
        return tuple(name for names in inner for name in names) if all(inner) and "*" not in str(inner) else ()
    names = [("*", each.value) if isinstance(each, ast.Starred) else ("", each) for each in target.elts]
    if not all(isinstance(name, ast.Name | ast.Attribute) for _, name in names):
        return ()
    return tuple(star + str(getattr(name, "id", "") or getattr(name, "attr", "")) for star, name in names)


def _nth(names: tuple[str, ...], place: int, count: int) -> tuple[str, bool]:
    """What the one made at this place of so many is called by those names, and whether others are, too."""
    star = next((n for n, name in enumerate(names) if name.startswith("*")), None)
    if star is None:
        return names[place % len(names)], False
    if place < star:
        return names[place], False
    behind = place - count + len(names)
    return (names[behind], False) if behind > star else (names[star][1:], True)


class Labelled(Protocol):
    """What a label is made from: the class, the code and instruction of the call, the number of what it is part of."""

    @property
    def kind(self) -> str: ...
    @property
    def site(self) -> tuple[types.CodeType | None, int]: ...
    @property
    def part_of(self) -> int | None: ...
    @property
    def part(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def maker(self) -> str: ...


def primitive_labels(made: Iterable[Labelled], silent: AbstractSet[int] = frozenset()) -> list[str]:
    """A label for each, in order of creation. Invariant: all differ, and are the same in every run.

    silent: numbers of those that were there before the run and did nothing in it. They leave their names to those that
    the program has put in their places.
    """
    every = list(made)
    of_conditions = {one.name for one in every if one.kind == "Condition" and one.name}
    labels = [""] * len(every)
    taken: set[str] = set()
    used: dict[str, int] = {}
    counts = Counter(one.site for one in every)
    met: Counter[tuple[types.CodeType | None, int]] = Counter()
    for place in sorted(range(len(every)), key=lambda place: place in silent):
        one = every[place]
        code, instruction = one.site
        target = assigned_to(code, instruction) if code is not None else None
        if one.part_of is not None:
            base, many = f"{labels[one.part_of]}'s {one.kind}", False
        elif target is not None and one.key:
            base, many = cut_name(f"{target.name}{one.key}", _LONGEST), target.several
        elif target is not None:
            name, many = target.name, target.many
            if target.names:
                name, many = _nth(target.names, met[one.site], counts[one.site])
                met[one.site] += 1
            base = cut_name(name, _LONGEST)
        elif one.maker:
            base, many = cut_name(one.maker, _LONGEST), False
        else:
            base, many = one.kind, False
        if one.name:
            base, many = cut_name(one.name, _LONGEST), False
        elif one.part:
            base = f"{base}'s {one.part}"
        # a condition and the lock it was given stand in one place, and the name is the condition's
        lent = one.name in of_conditions if one.name else target is not None and target.lent
        after = f"'s {one.kind}" if lent and one.kind in LOCKS else ""
        anonymous = not (one.part_of is not None or target or one.name or one.maker)
        number = used.get(base + after, used.get(base, 0) if after and not one.name else 0)
        label = _numbered(base, number, anonymous, many) + after
        while label in taken:  # as what another has that was there before the run
            number += 1
            label = _numbered(base, number, anonymous, many) + after
        used[base + after] = number + 1
        labels[place] = label
        taken.add(label)
    return labels


def _numbered(base: str, number: int, anonymous: bool, many: bool) -> str:
    if anonymous:
        return f"{base}-{number + 1}"
    if many:
        return f"{base}[{number}]"
    return base if number == 0 else f"{base} ({number + 1})"


def thread_label(name: str) -> str:
    """A thread's name as it can be shown, whole if it is not long."""
    label = cut_name(str.__str__(name), _LONGEST)
    return label if label.strip() else "unnamed"


def thread_labels(names: Iterable[str]) -> list[str]:
    """A label for each thread; one that was there before gets a number behind it. Invariant: all differ."""
    labels: dict[str, None] = {}
    used: dict[str, int] = {}
    for name in names:
        base = thread_label(name)
        number = used.get(base, 1)
        label = base
        while label in labels:
            number += 1
            label = f"{base} ({number})"
        used[base] = number
        labels[label] = None
    return list(labels)
