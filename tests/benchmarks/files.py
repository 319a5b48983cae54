"""What it takes to keep a run: memory per event while it is recorded, time to save and load a million events."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from drawing import queue_for_a_mutex

import semalab as lab
from semalab.run import Run

Row = tuple[str, str, float, float]

BYTES_PER_EVENT = 64.0
ROUNDS = 5
TURNS = 333  # of a thousand threads: a log of a million events
RECORDED = """
import threading, psutil, semalab

def turns(pairs):
    memory, mutex = psutil.Process().memory_info, threading.Semaphore(1)
    def work():
        for _ in range(pairs):
            with mutex:
                pass
    workers = [threading.Thread(target=work) for _ in range(4)]
    before = memory().rss
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return memory().rss - before

semalab.record(turns, pairs=10)
run = semalab.record(turns, pairs=115_000, timeout=120)
print(run.result / len(run.trace))
"""


def bytes_per_event() -> float:
    """Growth of the process while 920,000 events are recorded on the wall clock, for each of them."""
    found = []
    for _ in range(ROUNDS):
        ended = subprocess.run(
            [sys.executable, "-c", RECORDED], capture_output=True, text=True, timeout=300, check=True
        )
        found.append(float(ended.stdout))
    return median(found)


def viztracer_save(events: int, folder: Path) -> float | None:
    """Seconds in which VizTracer saves as many entries; None where it is not installed."""
    try:
        from viztracer import VizTracer  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return None
    tracer = VizTracer(verbose=0, tracer_entries=events + 1_000)
    tracer.start()
    for i in range(events):
        tracer.log_instant("turn", args={"value": i})
    tracer.stop()
    begun = time.process_time()
    tracer.save(str(folder / "viztracer.json"))
    return time.process_time() - begun


def rows() -> list[Row]:
    rows: list[Row] = [
        ("memory per recorded event, bytes", f"≤ {BYTES_PER_EVENT:g}", bytes_per_event(), BYTES_PER_EVENT)
    ]
    trace = queue_for_a_mutex(1_000, TURNS)
    run = Run(trace, {}, "virtual", 0, trace.duration / 1e9)
    events = f"{len(run.trace):,} events"
    assert run.verdict
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for suffix in (".json", ".csv", ".trace.json"):
            begun = time.process_time()
            file = run.save(folder / f"run{suffix}")
            taken = time.process_time() - begun
            what = f"save {events} as {suffix} ({file.stat().st_size / 1e6:.0f} MB), seconds"
            rows.append((what, "no bar", taken, math.inf))
        begun = time.process_time()
        with (folder / "run.json").open(encoding="utf-8") as file_again:
            json.load(file_again)
        plain = time.process_time() - begun
        begun = time.process_time()
        if lab.load(folder / "run.json").trace != run.trace:
            raise RuntimeError("a loaded log must be the saved one")
        taken = time.process_time() - begun
        rows.append((f"load and certify {events} ({taken:.1f} s) ÷ json.load alone", "no bar", taken / plain, math.inf))
        peer = viztracer_save(len(run.trace), folder)
        if peer is not None:
            rows.append((f"VizTracer saves {events}, seconds", "peer", peer, math.inf))
    return rows
