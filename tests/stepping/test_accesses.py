"""Every opcode of Python 3.11 to 3.14 has an effect, and the same code touches the same on each of them."""

from __future__ import annotations

import dis
import json
import opcode
import threading
from collections.abc import Iterable
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import pytest
from programs.accessing import PROGRAMS

import semalab as lab
from semalab.stepping.accesses import Access, accesses, accesses_among, nested
from semalab.stepping.opcodes import EFFECTS, Effect, effect_of
from semalab.stepping.operands import Operand

# What CPython 3.14's `dis` says of tests/programs/accessing.py, and the names in its `opcode.opmap`.
NEWEST = json.loads(Path(__file__).with_name("bytecode_of_3_14.json").read_text(encoding="utf-8"))


class Instruction(NamedTuple):
    """What the lab reads of a `dis.Instruction`, whose other fields are not the same in every Python."""

    opname: str
    arg: int | None
    argval: Any
    argrepr: str
    offset: int
    positions: dis.Positions | None

    @classmethod
    def stored(cls, row: list[Any]) -> Instruction:
        *fields, place = row
        opname, arg, argval, argrepr, offset = fields
        if isinstance(argval, str) and argval.startswith("slice("):
            argval = slice(1, 2)  # a constant there
        return cls(opname, arg, tuple(argval) if isinstance(argval, list) else argval, argrepr, offset, place_of(place))


def place_of(place: list[int]) -> dis.Positions:
    return dis.Positions(*place)


def touched(instructions: Iterable[Any]) -> set[tuple[int, Access]]:
    """Lines, from the function's first, and what they touch. An expression may be compiled twice, and its place told
    more or less exactly."""
    rows = list(instructions)
    numbers = {row.offset: row.positions.lineno for row in rows}
    first = min(filter(None, numbers.values()))
    found = accesses_among(rows).items()
    return {((numbers[offset] or 0) - first, anywhere(access)) for offset, access in found}


def anywhere(access: Access) -> Access:
    """Without the offsets of the calls, which are not the same in every Python."""
    return access._replace(operands=tuple(map(without_place, access.operands)))


def without_place(operand: Operand) -> Operand:
    return operand._replace(parts=tuple(map(without_place, operand.parts)), at=None)


def test_every_opcode_of_this_python_has_an_effect() -> None:
    names = {name.removeprefix("INSTRUMENTED_") if name not in EFFECTS else name for name in opcode.opmap}
    assert sorted(names - EFFECTS.keys()) == []


def test_every_opcode_of_3_14_has_an_effect() -> None:
    assert len(NEWEST["opcodes"]) == 133
    assert sorted(set(NEWEST["opcodes"]) - EFFECTS.keys()) == []


def test_an_opcode_that_nobody_has_looked_at_touches_everything() -> None:
    assert effect_of("LOAD_FROM_THE_FUTURE") is Effect.EVERYTHING
    assert effect_of("INSTRUMENTED_LOAD_FROM_THE_FUTURE") is Effect.EVERYTHING
    assert effect_of("INSTRUMENTED_CALL_KW") is Effect.CALLS
    new = Instruction("LOAD_FROM_THE_FUTURE", None, None, "", 0, dis.Positions(1, 1, 0, 1))
    assert accesses_among([new]) == {0: Access("everything", True)}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_same_code_touches_the_same_on_3_14(program: FunctionType) -> None:
    newest = [Instruction.stored(row) for row in NEWEST["programs"][program.__name__]]
    assert touched(newest) == touched(dis.get_instructions(program))


def both(work: Any) -> None:
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
def test_a_with_of_a_semaphore_is_its_two_operations(granularity: str) -> None:
    def program() -> None:
        gate = threading.Semaphore(1)

        def work() -> None:
            with gate:
                pass

        both(work)

    found = lab.explore(program, granularity=granularity)
    assert (found.verdict, found.schedules) == ("proved", 2)


# Instructions about the names after the first 127 or 255 have a prefix, and a trace function of Python 3.11 hears of
# the prefix in place of the instruction.
MANY_NAMES = """
{given}
value = 0

def visit():
    global value
    {named}
    value += 1

def program():
    global value
    value = 0
    both(visit)
    assert value == 2
"""


@pytest.mark.parametrize("count", [0, 127, 128, 255, 256, 300])
def test_an_update_is_lost_however_many_names_there_are(count: int) -> None:
    names = [f"name_{number}" for number in range(count)]
    source = MANY_NAMES.format(given=" = ".join([*names, "0"]), named="; ".join([*names, "0"]))
    namespace: dict[str, Any] = {"both": both}
    exec(source, namespace)
    found = lab.explore(namespace["program"], granularity="bytecode")
    assert (found.verdict, len(found.violations)) == ("counterexample", 2)


def written(source: str, inner: str) -> list[str]:
    """The locations that the code called `inner` in this source writes."""
    code = next(code for code in nested(compile(source, "source.py", "exec")) if code.co_name == inner)
    found = accesses(code).values()
    return [str(access.location) for access in found if access.mode and not access.how.startswith("call")]


def test_a_module_writes_globals_and_a_class_that_is_being_made_nobody_sees() -> None:
    source = "size = 1\nclass Point:\n    size = 2\n    def double(self):\n        return self.size * 2\n"
    assert written(source, "<module>") == ["variable size", "variable Point"]
    assert written(source, "Point") == []
