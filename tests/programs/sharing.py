"""Small random programs whose threads share variables as well as primitives: as data, and as plain Python source.

A program is a value: things (primitives), variables (numbers and lists, each kept in some way a learner would keep it)
and, for each thread, statements; the first thread is the one that starts and joins the others. `source` writes it as a
function that uses `threading`, `queue` and `time` and nothing else, and returns what its variables are in the end.
"""

from __future__ import annotations

import linecache
import queue
import random
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

KEPT = ("nonlocal", "global", "item", "key", "attribute")  # where a number may be kept
BY_TWO_NAMES = ("alias", "class", "by name", "in its dict", "in globals")  # and how else it may be reached
THREADS = ("main", "one", "two", "three")


class Thing(NamedTuple):
    """A primitive: its class, and its initial value, number of parties or room."""

    kind: str
    argument: int = 0


class Variable(NamedTuple):
    """A number, or a list if `kept` is "list". first: what is in it at first (of a list, so many zeros)."""

    kept: str
    first: int = 0


class Statement(NamedTuple):
    """One statement: what it does, with which thing or variable (by its place), with what number or other variable.

    name: the local variable that it writes or reads. compare: an operator. body: what stands indented below it.
    """

    what: str
    on: int = 0
    value: int = 0
    name: str = ""
    compare: str = "=="
    body: tuple[Statement, ...] = ()


class Program(NamedTuple):
    """The statements of main are what it does after it has started the others, before it joins them."""

    things: tuple[Thing, ...]
    variables: tuple[Variable, ...]
    threads: tuple[tuple[Statement, ...], ...]


def thing_name(place: int) -> str:
    return f"thing_{place}"


def variable_name(place: int) -> str:
    return f"v{place}"


# Source
def source(program: Program, claim: str = "") -> str:
    """The program in Python. claim: what it asserts at the end of `result`, its variables."""
    return "\n".join(_lines(program, claim)) + "\n"


def function(program: Program, claim: str = "") -> Callable[[], Any]:
    """The program, ready to be called. Its source can be looked up, as that of a cell can."""
    text = source(program, claim)
    name = f"<program {zlib.crc32(text.encode()):08x}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": "__main__", "threading": threading, "queue": queue, "time": time}
    exec(compile(text, name, "exec"), namespace)
    made: Callable[[], Any] = namespace["program"]
    return made


class Place(NamedTuple):
    """How a thread writes a variable: what it is read by, and the statement that assigns it, with {} for the value."""

    read: str
    write: str


def _place(number: int, kept: str, thread: int) -> Place:
    """Threads with an odd number and those with an even one may reach one variable by different ways."""
    name = variable_name(number)
    plain = {
        "item": f"cells[{number}]",
        "key": f"table[{name!r}]",
        "attribute": f"box.{name}",
        "alias": f"{'same' if thread % 2 else 'cells'}[{number}]",
        "class": f"{'Box' if thread % 2 else 'type(box)'}.{name}",
        "in its dict": f"vars(box)[{name!r}]" if thread % 2 else f"box.{name}",
        "in globals": f"globals()[{name!r}]" if thread % 2 else name,
    }.get(kept, name)
    if kept == "by name":
        return Place(f"getattr(box, {name!r})", f"setattr(box, {name!r}, {{}})")
    return Place(plain, plain + " = {}")


def _lines(program: Program, claim: str) -> Iterator[str]:
    kept = [variable.kept for variable in program.variables]
    own = [variable_name(k) for k, one in enumerate(kept) if one == "nonlocal"]
    everybodys = [variable_name(k) for k, one in enumerate(kept) if one in ("global", "in globals")]
    ways = [[_place(k, one, thread) for k, one in enumerate(kept)] for thread in range(len(program.threads))]
    if {"attribute", "class", "by name", "in its dict"} & set(kept):
        yield "class Box:"
        yield "    pass"
    yield "def program():"
    if everybodys:
        yield f"    global {', '.join(everybodys)}"
    if "class" in kept:
        yield "    class Box:"
        yield "        pass"
    if {"attribute", "class", "by name", "in its dict"} & set(kept):
        yield "    box = Box()"
    if {"item", "alias"} & set(kept):
        yield f"    cells = [0] * {len(kept)}"
        yield "    same = cells"
    if "key" in kept:
        yield "    table = {}"
    for place, thing in enumerate(program.things):
        yield f"    {thing_name(place)} = {_made(thing)}"
    for way, variable in zip(ways[0], program.variables, strict=True):
        yield "    " + way.write.format([0] * variable.first if variable.kept == "list" else variable.first)
    for number, statements in enumerate(program.threads[1:], 1):
        yield f"    def {THREADS[number]}():"
        if own:
            yield f"        nonlocal {', '.join(own)}"
        if everybodys:
            yield f"        global {', '.join(everybodys)}"
        yield from _block(ways[number], statements, " " * 8)
    workers = THREADS[1 : len(program.threads)]
    yield f"    threads = [{', '.join(f'threading.Thread(target={one}, name={one!r})' for one in workers)}]"
    for j in range(len(workers)):
        yield f"    threads[{j}].start()"
    if program.threads[0]:
        yield from _block(ways[0], program.threads[0], " " * 4)
    for j in range(len(workers)):
        yield f"    threads[{j}].join()"
    values = (f"tuple({w.read})" if k == "list" else w.read for w, k in zip(ways[0], kept, strict=True))
    yield f"    result = ({', '.join(values)},)"
    if claim:
        yield f"    assert {claim}"
    yield "    return result"


def _made(thing: Thing) -> str:
    if thing.kind == "Queue":
        return f"queue.Queue({thing.argument})"
    argument = thing.argument if thing.kind in ("Semaphore", "BoundedSemaphore", "Barrier") else ""
    return f"threading.{thing.kind}({argument})"


def _block(ways: list[Place], statements: tuple[Statement, ...], indent: str) -> Iterator[str]:
    if not statements:
        yield f"{indent}pass"
    for statement in statements:
        yield from _statement(ways, statement, indent)


def _statement(ways: list[Place], it: Statement, indent: str) -> Iterator[str]:
    thing = thing_name(it.on)
    variable, write = ways[it.on] if it.on < len(ways) else ("", "")
    other, write_other = ways[it.value] if 0 <= it.value < len(ways) else ("", "")
    add = f"{variable} += {it.value}" if write == f"{variable} = {{}}" else write.format(f"{variable} + {it.value}")
    line = {
        "assign": write.format(it.value),
        "add": add,
        "copy": write.format(other),
        "load": f"{it.name} = {variable}",
        "store": write.format(f"{it.name} + {it.value}"),
        "append": f"{variable}.append({it.value})",
        "append variable": f"{variable}.append({other})",
        "pop": f"{variable}.pop()",
        "length": f"{it.name} = len({variable})",
        "assert": f"assert {variable} {it.compare} {it.value}",
        "assert length": f"assert len({variable}) {it.compare} {it.value}",
        "assert both": f"assert {variable} {it.compare} {other}",
        "assert local": f"assert {it.name} {it.compare} {it.value}",
        "if": f"if {variable} {it.compare} {it.value}:",
        "if local": f"if {it.name}:",
        "loop": f"for _ in range({it.value}):",
        "with": f"with {thing}:",
        "if acquired": f"if {thing}.acquire(blocking=False):",
        "try": f"{it.name} = {thing}.acquire(blocking=False)",
        "acquire": f"{thing}.acquire()",
        "release": f"{thing}.release()",
        "release two": f"{thing}.release(2)",
        "locked": f"{it.name} = {thing}.locked()",
        "set": f"{thing}.set()",
        "clear": f"{thing}.clear()",
        "is_set": f"{it.name} = {thing}.is_set()",
        "wait": f"{thing}.wait()",
        "wait while": f"while {variable} {it.compare} 0:",
        "index": f"{it.name} = {thing}.wait()",
        "abort": f"{thing}.abort()",
        "reset": f"{thing}.reset()",
        "notify": f"{thing}.notify()",
        "notify_all": f"{thing}.notify_all()",
        "put": f"{thing}.put({it.value})",
        "put variable": f"{thing}.put({other})",
        "put_nowait": f"{thing}.put_nowait({it.value})",
        "get": f"{it.name} = {thing}.get()",
        "get into": write_other.format(f"{thing}.get()"),
        "get_nowait": f"{it.name} = {thing}.get_nowait()",
        "qsize": f"{it.name} = {thing}.qsize()",
        "task_done": f"{thing}.task_done()",
        "join": f"{thing}.join()",
        "sleep": f"time.sleep({it.value})",
    }[it.what]
    yield indent + line
    if it.what == "wait while":
        yield f"{indent}    {thing_name(it.value)}.wait()"
    elif line.endswith(":"):
        yield from _block(ways, it.body, indent + "    ")


# Random programs
def random_program(seed: int, kept: tuple[str, ...] = KEPT) -> Program:
    """The program with this number: it stays the same, whatever is drawn for others. kept: where its numbers may be."""
    return _Draw(random.Random(seed), kept).program()


class _Draw:
    """Draws one program. Invariant: no statement reads a local variable that may not have been written."""

    def __init__(self, draw: random.Random, kept: tuple[str, ...]) -> None:
        self.draw = draw
        self.kept = kept
        self.things: list[Thing] = []
        self.variables: list[Variable] = []
        self.left = 0

    def program(self) -> Program:
        draw = self.draw
        workers = draw.choice([2, 2, 2, 2, 2, 3])
        self.things = [self._thing(workers) for _ in range(draw.choice([1, 1, 2]))]
        self.variables = [
            Variable(draw.choice(self.kept), draw.choice([0, 0, 1])) for _ in range(draw.choice([1, 1, 2]))
        ]
        if draw.random() < 0.3:
            self.variables.append(Variable("list", draw.choice([0, 1])))
        lengths = [1, 1, 2, 2, 3, 4] if workers == 2 else [1, 1, 2]
        threads = [self._statements(1) if draw.random() < 0.2 else ()]
        threads += [self._statements(draw.choice(lengths)) for _ in range(workers)]
        return Program(tuple(self.things), tuple(self.variables), tuple(threads))

    def _thing(self, workers: int) -> Thing:
        kinds = "Semaphore BoundedSemaphore Lock RLock Event Condition Condition Barrier Queue".split()
        kind = self.draw.choice(kinds)
        arguments = {"Semaphore": (0, 1, 2), "BoundedSemaphore": (1,), "Barrier": (2, workers), "Queue": (0, 1)}
        return Thing(kind, self.draw.choice(arguments.get(kind, (0,))))

    def _statements(self, most: int) -> tuple[Statement, ...]:
        self.left = most
        known: list[str] = []
        statements: list[Statement] = []
        while self.left > 0:
            statements += self._next(known, 0)
        return tuple(statements)

    def _next(self, known: list[str], depth: int) -> list[Statement]:
        """One statement, or a few that go together. known: the local variables that have been written."""
        self.left -= 1
        draw = self.draw
        if draw.random() < 0.55:
            return self._with_a_thing(known, depth)
        if depth < 2 and self.left > 0 and draw.random() < 0.2:
            number = draw.randrange(len(self.variables))
            if self.variables[number].kept == "list":
                return [Statement("loop", 0, 2, body=self._body(known, depth))]
            if draw.random() < 0.4:
                return [Statement("loop", 0, 2, body=self._body(known, depth))]
            compare = draw.choice(["==", "!=", "<", ">"])
            return [Statement("if", number, draw.choice([0, 1]), "", compare, self._body(known, depth))]
        if draw.random() < 0.04:
            return [Statement("sleep", 0, draw.choice([1, 2]))]
        return self._with_a_variable(known)

    def _body(self, known: list[str], depth: int) -> tuple[Statement, ...]:
        inner = list(known)
        body = self._next(inner, depth + 1)
        if self.left > 0 and self.draw.random() < 0.4:
            body += self._next(inner, depth + 1)
        return tuple(body)

    def _with_a_variable(self, known: list[str]) -> list[Statement]:
        draw = self.draw
        number = draw.randrange(len(self.variables))
        numbers = [k for k, variable in enumerate(self.variables) if variable.kept != "list"]
        other = draw.choice(numbers)
        compare = draw.choice(["==", "!=", "<=", ">="])
        if self.variables[number].kept == "list":
            what = draw.choice(["append", "append", "append variable", "pop", "length", "assert length"])
            if what == "length":
                known.append("n")
                return [Statement("length", number, name="n"), Statement("store", other, 0, "n")]
            value = other if what == "append variable" else draw.choice([0, 1, 2])
            return [Statement(what, number, value, compare=compare)]
        what = draw.choice([*"assign add add add copy load store assert".split(), "assert both"])
        if what == "store" and not known:
            what = "load"
        if what == "load":
            known.append("a")
            later = [Statement("store", other, draw.choice([0, 1]), "a")] if draw.random() < 0.6 else []
            return [Statement("load", number, name="a"), *later]
        if what == "store":
            return [Statement("store", number, draw.choice([0, 1]), draw.choice(known))]
        value = {"assign": draw.choice([0, 1, 2, 3]), "add": draw.choice([1, 1, 2]), "copy": other}.get(what)
        if value is None:
            value = other if what == "assert both" else draw.choice([0, 1, 1, 2])
        return [Statement(what, number, value, compare=compare)]

    def _with_a_thing(self, known: list[str], depth: int) -> list[Statement]:
        place = self.draw.randrange(len(self.things))
        kind = self.things[place].kind
        if kind in ("Semaphore", "BoundedSemaphore", "Lock", "RLock"):
            return self._with_a_permit(kind, place, known, depth)
        return getattr(self, f"_with_a_{kind.lower()}")(place, known, depth)

    def _with_a_permit(self, kind: str, place: int, known: list[str], depth: int) -> list[Statement]:
        draw = self.draw
        choices = ["with", "with", "with", "acquire", "release", "pair", "if acquired", "try"]
        choices += ["locked"] if kind == "Lock" else ["release two"] if kind.endswith("Semaphore") else []
        what = draw.choice(choices)
        if what in ("with", "if acquired", "pair"):
            if depth > 1 or self.left <= 0:
                body: tuple[Statement, ...] = tuple(self._with_a_variable(list(known)))
            else:
                body = self._body(known, depth)
            if what == "with":
                return [Statement("with", place, body=body)]
            if what == "pair":
                return [Statement("acquire", place), *body, Statement("release", place)]
            release = (Statement("release", place),) if draw.random() < 0.8 else ()
            return [Statement("if acquired", place, body=body + release)]
        if what in ("try", "locked"):
            known.append("got")
            return [Statement(what, place, name="got"), *self._if_local("got")]
        return [Statement(what, place)]

    def _if_local(self, name: str) -> list[Statement]:
        body = tuple(self._with_a_variable([]))
        return [Statement("if local", 0, 0, name, body=body)] if self.draw.random() < 0.7 else []

    def _with_a_event(self, place: int, known: list[str], depth: int) -> list[Statement]:
        what = self.draw.choice(["set", "set", "wait", "wait", "clear", "is_set"])
        if what == "is_set":
            known.append("seen")
            return [Statement("is_set", place, name="seen"), *self._if_local("seen")]
        return [Statement(what, place)]

    def _with_a_condition(self, place: int, known: list[str], depth: int) -> list[Statement]:
        draw = self.draw
        numbers = [k for k, variable in enumerate(self.variables) if variable.kept != "list"]
        number = draw.choice(numbers)
        inside = draw.choice(["wait", "wait while", "notify", "notify", "notify_all", "plain", "unowned"])
        if inside == "unowned" and draw.random() < 0.3:
            return [Statement(draw.choice(["wait", "notify", "release"]), place)]
        change = self._with_a_variable(list(known))[:1] if draw.random() < 0.6 else []
        change = [one for one in change if one.what != "store"]
        if inside in ("notify", "notify_all"):
            change = change or [Statement("add", number, 1)]
            both = [Statement(inside, place), *change] if draw.random() < 0.3 else [*change, Statement(inside, place)]
            return [Statement("with", place, body=tuple(both))]
        if inside == "wait while":
            wait = [Statement("wait while", number, place, compare="==")]
            return [Statement("with", place, body=tuple(wait + change))]
        if inside == "wait":
            return [Statement("with", place, body=(Statement("wait", place), *change))]
        return [Statement("with", place, body=tuple(change))]

    def _with_a_barrier(self, place: int, known: list[str], depth: int) -> list[Statement]:
        what = self.draw.choice(["wait", "wait", "wait", "index", "abort", "reset"])
        if what == "index":
            known.append("i")
            return [Statement("index", place, name="i"), *self._if_local("i")]
        return [Statement(what, place)]

    def _with_a_queue(self, place: int, known: list[str], depth: int) -> list[Statement]:
        draw = self.draw
        numbers = [k for k, variable in enumerate(self.variables) if variable.kept != "list"]
        what = draw.choice(
            ["put", "put", "put variable", "get", "get into", "get_nowait", "put_nowait", "qsize", "task_done", "join"]
        )
        if what in ("get", "get_nowait", "qsize"):
            known.append("it")
            return [Statement(what, place, name="it"), Statement("store", draw.choice(numbers), 0, "it")]
        value = draw.choice(numbers) if what in ("put variable", "get into") else draw.choice([1, 2])
        return [Statement(what, place, value)]
