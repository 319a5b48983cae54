"""Programs for cells that are interrupted: they wait, compute, or swallow whatever they are told."""

from __future__ import annotations

# The flag is a folder: to make one is a single call, which leaves no file open when it is interrupted.
PROGRAMS = """
import asyncio, contextlib, threading, time
from pathlib import Path
import semalab as lab
from support.leftovers import state

def waits(gate):
    while not gate.acquire(timeout=1000):
        sum(range(10_000))  # the virtual clock does not wait for these seconds

def computes(gate):
    while True:
        pass

def swallows(gate):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.001)
            sum(range(10_000))

def under_way(flag, work):
    gate = threading.Semaphore(0)

    def begin():
        flag.mkdir(exist_ok=True)
        work(gate)

    for daemon in (True, False):
        threading.Thread(target=gate.acquire, daemon=daemon).start()
        threading.Thread(target=begin, daemon=daemon).start()
    begin()

def dialled(threads=3):
    if threads < 3:
        flag.mkdir(exist_ok=True)
    while threads < 3:
        time.sleep(0.01)
        sum(range(10_000))

def right():
    with threading.Semaphore(1):
        return 42

for clock in ("wall", "virtual"):
    lab.record(right, clock=clock)
lab.interact(dialled, threads=(1, 3))  # the fonts of its picture stay open
before = state()
"""
