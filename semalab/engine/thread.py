"""What the engine knows of one thread of the program; and `Stop`, by which it is ended from outside."""

from __future__ import annotations

import ctypes
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from types import FrameType
from typing import Any, NamedTuple

from semalab.engine.carrier import Carrier
from semalab.engine.foreign import Foreign
from semalab.engine.interpreter import current_frames

_set_async_exc = ctypes.pythonapi["PyThreadState_SetAsyncExc"]  # one of our own: programs use the one by that name
_set_async_exc.argtypes = (ctypes.c_ulong, ctypes.py_object)


class Stop(SystemExit):
    """Stops a thread: an exception that `except Exception` does not catch, sent from outside.

    Unwinds one thread of a stopped run. Programs never see it named: the run catches it.

    A SystemExit, because it may rise in the last bytecodes of a thread, where nobody can catch it any more, and the
    interpreter then ends the thread without a word.
    """


def send_stop(ident: int) -> None:
    """Make Stop rise in the thread with this identifier, between two of its bytecodes."""
    send(ident, Stop)


def send(ident: int, kind: type[BaseException]) -> None:
    """As `send_stop`, of another exception. One that has been sent before and has not risen is forgotten."""
    _set_async_exc(ident, kind)


class ProgramThread:
    """One thread of the program.

    Invariants: `number` counts starts in the run (0 is the main thread). `blocks` changes whenever the thread begins
    or ends a wait, so that two equal readings of it with `waits_in` set mean: it slept in between.
    `gate` is held while the thread may not run on; whoever releases it lets the thread go. An exception is sent only
    while `stoppable`, and `told` is set before: `mailbox` guards the two, and `raised` with what it does to the gate.
    """

    __slots__ = (
        "blocks",
        "carrier",
        "daemon",
        "farewell",
        "gate",
        "ident",
        "intent",
        "mailbox",
        "name",
        "number",
        "origin",
        "raised",
        "sent",
        "stoppable",
        "timed",
        "token",
        "told",
        "waits_in",
    )

    def __init__(self, number: int, name: str, daemon: bool) -> None:
        self.number = number
        self.name = name
        self.daemon = daemon
        self.origin: Place | None = None  # where in the program it was started: function, line
        self.ident = 0  # what the program sees and the log says
        self.carrier: Carrier | None = None
        self.gate = allocate_lock()
        self.gate.acquire()
        self.farewell: Any = None  # the lock that join() waits for
        self.waits_in: Any = None  # the low-level lock it is blocked in
        self.timed = False
        self.blocks = 0
        self.intent: int | None = None  # the key of the primitive it waits for
        self.token = 0  # identifies its present wait to timers
        self.mailbox = allocate_lock()
        self.stoppable = False
        self.told = False
        self.raised: BaseException | None = None  # by a signal's handler: it is to rise in this thread
        self.sent: BaseException | None = None  # the same, once it is on its way and has not risen

    @property
    def alive(self) -> bool:
        return self.carrier is not None and self.carrier.is_alive()

    @property
    def frame(self) -> FrameType | None:
        """The innermost frame, of a thread that has not ended."""
        return current_frames().get(self.carrier.ident) if self.carrier is not None else None

    def send_stop(self, within: AbstractSet[int] | None = None) -> None:
        """Make Stop rise in the program's code of this thread; never once that code has ended.

        within: identities of namespaces; if given, the thread is told only while it is in code of one of them.
        """
        with self.mailbox:
            if not self.stoppable or self.carrier is None:
                return
            ident = self.carrier.ident
            if within is not None:  # looked at last of all: the less can happen before it is told
                frame = current_frames().get(ident)
                if frame is None or id(frame.f_globals) not in within:
                    return
            self.told = True
            send_stop(ident)

    def interrupt(self, error: BaseException) -> None:
        """Let what a signal's handler has raised rise in this thread: as soon as it can, and once."""
        with self.mailbox:
            self.raised = error
            if self.gate.locked():  # it may be asleep
                self.gate.release()

    def surrender(self) -> None:
        """Called by the thread itself, where it may wait: raise what a handler has raised."""
        if self.raised is not None:
            with self.mailbox:
                error, self.raised = self.raised, None
                self.gate.acquire(False)  # if it was not asleep
            if error is not None:
                raise error

    def raise_here(self, may_rise_in: Callable[[FrameType], bool]) -> None:
        """Let it rise between two bytecodes, if it may rise where the thread is just now.

        In the lab the thread surrenders itself.
        """
        with self.mailbox:
            if not self.stoppable or self.raised is None or self.carrier is None:
                return
            ident = self.carrier.ident
            frame = current_frames().get(ident)
            if frame is None or not may_rise_in(frame):
                return
            self.sent, self.raised = self.raised, None
            self.gate.acquire(False)
            self.told = True
            send(ident, self._rising(self.sent))

    def _rising(self, error: BaseException) -> type[BaseException]:
        """A class that stands for it: CPython takes no exception that is made already, and makes this one by a call."""
        thread = self

        class Rising(BaseException):
            def __new__(cls) -> Any:
                thread.sent = None
                return error

        return Rising

    @property
    def owed(self) -> BaseException | None:
        """What should have risen in this thread, which has ended."""
        return self.raised or self.sent

    def depart(self) -> None:
        """Called by the thread itself when its program code has ended: nothing that was sent rises after this returns.

        What was sent and has not risen must rise and be caught here. Taken back instead, it would leave CPython up to
        3.12 on the alert for ever: every bytecode slower, and a loop without end under a debugger.
        """
        while self.stoppable or self.told:
            try:
                with self.mailbox:
                    self.stoppable = False
                while self.told:
                    send_stop(get_ident())
            except BaseException:  # Stop, or what a signal's handler has raised
                self.told = self.stoppable


class Inside(NamedTuple):
    """The lock inside a primitive that a program can take by itself; key: the primitive's."""

    key: int


Topic = Inside | ProgramThread | str  # a primitive's inner lock, a thread, the name of one that is not of the run
Subject = int | Topic | None  # or a primitive's key


Place = tuple[str, int]  # name of a function of the program, line


class Stuck(NamedTuple):
    """A thread that lived when the run was stopped, or one that is not of the run and waited.

    subject: what it waited for. at: where it was in the program, as far as somebody looked and it was there.
    """

    thread: ProgramThread | Foreign
    subject: Subject
    at: Place | None = None


def subject_of(thread: ProgramThread | Foreign) -> Subject:
    """What the thread waits for."""
    if thread.waits_in is None:
        return None
    return thread.intent if thread.intent is not None else thread.waits_in.topic
