"""What a picture costs in empty figures: drawing and PNG of small and large runs, beside what people usually draw.

A picture is drawn from a finished reading; what it takes to read the log, and the memory of both, stand beside it.
plotly's rows appear where it is installed (`pip install plotly pandas`); it only builds the page that a browser draws.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from semalab.analysis.reading import Reading, read
from semalab.draw import draw, png
from semalab.log.trace import Event, Primitive, Trace

ROUNDS, FEW = 11, 5
SIZE = (10.0, 6.5)  # inches, of every figure here
COLOURS = {"wait": "lightgrey", "hold": "tab:blue", "sleep": "whitesmoke"}


def queue_for_a_mutex(threads: int, turns: int) -> Trace:
    """Every thread waits for its turn, holds, and queues again: `threads * turns` holds, and as many waits but one."""
    names = [f"worker-{i}" for i in range(threads)]
    events = [Event(0, name, "start") for name in names]
    events.append(Event(0, names[0], "acquire", "mutex", 0, 1))
    events += [Event(0, name, "block", "mutex", 0) for name in names[1:]]
    for turn in range(threads * turns):
        now, name = (turn + 1) * 1_000_000, names[turn % threads]
        events.append(Event(now, name, "release", "mutex", 1, 1))
        if turn + 1 < threads * turns:
            events.append(Event(now, names[(turn + 1) % threads], "acquire", "mutex", 0, 1))
        last = turn // threads + 1 == turns
        events.append(Event(now, name, "end") if last else Event(now, name, "block", "mutex", 0))
    return Trace(events, names, [Primitive("mutex", "Semaphore", 1)])


def short_holds(threads: int, turns: int) -> Trace:
    """Everybody holds for a moment, again and again, at other moments than the others: as many holds as waits."""
    names = [f"worker-{i}" for i in range(threads)]
    events = [Event(0, name, "start") for name in names]
    for turn in range(turns):
        for number in range(threads):
            now, name = (turn * threads + number) * 1_000, names[number * 7 % threads]
            events.append(Event(now, name, "acquire", "limit", 39, 1))
            events.append(Event(now + 500, name, "release", "limit", 40, 1))
            events += [Event(now + 500, name, "sleep"), Event(now + 900, name, "wake")]
    events += [Event(events[-1].time, name, "end") for name in names]
    return Trace(events, names, [Primitive("limit", "Semaphore", 40)])


def empty() -> bytes:
    figure = Figure(figsize=SIZE, dpi=100)
    FigureCanvasAgg(figure)
    figure.add_subplot()
    return png(figure)


def ours(reading: Reading) -> bytes:
    return png(draw(reading, title="Mutual exclusion held: never more than 1 inside", width=SIZE[0], height=SIZE[1]))


def _by_row(reading: Reading) -> dict[tuple[str, str], list[tuple[int, int]]]:
    bars: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for span in reading.spans:
        bars.setdefault((span.thread, span.kind), []).append((span.begin, span.end - span.begin))
    return bars


def bars_per_row(reading: Reading) -> bytes:
    """The same spans with one call of broken_barh for each row and kind."""
    figure = Figure(figsize=SIZE, dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rows = {thread: row for row, thread in enumerate(reading.trace.threads)}
    for (thread, kind), spans in _by_row(reading).items():
        axes.broken_barh(spans, (rows[thread] - 0.4, 0.8), facecolors=COLOURS[kind])
    return png(figure)


def bar_per_span(reading: Reading) -> bytes:
    """The same spans with one call of barh for each."""
    figure = Figure(figsize=SIZE, dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    rows = {thread: row for row, thread in enumerate(reading.trace.threads)}
    for span in reading.spans:
        axes.barh(rows[span.thread], span.end - span.begin, left=span.begin, color=COLOURS[span.kind])
    return png(figure)


def plotly_timeline(reading: Reading) -> str | None:
    """The same spans as a page with plotly's timeline; None where it is not installed."""
    try:
        import plotly.express as express  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError:
        return None
    columns = {  # plotly's axis is one of dates
        "thread": [span.thread for span in reading.spans],
        "kind": [span.kind for span in reading.spans],
        "begin": [f"1970-01-01T00:00:{span.begin / 1e9:09.6f}" for span in reading.spans],
        "end": [f"1970-01-01T00:00:{span.end / 1e9:09.6f}" for span in reading.spans],
    }
    figure = express.timeline(columns, x_start="begin", x_end="end", y="thread", color="kind")
    return str(figure.to_html(include_plotlyjs=False))


def alternating(contestants: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median processor seconds of each, measured in turns: what disturbs the machine disturbs all of them."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for run in contestants.values():  # once for the caches
        run()
    for _ in range(rounds):
        for name, run in contestants.items():
            gc.collect()
            begin = time.process_time()
            run()
            taken[name].append(time.process_time() - begin)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def once(run: Callable[[], object]) -> float:
    """Processor seconds of one time, for what takes long."""
    gc.collect()
    begin = time.process_time()
    run()
    return time.process_time() - begin


def megabytes(run: Callable[[], object]) -> tuple[float, float]:
    """Of one time: the most memory that was taken at once, and what is kept of it at the end."""
    gc.collect()
    tracemalloc.start()
    kept = run()
    at_last, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return most / 1e6, at_last / 1e6


Row = tuple[str, str, float, float]


def rows() -> list[Row]:
    """(what was measured, its bar in words, the figure, the limit) for each size of run."""
    return [*_small_and_large(), *_huge()]


def _size(reading: Reading) -> str:
    return f"{len(reading.trace.threads):,} rows, {len(reading.columns):,} spans"


def _small_and_large() -> list[Row]:
    small, large = (read(queue_for_a_mutex(*size).certify()) for size in ((10, 3), (1_000, 10)))
    median = alternating({"empty": empty, "small": partial(ours, small), "large": partial(ours, large)}, ROUNDS)
    found = [
        (f"picture of {_size(small)} ÷ empty figure", "≤ 2.5", median["small"] / median["empty"], 2.5),
        (f"picture of {_size(large)} ÷ empty figure", "≤ 2.5", median["large"] / median["empty"], 2.5),
    ]
    for name, way in (("broken_barh per row", bars_per_row), ("barh per span", bar_per_span)):
        peer = alternating({"empty": empty, "small": partial(way, small)}, FEW)
        seconds = once(partial(way, large))
        found.append((f"the same {_size(small)}, {name}", "peer", peer["small"] / peer["empty"], math.inf))
        found.append((f"the same {_size(large)}, {name}", "peer", seconds / median["empty"], math.inf))
    if plotly_timeline(small) is not None:
        for reading in (small, large):
            seconds = once(partial(plotly_timeline, reading))
            found.append((f"the same {_size(reading)}, plotly's page", "peer", seconds / median["empty"], math.inf))
    return found


def _huge() -> list[Row]:
    found: list[Row] = []
    _, log = megabytes(partial(queue_for_a_mutex, 5_000, 100))
    for what, trace in (("in a queue", queue_for_a_mutex(5_000, 100)), ("in turns", short_holds(5_000, 100))):
        seconds = once(partial(read, trace))
        reading = read(trace)
        first = once(partial(ours, reading))
        median = alternating({"empty": empty, "huge": partial(ours, reading)}, FEW)
        most, _ = megabytes(partial(ours, reading))
        _, columns = megabytes(partial(read, trace))
        found += [
            (f"picture of {_size(reading)} {what} ÷ empty figure", "≤ 12", median["huge"] / median["empty"], 12.0),
            ("  the first time", "≤ 12", first / median["empty"], 12.0),
            ("  memory to draw it, with its reading, MB", "≤ 400", most + columns, 400.0),
            ("  to read its trace first ÷ empty figure", "known", seconds / median["empty"], math.inf),
        ]
    return [*found, ("memory of the first one's trace, MB", "known", log, math.inf)]


if __name__ == "__main__":
    for what, bar, figure, _ in rows():
        print(f"{what:72} {bar:6} {figure:8.2f}")
