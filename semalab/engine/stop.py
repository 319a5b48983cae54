"""Stopping a thread of the program: an exception that `except Exception` does not catch, sent from outside."""

from __future__ import annotations

import ctypes

_set_async_exc = ctypes.pythonapi.PyThreadState_SetAsyncExc
_set_async_exc.argtypes = (ctypes.c_ulong, ctypes.py_object)


class Stop(SystemExit):
    """Unwinds one thread of a stopped run. Programs never see it named: the run catches it.

    A SystemExit, because it may rise in the last bytecodes of a thread, where nobody can catch it any more, and the
    interpreter then ends the thread without a word.
    """


def send_stop(ident: int) -> None:
    """Make Stop rise in the thread with this identifier, between two of its bytecodes."""
    send(ident, Stop)


def send(ident: int, kind: type[BaseException]) -> None:
    """As `send_stop`, of another exception. One that has been sent before and has not risen is forgotten."""
    _set_async_exc(ident, kind)
