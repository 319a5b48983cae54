"""What steps read and wrote, looked up while a schedule is followed to be told.

Between two steps every thread of the program stands still, and one of the lab's decides: then the variables can be
looked at, without running any of the program's code. What a step has written is looked up before anybody else goes on:
when the next step is chosen, or when its thread ends.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

from semalab.engine import ProgramThread, current_frames
from semalab.exploration.steps import variable_of
from semalab.log.excerpt import written
from semalab.stepping import Follow, Footprint, Location, Operation, SteppingProcessor, footprint
from semalab.stepping.guide import NOBODY

_NUMBERS = (int, float)
_PLAIN = (int, bool, float, str, type(None))  # whose text is Python's own, never the program's
_LONGEST = 20  # characters of a value that are told
_FARTHEST = 1e15  # from zero, of a number that is drawn: a float still tells it from the next one


class Noting(Follow):
    """The guide that makes the steps of a schedule and notes what they touch and what values they read and write.

    Invariants: `values` holds, by the place of a step, the variable's value right before the step's read, or right
    after its write, with a word if it had that value before, and `numbers` the same value where it is a number;
    `_wrote` is the write under way, with the value before it, until the new one is known. Values are noted between
    bytecodes only: a whole line may write twice.
    """

    def __init__(self, processor: SteppingProcessor, steps: tuple[int, ...], unfinished: bool = False) -> None:
        super().__init__(steps, unfinished)
        self.values: dict[int, str] = {}
        self.numbers: dict[int, float] = {}
        self.touched: list[Footprint] = []
        self._processor = processor
        self._wrote: tuple[int, str, FrameType, str | None] | None = None
        self._place = -1

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

    def _look(self, thread: int, operation: Operation) -> None:
        name = variable_of(operation)
        frame = self._frame(thread) if name is not None else None
        if name is None or frame is None:
            return
        if operation.kind == "write":
            self._wrote = self._place, name, frame, self._value(name, frame)
        elif (value := self._value(name, frame)) is not None:
            self.values[self._place] = value
            self._count(self._place, name, frame)

    def _close(self) -> None:
        if self._wrote is None:
            return
        place, name, frame, before = self._wrote
        self._wrote = None
        if (value := self._value(name, frame)) is not None:
            self.values[place] = f"{value} (unchanged!)" if value == before else value
            self._count(place, name, frame)

    def _value(self, name: str, frame: FrameType) -> str | None:
        """The variable's value in words, if it can be told."""
        value = self._held(name, frame)
        return written(value, _LONGEST) if type(value) in _PLAIN else None

    def _count(self, place: int, name: str, frame: FrameType) -> None:
        value = self._held(name, frame)
        if type(value) in _NUMBERS and -_FARTHEST < value < _FARTHEST:
            self.numbers[place] = value

    def _held(self, name: str, frame: FrameType) -> Any:
        """What the variable holds; something that is not told if it holds nothing."""
        code = frame.f_code
        enclosed = name in code.co_freevars or name in code.co_cellvars
        return (frame.f_locals if enclosed else frame.f_globals).get(name, self)

    def _frame(self, number: int) -> FrameType | None:
        """Where in the program's own code a thread stands."""
        processor = self._processor
        ident = next((ident for ident, thread in processor.live.items() if thread.number == number), None)
        frame = current_frames().get(ident) if ident is not None else None
        while frame is not None and id(frame.f_globals) not in processor.program:
            frame = frame.f_back
        return frame
