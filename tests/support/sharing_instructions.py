"""What the threads of a small program do, one thing after the other: the code that the state model runs."""

from __future__ import annotations

from typing import Any, NamedTuple

from programs.sharing import Program, Statement

OPERATIONS = frozenset(
    "acquire try locked release set clear is_set wait index abort reset notify notify_all put put_nowait get get_nowait"
    " qsize task_done join sleep start finish".split()
)
ACCESSES = frozenset("read write change".split())
PRIVATE = frozenset(("guard", "unguard", "compare", "jump", "jump unless"))  # and they never raise


class Instruction(NamedTuple):
    """One thing that a thread does. `on`: a primitive's or a variable's place. line: counts the program's lines."""

    what: str
    on: int = 0
    value: Any = 0
    name: str = ""
    compare: str = "=="
    line: int = 0


def compiled(program: Program) -> list[tuple[Instruction, ...]]:
    """What each thread does."""
    codes = []
    for number, statements in enumerate(program.threads):
        code = _Code()
        if number == 0:
            for other in range(1, len(program.threads)):
                code.add("start", other)
        code.block(statements)
        if number == 0:
            for other in range(1, len(program.threads)):
                code.add("finish", other)
        code.add("end")
        codes.append(tuple(code.instructions))
    return codes


class _Code:
    """The instructions of one thread. Invariant: `read` leaves what it read in the name "_" or the one it is given."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.line = 0

    def add(self, what: str, on: int = 0, value: Any = 0, name: str = "", compare: str = "==") -> int:
        self.instructions.append(Instruction(what, on, value, name, compare, self.line))
        return len(self.instructions) - 1

    def aim(self, place: int) -> None:
        """Let the jump at this place lead here."""
        self.instructions[place] = self.instructions[place]._replace(value=len(self.instructions))

    def block(self, statements: tuple[Statement, ...]) -> None:
        for statement in statements:
            self.line += 1
            self.statement(statement)

    def statement(self, it: Statement) -> None:
        method = getattr(self, "_" + it.what.replace(" ", "_"), None)
        if method is not None:
            method(it)
        else:
            assert it.what in OPERATIONS, it.what
            self.add(it.what, it.on, it.value, it.name)

    def _assign(self, it: Statement) -> None:
        self.add("write", it.on, ("", it.value))

    def _add(self, it: Statement) -> None:
        self.add("read", it.on, name="_")
        self.add("write", it.on, ("_", it.value))

    def _copy(self, it: Statement) -> None:
        self.add("read", it.value, name="_")
        self.add("write", it.on, ("_", 0))

    def _load(self, it: Statement) -> None:
        self.add("read", it.on, name=it.name)

    def _store(self, it: Statement) -> None:
        self.add("write", it.on, (it.name, it.value))

    def _append(self, it: Statement) -> None:
        self.add("change", it.on, ("", it.value), "append")

    def _append_variable(self, it: Statement) -> None:
        self.add("read", it.value, name="_")
        self.add("change", it.on, ("_", 0), "append")

    def _pop(self, it: Statement) -> None:
        self.add("change", it.on, ("", 0), "pop")

    def _length(self, it: Statement) -> None:
        self.add("read", it.on, len, it.name)

    def _assert(self, it: Statement) -> None:
        self.add("read", it.on, name="_")
        self.add("assert", 0, ("", it.value), "_", it.compare)

    def _assert_length(self, it: Statement) -> None:
        self.add("read", it.on, len, "_")
        self.add("assert", 0, ("", it.value), "_", it.compare)

    def _assert_both(self, it: Statement) -> None:
        self.add("read", it.on, name="_")
        self.add("read", it.value, name="__")
        self.add("assert", 0, ("__", 0), "_", it.compare)

    def _if(self, it: Statement) -> None:
        self.add("read", it.on, name="_")
        self.add("compare", 0, ("", it.value), "_", it.compare)
        self._indented(it)

    def _if_local(self, it: Statement) -> None:
        self.add("compare", 0, ("", 0), it.name, "!=")
        self._indented(it)

    def _indented(self, it: Statement) -> None:
        jump = self.add("jump unless")
        self.block(it.body)
        self.aim(jump)

    def _loop(self, it: Statement) -> None:
        for _ in range(it.value):
            self.block(it.body)

    def _with(self, it: Statement) -> None:
        self.add("acquire", it.on)
        self.add("guard", it.on)
        self.block(it.body)
        self.line += 1
        self.add("unguard")
        self.add("release", it.on)

    def _if_acquired(self, it: Statement) -> None:
        self.add("try", it.on, name="_")
        self.add("compare", 0, ("", 0), "_", "!=")
        self._indented(it)

    def _release_two(self, it: Statement) -> None:
        self.add("release", it.on, 2)

    def _release(self, it: Statement) -> None:
        self.add("release", it.on, 1)

    def _wait_while(self, it: Statement) -> None:
        again = len(self.instructions)
        self.line += 1
        self.add("read", it.on, name="_")
        self.add("compare", 0, ("", 0), "_", it.compare)
        out = self.add("jump unless")
        self.line += 1
        self.add("wait", it.value)
        self.add("jump", 0, again)
        self.aim(out)

    def _put_variable(self, it: Statement) -> None:
        self.add("read", it.value, name="_")
        self.add("put", it.on, "_")

    def _get_into(self, it: Statement) -> None:
        self.add("get", it.on, name="_")
        self.add("write", it.value, ("_", 0))
