"""A pool that outlives its run is closed with it: its threads are gone, and a task given to it would wait for ever."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

from semalab.instrument.recorder import Recorder


def closed_after_the_run(cls: Any, close: Callable[[Any], None], recorder: Recorder) -> None:
    """Make the recorder remember each object of this class, and how it is closed."""
    init = cls.__init__

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        recorder.to_close.append((weakref.ref(self), close))

    cls.__init__ = __init__


def close_all(recorder: Recorder) -> None:
    for reference, close in recorder.to_close:
        if (one := reference()) is not None:
            close(one)
