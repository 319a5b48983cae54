"""What each of CPython's opcodes may touch that several threads can share: one table for Python 3.11 to 3.14.

An opcode that is not in it touches everything, so that a newer Python's explorations take longer and never lie.
Opcodes that only a compiler's own passes see are in the table, too: then it is `opcode.opmap`, whole.
"""

from __future__ import annotations

from enum import Enum, auto


class Effect(Enum):
    """What an instruction with an opcode may touch."""

    NOTHING = auto()  # no more than its own thread's stack and variables, or what nobody changes
    BETWEEN = auto()  # nothing, and it is no part of an expression: it only stands between two that are
    READS_VARIABLE = auto()  # one that is not the function's own: a global or an enclosing function's
    WRITES_VARIABLE = auto()
    WRITES_NAMESPACE = auto()  # a global where the code is a module's, and nothing else's where it is a class's
    READS_ATTRIBUTE = auto()
    WRITES_ATTRIBUTE = auto()
    READS_ITEMS = auto()  # what is in a container, or all that an object's special method may look at
    WRITES_ITEMS = auto()
    BRANCHES = auto()  # on whether a value is true: a container is if something is in it
    OPERATES = auto()  # on two values; the symbol tells how
    CALLS = auto()
    ENTERS_WITH = auto()  # a guard: a lock of the run says itself what it touches, and the program's code is watched
    INTRINSIC = auto()  # a function of the interpreter's own, by number
    MATCHES_CLASS = auto()
    IMPORTS = auto()  # looks for a module; if it has to be loaded, its code is watched if it is the program's
    SENDS = auto()  # to a generator, whose code is watched, or to another iterator, which moves on
    EVERYTHING = auto()


_NAMES = {
    Effect.NOTHING: (
        # stack, local variables, constants
        "POP_TOP COPY SWAP LOAD_CONST LOAD_SMALL_INT LOAD_COMMON_CONSTANT LOAD_ASSERTION_ERROR LOAD_FAST"
        " LOAD_FAST_CHECK LOAD_FAST_AND_CLEAR LOAD_FAST_BORROW LOAD_FAST_LOAD_FAST LOAD_FAST_BORROW_LOAD_FAST_BORROW"
        " STORE_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST STORE_FAST_MAYBE_NULL DELETE_FAST MAKE_CELL"
        " COPY_FREE_VARS LOAD_CLOSURE LOAD_LOCALS IS_OP"
        # what is made here and nobody else has yet
        " BUILD_TUPLE BUILD_LIST BUILD_SET BUILD_MAP BUILD_CONST_KEY_MAP BUILD_STRING BUILD_SLICE BUILD_TEMPLATE"
        " BUILD_INTERPOLATION LIST_APPEND SET_ADD MAP_ADD LIST_TO_TUPLE MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE"
        " LOAD_BUILD_CLASS SETUP_ANNOTATIONS ANNOTATIONS_PLACEHOLDER"
        # where it goes on
        " JUMP JUMP_NO_INTERRUPT JUMP_FORWARD JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT END_FOR POP_ITER"
        " POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE"
        " POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE RETURN_VALUE RETURN_CONST RETURN_GENERATOR"
        " YIELD_VALUE END_SEND ASYNC_GEN_WRAP ENTER_EXECUTOR"
        # exceptions
        " PUSH_EXC_INFO POP_EXCEPT RERAISE RAISE_VARARGS CHECK_EXC_MATCH CHECK_EG_MATCH PREP_RERAISE_STAR CLEANUP_THROW"
        " EXIT_INIT_CHECK SETUP_FINALLY SETUP_CLEANUP SETUP_WITH POP_BLOCK"
        # the end of a `with`, by an exception: what entering it said is true of it, too
        " WITH_EXCEPT_START"
        # what a value is, not what is in it
        " MATCH_SEQUENCE MATCH_MAPPING"
    ),
    Effect.BETWEEN: (
        "CACHE NOP RESUME PRECALL KW_NAMES PUSH_NULL NOT_TAKEN EXTENDED_ARG RESERVED INTERPRETER_EXIT"
        " INSTRUMENTED_LINE INSTRUMENTED_INSTRUCTION"
    ),
    Effect.READS_VARIABLE: (
        "LOAD_DEREF LOAD_GLOBAL LOAD_NAME LOAD_CLASSDEREF LOAD_FROM_DICT_OR_DEREF LOAD_FROM_DICT_OR_GLOBALS"
    ),
    Effect.WRITES_VARIABLE: "STORE_DEREF STORE_GLOBAL DELETE_DEREF DELETE_GLOBAL",
    Effect.WRITES_NAMESPACE: "STORE_NAME DELETE_NAME",
    Effect.READS_ATTRIBUTE: (
        "LOAD_ATTR LOAD_METHOD LOAD_SUPER_ATTR LOAD_SUPER_METHOD LOAD_ZERO_SUPER_ATTR LOAD_ZERO_SUPER_METHOD"
        " IMPORT_FROM"
    ),
    Effect.WRITES_ATTRIBUTE: "STORE_ATTR DELETE_ATTR",
    Effect.READS_ITEMS: (
        "BINARY_SUBSCR BINARY_SLICE CONTAINS_OP COMPARE_OP GET_ITER GET_YIELD_FROM_ITER FOR_ITER GET_LEN MATCH_KEYS"
        " UNPACK_SEQUENCE UNPACK_EX LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE FORMAT_VALUE FORMAT_SIMPLE"
        " FORMAT_WITH_SPEC CONVERT_VALUE UNARY_POSITIVE UNARY_NEGATIVE UNARY_INVERT"
    ),
    Effect.WRITES_ITEMS: "STORE_SUBSCR DELETE_SUBSCR STORE_SLICE",
    Effect.BRANCHES: (
        "TO_BOOL UNARY_NOT JUMP_IF_FALSE JUMP_IF_TRUE JUMP_IF_FALSE_OR_POP JUMP_IF_TRUE_OR_POP POP_JUMP_IF_FALSE"
        " POP_JUMP_IF_TRUE POP_JUMP_FORWARD_IF_FALSE POP_JUMP_FORWARD_IF_TRUE POP_JUMP_BACKWARD_IF_FALSE"
        " POP_JUMP_BACKWARD_IF_TRUE"
    ),
    Effect.OPERATES: "BINARY_OP",
    Effect.CALLS: "CALL CALL_KW CALL_FUNCTION_EX",
    Effect.ENTERS_WITH: "BEFORE_WITH LOAD_SPECIAL",
    Effect.INTRINSIC: "CALL_INTRINSIC_1 CALL_INTRINSIC_2",
    Effect.MATCHES_CLASS: "MATCH_CLASS",
    Effect.IMPORTS: "IMPORT_NAME",
    Effect.SENDS: "SEND",
    Effect.EVERYTHING: (
        "IMPORT_STAR PRINT_EXPR"
        # an event loop, and what goes on in it
        " BEFORE_ASYNC_WITH GET_AWAITABLE GET_AITER GET_ANEXT END_ASYNC_FOR"
    ),
}
EFFECTS = {name: effect for effect, names in _NAMES.items() for name in names.split()}


def effect_of(opcode: str) -> Effect:
    """The effect of the opcode with this name; EVERYTHING for one that nobody has looked at.

    >>> effect_of("STORE_GLOBAL")
    <Effect.WRITES_VARIABLE: 5>
    """
    found = EFFECTS.get(opcode) or EFFECTS.get(opcode.removeprefix("INSTRUMENTED_"))
    return found or Effect.EVERYTHING
