"""What steps read and wrote, looked up while a schedule is followed to be told.

Between two steps every thread of the program stands still, and one of the lab's decides: then the variables can be
looked at, without running any of the program's code. What a step has written is looked up before anybody else goes on:
when the next step is chosen, or when its thread ends.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from semalab.engine import ProgramThread, current_frames
from semalab.exploration.steps import variable_of
from semalab.log.excerpt import written
from semalab.stepping import Follow, Footprint, Location, Operation, SteppingProcessor, Watch, footprint
from semalab.stepping.guide import NOBODY
from semalab.stepping.known import MISSING

_NUMBERS = (int, float)
_PLAIN = (int, bool, float, str, type(None))  # whose text is Python's own, never the program's
_LONGEST = 20  # characters of a value that are told
_FARTHEST = 1e15  # from zero, of a number that is drawn: a float still tells it from the next one


class Noting(Follow):
    """The guide that makes the steps of a schedule and notes what they touch and what values they read and write.

    Invariants: `values` holds, by the place of a step, the value of the variable or attribute right before the step's
    read, or right after its write, with a word if it had that value before, and `numbers` the same value where it is a
    number; `_wrote` is the write under way, with the value before it, until the new one is known. Values are noted
    between bytecodes only: a whole line may write twice. `_owners` has the first object that each attribute was seen
    in, and `_numbered` the places of its numbers: of an attribute of several objects no number is left at the end, for
    one line would mix them.
    """

    def __init__(self, processor: SteppingProcessor, steps: tuple[int, ...], unfinished: bool = False) -> None:
        super().__init__(steps, unfinished)
        self.values: dict[int, str] = {}
        self.numbers: dict[int, float] = {}
        self.touched: list[Footprint] = []
        self._processor = processor
        self._wrote: tuple[int, Callable[[], Any], str | None] | None = None
        self._place = -1
        self._owners: dict[str, Any] = {}
        self._numbered: dict[str, list[int]] = {}
        if isinstance(processor.watch, Watch):
            processor.watch.owners = {}

    def choose(self, able: list[int], touched: list[tuple[Location, bool]]) -> int:
        self._close()
        if self._place >= 0:
            self.touched.append(footprint(touched))
        chosen = super().choose(able, touched)
        self._place += chosen != NOBODY
        operation = self._processor.pending.get(chosen)
        if operation is not None and self._processor.settings.granularity == "bytecode":
            self._look(chosen, operation)
        return chosen

    def thread_ends(self, thread: ProgramThread) -> None:
        """A thread is at its end, and no other has gone on yet."""
        self._close()

    def end(self) -> None:
        """The run has ended."""
        self._wrote = None
        if self._place >= len(self.touched):  # else the guide was asked once more, and has stopped the run
            self.touched.append(footprint(self._processor.touched))
        if isinstance(self._processor.watch, Watch):
            self._processor.watch.owners = None
        for name, places in self._numbered.items():
            if name not in self._owners:
                for place in places:
                    self.numbers.pop(place, None)
        self._owners.clear()

    def _look(self, thread: int, operation: Operation) -> None:
        name = variable_of(operation)
        read = self._reader(thread, name) if name is not None else None
        if read is None:
            return
        if operation.kind == "write":
            self._wrote = self._place, read, _told(read())
        else:
            self._note(self._place, read())

    def _close(self) -> None:
        if self._wrote is None:
            return
        place, read, before = self._wrote
        self._wrote = None
        self._note(place, read(), before)

    def _note(self, place: int, value: Any, before: str | None = None) -> None:
        told = _told(value)
        if told is not None:
            self.values[place] = f"{told} (unchanged!)" if told == before else told
        if type(value) in _NUMBERS and -_FARTHEST < value < _FARTHEST:
            self.numbers[place] = value

    def _reader(self, thread: int, name: str) -> Callable[[], Any] | None:
        """What looks a value up, now or after the step; None if it is not known where it is."""
        if not name.startswith("."):
            frame = self._frame(thread)
            return partial(_held, name, frame) if frame is not None else None
        watch = self._processor.watch
        owner = watch.owners.get(thread, MISSING) if isinstance(watch, Watch) and watch.owners else MISSING
        places = self._numbered.setdefault(name, [])
        if not places:
            self._owners[name] = owner
        elif self._owners.get(name, MISSING) is not owner:
            self._owners.pop(name, None)
        places.append(self._place)
        return partial(inspect.getattr_static, owner, name[1:], MISSING) if owner is not MISSING else None

    def _frame(self, number: int) -> FrameType | None:
        """Where in the program's own code a thread stands."""
        processor = self._processor
        ident = next((ident for ident, thread in processor.live.items() if thread.number == number), None)
        frame = current_frames().get(ident) if ident is not None else None
        while frame is not None and id(frame.f_globals) not in processor.program:
            frame = frame.f_back
        return frame


def _told(value: Any) -> str | None:
    """A value in words, if it can be told."""
    return written(value, _LONGEST) if type(value) in _PLAIN else None


def _held(name: str, frame: FrameType) -> Any:
    """What the variable holds; something that is not told if it holds nothing."""
    code = frame.f_code
    enclosed = name in code.co_freevars or name in code.co_cellvars
    return (frame.f_locals if enclosed else frame.f_globals).get(name, MISSING)
