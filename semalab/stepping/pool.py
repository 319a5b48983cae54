"""Operating-system threads that carry one thread of the program after another: most of a short run is starting them."""

from __future__ import annotations

import _thread
import contextvars
from collections.abc import Callable

from semalab.engine.carrier import Carrier
from semalab.engine.stop import Stop

LAST_RESORT = 5.0  # seconds after which a thread that does not end is given up


class PooledCarrier:
    """A carrier that can be started again once it has ended.

    Invariants: `_begin` is held while there is nothing to do, `_end` while there is. A body begins in an empty context,
    as that of a new thread does.
    """

    def __init__(self) -> None:
        self._body: Callable[[], None] | None = None
        self._busy = False
        self._begin = _thread.allocate_lock()
        self._begin.acquire()
        self._end = _thread.allocate_lock()
        self._thread = Carrier(self._loop)

    @property
    def ident(self) -> int:
        return self._thread.ident

    def start(self, body: Callable[[], None] | None) -> int:
        """Carry this body; None ends the thread itself."""
        self._end.acquire()
        self._body = body
        self._busy = True
        if self._thread.ident:
            self._begin.release()
            return self._thread.ident
        self._begin.release()
        try:
            return self._thread.start()
        except RuntimeError:
            self._busy = False
            raise

    def _loop(self) -> None:
        while True:
            self._begin.acquire()
            body, self._body = self._body, None
            if body is None:
                return
            try:
                contextvars.Context().run(body)
            except Stop:  # it rose in the last bytecodes of the body
                pass
            finally:
                self._busy = False
                self._end.release()

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
            self.start(None)
            self._thread.join(LAST_RESORT)


class Pool:
    """Invariant: every thread the pool has started is in `_carriers` until the pool is closed.

    lasting: threads are kept from run to run. What a program has in a `threading.local` from before the run would
    be seen again by the next thread with the same carrier: then each run needs new ones.
    """

    def __init__(self, lasting: bool = True) -> None:
        self._carriers: list[PooledCarrier] = []
        self._lasting = lasting

    def renew(self) -> None:
        """Called between runs."""
        if not self._lasting:
            self.close()

    def take(self) -> PooledCarrier:
        """A carrier that is free; a new one if there is none."""
        for carrier in self._carriers:
            if not carrier._busy:
                return carrier
        carrier = PooledCarrier()
        self._carriers.append(carrier)
        return carrier

    @property
    def idents(self) -> set[int]:
        return {carrier.ident for carrier in self._carriers}

    def close(self) -> None:
        while self._carriers:
            self._carriers[-1].close()
            self._carriers.pop()
