"""Makes the twins of a run say what they are about to do before they do it: every operation is a point."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any

from semalab.engine.virtual import VirtualLock
from semalab.instrument import Made, Twins
from semalab.stepping import lives
from semalab.stepping.footprint import EVERYTHING, MADE, OUTPUT, READ, WRITE, Operation, thread_location
from semalab.stepping.libraries import HIDING, announce_library, hide
from semalab.stepping.processor import SteppingProcessor
from semalab.stepping.twins import before, function_before, note_identities, put, quicken, ticking

_frame = sys._getframe


def announce(twins: Twins, processor: SteppingProcessor) -> None:
    """Let every twin arrive at the processor before each of its operations."""
    twins.recorder.made = _InOrder(processor)
    twins.recorder.entrance = _entrances(twins, processor)  # type: ignore[method-assign]
    twins.told = functools.partial(announce_library, twins, processor)
    vars(twins.source)["_time"] = ticking(vars(twins.source)["_time"], processor)
    module = twins.module("threading")
    _locks(module, processor)
    _conditions(module, processor)
    _timers(module, processor)
    quicken(twins.source, processor)
    _lives(twins, module, processor)
    note_identities(twins, module, processor)
    _prints(twins, processor)
    hide(twins, processor)


class _InOrder(list[Made]):
    """The primitives of a run. Their keys count from 0: whoever makes one changes the names of later ones."""

    def __init__(self, processor: SteppingProcessor) -> None:
        super().__init__()
        self._processor = processor

    def append(self, one: Made) -> None:
        self._processor.come_upon(MADE, WRITE)
        super().append(one)


def _entrances(twins: Twins, processor: SteppingProcessor) -> Callable[..., Any]:
    made = twins.recorder.made
    kinds = {"Semaphore": _semaphore, "BoundedSemaphore": _semaphore, "SimpleQueue": _simple_queue}
    kinds |= dict.fromkeys(("Queue", "LifoQueue", "PriorityQueue"), _queue)
    kinds |= {**dict.fromkeys(HIDING, _hiding), "Tasks": _simple_queue}

    def entrance(key: int, read: Callable[[], int], lock: Any, enter: Entering) -> Entering:
        return kinds.get(made[key].kind, _other)(processor, made[key].kind, key, read, lock)

    return entrance


Entering = Callable[[], Any]


def _semaphore(processor: SteppingProcessor, kind: str, key: int, read: Callable[[], int], lock: Any) -> Entering:
    arrive = processor.arrive
    acquire = Operation("acquire", key, WRITE, read)
    attempt = Operation("acquire", key, WRITE)
    # A bounded semaphore refuses the release that comes too late.
    release = Operation("release", key, not processor.settings.releases_commute or kind == "BoundedSemaphore")

    # A method of the program's own class: what it waits for, if for anything, is its own affair.
    own = Operation("enter", key, WRITE, lambda: not lock.locked())

    enter = lock.__enter__

    def enter_semaphore() -> Any:
        frame = _frame(1)
        if id(frame.f_globals) in processor.program:
            arrive(own)
        elif frame.f_code.co_name != "acquire":
            arrive(release)
        else:
            seen = frame.f_locals
            arrive(acquire if seen["blocking"] and seen["timeout"] is None else attempt)
        return enter()

    return enter_semaphore


def _simple_queue(processor: SteppingProcessor, kind: str, key: int, read: Callable[[], int], lock: Any) -> Entering:
    """What puts an item in has arrived before it did."""
    get, attempt = Operation("get", key, WRITE, read), Operation("get", key, WRITE)
    hiding = kind in HIDING

    enter = lock.__enter__

    def enter_queue() -> Any:
        frame = _frame(1)
        if frame.f_code.co_name == "acquire":
            seen = frame.f_locals
            processor.arrive(get if seen["blocking"] and seen["timeout"] is None else attempt)
            if hiding:
                processor.go_inside()
        return enter()

    return enter_queue


def _queue(processor: SteppingProcessor, kind: str, key: int, read: Callable[[], int], lock: Any) -> Entering:
    """The program's own code may run inside: comparisons, a derived class. So whoever comes may have to wait for it."""

    plain = getattr(read, "__module__", None) == "queue"  # else it is the program's code, which has steps of its own

    def may(queue: Any, method: str) -> bool:
        if lock.locked() or not plain:
            return not lock.locked()
        if method == "get":
            return bool(queue._qsize() or getattr(queue, "is_shutdown", False))
        return bool(not 0 < queue.maxsize <= queue._qsize() or getattr(queue, "is_shutdown", False))

    enter = lock.__enter__

    def enter_queue() -> Any:
        frame = _frame(1)
        method, seen = frame.f_code.co_name, frame.f_locals
        if method not in ("put", "get"):
            processor.arrive(Operation("enter", key, WRITE, lambda: not lock.locked()))
        elif seen["block"] and seen["timeout"] is None:
            processor.arrive(Operation(method, key, WRITE, lambda: may(seen["self"], method)))
        else:
            processor.arrive(Operation(method, key, WRITE, lambda: not lock.locked()))
        return enter()

    return enter_queue


def _hiding(processor: SteppingProcessor, kind: str, key: int, read: Callable[[], int], lock: Any) -> Entering:
    operation = Operation("enter", key, WRITE)

    enter = lock.__enter__

    def enter_hidden() -> Any:
        processor.arrive(operation)
        processor.go_inside()
        return enter()

    return enter_hidden


def _other(processor: SteppingProcessor, kind: str, key: int, read: Callable[[], int], lock: Any) -> Entering:
    """Events and barriers; a barrier's action, the program's code, runs inside."""
    operation = Operation("enter", key, WRITE, (lambda: not lock.held) if isinstance(lock, VirtualLock) else None)

    enter = lock.__enter__

    def enter_other() -> Any:
        processor.arrive(operation)
        return enter()

    return enter_other


def _locks(module: types.ModuleType, processor: SteppingProcessor) -> None:
    lock, arrive = module.Lock, processor.arrive
    acquire, release, locked, watch = lock.acquire, lock.release, lock.locked, lock._watch

    def stepping_watch(self: Any, *how: Any, **named: Any) -> None:
        watch(self, *how, **named)
        key, inner = self._key, self._lock  # what is made of the lock itself would keep it alive
        may = (lambda: not inner.held) if isinstance(inner, VirtualLock) else None
        kinds = (("acquire", may), ("acquire", None), ("release", None))
        self._operations = [Operation(kind, key, WRITE, it) for kind, it in kinds]

    def arriving_acquire(self: Any, blocking: bool = True, timeout: float = -1) -> bool:
        arrive(self._operations[0 if blocking and timeout == -1 else 1])
        return bool(acquire(self, blocking, timeout))

    def arriving_release(self: Any) -> None:
        arrive(self._operations[2])
        release(self)

    def arriving_exit(self: Any, *exc: object) -> None:
        arrive(self._operations[2])
        release(self)

    def arriving_locked(self: Any) -> bool:
        arrive(Operation("look", self._key, READ))
        return bool(locked(self))

    put(lock, acquire=arriving_acquire, release=arriving_release, locked=arriving_locked, _watch=stepping_watch)
    lock.__enter__, lock.__exit__ = lock.acquire, arriving_exit


def _conditions(module: types.ModuleType, processor: SteppingProcessor) -> None:
    """A condition's lock already orders whoever waits and notifies: those are no points of their own."""
    condition, event, barrier = (vars(module)[name] for name in ("Condition", "Event", "Barrier"))

    def touch(self: Any) -> None:
        processor.touch_if_inside(self._key, WRITE)
        if isinstance(self._lock, module.Lock):  # held by anybody, it lets everybody in
            processor.touch_if_inside(self._lock._key, READ)

    notify = condition.notify

    def stepping_notify(self: Any, n: int = 1) -> None:
        touch(self)
        notify(self, n)
        processor.acted = True

    before(condition, "wait", touch)
    put(condition, notify=stepping_notify)
    before(event, "is_set", lambda self: processor.arrive(Operation("look", self._cond.key, READ)))
    for name in ("n_waiting", "broken"):
        seen = getattr(barrier, name).fget
        setattr(barrier, name, property(_looking(seen, processor)))


def _looking(seen: Callable[[Any], Any], processor: SteppingProcessor) -> Callable[[Any], Any]:
    def look(self: Any) -> Any:
        processor.arrive(Operation("look", self._cond.key, READ))
        return seen(self)

    return look


def _timers(module: types.ModuleType, processor: SteppingProcessor) -> None:
    """The moment that a timer waits for: whether it has come or was cancelled can be asked for."""
    moment = module.Timer._moment
    before(moment, "is_set", lambda self: processor.arrive(Operation("check", EVERYTHING, WRITE)))
    for name in ("wait", "set"):
        before(moment, name, lambda self: processor.touch_if_inside(EVERYTHING, WRITE))
    before(module.Timer, "cancel", lambda self: processor.arrive(Operation("cancel", EVERYTHING, WRITE)))


def _lives(twins: Twins, module: types.ModuleType, processor: SteppingProcessor) -> None:
    """Starts, joins and ends are steps of their own only if the program can tell when they happened."""
    thread: Any = twins.source.Thread
    looked = Operation("ask", EVERYTHING, WRITE)
    start, join, is_alive = thread.start, thread.join, thread.is_alive

    def stepping_start(self: Any) -> None:
        processor.lives_matter |= bool(self.daemon)  # the process does not wait for it
        lives.start(processor, start, self)

    def stepping_join(self: Any, timeout: float | None = None) -> None:
        if timeout is not None:
            processor.look_at_lives(looked)
            join(self, timeout)
            return
        other = getattr(self, "_program_thread", None)
        lives.look_for(processor, other)
        if other is None:  # it was not started yet, and join tells so
            processor.look_at_lives(looked)
            other = getattr(self, "_program_thread", None)
        lives.join(processor, join, self, other)

    def stepping_is_alive(self: Any) -> bool:
        other = getattr(self, "_program_thread", None)
        if not processor.is_waiting() and not lives.knows_ended(processor, other):
            # Nothing but its end changes the answer, once it was started: who asks again and again writes nothing.
            # Whether it was, the step before has to tell: of one state there is one footprint of what comes next.
            lives.look_for(processor, other)
            processor.look_at_lives(looked if other is None else Operation("ask", thread_location(other.number), READ))
        return bool(is_alive(self))

    before(thread, "__init__", lambda self: processor.come_upon(MADE, WRITE))  # which may count threads, to name it
    put(thread, start=stepping_start, join=stepping_join, is_alive=stepping_is_alive)
    for name in ("enumerate", "active_count", "activeCount"):
        module.__dict__[name] = function_before(vars(module)[name], lambda: processor.look_at_lives(looked))
    before(twins.source.Timer, "cancel", lambda self: processor.arrive(Operation("cancel", EVERYTHING, WRITE)))


def _prints(twins: Twins, processor: SteppingProcessor) -> None:
    prints = Operation("print", OUTPUT, WRITE)
    streams = twins.streams
    out, real, take = streams.out, streams.print, streams.out._take

    @functools.wraps(real)
    def stepping_print(*values: object, file: Any = None, **how: Any) -> None:
        if (sys.stdout if file is None else file) is out:
            processor.arrive(prints)
            if processor.watch is not None:
                processor.watch.show(values)
        real(*values, file=file, **how)

    def stepping_take(text: str) -> None:
        processor.arrive(prints)
        take(text)

    streams.print = stepping_print  # type: ignore[method-assign]
    out._take = stepping_take
