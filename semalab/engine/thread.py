"""One thread of the program, and the real operating-system thread that carries it."""

from __future__ import annotations

import threading
from _thread import allocate_lock, get_ident
from collections.abc import Callable
from typing import Any

from semalab.engine.stop import Stop, recall_stop, send_stop


class ProgramThread:
    """What the engine knows of one thread.

    Invariants: `number` counts starts in the run (0 is the main thread). `blocks` changes whenever the thread begins
    or ends a wait, so that two equal readings of it with `waits_in` set mean: it slept in between.
    `gate` is held while the thread may not run on; whoever releases it lets the thread go.
    """

    __slots__ = (
        "blocks",
        "carrier",
        "daemon",
        "departed",
        "farewell",
        "gate",
        "ident",
        "intent",
        "mailbox",
        "name",
        "number",
        "timed",
        "token",
        "waits_in",
    )

    def __init__(self, number: int, name: str, daemon: bool) -> None:
        self.number = number
        self.name = name
        self.daemon = daemon
        self.ident = 0
        self.carrier: Carrier | None = None
        self.gate = allocate_lock()
        self.gate.acquire()
        self.farewell: Any = None  # the lock that join() waits for
        self.waits_in: Any = None  # the low-level lock it is blocked in
        self.timed = False
        self.blocks = 0
        self.intent: int | None = None  # the key of the primitive it waits for
        self.token: object = None  # identifies its present wait to timers
        self.mailbox = allocate_lock()
        self.departed = False

    @property
    def alive(self) -> bool:
        return self.carrier is not None and self.carrier.is_alive()

    def send_stop(self) -> None:
        """Make Stop rise in the program's code of this thread; never once that code has ended."""
        with self.mailbox:
            if not self.departed and self.carrier is not None and self.carrier.ident is not None:
                send_stop(self.carrier.ident)

    def depart(self) -> None:
        """Called by the thread itself when its program code has ended: no Stop rises after this returns."""
        while not self.departed:
            try:
                with self.mailbox:
                    self.departed = True
                    recall_stop(get_ident())
            except Stop:
                self.departed = False


class Carrier(threading.Thread):
    """A real thread for one thread of the program.

    It is a `threading.Thread` of the real module so that libraries that ask for the current thread
    (logging, for one) find it, and so that its end can be awaited exactly.
    """

    def __init__(self, thread: ProgramThread, body: Callable[[ProgramThread], None]) -> None:
        super().__init__(name=f"semalab {thread.name}", daemon=True)
        self._thread = thread
        self._body = body

    def run(self) -> None:
        try:
            self._body(self._thread)
        except Stop:
            self._thread.depart()
