"""What Python shows of an exception that nobody has caught, without the lab's frames; and the status it ends with."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any, Protocol

LAB = str(Path(__file__).parent.parent) + os.sep  # where all of the lab's own code lies
INTERRUPTED = 130  # as a shell says of what Ctrl-C has ended


class Thrown(Protocol):
    """The thread that raised: its name."""

    name: str


def show(error: BaseException) -> None:
    """As the interpreter does for a main thread: a traceback, or what `sys.exit(text)` has to say."""
    if isinstance(error, SystemExit):
        if error.code is not None and not isinstance(error.code, int):
            print(error.code, file=sys.stderr)
        return
    without_lab(error)
    try:
        sys.excepthook(type(error), error, error.__traceback__)
    except BaseException as another:  # the program's own hook
        if another.__context__ is error:  # since that is being handled here, unlike where Python calls the hook
            another.__context__ = None
        print("Error in sys.excepthook:", file=sys.stderr)
        sys.__excepthook__(type(another), without_lab(another), another.__traceback__)
        print("\nOriginal exception was:", file=sys.stderr)
        sys.__excepthook__(type(error), error, error.__traceback__)


def show_of_thread(thread: Thrown, error: BaseException) -> None:
    """As `threading.excepthook` does for another thread."""
    told: Any = (type(error), without_lab(error), error.__traceback__, thread)
    threading.__excepthook__(threading.ExceptHookArgs(told))


def status_of(error: BaseException | None) -> int:
    """The exit status of a process whose main thread has ended so."""
    if isinstance(error, SystemExit):
        return error.code & 0xFF if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return int(error is not None)


def without_lab(error: BaseException) -> BaseException:
    """The error itself; its traceback, and those of what it came from, no longer lead through the lab."""
    ahead: list[BaseException | None] = [error]
    seen: set[int] = set()
    while ahead:
        one = ahead.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.__traceback__ = _programs(one.__traceback__)
        ahead += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]
    return error


def _programs(trace: TracebackType | None) -> TracebackType | None:
    places = []
    while trace is not None:
        places.append(trace)
        trace = trace.tb_next
    kept = None
    for place in reversed(places):
        if not _is_labs(place.tb_frame.f_code):
            kept = TracebackType(kept, place.tb_frame, place.tb_lasti, place.tb_lineno)
    return kept


def _is_labs(code: CodeType) -> bool:
    return code.co_filename.startswith(LAB)
