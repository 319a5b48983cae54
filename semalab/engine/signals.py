"""Handlers of signals while a run lasts: the thread that waits for its end calls them, and what they raise is main's.

In plain Python the main thread calls a handler, between two of its bytecodes, and what that raises rises there: out of
the wait it is in, for example. In a run the program's main thread is another than the process's.
"""

from __future__ import annotations

import _signal
import _thread
import dis
import functools
import signal
import threading
import types
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any

from semalab.engine.reachability import can_reach, is_a
from semalab.engine.thread import Stop

_ask: Callable[[int], Any] = _signal.getsignal  # a hundred times as fast as `signal`'s, which makes an enum of it
_left: Callable[[int], tuple[float, float]] | None = getattr(signal, "getitimer", None)
_RAISES = dis.opmap["RAISE_VARARGS"]
_CALLS = 3  # how deep among the functions that a handler names it is looked whether one of them raises

Raised = tuple[int, BaseException]  # the signal's number, and what its handler raised
Deliver = Callable[[Raised], None]


class Turn:
    """Handlers' turn: in plain Python the main thread goes on when they have returned, and so does the program's main.

    Invariant: `lock`, if there is one, is held while `depth` is not 0: a handler may be called within another. `over`
    counts the handlers that have returned, or raised what is delivered by then. changes: is told whether they are at
    work.
    """

    def __init__(self, changes: Callable[[bool], None]) -> None:
        self._changes = changes
        self.lock: Any = None
        self.depth = 0
        self.over = 0

    def __enter__(self) -> None:
        self.depth += 1
        if self.depth == 1:
            self._changes(True)
            if self.lock is not None:
                self.lock.acquire()

    def __exit__(self, *raised: object) -> None:
        if self.depth == 1:
            self._changes(False)  # first: with a depth of 0 main goes on
        self.depth -= 1
        if not self.depth and self.lock is not None:
            with suppress(RuntimeError):  # the run was stopped, and main let go
                self.lock.release()


class Guarded:
    """A handler of the program's in its place: what it raises is handed on.

    The user's interrupt goes its own way, unless it is the program's main thread that it is to interrupt.
    """

    __slots__ = ("_deliver", "_interrupts_main", "_turn", "handler")

    def __init__(self, handler: Callable[..., Any], deliver: Deliver, interrupts_main: bool, turn: Turn) -> None:
        self.handler = handler
        self._deliver = deliver
        self._interrupts_main = interrupts_main
        self._turn = turn

    def __call__(self, number: int, frame: types.FrameType | None) -> None:
        try:
            with self._turn:
                self.handler(number, frame)
        except Stop:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not self._interrupts_main:
                raise
            trace = error.__traceback__
            self._deliver((number, error.with_traceback(trace.tb_next if trace is not None else None)))
        finally:
            self._turn.over += 1


def unguarded(handler: Any) -> Any:
    """What the program knows it by."""
    return handler.handler if type(handler) is Guarded else handler


class Request:
    """A call that only the thread that waits for the run's end can make, for a thread of the run that waits for it.

    Invariant: `_answered` is held until the call has been made or refused, whatever came of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._result: Any = None
        self._error: BaseException | None = None
        self._answered = _thread.allocate_lock()
        self._answered.acquire()

    def make(self) -> None:
        """Called once, by the thread that was asked."""
        try:
            self._result = self._call()
        except Exception as error:
            self._error = error
        finally:
            self._answered.release()

    def refuse(self) -> None:
        """The run is over: whoever asked is stopped."""
        self._error = Stop()
        self._answered.release()

    def wait(self) -> Any:
        """Returns or raises what the call did."""
        self._answered.acquire()
        if self._error is not None:
            raise self._error
        return self._result


class Signals:
    """What the handlers of one run have raised, and who of them could still act.

    Invariant: `raised` is appended to by handlers, between any two bytecodes of the thread that supervises the run, and
    emptied by that thread. While `on`, every handler that is not the interrupt's own is a `Guarded` one. `_some` is set
    once there has been one: to ask the system for each signal takes as long as many a wait. `interrupts_main`: whoever
    interrupts means the program, and not the run.
    """

    def __init__(self, changes: Callable[[bool], None] = lambda at_work: None) -> None:
        """changes: see `Turn`."""
        self.raised: list[Raised] = []
        self.turn = Turn(changes)
        self.on = False
        self.interrupts_main = False
        self._some = False
        self._set_before = False  # the alarm, and not by the run

    def guard(self) -> None:
        """Called as the run begins; CPython lets only the process's main thread exchange handlers."""
        self._set_before = _armed()
        if threading.current_thread() is threading.main_thread():
            self.on = True
            for number, handler in _handlers():
                signal.signal(number, self.guarded(handler))

    def guarded(self, handler: Any) -> Any:
        """The handler as it is to be set in this run."""
        if not self.on or not callable(handler) or handler is signal.default_int_handler:
            return handler
        self._some = True
        return handler if is_a(handler, Guarded) else self._guard(handler)

    def _guard(self, handler: Callable[..., Any]) -> Guarded:
        return Guarded(handler, self.deliver, self.interrupts_main, self.turn)

    def deliver(self, raised: Raised) -> None:
        """Main is to meet what a handler has raised."""
        if not self.on:  # in a child process, or by somebody who has kept the guarded one
            raise raised[1]
        self.raised.append(raised)

    def restore(self) -> None:
        """Called by the thread that called `guard`, when nothing of the run is left."""
        if self.on:
            for number, handler in _handlers():
                if type(_ask(number)) is Guarded:
                    signal.signal(number, handler)
            self.on = self._some = False
        self.raised.clear()

    def interrupted(self) -> bool:
        """Whether the user's interrupt is among what the handlers have raised, where it no longer is then."""
        before = len(self.raised)
        self.raised[:] = [one for one in self.raised if not isinstance(one[1], KeyboardInterrupt)]
        return len(self.raised) < before

    def any(self) -> bool:
        """True if there may be a handler that is called while a thread waits."""
        return self.on and self._some

    def able(self, wanted: AbstractSet[int], program: AbstractSet[int]) -> list[str]:
        """The handlers that could still act on one of the wanted objects, or make main give up its wait, in words.

        program: identities of its namespaces. What a handler of the program's raises rises in main, whatever that waits
        for; so may what that of an alarm which the run has set does.
        """
        alarm = _armed()
        return [
            _description(number)
            for number, handler in _handlers()
            if can_reach([handler], wanted)
            or (alarm and number == signal.SIGALRM and self._acts(handler, program))
            or (can_reach([handler], frozenset(), program) and _raises(handler, program))
        ]

    def due(self, program: AbstractSet[int]) -> list[str]:
        """The handler of the process's alarm, if it is set and the run's matter: it will act, and in real seconds."""
        if not _armed():
            return []
        return [_description(n) for n, handler in _handlers() if n == signal.SIGALRM and self._acts(handler, program)]

    def _acts(self, handler: Callable[..., Any], program: AbstractSet[int]) -> bool:
        """Whose alarm was set before the run is somebody else's, unless its handler leads to the program."""
        return not self._set_before or can_reach([handler], frozenset(), program)

    def told(self) -> tuple[str, ...]:
        """The handlers that have raised."""
        return tuple(dict.fromkeys(_description(number) for number, _ in self.raised))


def _armed() -> bool:
    return _left is not None and _left(signal.ITIMER_REAL)[0] > 0


def _handlers() -> Iterator[tuple[int, Callable[..., Any]]]:
    """The signals that a function of somebody's is called for; an interrupt is the learner's own."""
    for number in range(1, signal.NSIG):
        handler = _ask(number)
        if callable(handler) and (handler := unguarded(handler)) is not signal.default_int_handler:
            yield number, handler


def signal_name(number: int) -> str:
    """SIGALRM, or `signal 35` for one without a name."""
    return signal.Signals(number).name if number in signal.Signals.__members__.values() else f"signal {number}"


def _description(number: int) -> str:
    return f"the handler of {signal_name(number)}"


def _raises(handler: Any, program: AbstractSet[int]) -> bool:
    """True if the handler, or a function of the program's that it names, has a `raise`."""
    while is_a(handler, functools.partial):
        handler = handler.func
    function = getattr(handler, "__func__", handler)  # of a method
    if not is_a(function, types.FunctionType):
        function = vars(type(handler)).get("__call__")
    ahead = [function] if is_a(function, types.FunctionType) else []
    for _ in range(_CALLS):
        if any(_has_raise(one.__code__) for one in ahead):
            return True
        named = (one.__globals__.get(name) for one in ahead for name in one.__code__.co_names)
        ahead = [one for one in named if is_a(one, types.FunctionType) and id(one.__globals__) in program]
    return False


def _has_raise(code: types.CodeType) -> bool:
    return _RAISES in code.co_code[::2]
