"""A saved log says what the trace says."""

from __future__ import annotations

import csv
import json
import threading
import time
from pathlib import Path

import pytest

import semalab as lab
from semalab.trace import Event


def pair() -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        with mutex:
            time.sleep(0.01)

    workers = [threading.Thread(target=work, name=f"worker, {i}") for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


RUN = lab.record(pair, clock="virtual", seed=1)


def test_csv_has_one_line_an_event(tmp_path: Path) -> None:
    with RUN.save(tmp_path / "run.csv").open(newline="", encoding="utf-8") as file:
        names, *rows = csv.reader(file)
    assert tuple(names) == Event._fields
    assert [(int(row[0]), row[1], row[2]) for row in rows] == [(e.time, e.thread, e.kind) for e in RUN.trace]


def test_json_has_the_whole_log(tmp_path: Path) -> None:
    log = json.loads(RUN.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    assert [Event(*event) for event in log["events"]] == list(RUN.trace)
    assert log["primitives"] == [["mutex", "Semaphore", 1]]
    assert (log["clock"], log["seed"], log["threads"]) == ("virtual", 1, list(RUN.trace.threads))


def test_chrome_trace_has_spans_and_the_value(tmp_path: Path) -> None:
    events = json.loads(RUN.save(tmp_path / "run.trace.json").read_text(encoding="utf-8"))["traceEvents"]
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    holds = [(names[e["tid"]], e["ts"], e["dur"]) for e in events if e.get("cat") == "hold"]
    assert sorted(ts for _, ts, _ in holds) == [0, 10_000]
    assert {dur for _, _, dur in holds} == {10_000}
    assert {name for name, _, _ in holds} == {"worker, 0", "worker, 1"}
    assert {e["args"]["value"] for e in events if e["ph"] == "C"} == {0, 1}


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf", ".csv", ".json", ".trace.json"])
def test_the_same_run_saves_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    files = [
        lab.record(pair, clock="virtual", seed=1).save(tmp_path / f"{number}{suffix}").read_bytes()
        for number in range(2)
    ]
    assert files[0] == files[1]
    assert len(files[0]) > 100


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError) as refused:
        RUN.save(tmp_path / "run.doc")
    assert str(refused.value) == ("the suffix must be one of .png .svg .pdf .csv .json .trace.json, got 'run.doc'")
    assert list(tmp_path.iterdir()) == []


def test_the_module_has_a_dozen_names_at_most() -> None:
    assert len(lab.__all__) <= 12
    assert all(hasattr(lab, name) for name in lab.__all__)
    with pytest.raises(AttributeError, match=r"^module 'semalab' has no attribute 'recrod'$"):
        lab.recrod  # noqa: B018
