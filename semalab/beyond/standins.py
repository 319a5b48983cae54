"""What a coroutine's module finds under asyncio's names while it is recorded."""

from __future__ import annotations

import asyncio
import inspect
import random
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any, Protocol

from semalab.beyond.log import Log, Semaphore
from semalab.beyond.place import call, place
from semalab.twins.source import copied

_ABSENT = object()


class Bench(Protocol):
    """What the stand-ins write to."""

    log: Log
    arguments: dict[str, Any]

    def me(self) -> str: ...
    def line(self, place: tuple[CodeType | None, int]) -> int | None: ...
    def note(self, actor: str, kind: str, key: int | None = None, amount: int = 0, line: int | None = None) -> None: ...
    def print(self, *values: Any, **settings: Any) -> None: ...


def _classes(bench: Bench) -> dict[str, type]:
    def watched(real: Any) -> type:
        kind = f"asyncio.{real.__name__}"

        class Watched(real):
            """asyncio's own semaphore. No task runs between its change of the value and our note of it."""

            def __init__(self, value: int = 1) -> None:
                super().__init__(value)
                self._key = len(bench.log.made)
                bench.log.made.append(Semaphore(kind, value, call()))

            async def acquire(self) -> Any:
                me, line = bench.me(), bench.line(place())
                waits = self.locked()  # asyncio asks itself the same before it lets a task wait
                if waits:
                    bench.note(me, "block", self._key, line=line)
                try:
                    answer = await super().acquire()
                except BaseException:
                    if waits:
                        bench.note(me, "refuse", self._key, line=line)
                    raise
                bench.note(me, "acquire", self._key, 1, line)
                return answer

            def release(self) -> None:
                super().release()
                bench.note(bench.me(), "release", self._key, 1, bench.line(place()))

        Watched.__name__ = Watched.__qualname__ = real.__name__
        return Watched

    return {real.__name__: watched(real) for real in (asyncio.Semaphore, asyncio.BoundedSemaphore)}


def _sleep(bench: Bench) -> Callable[..., Any]:
    async def sleep(delay: float, result: Any = None) -> Any:
        if delay <= 0:
            return await asyncio.sleep(delay, result)
        me, line = bench.me(), bench.line(place())
        bench.note(me, "sleep", amount=round(delay * 1e9), line=line)
        try:
            return await asyncio.sleep(delay, result)
        finally:
            bench.note(me, "wake", line=line)

    return sleep


@contextmanager
def stand_ins(program: Any, bench: Bench, seed: int | None) -> Iterator[None]:
    """While the run lasts, asyncio's names mean what notes it down, where the program and its arguments find them."""
    names = {**_classes(bench), "sleep": _sleep(bench)}
    means = {
        id(asyncio): copied(asyncio, **names),
        **{id(getattr(asyncio, name)): stand_in for name, stand_in in names.items()},
    }
    if seed is not None:
        means.update(_dice(seed))
    changed: list[tuple[dict[str, Any], str, Any]] = []  # where, what, what it meant before
    try:
        for namespace in _namespaces([program, *bench.arguments.values()]):
            for name, value in list(namespace.items()):
                if id(value) in means and not name.startswith("__"):
                    changed.append((namespace, name, value))
                    namespace[name] = means[id(value)]
            if "print" not in namespace:
                changed.append((namespace, "print", _ABSENT))
                namespace["print"] = bench.print
        yield
    finally:
        for namespace, name, value in changed:
            if value is _ABSENT:
                namespace.pop(name, None)
            else:
                namespace[name] = value


def _namespaces(functions: Iterable[Any]) -> list[dict[str, Any]]:
    """The modules in which these functions look their names up, each once."""
    found = [inspect.unwrap(one).__globals__ for one in functions if isinstance(one, types.FunctionType)]
    return list({id(namespace): namespace for namespace in found}.values())


def _dice(seed: int) -> dict[int, Any]:
    """`random` and its functions, with numbers of their own."""
    own = random.Random(seed)
    functions = [
        name for name, value in vars(random).items() if isinstance(getattr(value, "__self__", 0), random.Random)
    ]
    methods = {name: getattr(own, name) for name in functions}
    return {
        id(random): copied(random, **methods),
        **{id(getattr(random, name)): method for name, method in methods.items()},
    }
