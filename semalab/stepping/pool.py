"""Operating-system threads that carry one thread of the program after another: most of a short run is starting them."""

from __future__ import annotations

import _thread
import contextvars
from collections.abc import Callable
from typing import Any

from semalab.engine.carrier import Carrier
from semalab.engine.thread import Stop

MOST = 100  # carriers that may be idle at once: the system has no endless number of threads
LAST_RESORT = 5.0  # seconds after which a thread that does not end is given up


class PooledCarrier:
    """A carrier that can be started again once it has ended.

    Invariants: `gate` is open for whoever carries the thread that has the baton, and for nobody else: while the carrier
    has nothing to do it waits there, too, so that starting it wakes nobody. `_end` is held while it is busy; who opens
    the gate from outside looks under `_guard` whether it still is. A body begins in an empty context, as that of a new
    thread does.
    """

    def __init__(self) -> None:
        self.gate = _thread.allocate_lock()
        self.gate.acquire()
        self._task: tuple[Callable[..., None], Any, Any] | None = None
        self._busy = False
        self._end = _thread.allocate_lock()
        self._guard = _thread.allocate_lock()
        self._thread = Carrier(self._loop)

    @property
    def ident(self) -> int:
        return self._thread.ident

    def start(self, carry: Callable[[Any, Any], None], thread: Any, body: Any) -> int:
        """Let it carry this thread, with this body, once the gate has been opened."""
        self._end.acquire()
        self._task = carry, thread, body
        self._busy = True
        if self._thread.ident:
            return self._thread.ident
        try:
            return self._thread.start()
        except RuntimeError:
            self._busy = False
            self._end.release()
            raise

    def _loop(self) -> None:
        context = contextvars.Context
        while True:
            self.gate.acquire()
            task, self._task = self._task, None
            if task is None:
                return
            carry, thread, body = task
            try:
                context().run(carry, thread, body)
            except Stop:  # it rose in the last bytecodes of the body
                pass
            finally:
                del task, carry, thread, body
                self._rest()

    def _rest(self) -> None:
        """A run that was stopped may have opened the gate once more than it was waited for."""
        with self._guard:
            self.gate.acquire(False)
            self._busy = False
            self._end.release()

    def let_go(self) -> bool:
        """Open the gate of a thread that is to end; returns whether it was waiting there."""
        with self._guard:
            waits = self._busy and self.gate.locked()
            if waits:
                self.gate.release()
            return waits

    def is_alive(self) -> bool:
        """Whether it carries a thread of the program."""
        return self._busy

    def join(self, timeout: float) -> None:
        """Wait for the end of what it carries, `timeout` seconds at most."""
        if self._busy and self._end.acquire(True, timeout):
            self._end.release()

    def close(self) -> None:
        """End the thread; one that still carries something cannot be ended and dies with the process."""
        if self._thread.ident and not self._busy:
            if self.gate.locked():
                self.gate.release()
            self._thread.join(LAST_RESORT)


class Pool:
    """Invariants: every thread the pool has started is in `_carriers` until it is closed. The first `_taken` of them
    have carried a thread of the present run, and carry no second one: what a program has in a `threading.local` is each
    thread's own.

    lasting: the carriers are used again in the next run. What a program has in a `threading.local` from before the run
    would be seen again there: then each run needs new ones.
    """

    def __init__(self, lasting: bool = True) -> None:
        self._carriers: list[PooledCarrier] = []
        self._taken = 0
        self._lasting = lasting

    def renew(self, orderly: bool) -> None:
        """Called between runs. In a run that was stopped from outside, a gate may be opened late."""
        self._taken = 0
        if not (orderly and self._lasting):
            self.close()

    def take(self) -> PooledCarrier:
        """A carrier that has carried nothing in this run."""
        if self._taken == len(self._carriers):
            if self._taken >= MOST:
                self._close_idle()
            self._carriers.append(PooledCarrier())
        self._taken += 1
        return self._carriers[self._taken - 1]

    @property
    def idents(self) -> set[int]:
        return {carrier.ident for carrier in self._carriers}

    def _close_idle(self) -> None:
        for carrier in [carrier for carrier in self._carriers if not carrier.is_alive()]:
            carrier.close()
            self._carriers.remove(carrier)
        self._taken = len(self._carriers)

    def close(self) -> None:
        while self._carriers:
            self._carriers[-1].close()
            self._carriers.pop()
