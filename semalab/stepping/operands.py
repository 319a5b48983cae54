"""What each instruction of a code object works on: its stack, followed from the place where each operand was put there.

Nothing is executed. An operand is a variable, an attribute or item of another operand, something made just now, or
unknown: whatever an instruction leaves that is not in the table here, and whatever comes together from different ways.
Unknown is always right, and the dearest: whoever asks has to take it for anything.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Operand(NamedTuple):
    """Where a value on the stack came from.

    kind: "local", "cell", "global" (variables, by `name`), "attribute" (`name` of the first part), "item" (first part,
    key), "constant" (`name` is its value if it is a number or a string), "new" (made here; `name` is its type), "call"
    (its callee and arguments), "result" (of the operator `name`, on its parts), "iterator" (over its part), "either"
    (of its parts), "exit" (what leaves a `with`), "left" (what that has returned after an exception), "null", "self" or
    "unknown".
    stale: something else was touched since it was put there, which may have been changed meanwhile.
    at: of a call or an item, the offset of its instruction, and that of the next; of a cell, its location.
    """

    kind: str
    name: Any = None
    parts: tuple[Operand, ...] = ()
    stale: bool = False
    at: Any = None


UNKNOWN = Operand("unknown")
NULL = Operand("null")  # in a call's place for what it is a method of, if it is none
SELF = Operand("self")
EXIT = Operand("exit")
CONSTANT = Operand("constant")

SIMPLE = ("str", "int", "bool", "function")  # nothing that is done with them touches what could be changed

Stack = list[Operand]

_LOCALS = frozenset("LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_BORROW LOAD_FAST_AND_CLEAR LOAD_CLOSURE".split())
CELLS = frozenset("LOAD_DEREF STORE_DEREF DELETE_DEREF LOAD_CLASSDEREF LOAD_FROM_DICT_OR_DEREF".split())
_GLOBALS = frozenset("LOAD_GLOBAL LOAD_NAME LOAD_FROM_DICT_OR_GLOBALS".split())
_CONSTANTS = frozenset("LOAD_CONST LOAD_SMALL_INT LOAD_ASSERTION_ERROR LOAD_COMMON_CONSTANT".split())
_STORES = frozenset("STORE_FAST STORE_DEREF DELETE_FAST DELETE_DEREF STORE_FAST_MAYBE_NULL".split())
# Those that keep what is on the stack, and how deep in it that is.
_KEEPS = {
    **dict.fromkeys("STORE_FAST STORE_DEREF STORE_GLOBAL STORE_NAME LIST_APPEND SET_ADD".split(), 1),
    "STORE_ATTR": 2,
    "STORE_SUBSCR": 3,
}
_BUILT = {
    "BUILD_TUPLE": "tuple",
    "BUILD_LIST": "list",
    "BUILD_SET": "set",
    "BUILD_STRING": "str",
    "BUILD_SLICE": "slice",
    "BUILD_MAP": "dict",
    "BUILD_CONST_KEY_MAP": "dict",
}
# How many they take from the stack, and what they leave there.
_PLAIN: dict[str, tuple[int, tuple[Operand, ...]]] = {
    **dict.fromkeys(("POP_TOP", "STORE_FAST", "STORE_GLOBAL", "STORE_DEREF", "STORE_NAME", "DELETE_ATTR"), (1, ())),
    **dict.fromkeys(("LIST_APPEND", "SET_ADD", "LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE"), (1, ())),
    **dict.fromkeys(("STORE_ATTR", "DELETE_SUBSCR", "MAP_ADD"), (2, ())),
    "STORE_SUBSCR": (3, ()),
    "STORE_SLICE": (4, ()),
    **dict.fromkeys(("UNARY_NOT", "TO_BOOL"), (1, (Operand("new", "bool"),))),
    **dict.fromkeys(("CONTAINS_OP", "IS_OP"), (2, (Operand("new", "bool"),))),
    "YIELD_VALUE": (1, (UNKNOWN,)),
    "WITH_EXCEPT_START": (0, (Operand("left"),)),
    "CHECK_EXC_MATCH": (1, (Operand("new", "bool"),)),
    **dict.fromkeys(("FORMAT_SIMPLE", "CONVERT_VALUE"), (1, (Operand("new", "str"),))),
    "FORMAT_WITH_SPEC": (2, (Operand("new", "str"),)),
    "SET_FUNCTION_ATTRIBUTE": (2, (Operand("new", "function"),)),
    "LOAD_BUILD_CLASS": (0, (Operand("new", "class builder"),)),
    "LOAD_LOCALS": (0, (UNKNOWN,)),
    "PUSH_NULL": (0, (NULL,)),
    "IMPORT_NAME": (2, (UNKNOWN,)),
    "IMPORT_FROM": (0, (UNKNOWN,)),
    "BEFORE_WITH": (1, (EXIT, UNKNOWN)),
    "LOAD_SPECIAL": (1, (EXIT, SELF)),
    "GET_LEN": (0, (Operand("new", "int"),)),
    "MATCH_SEQUENCE": (0, (Operand("new", "bool"),)),
    "MATCH_MAPPING": (0, (Operand("new", "bool"),)),
    "MATCH_KEYS": (0, (UNKNOWN,)),
    "MATCH_CLASS": (3, (UNKNOWN,)),
    "LIST_TO_TUPLE": (1, (Operand("new", "tuple"),)),
}
_BETWEEN = frozenset(
    "CACHE NOP RESUME PRECALL KW_NAMES NOT_TAKEN EXTENDED_ARG MAKE_CELL COPY_FREE_VARS SETUP_ANNOTATIONS"
    " DELETE_FAST DELETE_DEREF DELETE_GLOBAL DELETE_NAME".split()
)
_UNARY_POSITIVE, _LIST_TO_TUPLE = 5, 6  # CALL_INTRINSIC_1's numbers


class Followed:
    """The stack along one code's instructions. Invariant: what is below `stack` is not known, and may be anything."""

    def __init__(self, instructions: Sequence[dis.Instruction], scope: str = "") -> None:
        """scope: what tells its enclosing functions' variables from others of the same name."""
        self.stack: Stack = []
        self._scope = scope
        here = [i.offset for i in instructions]
        self._next = dict(zip(here, [*here[1:], 1 << 30], strict=True))
        self._stores = {(i.argval, i.offset) for i in instructions if i.opname in _STORES}
        self._forward: dict[int, Stack] = {}  # stacks that jumps bring along, by the places they lead to
        self._reached = True
        self._names: tuple[str, ...] = ()

    def top(self, count: int) -> tuple[Operand, ...]:
        """The uppermost operands, from below."""
        found = self.stack[-count:] if count else []
        return (*[UNKNOWN] * (count - len(found)), *found)

    def arrive(self, instruction: dis.Instruction) -> None:
        """Come to this instruction, on whatever way."""
        brought = self._forward.pop(instruction.offset, None)
        if brought is not None:
            self.stack = _merged(self.stack, brought) if self._reached else brought
        self._reached = True  # by an exception, if by nothing else

    def touch(self, instruction: dis.Instruction) -> None:
        """As `go`, for one before which others may run: what lies on the stack besides may be changed meanwhile."""
        before = {id(one) for one in self.stack if one.kind in _NAMED}
        self.go(instruction)
        for stack in (self.stack, *self._forward.values()):
            stack[:] = [one._replace(stale=True) if id(one) in before else one for one in stack]

    def go(self, instruction: dis.Instruction) -> None:
        """Do what this instruction does to the stack."""
        op, arg, value = instruction.opname, instruction.arg or 0, instruction.argval
        if op in _STORES:
            self._forget(value)
        if op in _KEEPS:
            self._leave(self.top(_KEEPS[op])[0], op, value)
        if op in _PLAIN:
            count, left = _PLAIN[op]
            self._exchange(count, left)
        elif op in _LOCALS or op in _GLOBALS or op in CELLS:
            self._load(op, arg, value)
        elif op in _CONSTANTS:
            self.stack.append(_constant(value))
        elif op in _BUILT:
            count = {"BUILD_MAP": 2 * arg, "BUILD_CONST_KEY_MAP": arg + 1}.get(op, arg)
            self._exchange(count, (Operand("new", _BUILT[op], self.top(arg) if op == "BUILD_TUPLE" else ()),))
        elif op in _BETWEEN:
            if op == "KW_NAMES":
                self._names = tuple(value) if isinstance(value, tuple | list) else ("?",)
        elif (own := getattr(self, f"_{op.lower()}", None)) is not None:
            own(instruction)
        else:
            self._lose(instruction)

    def called(self, instruction: dis.Instruction) -> tuple[Operand, tuple[Operand, ...], str]:
        """What a call calls, its arguments, and how they are given: "", "named" or "starred"."""
        op, arg = instruction.opname, instruction.arg or 0
        if op == "CALL_FUNCTION_EX":
            count = 4 if instruction.arg is None else 3 + (arg & 1)
            first, second, *given = self.top(count)
            return (second if first == NULL else first), tuple(one for one in given if one != NULL), "starred"
        named = bool(self._names) or op == "CALL_KW"
        first, second, *given = self.top(arg + (3 if op == "CALL_KW" else 2))
        if op == "CALL_KW":
            given.pop()
        if first == NULL:
            return second, tuple(given), "named" if named else ""
        own = () if second.kind in ("null", "self") else (second,)
        return first, (*own, *given), "named" if named else ""

    def super(self) -> Operand:
        """What the one instruction makes that from 3.12 on is both `super()` and what is looked up in it."""
        function, *given = self.top(3)
        return Operand("call", "", (function, *given), at=(0, 0))

    # instructions
    def _load(self, op: str, arg: int, name: str) -> None:
        if op in CELLS:
            found = Operand("cell", name, at=cell(name, self._scope))
        else:
            found = Operand("global" if op in _GLOBALS else "local", name)
        if op == "LOAD_GLOBAL" and arg & 1:
            self.stack += [NULL, found]  # or the other way round, which makes no difference to `called`
        else:
            self.stack.append(found)

    def _load_attr(self, instruction: dis.Instruction) -> None:
        method = instruction.opname == "LOAD_METHOD" or "NULL|self" in instruction.argrepr
        (owner,) = self.top(1)
        found = Operand("attribute", instruction.argval, (owner,))
        self._exchange(1, (found, SELF) if method else (found,))

    _load_method = _load_attr

    def _load_super_attr(self, instruction: dis.Instruction) -> None:
        found = Operand("attribute", instruction.argval, (self.super(),))
        self._exchange(3, (found, SELF) if (instruction.arg or 0) & 1 else (found,))

    def _binary_subscr(self, instruction: dis.Instruction) -> None:
        at = instruction.offset, self._next[instruction.offset]
        self._exchange(2, (Operand("item", None, self.top(2), at=at),))

    def _binary_op(self, instruction: dis.Instruction) -> None:
        if instruction.argrepr == "[]":
            self._binary_subscr(instruction)
        else:
            self._exchange(2, (Operand("result", instruction.argrepr.rstrip("="), self.top(2)),))

    def _compare_op(self, instruction: dis.Instruction) -> None:
        self._exchange(2, (Operand("result", instruction.argval, self.top(2)),))

    def _binary_slice(self, instruction: dis.Instruction) -> None:
        self._exchange(3, (UNKNOWN,))

    def _unary_negative(self, instruction: dis.Instruction) -> None:
        self._exchange(1, (Operand("result", None, self.top(1)),))

    _unary_positive = _unary_invert = _unary_negative

    def _get_iter(self, instruction: dis.Instruction) -> None:
        (over,) = self.top(1)
        later = {name for name, at in self._stores if at > instruction.offset}
        kept = not any(_mentions(over, name) for name in later)
        self._exchange(1, (Operand("iterator", None, (over if kept else UNKNOWN,)),))

    _get_yield_from_iter = _get_iter

    def _for_iter(self, instruction: dis.Instruction) -> None:
        self._forward[instruction.argval] = []
        self.stack.append(UNKNOWN)

    def _copy(self, instruction: dis.Instruction) -> None:
        self.stack.append(self.top(instruction.arg or 1)[0])

    def _swap(self, instruction: dis.Instruction) -> None:
        count = instruction.arg or 1
        own = [*self.top(count)]
        own[0], own[-1] = own[-1], own[0]
        self._exchange(count, tuple(own))

    def _make_function(self, instruction: dis.Instruction) -> None:
        flags = (instruction.arg or 0) & 15
        self._exchange(1 + flags.bit_count(), (Operand("new", "function"),))

    def _format_value(self, instruction: dis.Instruction) -> None:
        self._exchange(2 if (instruction.arg or 0) & 4 else 1, (Operand("new", "str"),))

    def _unpack_sequence(self, instruction: dis.Instruction) -> None:
        self._exchange(1, (UNKNOWN,) * (instruction.arg or 0))

    def _unpack_ex(self, instruction: dis.Instruction) -> None:
        arg = instruction.arg or 0
        self._exchange(1, (UNKNOWN,) * ((arg & 0xFF) + 1 + (arg >> 8)))

    def _call_intrinsic_1(self, instruction: dis.Instruction) -> None:
        if instruction.arg == _UNARY_POSITIVE:
            self._unary_negative(instruction)
        else:
            self._exchange(1, (Operand("new", "tuple") if instruction.arg == _LIST_TO_TUPLE else UNKNOWN,))

    def _call(self, instruction: dis.Instruction) -> None:
        callee, given, how = self.called(instruction)
        op, arg = instruction.opname, instruction.arg or 0
        if op == "CALL_FUNCTION_EX":
            count = 4 if instruction.arg is None else 3 + (arg & 1)
        else:
            count = arg + (3 if op == "CALL_KW" else 2)
        self._names = ()
        place = instruction.offset
        result = Operand("call", how, (callee, *given), at=(place, self._next.get(place, place + 2)))
        self._exchange(count, (UNKNOWN if callee.kind == "exit" else result,))

    _call_kw = _call_function_ex = _call

    def _jump_forward(self, instruction: dis.Instruction) -> None:
        self._bring(instruction.argval, self.stack)
        self.stack, self._reached = [], False

    # the stack itself
    def _exchange(self, count: int, left: Iterable[Operand]) -> None:
        if count:
            del self.stack[-count:]
        self.stack += left

    def _leave(self, one: Operand, op: str, name: str) -> None:
        """This is kept where others may find it; whoever has it here besides has no longer something of their own."""
        kind = {"STORE_FAST": "local", "STORE_DEREF": "cell", "STORE_GLOBAL": "global", "STORE_NAME": "global"}.get(op)
        at = cell(name, self._scope) if kind == "cell" else None
        kept = Operand(kind, name, at=at) if kind else UNKNOWN
        self.stack[:] = [kept if each is one and each.kind in ("new", "call") else each for each in self.stack]

    def _bring(self, place: int, stack: Stack) -> None:
        before = self._forward.get(place)
        self._forward[place] = [*stack] if before is None else _merged(before, stack)

    def _lose(self, instruction: dis.Instruction) -> None:
        op = instruction.opname
        if op.startswith("POP_JUMP"):
            self._exchange(1, ())
            if "BACKWARD" not in op:
                self._bring(instruction.argval, self.stack)
        elif op.endswith("_OR_POP"):
            self._bring(instruction.argval, self.stack)
            self._exchange(1, ())
        else:
            self.stack = []
            self._reached = not op.startswith(("JUMP", "RETURN", "RERAISE", "RAISE"))

    def _forget(self, name: str) -> None:
        """This variable of the function's own has another value now."""
        self.stack = [UNKNOWN if one.kind in _NAMED and _mentions(one, name) else one for one in self.stack]


_UNKNOWABLE = frozenset(("unknown", "null", "self", "exit"))
_NAMED = ("local", "cell", "global", "attribute", "item", "iterator", "call", "result", "either")


def cell(name: str, scope: str) -> str:
    """The location of a variable that functions share with those inside them.

    scope: where it is; functions with no enclosing function in common have no such variable in common.
    """
    return f"variable {name} {scope}".rstrip()


def _constant(value: Any) -> Operand:
    if isinstance(value, slice):  # a constant from 3.14 on
        return Operand("new", "slice")
    return Operand("constant", value) if type(value) in (int, str) else CONSTANT


def _mentions(operand: Operand, name: str) -> bool:
    itself = operand.kind in ("local", "cell") and operand.name == name
    return itself or any(_mentions(one, name) for one in operand.parts)


def _merged(one: Stack, other: Stack) -> Stack:
    """What is known of a stack that is one of these; they end at the same height."""
    count = min(len(one), len(other))
    pairs = zip(one[len(one) - count :], other[len(other) - count :], strict=True)
    return [mine if mine == its else _either(mine, its) for mine, its in pairs]


def _either(one: Operand, other: Operand) -> Operand:
    """What is one of these."""
    deep = any(part.kind == "either" for each in (one, other) for part in each.parts)
    return UNKNOWN if deep or _UNKNOWABLE & {one.kind, other.kind} else Operand("either", None, (one, other))
