"""The tests of verdicts again and again on a crowded machine: a verdict may not change with the load.

`python tests/crowded_verdicts.py --runs 200` runs each of the files 200 times with the lowest priority, beside
four busy loops. It prints every failure when it comes, and at the end a line for each file. Files can be named; so can
a folder to run in, when the tests of another state of the project are meant.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterator

VERDICTS = "deadlocks latest stopping sentences right_programs claims foreign_threads start_methods processes".split()
TIMES = "CROWDED_TIMES"  # the environment variable in which the plugin finds how often


@contextmanager
def busy_loops(number: int) -> Iterator[None]:
    """So many processes that do nothing but compute, at the usual priority."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def pytest_generate_tests(metafunc: Any) -> None:
    """In the Python that pytest runs in: each test so many times, one after the other."""
    metafunc.fixturenames.append("again")
    metafunc.parametrize("again", range(int(os.environ[TIMES])))


def run(file: str, folder: Path, times: int) -> Counter[str]:
    """How many tests of the file passed, and how many did not; those are printed."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        plugins = ["-p", "no:cacheprovider", "-p", "crowded_verdicts"]
        pythonpath = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *plugins, "--tb=short", f"--junitxml={report}", file],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": pythonpath, TIMES: str(times)},
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: os.nice(19),
        )
        if not report.exists():
            print(f"{file}: no report, exit code {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}", flush=True)
            return Counter(failed=1)
        counts: Counter[str] = Counter()
        for test in ElementTree.parse(report).iter("testcase"):
            wrong = [*test.iter("failure"), *test.iter("error")]
            counts["failed" if wrong else "skipped" if list(test.iter("skipped")) else "passed"] += 1
            for one in wrong:
                print(f"{file}::{test.get('name')}, load {os.getloadavg()[0]:.0f}:\n{one.text}\n", flush=True)
        return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="of tests; by default those of verdicts")
    parser.add_argument("--runs", type=int, default=200, help="of each file")
    parser.add_argument("--loops", type=int, default=4, help="busy loops beside them")
    parser.add_argument("--each", type=int, default=20, help="runs by one Python, one after the other")
    parser.add_argument("--at-once", type=int, default=2, help="Pythons at a time")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parents[1], help="of the project")
    options = parser.parse_args()
    folder = options.folder.resolve()
    wanted = {f"test_{name}.py" for name in VERDICTS}
    found = sorted(str(path.relative_to(folder)) for path in folder.glob("tests/**/test_*.py") if path.name in wanted)
    files = options.files or found
    totals: dict[str, Counter[str]] = {file: Counter() for file in files}
    with busy_loops(options.loops), ThreadPoolExecutor(options.at_once) as pool:
        times = [min(options.each, options.runs - done) for done in range(0, options.runs, options.each)]
        rounds = [(file, number, pool.submit(run, file, folder, number)) for number in times for file in files]
        for file, number, outcome in rounds:
            totals[file] += Counter(outcome.result(), runs=number)
            print(f"{file}: {dict(totals[file])}", flush=True)
    for file, counts in totals.items():
        print(f"{file:<40} {counts['runs']:>5} runs {counts['passed']:>8,} passed {counts['failed']:>5,} failed")
    sys.exit(any(counts["failed"] for counts in totals.values()))


if __name__ == "__main__":
    main()
