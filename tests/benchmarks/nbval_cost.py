"""What validating a notebook costs, against starting a kernel that imports what a notebook imports."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from time import perf_counter
from xml.etree import ElementTree

from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = 3
LIMIT = 3.0
IMPORTS = "import semalab, semalab.draw, semalab.notebook"
TIMEOUT = 60  # seconds


def validate_all() -> tuple[float, dict[str, float]]:
    """Seconds of one pytest process that validates all notebooks, and of each notebook in it (kernel and cells)."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        begun = perf_counter()
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *options, "notebooks"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = perf_counter() - begun
        if ended.returncode != 0:
            raise RuntimeError(f"the notebooks must be valid before that is timed:\n{ended.stdout[-2000:]}")
        cells = list(ElementTree.parse(report).iter("testcase"))
    each: dict[str, float] = defaultdict(float)
    for cell in cells:
        each[cell.attrib["classname"]] += float(cell.attrib["time"])
    return seconds, each


def start_and_import() -> float:
    """Seconds from the start of a kernel to its end, with the imports between them."""
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # the kernel of this Python
    begun = perf_counter()
    manager, client = start_new_kernel(startup_timeout=TIMEOUT, kernel_name="python3", stderr=subprocess.DEVNULL)
    try:
        reply = client.execute_interactive(IMPORTS, timeout=TIMEOUT)["content"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    seconds = perf_counter() - begun
    if reply["status"] != "ok":
        raise RuntimeError(f"{IMPORTS} must work in a new kernel, got {reply['ename']}: {reply['evalue']}")
    return seconds


def rows() -> list[tuple[str, str, float, float]]:
    """Medians' ratios for the whole run shared out among its notebooks, and for the slowest of them."""
    start_and_import()  # warms the disk's cache
    starts: list[float] = []
    shares: list[float] = []
    slowest: list[float] = []
    for _ in range(ROUNDS):
        starts.append(start_and_import())
        seconds, each = validate_all()
        shares.append(seconds / len(each))
        slowest.append(max(each.values()))
    start = median(starts)
    peer = "starting a kernel and importing"
    return [
        (
            f"nbval per notebook, with its share of pytest's start ÷ {peer}",
            f"≤ {LIMIT:g}",
            median(shares) / start,
            LIMIT,
        ),
        (f"nbval of the slowest notebook ÷ {peer}", f"≤ {LIMIT:g}", median(slowest) / start, LIMIT),
    ]
