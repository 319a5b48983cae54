"""Coroutines on the bench: what `asyncio.Semaphore` does, recorded from between two awaits, where nobody else runs."""

from __future__ import annotations

import asyncio
import inspect
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import CodeType
from typing import Any

from semalab.bench import run_threads
from semalab.beyond.log import Log, Row
from semalab.beyond.loops import Idle, Loop, TimeUp, VirtualLoop
from semalab.beyond.place import place
from semalab.beyond.standins import stand_ins
from semalab.claims import Check
from semalab.decode import Printed
from semalab.excerpt import written
from semalab.labels import line_of, thread_label, thread_labels
from semalab.run import Run
from semalab.settings import RunSettings, code_of
from semalab.stops import Deadlock, Timeout

_UNNAMED = re.compile(r"Task-\d+")  # counted in the whole process: it says nothing and differs from run to run
_one_at_a_time = threading.Lock()  # two runs would put their stand-ins into the same namespace


def record_tasks(
    program: Callable[..., Any],
    /,
    *,
    clock: str = "wall",
    seed: int = 0,
    timeout: float = 30.0,
    raises: bool = True,
    claim: Check | None = None,
    **arguments: Any,
) -> Run:
    """Run a coroutine function in an event loop of its own and return the log of what its tasks did at semaphores.

    The program is plain asyncio. Seen are `asyncio.Semaphore`, `BoundedSemaphore` and `sleep`, and `print`, under the
    names by which the function's module knows them; all else of asyncio runs as it is and is not in the log. The loop
    runs in a thread of its own, so that it may be called where a loop is running already, as in a notebook.

    Args:
        clock: "wall" (real seconds) or "virtual" (a clock that jumps: sleeping is free, the log always the same).
        seed: of the random numbers on the virtual clock. The order of the tasks is asyncio's own, on both clocks.
        timeout: seconds of the run's clock, and of real time, after which it is stopped.
        raises, claim, arguments: as in `semalab.record`.

    Raises:
        TypeError, ValueError: for bad arguments, before anything has started.

    >>> record_tasks(program, clock="virtual", tasks=10, initial=1).verdict
    'Mutual exclusion held: never more than 1 inside'
    """
    settings = RunSettings(clock=clock, seed=seed, timeout=timeout, claim=claim)
    settings.check(program, arguments)
    if not inspect.iscoroutinefunction(program):
        raise TypeError(f"program must be a coroutine function (async def), got {written(program)}; see semalab.record")
    run = run_tasks(program, arguments, settings)
    if raises and run.exception is not None:
        raise run.exception
    return run


def run_tasks(
    program: Callable[..., Any],
    arguments: dict[str, Any],
    settings: RunSettings,
) -> Run:
    """As `record_tasks`, but exceptions are kept in the run."""
    clock, seed, timeout = settings.clock, settings.seed, settings.timeout
    watched = {f"function_{i}": one for i, one in enumerate([program, *arguments.values()]) if inspect.isfunction(one)}
    bench = TaskBench(program, arguments, clock, timeout)
    with _one_at_a_time, stand_ins(program, bench, seed if clock == "virtual" else None):
        outer = run_threads(
            lambda **watched: bench.main(), watched, replace(settings, clock="wall", timeout=settings.seconds)
        )
    return bench.run(outer, settings)


class TaskBench:
    """What one run collects. Invariant: only the thread of the loop writes to `log`, and only between two awaits."""

    def __init__(self, program: Callable[..., Any], arguments: dict[str, Any], clock: str, timeout: float) -> None:
        self.program, self.arguments, self.clock, self.timeout = program, arguments, clock, timeout
        self.loop: Loop | None = None
        self.log = Log()
        self.stopped: Deadlock | Timeout | None = None
        self.result: Any = None
        self.duration = 0
        self._labels: dict[asyncio.Task[Any], str] = {}
        self._closed = False

    def main(self) -> None:
        """Runs in the run's own thread."""
        self.loop = loop = (VirtualLoop if self.clock == "virtual" else Loop)(self.timeout)
        try:
            loop.begins = self._begin
            loop.set_exception_handler(lambda loop, context: None)  # what is left undone is not this run's matter
            self._perform(loop)
        finally:
            self._closed = True
            self._leave(loop)
            loop.close()

    def _perform(self, loop: Loop) -> None:
        try:
            self.result = loop.run_until_complete(self.program(**self.arguments))
        except Idle:
            self.stopped = self.log.deadlock() or Timeout(
                self.timeout, self.clock, tuple(self.live), "every task waits for something that the lab does not see"
            )
        except TimeUp:
            self.stopped = Timeout(self.timeout, self.clock, tuple(self.live))
        finally:
            self.duration = loop.since()
        if self.stopped is None:
            self._end_the_others(loop)

    def _end_the_others(self, loop: Loop) -> None:
        """As `asyncio.run` does: what is not finished with the program is cancelled."""
        loop.begins = None
        _cancel(loop, [task for task in self._labels if not task.done()])
        loop.run_until_complete(asyncio.sleep(0))  # the last ends are told on the next round

    def _leave(self, loop: Loop) -> None:
        with suppress(Idle, TimeUp):  # who does not let itself be cancelled is left behind, and never runs again
            loop.limit = loop.time() - loop.origin + 1
            _cancel(loop, list(asyncio.all_tasks(loop)))

    @property
    def live(self) -> list[str]:
        return [label for task, label in self._labels.items() if not task.done()]

    def _begin(self, task: asyncio.Task[Any]) -> str:
        """The label of a task, which from now on takes part."""
        if task in self._labels or self._closed:
            return self._labels.get(task, "main")
        name = task.get_name()
        if not self._labels:
            name = "main"
        elif _UNNAMED.fullmatch(name):
            name = getattr(task.get_coro(), "__name__", "task")
        label = thread_labels([*self.log.actors, thread_label(name)])[-1]
        self._labels[task] = label
        self.log.start(self.now(), label)
        task.add_done_callback(lambda task: self.note(label, "end"))
        return label

    # what the stand-ins say
    def now(self) -> int:
        assert self.loop is not None
        return self.loop.since()

    def me(self) -> str:
        task = asyncio.current_task()
        return self._begin(task) if task is not None else "main"

    def note(self, actor: str, kind: str, key: int | None = None, amount: int = 0, line: int | None = None) -> None:
        if not self._closed:
            self.log.rows.append(Row(self.now(), actor, kind, key, amount, line))

    def line(self, place: tuple[CodeType | None, int]) -> int | None:
        code, instruction = place
        line = line_of(code, instruction) if code is not None else None
        if code is not None and line is not None:
            self.log.lines.append((code, line))
        return line

    def print(self, *values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, **rest: Any) -> None:
        if file is not None:
            print(*values, sep=sep, end=end, file=file, **rest)
            return
        text = (" " if sep is None else sep).join(map(str, values)) + ("\n" if end is None else end)
        me = self.me()
        self.note(me, "print", line=self.line(place()))
        self.log.printed.append(Printed(self.now(), me, text))

    def run(self, outer: Run, settings: RunSettings) -> Run:
        stopped = self.stopped or outer.stopped
        failed = outer.exception if self.stopped is None else None
        trace = self.log.trace(
            self.duration if self.clock == "virtual" or self.duration else round(outer.duration * 1e9)
        )
        return settings.run_of(
            self.program,
            self.arguments,
            trace,
            result=self.result,
            printed=tuple(self.log.printed),
            exception=failed,
            stopped=stopped,
            module="asyncio",
            source=self.log.source(code_of(self.program)),
        )


def _cancel(loop: Loop, tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel them, and let the loop run until they have taken it in."""
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
