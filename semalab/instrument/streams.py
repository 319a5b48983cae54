"""What a recorded program prints: collected with its thread and time, and shown by the thread that called."""

from __future__ import annotations

import builtins
import io
import sys
from collections.abc import Callable
from typing import Any

from semalab.engine import Stop
from semalab.instrument.recorder import Recorder

MOST_TEXT = 50_000_000  # bytes of memory for what one run prints: all of it is kept until the run is shown

Printed = Callable[[str], None]


class Stream:
    """Stands for `sys.stdout` or `sys.stderr` during a run: what the run's threads write goes to `take`.

    For all other threads, and whatever else is asked of it, it is the real one.
    """

    def __init__(self, real: Any, inside: Callable[[], bool], take: Printed, live: Callable[[], bool]) -> None:
        self.original = real
        self._inside = inside
        self._take = take
        self._live = live

    def write(self, text: str) -> int:
        if not self._inside() or not isinstance(text, str):
            return int(self.original.write(text) or 0)
        if text:
            self._take(text)
        return len(text)

    def flush(self) -> None:
        """The real one has nothing of what is kept until the run is shown; and a kernel's would wait for an event."""
        if not self._inside() or self._live():
            self.original.flush()

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


class Streams:
    """The two streams of a run, and its print().

    Invariants: `errors` holds what it wrote to `sys.stderr`, until it is over. `_room` is what is left of MOST_TEXT.
    live: what is written goes out at once besides, by the thread that writes: it stands where the program put it, among
    what its processes and its C code write, and nothing is missing when the process dies.
    """

    def __init__(self, recorder: Recorder, inside: Callable[[], bool]) -> None:
        self.errors: list[str] = []
        self.live = False
        self._recorder = recorder
        self._inside = inside
        self._room = MOST_TEXT
        self.taken: Printed = lambda text: recorder.note("print", None, text)  # what is done with a text
        self.out = Stream(sys.stdout, inside, self._take, lambda: self.live)
        self.err = Stream(sys.stderr, inside, self._take_error, lambda: self.live)

    def renew(self) -> None:
        """Another run begins."""
        self.errors.clear()
        self._room = MOST_TEXT

    def _take(self, text: str) -> None:
        if self._has_room(text):
            self.taken(text)
            if self.live and self.out.original is not None:  # None: the process has begun with its stdout closed
                self.out.original.write(text)

    def _take_error(self, text: str) -> None:
        if not self.live:
            if self._has_room(text):
                self.errors.append(text)
        elif not self._recorder.processor.stopping:
            self.err.original.write(text)

    def _has_room(self, text: str) -> bool:
        """Ends the run when there is none. What a stopped thread says on its way out is not kept."""
        processor = self._recorder.processor
        if processor.stopping:
            return False
        self._room -= sys.getsizeof(text)
        if self._room < 0:
            processor.stop("flooded")
            processor.report()
            raise Stop
        return True

    def print(
        self, *values: object, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
    ) -> None:
        """One event for each call, where the real print() writes piece by piece."""
        if (sys.stdout if file is None else file) is not self.out or not self._inside():
            builtins.print(*values, sep=sep, end=end, file=file, flush=flush)
            return
        text = io.StringIO()
        builtins.print(*values, sep=sep, end=end, file=text)
        self._take(text.getvalue())
        if flush:
            self.out.flush()
        point = self._recorder.processor.point
        if point is not None:
            point()
