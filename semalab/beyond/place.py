"""Where in the program a call comes from."""

from __future__ import annotations

import sys
from types import CodeType, FrameType

from semalab.instrument.naming import is_programs


def call() -> tuple[CodeType, int]:
    """The call of the function that asks, whoever makes it."""
    frame = sys._getframe(2)
    return frame.f_code, frame.f_lasti


def place() -> tuple[CodeType | None, int]:
    """Where in the program the call comes from."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_programs(frame.f_code):
            return frame.f_code, frame.f_lasti
        frame = frame.f_back
    return None, 0
