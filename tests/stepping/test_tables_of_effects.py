"""Each entry of the tables of effects is right: without it, some program that fails would be proved."""

from __future__ import annotations

import builtins
import collections
import contextlib
import dis
import functools
import itertools
import math
import opcode
import queue
import sys
import threading
from types import CodeType
from typing import Any

import pytest
from programs.explored import together
from programs.lost_updates import FORMS, GONE_THROUGH, Form, met, program_of

import semalab as lab
from semalab.stepping import accesses, calls, effects, items, known
from semalab.stepping.known import Scope, Touches
from semalab.stepping.opcodes import EFFECTS, Effect

_OBJECTS = "of what threads can change it takes the program's own objects alone, whose code is watched"
_LATER = "it reads nothing, or only how much there is, of which it tells when it is gone through"
_NEXT = "what comes next says the same"
_BODY = "the names of a module's or class's body, which nobody else has yet"
_ELSEWHERE = "it shows only where a class has its special method from elsewhere, and then nothing is explored"
# What the tables say of these no program can show, and why.
UNSHOWN = {
    **dict.fromkeys("abs bin chr complex divmod hash hex oct pow round".split(), _OBJECTS),
    **dict.fromkeys("UNARY_INVERT UNARY_NEGATIVE UNARY_POSITIVE".split(), _OBJECTS),
    **dict.fromkeys("enumerate iter zip keys values items".split(), _LATER),
    **dict.fromkeys("MATCH_CLASS MATCH_KEYS".split(), _NEXT),
    **dict.fromkeys("BEFORE_WITH LOAD_SPECIAL GET_ITER GET_YIELD_FROM_ITER".split(), _ELSEWHERE),
    **dict.fromkeys("STORE_NAME DELETE_NAME".split(), _BODY),
}
_NO_MORE = (Effect.NOTHING, Effect.BETWEEN, Effect.EVERYTHING)


def is_proved_wrongly(form: Form) -> bool:
    """Whether it is proved although nothing but one result was met."""
    found, seen = met(form)
    return found.verdict == "proved" and len(seen) < 2


@functools.cache
def codes_of(form: Form) -> tuple[CodeType, ...]:
    """What the two threads of a form's program execute."""
    program = program_of(form)
    inner = {code.co_name: code for code in accesses.nested(program.__code__)}
    globals_ = {name: one.__code__ for name, one in program.__globals__.items() if hasattr(one, "__code__")}
    names, found = ["work"], []
    while names:
        code = inner.get(name := names.pop()) or globals_.get(name)
        if code is not None and code not in found:
            for each in accesses.nested(code):
                found.append(each)
                names += [*each.co_names, *each.co_freevars]
    return tuple(found)


def forms_that(use: Any) -> list[Form]:
    """The forms in whose code this is so, the shortest first."""
    those = [form for form in FORMS if any(map(use, codes_of(form)))]
    return sorted(those, key=lambda form: sum(len(code.co_code) for code in codes_of(form)))


@functools.cache
def opcodes_in(code: CodeType) -> frozenset[str]:
    return frozenset(one.opname for one in dis.get_instructions(code))


_SHOWN = {"BINARY_OP": "{x} + []"}  # of those that are everywhere, what is worth trying
OPCODES = sorted(name for name in opcode.opmap if EFFECTS.get(name) not in _NO_MORE)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="that others touch the same is told by test_accesses.py")
@pytest.mark.parametrize("name", OPCODES)
def test_without_its_effect_an_opcode_would_be_proved_wrongly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = [form for form in forms_that(lambda code: name in opcodes_in(code)) if _SHOWN.get(name, "") in form.kept]
    monkeypatch.setitem(EFFECTS, name, Effect.NOTHING)
    accesses._accesses.cache_clear()
    try:
        assert name in UNSHOWN or any(map(is_proved_wrongly, forms)), len(forms)
    finally:
        accesses._accesses.cache_clear()


CALLS = sorted(
    {*known.READERS, *known.SORTERS, *known.OF_SCALARS, *known.LAZY, *known.LOOK, "next", "deque"}
    | calls._FIND
    | calls._CHANGE
    | calls._CHANGE_BY_KEY
    | calls._CHANGE_FROM
)


@pytest.mark.parametrize("name", CALLS)
def test_without_its_effect_a_call_would_be_proved_wrongly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = calls.of_call

    def of_call(access: accesses.Access, scope: Scope) -> Touches:
        return [] if access.operands[0].name == name else real(access, scope)

    forms = forms_that(lambda code: name in code.co_names)
    monkeypatch.setattr(effects, "of_call", of_call)
    assert name in UNSHOWN or any(map(is_proved_wrongly, forms)), len(forms)


_UNCHANGING = {type(iter(one)) for one in ((), "", b"", range(0), range(1 << 70))} | {type(reversed(())), reversed}
_THEMSELVES = {itertools.count}  # over nothing: what it does when it moves is in `forms_of_access`
_OVER = [text.format(x=made) for made, ways in GONE_THROUGH.items() for text in ways.split()]


def test_each_kind_of_iterator_and_view_has_a_form() -> None:
    names = {"deque": collections.deque, "itertools": itertools}
    those = {type(eval(text, names)) for text in _OVER}
    assert those | _UNCHANGING & known.ITERATORS | _THEMSELVES == known.ITERATORS | known.VIEWS


# To begin with the others says what they touch already: how long it is, or what nobody knows.
@pytest.mark.parametrize(
    "text", ["iter({x})", "enumerate({x})", "zip({x})", "{x}.keys()", "{x}.values()", "{x}.items()"]
)
def test_without_what_is_under_it_what_is_gone_through_would_be_proved_wrongly(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "looked_through", lambda value, operand: [])
    forms = [form for form in FORMS if form.kept.endswith(f"(lambda moving: [*moving])({text})")]
    assert any(map(is_proved_wrongly, forms)), len(forms)


@pytest.mark.parametrize("name", sorted(accesses.DEEP))
def test_who_reaches_for_the_inside_touches_everything(name: str) -> None:
    code = compile(f"def look(o): return o.{name}", "look.py", "exec").co_consts[0]
    assert accesses.Access("everything", True) in accesses.accesses(code).values()


PRIMITIVES = (
    "Semaphore(3)",
    "BoundedSemaphore(3)",
    "Lock()",
    "RLock()",
    "Event()",
    "Condition()",
    "Thread(target=int)",
)
_BEFORE = {"join": "start", "release": "acquire", "is_alive": "start", "task_done": "put"}
_OF_OTHERS = {"getName", "done", "cancelled", "running", "cancel"}  # threads, futures, timers
_ANSWERS = (known.TWIN_RESULTS | {*effects._ANSWERS, *effects._TWIN_ANSWERS}) - _OF_OTHERS


@pytest.mark.parametrize("name", sorted(_ANSWERS))
def test_what_a_primitive_answers_is_simple(name: str) -> None:
    those = [eval(text, vars(threading)) for text in PRIMITIVES] + [queue.Queue(), queue.SimpleQueue()]
    having = [one for one in those if hasattr(one, name)]
    assert having
    for one in having:
        if isinstance(one, threading.Condition):
            one.acquire()
        elif name in _BEFORE and hasattr(one, _BEFORE[name]):
            before = _BEFORE[name]
            getattr(one, before)(*((1,) if before == "put" else ()))
        elif name == "wait" or (name == "join" and isinstance(one, threading.Thread)):
            one.set()
        given = ((0,) if name == "wait" else (1,)) if name in ("wait", "put") else ()
        assert known.is_simple(getattr(one, name)(*given)), one


class Probe:
    """Whatever special method a function of numbers asks for, it is noted whether the door was open."""

    door = 0

    def __init__(self, seen: list[int]) -> None:
        self.seen = seen

    def number(self) -> int:
        self.seen.append(Probe.door)
        return 1

    def real(self) -> float:
        return float(self.number())

    def text(self) -> str:
        return str(self.number())

    __index__ = __int__ = __trunc__ = __floor__ = __ceil__ = __abs__ = __hash__ = __len__ = number
    __float__ = real
    __repr__ = __str__ = text

    def __format__(self, how: str) -> str:
        return self.text()

    def __bool__(self) -> bool:
        return bool(self.number())

    def __bytes__(self) -> bytes:
        return bytes([self.number()])

    def __complex__(self) -> complex:
        return complex(self.number())

    def __round__(self, digits: int = 0) -> int:
        return self.number()

    def __divmod__(self, other: object) -> tuple[int, int]:
        return self.number(), 0

    def __pow__(self, other: object) -> int:
        return self.number()

    def __iter__(self) -> Any:
        return iter([self.number()])


@pytest.mark.parametrize("name", sorted({one.__name__ for one in known.OF_NUMBERS} | known.OF_SCALARS.keys()))
def test_a_function_of_numbers_calls_what_is_watched(name: str) -> None:
    function = getattr(math, name, None) or getattr(builtins, name)

    def program() -> int:
        seen: list[int] = []
        Probe.door = 0
        probe = Probe(seen)

        def ask() -> None:
            for given in ((probe,), (probe, 1), (probe, probe), (probe, 1, 1)):
                with contextlib.suppress(TypeError, ValueError, OverflowError):
                    function(*given)
                if seen:
                    break

        def open_it() -> None:
            Probe.door = 1

        together(ask, open_it)
        return seen[0] if seen else -1

    met_: set[int] = set()
    found = lab.explore(program, granularity="bytecode", check=lambda run: met_.add(run.result), budget=200)
    assert met_ != {-1} or name in ("gcd", "lcm", "ord"), "asks for nothing that the probe has"
    assert {0, 1} <= met_ or found.verdict != "proved", met_
