"""Kernel ▸ Interrupt in a real kernel: KeyboardInterrupt comes back, nobody is left, the next cell is answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from programs.in_kernel import PROGRAMS
from support.live_kernel import LiveKernel, Reply, live_kernel

ANSWERS = "print(state() == before, *(lab.record(right, clock=clock).result for clock in ('wall', 'virtual')))"


@pytest.fixture(scope="module")
def kernel() -> Iterator[LiveKernel]:
    with live_kernel() as started:
        assert started.run(PROGRAMS) == Reply(None, "")
        yield started


def interrupt_when(flag: Path, kernel: LiveKernel) -> Reply:
    """Kernel ▸ Interrupt as soon as what is under way has made the folder; returns what it came to."""
    while not flag.exists():
        time.sleep(0.001)
    kernel.interrupt()
    return kernel.finish()


@pytest.mark.parametrize("clock", ["wall", "virtual"])
@pytest.mark.parametrize("work", ["waits", "computes", "swallows"])
def test_a_run_is_interrupted(kernel: LiveKernel, work: str, clock: str, tmp_path: Path) -> None:
    flag = tmp_path / "under way"
    kernel.start(f"lab.record(under_way, flag=Path({str(flag)!r}), work={work}, clock={clock!r}, timeout=900_000)")
    assert interrupt_when(flag, kernel) == Reply("KeyboardInterrupt", "")
    assert kernel.run(ANSWERS) == Reply(None, "True 42 42\n")


PANEL = """
flag = Path({flag!r})
panel = lab.interact(dialled, threads=(1, 3), timeout=900_000)
print(panel.controls["threads"].model_id)
"""
ON_THE_WALL = """
panel.clock.value = "wall"
while panel._latest.busy:
    await asyncio.sleep(0.001)
panel.controls["threads"].value = 1
while not flag.exists():
    await asyncio.sleep(0.001)
flag.rmdir()
"""
LAST_VALUE = """
shown = panel.run
panel.controls["threads"].value = 2
panel.controls["threads"].value = 3
while panel.run is shown or panel._latest.busy or state() != before:
    await asyncio.sleep(0.001)
print(panel.run.clock, panel.run.arguments["threads"], panel.run.stopped)
"""


@pytest.mark.parametrize("cell", ["while True: time.sleep(1)", "while True: pass", "lab.record(right)"])
def test_a_cell_is_interrupted_beside_a_panels_wall_run(kernel: LiveKernel, cell: str, tmp_path: Path) -> None:
    """The panel's run goes on, still at its dials' command: the newest value ends it and wins."""
    flag = tmp_path / "under way"
    assert kernel.run(PANEL.format(flag=str(flag))).error is None
    assert kernel.run(ON_THE_WALL) == Reply(None, "")
    kernel.start(f"flag.mkdir()\n{cell}")
    assert interrupt_when(flag, kernel) == Reply("KeyboardInterrupt", "")
    assert kernel.run("print(6 * 7, panel._latest.busy)") == Reply(None, "42 True\n")
    assert kernel.run(LAST_VALUE) == Reply(None, "wall 3 None\n")
    assert kernel.run(ANSWERS) == Reply(None, "True 42 42\n")


def turn(kernel: LiveKernel, dial: str, value: int) -> None:
    """What the front end sends when a slider is moved."""
    kernel.send("comm_msg", {"comm_id": dial, "data": {"method": "update", "state": {"value": value}}})


def test_a_panels_virtual_run_is_interrupted(kernel: LiveKernel, tmp_path: Path) -> None:
    flag = tmp_path / "under way"
    dial = kernel.run(PANEL.format(flag=str(flag))).output.strip()
    for value in (1, 2):
        turn(kernel, dial, value)
        assert interrupt_when(flag, kernel).error is None  # there is no cell that could show one
        assert kernel.run(ANSWERS) == Reply(None, "True 42 42\n")
        flag.rmdir()
    turn(kernel, dial, 3)
    assert kernel.finish().error is None
    assert kernel.run("print(panel.run.clock, panel.run.arguments['threads'])") == Reply(None, "virtual 3\n")
    assert kernel.run(ANSWERS) == Reply(None, "True 42 42\n")
