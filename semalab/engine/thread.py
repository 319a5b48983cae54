"""What the engine knows of one thread of the program."""

from __future__ import annotations

from _thread import allocate_lock, get_ident
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from semalab.engine.carrier import Carrier
from semalab.engine.foreign import Foreign
from semalab.engine.frames import current_frames
from semalab.engine.stop import Stop, send_stop


class ProgramThread:
    """One thread of the program.

    Invariants: `number` counts starts in the run (0 is the main thread). `blocks` changes whenever the thread begins
    or ends a wait, so that two equal readings of it with `waits_in` set mean: it slept in between.
    `gate` is held while the thread may not run on; whoever releases it lets the thread go. A Stop is sent only while
    `stoppable`, and `told` is set before: `mailbox` guards the two.
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
        self.origin: tuple[str, int] | None = None  # where in the program it was started: function, line
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

    @property
    def alive(self) -> bool:
        return self.carrier is not None and self.carrier.is_alive()

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

    def depart(self) -> None:
        """Called by the thread itself when its program code has ended: no Stop rises after this returns.

        What was sent and has not risen must rise and be caught here. Taken back instead, it would leave CPython up to
        3.12 on the alert for ever: every bytecode slower, and a loop without end under a debugger.
        """
        while self.stoppable or self.told:
            try:
                with self.mailbox:
                    self.stoppable = False
                while self.told:
                    send_stop(get_ident())
            except Stop:
                self.told = self.stoppable


class Inside(NamedTuple):
    """The lock inside a primitive that a program can take by itself; key: the primitive's."""

    key: int


Subject = int | Inside | ProgramThread | None  # a primitive's key, its inner lock, a thread


class Stuck(NamedTuple):
    """A thread that lived when the run was stopped, or one that is not of the run and waited; and for what."""

    thread: ProgramThread | Foreign
    subject: Subject


def subject_of(thread: ProgramThread | Foreign) -> Subject:
    """What the thread waits for."""
    if thread.waits_in is None:
        return None
    return thread.intent if thread.intent is not None else thread.waits_in.topic
