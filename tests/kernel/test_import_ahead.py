"""matplotlib comes while the learner reads: in a kernel between two cells, never while a run goes on."""

from __future__ import annotations

import subprocess
import sys
import time

from support.live_kernel import live_kernel

THERE = "import sys; print('semalab.draw' in sys.modules and 'semalab.notebook' in sys.modules)"

MEANWHILE = """
import asyncio, sys, threading
import semalab as lab
from semalab import front_end

under_way, over = threading.Event(), threading.Event()

def program():
    done = threading.Semaphore(0)
    thread = threading.Thread(target=done.release)
    thread.start()
    done.acquire()
    under_way.set()
    over.wait(60)

async def main():
    recorder = threading.Thread(target=lambda: lab.record(program))
    recorder.start()
    while not under_way.is_set():
        await asyncio.sleep(0.01)
    front_end._PAUSE = 0
    front_end.import_ahead()
    for _ in range(1000):
        await asyncio.sleep(0)
    print([name for name in ("numpy", "matplotlib") if name in sys.modules])
    over.set()
    while "semalab.notebook" not in sys.modules:
        await asyncio.sleep(0.01)
    recorder.join()

import_before = [name for name in ("numpy", "matplotlib") if name in sys.modules]
asyncio.run(main())
print(import_before)
"""


def test_a_kernel_has_what_draws_before_it_is_asked() -> None:
    with live_kernel() as kernel:
        assert kernel.run("import semalab as lab").error is None
        deadline = time.monotonic() + 120
        while kernel.run(THERE).output != "True\n":  # between two cells the kernel goes on with it
            assert time.monotonic() < deadline, "nothing is imported ahead"
            time.sleep(0.05)


def test_while_a_run_goes_on_nothing_is_imported() -> None:
    ended = subprocess.run([sys.executable, "-c", MEANWHILE], capture_output=True, text=True, timeout=120, check=False)
    first, before = ended.stdout.splitlines()
    assert (before, ended.stderr) == ("[]", "")
    assert first == "[]"


def test_without_a_kernel_nothing_is_imported() -> None:
    look = "import semalab, sys; print([name for name in ('numpy', 'matplotlib', 'asyncio') if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=120, check=False)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")
