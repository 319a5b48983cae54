"""What a picture costs in empty figures: drawing and PNG of small and large runs, beside `broken_barh` per row."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from semalab.reading import Reading, read
from semalab.timeline import draw, png
from semalab.trace import Event, Primitive, Trace

ROUNDS = 11
SIZE = (10.0, 6.5)  # inches, of every figure here


def queue_for_a_mutex(threads: int, turns: int) -> Reading:
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
    return read(Trace(events, names, [Primitive("mutex", "Semaphore", 1)]).certify())


def empty() -> bytes:
    figure = Figure(figsize=SIZE, dpi=100)
    FigureCanvasAgg(figure)
    figure.add_subplot()
    return png(figure)


def ours(reading: Reading) -> bytes:
    return png(draw(reading, title="Mutual exclusion held: never more than 1 inside", width=SIZE[0], height=SIZE[1]))


def bars_per_row(reading: Reading) -> bytes:
    """The same spans as people usually draw them."""
    figure = Figure(figsize=SIZE, dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    bars: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for span in reading.spans:
        bars.setdefault((span.thread, span.kind), []).append((span.begin, span.end - span.begin))
    colours = {"wait": "lightgrey", "hold": "tab:blue"}
    rows = {thread: row for row, thread in enumerate(reading.trace.threads)}
    for (thread, kind), spans in bars.items():
        axes.broken_barh(spans, (rows[thread] - 0.4, 0.8), facecolors=colours[kind])
    return png(figure)


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


def rows() -> list[tuple[str, str, float, float]]:
    """(what was measured, its bar in words, the figure, the limit) for each size of run."""
    small, large = queue_for_a_mutex(10, 3), queue_for_a_mutex(1_000, 10)
    median = alternating({"empty": empty, "small": lambda: ours(small), "large": lambda: ours(large)}, ROUNDS)
    peers = alternating({"empty": empty, "small": lambda: bars_per_row(small)}, ROUNDS)
    slow = alternating({"empty": empty, "large": lambda: bars_per_row(large)}, 1)
    bar = "≤ 3"
    return [
        (f"picture of 10 rows, {len(small.spans):,} spans ÷ empty figure", bar, median["small"] / median["empty"], 3.0),
        (
            f"picture of 1,000 rows, {len(large.spans):,} spans ÷ empty figure",
            bar,
            median["large"] / median["empty"],
            3.0,
        ),
        ("the same 10 rows, broken_barh each ÷ empty figure", "peer", peers["small"] / peers["empty"], math.inf),
        ("the same 1,000 rows, broken_barh each ÷ empty figure", "peer", slow["large"] / slow["empty"], math.inf),
    ]


if __name__ == "__main__":
    for what, bar, figure, _ in rows():
        print(f"{what:56} {bar:5} {figure:6.2f}")
