"""Stopping a thread of the program: an exception that `except Exception` does not catch, sent from outside."""

from __future__ import annotations

import ctypes

_set_async_exc = ctypes.pythonapi.PyThreadState_SetAsyncExc
_set_async_exc.argtypes = (ctypes.c_ulong, ctypes.py_object)


class Stop(BaseException):  # noqa: N818 - like SystemExit it is a command, not an error
    """Unwinds one thread of a stopped run. Programs never see it named: the run catches it."""


def send_stop(ident: int) -> None:
    """Make Stop rise in the thread with this identifier, between two of its bytecodes."""
    _set_async_exc(ident, Stop)


def recall_stop(ident: int) -> None:
    """Take back a Stop that was sent and has not risen yet."""
    _set_async_exc(ident, ctypes.py_object())
