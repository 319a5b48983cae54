"""How a primitive came to be made: at which call, for which key of a container, by which function of the program.

All of it is read when the primitive is made: afterwards the frames are gone, and a key may have become another.
"""

from __future__ import annotations

import ast
import opcode
import sys
import types
from functools import lru_cache
from typing import Any, NamedTuple

from semalab.instrument.naming import assigned_to, is_programs
from semalab.instrument.places import attributes_of, key_text
from semalab.log.excerpt import cut

Site = tuple[types.CodeType | None, int]  # a code object, and the offset of an instruction in it
NOWHERE: Site = (None, 0)

_LONGEST = 40  # characters of a key in a name
_OPTIMIZED = 0x1  # a function's code; what a module or a class calls its locals is its namespace
_ATOMS = (str, int, float, bool, bytes, type(None))
_PASSED_ON = ("functools",)  # Python's own modules whose functions return what the program's function returned
_RETURN = (opcode.opmap["RETURN_VALUE"],)
_NO_CONTAINER = frozenset(  # after the call: then its value goes into no container for a key
    number
    for name, number in opcode.opmap.items()
    if name.startswith(("STORE_FAST", "STORE_NAME", "STORE_GLOBAL", "STORE_DEREF", "RETURN", "POP_TOP", "LIST_APPEND"))
    or name in ("SET_ADD", "YIELD_VALUE", "BEFORE_WITH", "COMPARE_OP", "IS_OP", "LOAD_METHOD", "LOAD_ATTR")
)
_BY_KEY = opcode.opmap.get("BINARY_SUBSCR", opcode.opmap["BINARY_OP"])  # 3.14 asks for `x[key]` by the latter
_LOADS = frozenset(number for name, number in opcode.opmap.items() if name.startswith("LOAD_"))
_STORE_ATTR, _CACHE = opcode.opmap["STORE_ATTR"], opcode.opmap["CACHE"]


class Making(NamedTuple):
    """key: as it stands behind the container's name, `['a']`. maker: the function whose result it is, `lock_for('a')`.

    Empty where there is none, or where it cannot be told without running the program's code.
    """

    site: Site = NOWHERE
    key: str = ""
    maker: str = ""


def making(frame: types.FrameType | None) -> Making:
    """frame: the innermost that does not itself construct the primitive."""
    if frame is None:
        return Making()
    try:
        receiver, maker = _receiver(frame)
        return Making((receiver.f_code, receiver.f_lasti), _key(receiver), maker)
    except RecursionError:  # the program is as deep as it may go; a name is not worth its end
        return Making((frame.f_code, frame.f_lasti))


def constructs(frame: types.FrameType, primitive: object) -> bool:
    """True for the `__init__` of the primitive's own class, or of one derived from it."""
    if frame.f_code.co_name != "__init__":
        return False
    names = frame.f_code.co_varnames[:1]
    return bool(names) and frame.f_locals.get(names[0]) is primitive


def _receiver(frame: types.FrameType) -> tuple[types.FrameType, str]:
    """Who gets the primitive from the functions that return what they make; and the innermost of these with a name."""
    at: types.FrameType | None = frame
    maker = ""
    while at is not None and is_programs(at.f_code) and _after(at.f_code, at.f_lasti)[:1] == _RETURN:
        outer = at.f_back
        passed_on = False
        while outer is not None and outer.f_globals.get("__name__") in _PASSED_ON:
            outer, passed_on = outer.f_back, True
        if outer is None or not is_programs(outer.f_code):
            return frame, ""
        if not maker and at.f_code.co_name.isidentifier():
            maker = at.f_code.co_name if passed_on or not _calls(outer) else f"{at.f_code.co_name}({_arguments(at)})"
        at = outer
    return at or frame, maker


def _calls(frame: types.FrameType) -> bool:
    """False for who asks for an attribute, which a property makes."""
    text, at = frame.f_code.co_code, frame.f_lasti
    while text[at] == _CACHE and at:  # behind the call itself, if that is of Python
        at -= 2
    return "CALL" in opcode.opname[text[at]]


def _arguments(frame: types.FrameType) -> str:
    """Those of a call, if they are such as can be told; of a method without the object."""
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount]
    there = locals_of(frame)
    values = [there.get(name, ...) for name in names if name not in ("self", "cls")]
    return cut(", ".join(map(repr, values)), _LONGEST) if all(type(value) in _ATOMS for value in values) else ""


@lru_cache(maxsize=4096)
def _after(code: types.CodeType, instruction: int) -> tuple[int, ...]:
    """The next two operations behind this one."""
    text = code.co_code
    found = [text[i] for i in range(instruction + 2, min(len(text), instruction + 40), 2) if text[i] != _CACHE]
    return tuple(found[:2])


def _may_be_kept(after: tuple[int, ...]) -> bool:
    """In a container, by the operations behind the call."""
    return bool(after) and after[0] not in _NO_CONTAINER and not (after[0] in _LOADS and after[1:] == (_STORE_ATTR,))


def _key(frame: types.FrameType) -> str:
    if frame.f_code.co_code[frame.f_lasti] != _BY_KEY and not _may_be_kept(_after(frame.f_code, frame.f_lasti)):
        return ""  # what is made because it was asked for by its key is kept already, whatever comes behind it
    target = assigned_to(frame.f_code, frame.f_lasti)
    values = [_value(key, frame) for key in target.keys] if target is not None else []
    texts = [key_text(value) if found else "" for found, value in values]
    return "".join(f"[{cut(text, _LONGEST)}]" for text in texts) if all(texts) else ""


def _value(node: ast.expr, frame: types.FrameType) -> tuple[bool, Any]:
    """What a key's expression stands for, as far as that can be seen without running any code."""
    if isinstance(node, ast.Constant):
        return True, node.value
    if isinstance(node, ast.Tuple):
        elements = [_value(element, frame) for element in node.elts]
        return all(found for found, _ in elements), tuple(value for _, value in elements)
    if isinstance(node, ast.Name):
        for space in (locals_of(frame), frame.f_globals):
            if node.id in space:
                return True, space[node.id]
    if isinstance(node, ast.Attribute):
        found, owner = _value(node.value, frame)
        space = attributes_of(owner) if found else {}
        return node.attr in space, space.get(node.attr)
    return False, None


def locals_of(frame: types.FrameType) -> dict[str, Any]:
    """What a frame calls by a name of its own. Up to 3.12 it keeps what it shows, for as long as it lives: it is made
    to forget; and where the program itself has asked for that, to look would change what it got: nothing is seen.
    """
    if not frame.f_code.co_flags & _OPTIMIZED:
        return frame.f_locals
    if sys.version_info >= (3, 13):
        return dict(frame.f_locals)
    if "locals" in frame.f_code.co_names:
        return {}
    shown = frame.f_locals
    seen = dict(shown)
    shown.clear()
    return seen
