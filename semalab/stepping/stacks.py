"""What lies on a function's stack at each of its instructions, as far as its variables tell.

Nobody can read the stack of a frame that is under way. But mostly what lies there follows from what can be read: it was
loaded from a variable that has not changed since, or it leaves a `with`, or it is the range of a `for` whose variable
says how far it has come. Whatever else lies there is unknown, and whoever asks has to take it for anything.
"""

from __future__ import annotations

import dis
import functools
from bisect import bisect_right
from types import CodeType
from typing import NamedTuple


class StackEntry(NamedTuple):
    """What lies in one place of a stack.

    kind: "constant" (its text is `name`), "local" or "outer" (a variable by `name`), "method" (an attribute by `name`),
    "exit" (what leaves a `with`), "range" (the iterator of a loop over one), "made range" or "unknown"; of the last
    three that are known, `name` says what they were made of: where two ways meet, equal entries are the same thing.
    names: the outer variables that it follows from; they must not change.
    """

    kind: str
    name: str = ""
    names: tuple[str, ...] = ()


UNKNOWN = StackEntry("unknown")
NULL = StackEntry("constant")
Stack = tuple[StackEntry, ...]

_KNOWN = ("constant", "local", "outer", "exit", "range", "made range")
_CALLS = ("CALL", "CALL_KW")

_LOADS = frozenset("LOAD_FAST LOAD_FAST_CHECK LOAD_FAST_BORROW".split())
_OUTER = frozenset("LOAD_DEREF LOAD_GLOBAL LOAD_NAME LOAD_CLASSDEREF".split())
_CONSTANTS = frozenset("LOAD_CONST LOAD_SMALL_INT PUSH_NULL".split())
# How many they take from the stack; what they leave is unknown. Whatever lies below is as it was.
_TAKES = {
    **dict.fromkeys("LOAD_FAST_AND_CLEAR LOAD_CLOSURE LOAD_ASSERTION_ERROR LOAD_COMMON_CONSTANT".split(), 0),
    **dict.fromkeys("LOAD_LOCALS LOAD_BUILD_CLASS WITH_EXCEPT_START GET_LEN MATCH_SEQUENCE MATCH_MAPPING".split(), 0),
    **dict.fromkeys(
        "PUSH_EXC_INFO POP_EXCEPT CHECK_EXC_MATCH FOR_ITER END_FOR POP_ITER STORE_FAST_LOAD_FAST".split(), 1
    ),
    **dict.fromkeys("LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE SET_ADD UNPACK_SEQUENCE UNPACK_EX".split(), 1),
    **dict.fromkeys("FORMAT_SIMPLE CONVERT_VALUE CALL_INTRINSIC_1 LIST_TO_TUPLE UNARY_POSITIVE DELETE_NAME".split(), 1),
    **dict.fromkeys("FORMAT_WITH_SPEC MAP_ADD STORE_FAST_STORE_FAST".split(), 2),
    "BINARY_SLICE": 3,
    "STORE_SLICE": 4,
    **dict.fromkeys("POP_TOP STORE_FAST STORE_GLOBAL STORE_DEREF STORE_NAME DELETE_ATTR LIST_APPEND".split(), 1),
    **dict.fromkeys("STORE_ATTR DELETE_SUBSCR BINARY_OP BINARY_SUBSCR COMPARE_OP CONTAINS_OP IS_OP".split(), 2),
    **dict.fromkeys("UNARY_NOT UNARY_NEGATIVE UNARY_INVERT TO_BOOL".split(), 1),
    **dict.fromkeys("POP_JUMP_IF_FALSE POP_JUMP_IF_TRUE POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE".split(), 1),
    "STORE_SUBSCR": 3,
}
_BUILDS = ("BUILD_TUPLE", "BUILD_LIST", "BUILD_SET", "BUILD_STRING")
_NOTHING = frozenset(
    "CACHE NOP RESUME PRECALL KW_NAMES NOT_TAKEN EXTENDED_ARG MAKE_CELL COPY_FREE_VARS JUMP_FORWARD JUMP_BACKWARD"
    " JUMP_BACKWARD_NO_INTERRUPT DELETE_FAST DELETE_DEREF DELETE_GLOBAL".split()
)
_LAST = ("RETURN", "RAISE", "RERAISE", "JUMP_FORWARD", "JUMP_BACKWARD")


class Stacks:
    """The stacks of one code. Invariant: `before` has that of each instruction that can be come to, by its offset."""

    def __init__(self, code: CodeType) -> None:
        self._instructions = {one.offset: one for one in dis.get_instructions(code)}
        self._offsets = list(self._instructions)
        self._next = dict(zip(self._offsets, self._offsets[1:], strict=False))
        self._stores: dict[str, list[int]] = {}
        for one in self._instructions.values():
            for name in _changed(one):
                self._stores.setdefault(name, []).append(one.offset)
        self._handlers = [(one.start, one.end, one.target, one.depth, one.lasti) for one in _handlers(code)]
        self.before: dict[int, Stack] = {}
        self._follow()

    def at(self, offset: int) -> Stack | None:
        """What lies there before this instruction; None if nobody can tell."""
        return self.before.get(offset)

    def below_call(self, offset: int) -> tuple[Stack, StackEntry] | None:
        """What lies below all that the call under way at this instruction works on, and what it calls."""
        place = bisect_right(self._offsets, offset) - 1  # in a call, a frame stands behind what CPython caches for it
        instruction = self._instructions[self._offsets[place]]
        stack = self.before.get(instruction.offset)
        if stack is None:
            return None
        if instruction.opname == "BEFORE_WITH":
            return stack[:-1], StackEntry("exit")
        if instruction.opname not in _CALLS:
            return None
        count = (instruction.arg or 0) + (3 if instruction.opname == "CALL_KW" else 2)
        if len(stack) < count:
            return None
        return stack[: len(stack) - count], _callee(stack[len(stack) - count :])

    def _follow(self) -> None:
        queue: list[tuple[int, Stack]] = [(next(iter(self._instructions)), ())]
        while queue:
            offset, stack = queue.pop()
            known = self.before.get(offset)
            if known is not None:
                if len(known) != len(stack):
                    self.before.clear()  # it is not understood
                    return
                stack = tuple(one if one == other else UNKNOWN for one, other in zip(known, stack, strict=True))
                if stack == known:
                    continue
            self.before[offset] = stack
            instruction = self._instructions[offset]
            for start, end, target, depth, lasti in self._handlers:
                if start <= offset < end and len(stack) >= depth:
                    queue.append((target, (*stack[:depth], *[UNKNOWN] * (1 + lasti))))
            jumps = instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs
            if jumps:
                queue.append((instruction.argval, self._after(instruction, stack, True)))
            if not instruction.opname.startswith(_LAST) and offset in self._next:
                queue.append((self._next[offset], self._after(instruction, stack, False)))

    def _after(self, instruction: dis.Instruction, stack: Stack, jump: bool) -> Stack:
        op, arg = instruction.opname, instruction.arg or 0
        if op in _NOTHING:
            return stack
        if changed := _changed(instruction):
            stack = tuple(UNKNOWN if one.kind == "local" and one.name in changed else one for one in stack)
        if op in _CONSTANTS:
            return (*stack, NULL if op == "PUSH_NULL" else StackEntry("constant", repr(instruction.argval)))
        if op in _LOADS:
            return (*stack, StackEntry("local", instruction.argval))
        if op in ("COPY", "SWAP"):
            return _moved(op, arg, stack)
        if op.endswith("_OR_POP"):
            return stack if jump else stack[:-1]
        if op.startswith("LOAD_FAST") and isinstance(instruction.argval, tuple):  # two at once, from 3.13 on
            return (*stack, *(StackEntry("local", name) for name in instruction.argval))
        if op in _OUTER:
            found = StackEntry("outer", instruction.argval, (instruction.argval,))
            return (*stack, NULL, found) if op == "LOAD_GLOBAL" and arg & 1 else (*stack, found)
        if op in _CALLS:
            return self._after_call(instruction, stack, arg + (3 if op == "CALL_KW" else 2))
        if op == "BEFORE_WITH":
            names = stack[-1].names if stack[-1].kind in ("local", "outer") else None
            entry = (
                StackEntry("exit", repr(stack[-1]), names)
                if names is not None and self._is_fixed(stack[-1], instruction)
                else UNKNOWN
            )
            return (*stack[:-1], entry, UNKNOWN)
        if op == "FOR_ITER" and not jump:
            return (*stack[:-1], stack[-1] if stack[-1].kind == "range" else UNKNOWN, UNKNOWN)
        if op in ("LOAD_ATTR", "LOAD_METHOD"):
            found = StackEntry("method", instruction.argval)
            two = op == "LOAD_METHOD" or "NULL|self" in instruction.argrepr
            return (*stack[:-1], found, UNKNOWN) if two else (*stack[:-1], found)
        if op == "GET_ITER":
            return (*stack[:-1], self._loop(instruction, stack[-1]))
        return self._generally(instruction, stack, jump)

    def _generally(self, instruction: dis.Instruction, stack: Stack, jump: bool) -> Stack:
        """An instruction that leaves nothing known, and, if it is not in the table, may have moved all there is."""
        op = instruction.opname
        argument = instruction.arg if instruction.opcode >= dis.HAVE_ARGUMENT else None
        length = max(0, len(stack) + dis.stack_effect(instruction.opcode, argument, jump=jump))
        plain = op.replace("_FORWARD_IF", "_IF").replace("_BACKWARD_IF", "_IF")
        taken = (instruction.arg or 0) if op in _BUILDS else _TAKES.get(plain)
        if op == "FORMAT_VALUE":
            taken = 2 if (instruction.arg or 0) & 4 else 1
        kept = stack[: len(stack) - taken] if taken else stack if taken == 0 else ()
        return (*kept, *[UNKNOWN] * (length - len(kept)))[:length]

    def _after_call(self, instruction: dis.Instruction, stack: Stack, count: int) -> Stack:
        if len(stack) < count:
            return (*[UNKNOWN] * (len(stack) + 1 - count),)
        operands, kept = stack[len(stack) - count :], stack[: len(stack) - count]
        given = [one for one in operands if one.kind != "constant" and one != StackEntry("outer", "range", ("range",))]
        fixed = all(one.kind in ("local", "outer") and self._is_fixed(one, instruction) for one in given)
        if _callee(operands) == StackEntry("outer", "range", ("range",)) and fixed:
            names = "range", *[n for one in given for n in one.names]
            return (*kept, StackEntry("made range", repr(operands), names))
        return (*kept, UNKNOWN)

    def _is_fixed(self, one: StackEntry, instruction: dis.Instruction) -> bool:
        """Whether no code that this instruction's block goes on with gives the variable a value: it stands before."""
        return one.kind != "local" or all(at < instruction.offset for at in self._stores.get(one.name, ()))

    def _loop(self, instruction: dis.Instruction, over: StackEntry) -> StackEntry:
        """The iterator of a loop. Its variable tells where it is, if nothing else gives it a value."""
        following = self._instructions[self._next[instruction.offset]]
        if over.kind != "made range" or following.opname != "FOR_ITER":
            return UNKNOWN
        target = self._instructions[self._next[following.offset]]
        names = _changed(target)
        kept = target.opname in ("STORE_FAST", "STORE_FAST_LOAD_FAST") and len(self._stores[names[0]]) == 1
        return over._replace(kind="range") if kept else UNKNOWN


def _changed(instruction: dis.Instruction) -> tuple[str, ...]:
    """The function's own variables to which this gives another value, or takes it away."""
    op, name = instruction.opname, instruction.argval
    if op == "STORE_FAST_LOAD_FAST":
        return name[:1]  # type: ignore[no-any-return]
    if not op.startswith(("STORE_FAST", "DELETE_FAST")) and op != "LOAD_FAST_AND_CLEAR":
        return ()
    return name if isinstance(name, tuple) else (name,)


def _moved(op: str, count: int, stack: Stack) -> Stack:
    if not 0 < count <= len(stack):
        return (*stack, UNKNOWN) if op == "COPY" else (*[UNKNOWN] * len(stack),)
    if op == "COPY":
        return (*stack, stack[-count])
    own = [*stack]
    own[-1], own[-count] = own[-count], own[-1]
    return tuple(own)


def _callee(operands: Stack) -> StackEntry:
    """What is called, of what lies there for a call."""
    return next((one for one in operands[:2] if one.kind in ("method", "outer", "local", "exit")), UNKNOWN)


def _handlers(code: CodeType) -> list[dis._ExceptionTableEntry]:  # type: ignore[name-defined]
    return list(dis.Bytecode(code).exception_entries)  # type: ignore[attr-defined, unused-ignore]


def follows_from_variables(stack: Stack) -> bool:
    """Whether all that lies there is what the variables of the function, and the `names` of its entries, tell."""
    return all(one.kind in _KNOWN for one in stack)


@functools.lru_cache(maxsize=1024)
def stacks_of(code: CodeType) -> Stacks:
    return Stacks(code)
