"""Chrome's trace format as strictly as its readers take it: what they would drop, mix up or refuse is an error here.

After the description of the Trace Event Format and after Perfetto's importer of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

Row = dict[str, Any]
NEEDS = {
    "M": {"name", "pid", "tid", "args"},
    "X": {"name", "cat", "pid", "tid", "ts", "dur"},
    "b": {"name", "cat", "pid", "tid", "ts", "id2"},
    "e": {"name", "cat", "pid", "tid", "ts", "id2"},
    "i": {"name", "cat", "pid", "tid", "ts", "s"},
    "C": {"name", "pid", "ts", "args"},
    "s": {"name", "cat", "pid", "tid", "ts", "id"},
    "f": {"name", "cat", "pid", "tid", "ts", "id", "bp"},
}
MAY = {"args"}


class Slice(NamedTuple):
    """begin, end: nanoseconds."""

    thread: str
    name: str
    begin: int
    end: int


class Flow(NamedTuple):
    """From one mark to another: the thread, the name and the time (nanoseconds) of each."""

    source: tuple[str, str, int]
    target: tuple[str, str, int]


class ChromeTrace:
    """A trace file, read. Raises AssertionError for what a viewer would not show as it stands there."""

    def __init__(self, file: Path) -> None:
        self.document = json.loads(file.read_text(encoding="ascii"), parse_float=Decimal)
        self.rows: list[Row] = self.document["traceEvents"]
        for row in self.rows:
            keys = set(row) - {"ph"}
            assert NEEDS[row["ph"]] <= keys <= NEEDS[row["ph"]] | MAY, row
            assert row["pid"] == 1 and all(type(row.get(key, 0)) is int for key in ("pid", "tid", "id")), row
            assert row["name"] and type(row["name"]) is str, row
        meta = [row for row in self.rows if row["ph"] == "M"]
        self.threads = {r["tid"]: r["args"]["name"] for r in meta if r["name"] == "thread_name"}
        self.order = {r["tid"]: r["args"]["sort_index"] for r in meta if r["name"] == "thread_sort_index"}
        self.process = next(r["args"]["name"] for r in meta if r["name"] == "process_name")
        assert all(row["tid"] in self.threads for row in self.rows if row["ph"] not in "MC")
        self.nested = list(self._nested())
        self.apart = list(self._apart())
        self.instants = [self._mark(row) for row in self.rows if row["ph"] == "i" and row["s"] == "t"]
        self.counters = self._counters()
        self.flows = list(self._flows())

    def _mark(self, row: Row) -> tuple[str, str, int]:
        return self.threads[row["tid"]], row["name"], nanoseconds(row["ts"])

    def _nested(self) -> Iterator[Slice]:
        """Slices of one thread lie within one another or apart; of two that begin at once the outer one comes first."""
        stacks: dict[int, list[Slice]] = {}
        for row in (row for row in self.rows if row["ph"] == "X"):
            begin = nanoseconds(row["ts"])
            now = Slice(self.threads[row["tid"]], row["name"], begin, begin + nanoseconds(row["dur"]))
            stack = stacks.setdefault(row["tid"], [])
            assert not stack or stack[-1].begin <= begin, f"{now} is written after {stack[-1]}"
            while stack and stack[-1].end <= begin and stack[-1] != (now.thread, stack[-1].name, begin, now.end):
                stack.pop()
            assert not stack or now.end <= stack[-1].end, f"{now} overlaps {stack[-1]}"
            stack.append(now)
            yield now

    def _apart(self) -> Iterator[Slice]:
        begun: dict[tuple[str, str, int], Row] = {}
        for row in (row for row in self.rows if row["ph"] in "be"):
            key = (row["cat"], row["name"], row["id2"]["local"])
            if row["ph"] == "b":
                assert key not in begun
                begun[key] = row
            else:
                first = begun.pop(key)
                assert first["tid"] == row["tid"] and first["ts"] <= row["ts"]
                yield Slice(self.threads[row["tid"]], row["name"], nanoseconds(first["ts"]), nanoseconds(row["ts"]))
        assert not begun

    def _counters(self) -> dict[str, list[tuple[int, int]]]:
        found: dict[str, list[tuple[int, int]]] = {}
        for row in (row for row in self.rows if row["ph"] == "C"):
            ((unit, level),) = row["args"].items()
            assert type(level) is int
            found.setdefault(f"{row['name']} {unit}", []).append((nanoseconds(row["ts"]), level))
        for steps in found.values():
            assert [time for time, _ in steps] == sorted(time for time, _ in steps)
        return found

    def _flows(self) -> Iterator[Flow]:
        """Each end of an arrow stands right behind the mark that it is attached to."""
        ends: dict[str, dict[int, tuple[str, str, int]]] = {"s": {}, "f": {}}
        mark: Row = {}
        for row in self.rows:
            if row["ph"] in ends:
                assert (row["tid"], row["ts"]) == (mark["tid"], mark["ts"]), row
                assert row["id"] not in ends[row["ph"]] and row.get("bp", "e") == "e"
                ends[row["ph"]][row["id"]] = self._mark(mark)
            else:
                mark = row
        assert ends["s"].keys() == ends["f"].keys()
        for flow, source in ends["s"].items():
            assert source[2] <= ends["f"][flow][2]
            yield Flow(source, ends["f"][flow])


def nanoseconds(microseconds: int | Decimal) -> int:
    """Exact, or an error."""
    whole = microseconds * 1000
    assert whole == int(whole) >= 0, microseconds
    return int(whole)
