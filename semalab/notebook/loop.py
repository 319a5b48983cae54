"""The kernel's event loop: the one thread that touches widgets, and how others hand it something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from semalab.notebook.latest import Post


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The kernel's event loop, or None outside a kernel (a script, a test): runs are then waited for."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def post_to(loop: asyncio.AbstractEventLoop | None) -> Post:
    """How a worker hands something to the thread that draws."""
    if loop is None:
        return lambda call: call()

    def post(call: Callable[[], None]) -> None:
        loop.call_soon_threadsafe(call)

    return post
