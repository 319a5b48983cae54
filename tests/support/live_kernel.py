"""A real Jupyter kernel in a process of its own, without a front end: run cells, interrupt, see what comes back."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60  # seconds without a word from the kernel after which it counts as hung


@dataclass(frozen=True)
class Reply:
    """What a cell came to: the name of its exception, if any, all that it printed, what it displayed (by type).

    order: "stream", "display_data", "execute_result" and "error" as they came, neighbours of one kind once.
    """

    error: str | None
    output: str
    displayed: tuple[dict[str, Any], ...] = field(default=(), compare=False)
    order: tuple[str, ...] = field(default=(), compare=False)
    traceback: str = field(default="", compare=False)


class LiveKernel:
    """Invariant: `_running` is the message of the cell under way, if one is."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient, history: bool) -> None:
        self._history = history
        self._manager = manager
        self._client = client
        self._running = ""

    def run(self, code: str) -> Reply:
        self.start(code)
        return self.finish()

    def start(self, code: str) -> None:
        """Send a cell and come back at once."""
        self._running = self._client.execute(code, store_history=self._history, allow_stdin=False)

    def send(self, message: str, content: dict[str, Any]) -> None:
        """Send what is no cell, such as the change of a slider; `finish` waits for its end as well."""
        sent = self._client.session.msg(message, content)
        self._client.shell_channel.send(sent)
        self._running = sent["header"]["msg_id"]

    def interrupt(self) -> None:
        """Kernel ▸ Interrupt."""
        self._manager.interrupt_kernel()

    def finish(self) -> Reply:
        """Wait for the end of what is under way."""
        error, traceback, printed, displayed, order = None, "", [], [], [""]
        for message in self._messages():
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                printed.append(content["text"])
            elif kind == "error":
                error, traceback = content["ename"], "\n".join(content["traceback"])
            elif kind in {"display_data", "execute_result"}:
                displayed.append(content["data"])
            if kind in {"stream", "error", "display_data", "execute_result"} and kind != order[-1]:
                order.append(kind)
        return Reply(error, "".join(printed), tuple(displayed), tuple(order[1:]), traceback)

    def _messages(self) -> Iterator[dict[str, Any]]:
        """What the kernel publishes about the cell under way, until it is idle again."""
        while True:
            try:
                message = self._client.get_iopub_msg(timeout=PATIENCE)
            except Empty:
                raise AssertionError(f"the kernel has been silent for {PATIENCE} s") from None
            if message["parent_header"].get("msg_id") != self._running:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return
            yield message


@contextlib.contextmanager
def live_kernel(folder: Path | None = None, history: bool = False) -> Iterator[LiveKernel]:
    """A kernel of this very environment that finds `semalab` and the tests' own modules.

    folder: where it works. history: count the cells, as a notebook does.
    """
    manager = KernelManager(kernel_name="python3")
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    manager.start_kernel(env={**os.environ, "PYTHONPATH": path}, cwd=str(folder or ROOT))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield LiveKernel(manager, client, history)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
