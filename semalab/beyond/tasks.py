"""Coroutines on the bench: what asyncio's semaphores do, recorded from between two awaits, where nobody else runs."""

from __future__ import annotations

import asyncio
import gc
import inspect
import re
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from types import FrameType
from typing import Any

from semalab.analysis.claims import Check
from semalab.analysis.decode import Printed
from semalab.bench import Bench
from semalab.beyond.adapter_log import Log, Row, SemaphoreLabel, place
from semalab.beyond.loops import SLICE, Idle, Loop, NotRuled, TimeUp, VirtualLoop
from semalab.beyond.primitives import CLASSES, Primitives
from semalab.engine import Stop, WallProcessor
from semalab.engine.processor import MOST_EVENTS
from semalab.engine.stopwatch import Idle as Computing
from semalab.engine.uncaught import status_of
from semalab.instrument import Twins
from semalab.instrument.naming import line_of, thread_label, thread_labels
from semalab.log.event import OUTSIDE, POOLED, QUEUES, Primitive
from semalab.log.excerpt import cut, written
from semalab.log.stops import Deadlock, There, Timeout, Wait, not_ended, several_of, time_up
from semalab.run import Run
from semalab.settings import Program, RunSettings, code_of

_UNNAMED = re.compile(r"Task-\d+")  # nobody gave it a name: it says nothing
_TASK = "asyncio.Task"
_NAME = 80  # of the name of a class of exceptions
_LINKS = 3  # references from a callback of a task to the future that somebody waits in for its end


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

    The program is plain asyncio. Watched are `asyncio.Semaphore`, `BoundedSemaphore`, `Lock` and `sleep`, and `print`,
    wherever they are kept, and whenever they were made; other primitives that the program uses are in `Run.unseen`.
    The loop runs in a thread of its own, so that it may be called where a loop is running already, as in a notebook;
    what runs in that one meanwhile is not touched.

    Args:
        clock: "wall" (real seconds) or "virtual" (a clock that jumps: sleeping is free, the log always the same).
        seed: of the random numbers on the virtual clock. The order of the tasks is asyncio's own, on both clocks.
        timeout: seconds of the run's clock, and of real time, after which it is stopped.
        raises, claim, arguments: as in `semalab.record`.

    Returns:
        The run, as `semalab.record` gives it.

    Raises:
        TypeError, ValueError: for bad arguments, before anything has started.

    >>> record_tasks(program, clock="virtual", tasks=10, initial=1).verdict
    'Mutual exclusion held: never more than 1 inside'
    """
    settings = RunSettings(clock=clock, seed=seed, timeout=timeout, claim=claim)
    settings.check(program, arguments)
    run = run_tasks(program, arguments, settings)
    if raises and run.exception is not None:
        raise run.exception
    return run


def run_tasks(program: Program, arguments: dict[str, Any], settings: RunSettings) -> Run:
    """As `record_tasks`, but exceptions are kept in the run."""
    bench = TaskBench(program, arguments, settings)
    bench.supervise()
    return bench.run()


class _LoopsProcessor(WallProcessor):
    """The threads of a run whose loop has a clock of its own, which jumps."""

    def stopwatch(self) -> Computing:
        """As for threads on the virtual clock: only what is computed counts, and a busy machine stops no run."""
        return Computing(self.tick)


class TaskBench(Bench):
    """What one run of tasks collects, in a loop that runs in the run's main thread.

    Invariant: only the thread of the loop writes to `log`, and only between two awaits; apart from prints, which any
    thread of the run may make. `_labels` has a row's label for each task and thread that takes part.
    """

    def __init__(self, program: Program, arguments: dict[str, Any], settings: RunSettings) -> None:
        virtual = settings.clock == "virtual"
        super().__init__(_LoopsProcessor() if virtual else WallProcessor(), program, arguments, settings)
        self.log = Log()
        self._loop: Loop | None = None
        self._primitives = Primitives(self)
        self._stopped: Deadlock | Timeout | None = None
        self._duration = 0
        self._labels: dict[Any, str] = {}
        self._waits: dict[str, Wait] = {}  # what tasks wait for that has no rows
        self._noticed: dict[str, None] = {}
        self._closed = False

    def make_twins(self) -> Twins:
        twins = super().make_twins()
        if self.settings.clock == "virtual":  # though its threads, if it starts some, are real ones
            twins.seeded = twins.unruled.rules = True
            twins.now = self._loops_time
        twins.streams.taken = self._printed
        twins.elsewhere = CLASSES
        return twins

    def prepare(self) -> None:
        super().prepare()
        self._primitives.watch()

    def settle(self) -> None:
        self._primitives.leave()
        super().settle()

    def _play(self) -> Any:
        """Runs in the run's own thread, in the context of whoever called."""
        virtual = self.settings.clock == "virtual"
        self._loop = loop = (VirtualLoop if virtual else Loop)(self.settings.timeout)
        try:
            loop.begins, loop.sleeps, loop.reached = self._begin, self._sleeps, self._reached
            loop.interrupted, loop.due, loop.caught_up = self._interrupted, self._due, self._caught_up
            loop.set_exception_handler(lambda loop, context: None)  # what is left undone is not this run's matter
            return self._to_its_end(loop)
        finally:
            self._closed = True
            try:
                self._leave(loop)
            finally:  # a run that is stopped does not let it run once more
                loop.close()

    def _to_its_end(self, loop: Loop) -> Any:
        result = None
        try:
            result = loop.run_until_complete(_coroutine(self.program(**self.arguments)))
        except Idle:
            self._stopped = self.log.deadlock(_TASK, self._others()) or self._timeout(
                "every task waits for something that the lab does not see"
            )
        except NotRuled as found:
            self._stopped = self._timeout(
                f"the virtual clock does not rule {several_of(tuple(found.others))}, which takes part; use clock='wall'"
            )
        except TimeUp:
            full = len(self.log.rows) >= MOST_EVENTS
            self._stopped = self._timeout(
                f"the program had written {len(self.log.rows):,} events and was still going" if full else ""
            )
        except SystemExit as error:  # it comes out of the loop before anybody is told that the task has ended
            if status_of(error) == 0 and not isinstance(error, Stop):
                self._end_the_others(loop)
            raise
        finally:
            self._duration = loop.since()
        if self._stopped is None:
            self._end_the_others(loop)
        return result

    def _timeout(self, reason: str) -> Timeout:
        reason = reason or not_ended(self.settings.timeout, self._there(), "tasks")
        stopped = Timeout(self.settings.timeout, self.settings.clock, tuple(self.live), reason)
        main = next((task for task in self._tasks if self._labels[task] == "main"), None)
        awaited = self._awaited(main) if main is not None else None
        return replace(stopped, reason=f"{stopped}; main waits for {awaited} to end") if awaited else stopped

    def _there(self) -> list[There]:
        """The tasks that have not ended, and where they are in the program; main last, since it waits for the others"""
        tasks = sorted(self._tasks, key=lambda task: self._labels[task] == "main")
        return [There(self._labels[task], self._place(task)) for task in tasks]

    def _place(self, task: asyncio.Task[Any]) -> tuple[str, int] | None:
        inside = [frame for frame in _frames(task) if id(frame.f_globals) in self.processor.program]
        return (inside[-1].f_code.co_name, inside[-1].f_lineno) if inside else None

    def _end_the_others(self, loop: Loop) -> None:
        """As `asyncio.run` does: what is not finished with the program is cancelled, and its threads are waited for."""
        loop.begins = None
        _cancel(loop, self._tasks)
        loop.run_until_complete(asyncio.sleep(0))  # the last ends are told on the next round
        if loop.pool is not None:
            self._await_threads(loop.pool)

    def _await_threads(self, pool: Any) -> None:
        """In slices: asyncio's own way to do it is a wait that nobody could end."""
        pool.shutdown(wait=False)
        for thread in list(getattr(pool, "_threads", ())):
            try:
                while thread.is_alive():
                    if self.processor.stopping:
                        raise Stop
                    self._interrupted()
                    thread.join(SLICE)
            except Stop:  # from above, or sent
                told = time_up(self.settings.timeout)
                self._stopped = self._timeout(f"{told}; the thread {thread.name} of its event loop was at work")
                raise

    def _leave(self, loop: Loop) -> None:
        with suppress(
            Idle, TimeUp, NotRuled
        ):  # who does not let itself be cancelled is left behind, and never runs again
            loop.limit = loop.time() - loop.origin + 1
            _cancel(loop, list(asyncio.all_tasks(loop)))

    @property
    def _tasks(self) -> list[asyncio.Task[Any]]:
        """Those that have not ended."""
        return [one for one in self._labels if isinstance(one, asyncio.Task) and not one.done()]

    @property
    def live(self) -> list[str]:
        return [self._labels[task] for task in self._tasks]

    def _begin(self, task: asyncio.Task[Any]) -> str:
        """The label of a task, which from now on takes part."""
        if task in self._labels or self._closed:
            return self._labels.get(task, "main")
        name = task.get_name()
        if not self._labels:
            name = "main"
        elif _UNNAMED.fullmatch(name):
            name = getattr(task.get_coro(), "__name__", "task")
        label = self._enter(task, name)
        task.add_done_callback(lambda task: self.note(label, "end"))
        return label

    def _enter(self, one: Any, name: str) -> str:
        label = thread_labels([*self.log.actors, thread_label(name)])[-1]
        self._labels[one] = label
        self.log.start(self.now(), label)
        return label

    # what the primitives and the loop say
    def inside(self) -> bool:
        return self._loop is not None and asyncio._get_running_loop() is self._loop and not self._closed

    def beside(self) -> bool:
        """True in another event loop than the run's, in a thread that the run has started."""
        if self._closed or asyncio._get_running_loop() in (None, self._loop):
            return False
        return self.processor.current() is not None or self.processor.foreigners.descends()

    def _loops_time(self) -> int:
        """What `time` shows: the same as the loop."""
        return round(self._loop.time() * 1e9) if self._loop is not None else 0

    def now(self) -> int:
        return self._loop.since() if self._loop is not None else 0

    def me(self) -> str:
        task = asyncio.current_task() if self.inside() else None
        if task is not None:
            return self._begin(task)
        if not self._labels:  # before the loop runs: what calls the coroutine function is the program's main, too
            return "main"
        who = self.processor.current() if not self.inside() else None  # a callback of the loop is no task
        return self._labels.get(who) or self._enter(who, OUTSIDE if who is None or not who.number else who.name)

    def here(self) -> tuple[str, int | None]:
        return self.me(), self._line()

    def note(self, actor: str, kind: str, key: int | None = None, amount: int = 0, line: int | None = None) -> None:
        if self._closed or self.processor.stopping:
            return
        self.log.rows.append(Row(self.now(), actor, kind, key, amount, line))
        if len(self.log.rows) >= MOST_EVENTS and self._loop is not None:
            self._loop.limit = -1.0  # its time is up

    def made(self, semaphore: SemaphoreLabel) -> int:
        self.log.made.append(semaphore)
        return len(self.log.made) - 1

    def noticed(self, name: str, kind: str) -> str:
        """The program uses what is not watched."""
        label = name or kind
        self._noticed[f"`{label}` ({kind})" if name else f"`{kind}`"] = None
        return label

    def waits(self, wait: Wait) -> None:
        self._waits[wait.thread] = wait

    def goes_on(self, actor: str) -> None:
        self._waits.pop(actor, None)

    def frames(self) -> Iterator[FrameType]:
        for task in self._tasks:
            yield from _frames(task)

    def _line(self) -> int | None:
        code, instruction = place()
        line = line_of(code, instruction) if code is not None else None
        if code is not None and line is not None:
            self.log.lines.append((code, line))
        return line

    def _sleeps(self, seconds: float, end: asyncio.Future[Any]) -> None:
        if not self.inside() or asyncio.current_task() is None:
            return
        me, line = self.here()
        self.note(me, "sleep", amount=round(seconds * 1e9), line=line)
        end.add_done_callback(lambda end: self.note(me, "wake", line=line))  # the sleeper's own comes right after it

    def _printed(self, text: str) -> None:
        me, line = self.here()
        self.note(me, "print", line=line)
        if self.log.rows and self.log.rows[-1].kind == "print":
            self.log.printed.append(Printed(self.log.rows[-1].time, me, text))

    def _reached(self) -> bool:
        """True if threads or handlers of signals may yet call into the loop: the program's, or whoever can reach it."""
        processor = self.processor
        return len(processor.live) > 1 or processor.starting > 0 or processor.others_reach([self._loop])

    def _interrupted(self) -> None:
        me = self.processor.current()
        if me is not None and not self._closed:
            me.surrender()

    def _due(self) -> list[str]:
        return [*self.processor.signals.due(self.processor.program), *self._at_work()]

    def _at_work(self) -> list[str]:
        """The run's other threads that could go on: what they are at takes real seconds. Those of the loop's own pool
        stay there when they have done what they were given.
        """
        me, loop = self.processor.current(), self._loop
        own = [
            one for one in list(self.processor.live.values()) if one is not me and (one.waits_in is None or one.timed)
        ]
        idle = getattr(loop.pool, "_threads", ()) if loop is not None and not loop.handed else ()
        others = [one for one in self.processor.foreigners.descendants() if not one.blocked and one.thread not in idle]
        return [*(f"the thread {one.name}" for one in own), *(one.description for one in others)]

    def _caught_up(self) -> None:
        """Who waits for the run's end takes the signals: once that thread answers, those that were sent are noted."""
        self.processor.ask(bool)

    def _others(self) -> dict[str, Wait]:
        """What tasks wait for that are not at a semaphore: what has no rows, or each other's ends."""
        waits = dict(self._waits)
        for task in self._tasks:
            if (label := self._labels[task]) not in waits and (awaited := self._awaited(task)) is not None:
                waits[label] = Wait(label, awaited, _TASK)
        return waits

    def _awaited(self, task: asyncio.Task[Any]) -> str | None:
        """The label of the task that this one waits for."""
        future = task._fut_waiter  # type: ignore[attr-defined]
        if future is None or (isinstance(future, asyncio.Task) and future in self._labels):
            return self._labels.get(future)
        for other in self._tasks:
            own = [callback for callback, _ in other._callbacks or ()]
            if _leads_to(own, future):
                return self._labels[other]
        return None

    def _unretrieved(self) -> Iterator[str]:
        """Tasks that raised what nobody has asked them for: of these Python only says so, once they are gone."""
        for task, label in self._labels.items():
            if isinstance(task, asyncio.Task) and getattr(task, "_log_traceback", False):
                error = task._exception  # to ask for it would be to retrieve it
                yield f"{label} ended with {cut(type(error).__name__, _NAME)}, which nobody retrieved"

    @property
    def events(self) -> int:
        return len(self.log.rows)

    def run_so_far(self) -> Run:
        log = self.log.so_far()
        trace = log.trace(self.now())
        settings = replace(self.settings, claim=None)  # no verdict before the end
        return settings.run_of(self.program, self.arguments, trace, printed=tuple(log.printed), module="asyncio")

    def run(self) -> Run:
        outer = super().run()  # of the thread in which the loop ran, and of those that the program started
        if not self.log.actors:
            self.log.start(0, "main")
        virtual = self.settings.clock == "virtual"
        trace = self.log.trace(self._duration if virtual or self._duration else round(outer.duration * 1e9))
        used = {event.primitive for event in outer.trace}
        threads = _called([one for one in outer.trace.primitives.values() if one.label in used])
        return replace(
            outer,
            trace=trace,
            duration=trace.duration / 1e9,
            printed=tuple(self.log.printed),
            exception=outer.exception if self._stopped is None else None,
            stopped=self._stopped or outer.stopped,
            schedule=None,
            cost=None,
            unseen=(*self._noticed, *threads, *outer.unseen),
            died=(*outer.died, *self._unretrieved()),
            module="asyncio",
            source=self.log.source(code_of(self.program)),
        )


def _frames(task: asyncio.Task[Any]) -> Iterator[FrameType]:
    """Those of a task's coroutine and of what that awaits, from the outermost to the innermost."""
    coroutine: Any = task.get_coro()
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        yield frame
        coroutine = coroutine.cr_await


def _called(threads: list[Primitive]) -> list[str]:
    """What is said of primitives that are not asyncio's. Of a pool of threads the pool itself, and not its parts."""
    pooled = any(one.kind == "Tasks" for one in threads)
    called: dict[str, None] = {}
    for label, kind, _ in threads:
        if kind == "Tasks":
            pool = label.partition("'s ")[0]
            called[f"`{pool}` (a pool of threads)"] = None
        elif kind not in POOLED:
            called[f"`{label}` ({'queue' if kind in QUEUES else 'threading'}.{kind})"] = None
        elif kind == "Future" and not pooled:
            called[f"`{label}` (concurrent.futures.Future)"] = None
    return list(called)


def _coroutine(made: Any) -> Any:
    if not inspect.isawaitable(made):
        raise TypeError(f"program must be a coroutine function (async def), got one that returns {written(made)}")
    return made


def _leads_to(objects: list[Any], sought: Any) -> bool:
    """True if one of these objects refers to the one that is sought, directly or through a few others.

    Each is looked into once, and of a function only what it closes over: through its globals everything leads to
    everything, and the number of ways there has no end. A task that waits for this one too is no way to anybody.
    """
    seen: set[int] = set()
    for _ in range(_LINKS):
        ahead: list[Any] = []
        for one in objects:
            if id(one) not in seen and not isinstance(one, type | types.ModuleType | asyncio.Task):
                seen.add(id(one))
                within = one.__closure__ or () if isinstance(one, types.FunctionType) else gc.get_referents(one)
                ahead.extend(within)
        if any(one is sought for one in ahead):
            return True
        objects = ahead
    return False


def _cancel(loop: Loop, tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel them, and let the loop run until they have taken it in."""
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
