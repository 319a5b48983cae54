"""Runs to draw, made by hand, and what is asked of their pictures."""

from __future__ import annotations

import heapq
import itertools
import random
from typing import Any

from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from semalab.analysis.reading import Reading, read
from semalab.draw import draw
from semalab.log.trace import Event, Primitive, Trace

MS = 1_000_000
SECOND = 1_000 * MS

# --- runs ------------------------------------------------------------------------------------------------------------


def guarded(
    threads: int | list[str], permits: int, *, turns: int = 1, label: str = "semaphore", within: int = 600
) -> Reading:
    """A seeded run: every thread sleeps, acquires, holds for a while, releases, `turns` times."""
    names = threads if isinstance(threads, list) else [f"worker-{i}" for i in range(threads)]
    rng, events, agenda, tie = random.Random(4), [Event(0, "main", "start")], [], itertools.count()
    free, queue, left = permits, [], dict.fromkeys(names, turns)

    def later(time: int, what: str, name: str) -> None:
        heapq.heappush(agenda, (time, next(tie), what, name))

    for name in names:
        events += [Event(0, name, "start"), Event(0, name, "sleep")]
        later(rng.randint(1, within) * MS, "wake", name)
    now = 0
    while agenda:
        now, _, what, name = heapq.heappop(agenda)
        if what == "wake":
            events.append(Event(now, name, "wake"))
            if free == 0:
                events.append(Event(now, name, "block", label, 0))
                queue.append(name)
                continue
            entering = name
        else:
            free += 1
            left[name] -= 1
            events.append(Event(now, name, "release", label, free, 1))
            events.append(Event(now, name, "sleep" if left[name] else "end"))
            if left[name]:
                later(now + rng.randint(1, within) * MS, "wake", name)
            if not queue:
                continue
            entering = queue.pop(rng.randrange(len(queue)))
        free -= 1
        events.append(Event(now, entering, "acquire", label, free, 1))
        later(now + rng.randint(150, 450) * MS, "leave", entering)
    events.append(Event(now, "main", "end"))
    return read(Trace(events, ["main", *names], [Primitive(label, "Semaphore", permits)]).certify())


def latch(waiters: int = 5) -> Reading:
    names = [f"waiter-{i}" for i in range(waiters)]
    events = [Event(0, "opener", "start"), Event(0, "opener", "sleep")]
    events += [Event(0, name, "start") for name in names]
    events += [Event((i + 1) * 800 * MS // waiters, name, "block", "latch", 0) for i, name in enumerate(names)]
    opened = 1_600 * MS
    events += [Event(opened, "opener", "wake"), Event(opened, "opener", "release", "latch", waiters, waiters)]
    for i, name in enumerate(names):
        events += [Event(opened, name, "acquire", "latch", waiters - i - 1, 1)]
    events += [Event(2_500 * MS, name, "end") for name in ["opener", *names]]
    return read(Trace(events, ["opener", *names], [Primitive("latch", "Semaphore", 0)]).certify())


def counter(threads: int = 50, each: int = 10) -> Reading:
    names = [f"worker-{i}" for i in range(threads)]
    events = [Event(0, name, "start") for name in names]
    for i in range(threads * each):
        events.append(Event((i + 1) * MS, names[i * 7 % threads], "release", "count", i + 1, 1))
    events += [Event(events[-1].time, name, "end") for name in names]
    return read(Trace(events, names, [Primitive("count", "Semaphore", 0)]).certify())


def deadlock(unit: int = MS) -> Reading:
    """Two locks taken in opposite order; the last event is the block that closes the ring."""
    events = [
        Event(0, "main", "start"),
        Event(0, "ann", "start"),
        Event(0, "bob", "start"),
        Event(0, "main", "join", "ann"),
        Event(100 * unit, "ann", "acquire", "left", 0, 1),
        Event(150 * unit, "bob", "acquire", "right", 0, 1),
        Event(400 * unit, "ann", "block", "right", 0),
        Event(520 * unit, "bob", "block", "left", 0),
    ]
    locks = [Primitive("left", "Lock", 1), Primitive("right", "Lock", 1)]
    return read(Trace(events, ["main", "ann", "bob"], locks).certify())


def twice_inside() -> Reading:
    """One thread that acquires twice, the second time inside the first."""
    events = [Event(0, "main", "start")]
    events += [Event(10 * MS, "main", "acquire", "lock", 1, 1), Event(20 * MS, "main", "acquire", "lock", 0, 1)]
    events += [Event(30 * MS, "main", "release", "lock", 1, 1), Event(40 * MS, "main", "release", "lock", 2, 1)]
    events += [Event(50 * MS, "main", "end")]
    return read(Trace(events, ["main"], [Primitive("lock", "Semaphore", 2)]).certify())


def moments() -> Reading:
    """Events, refusals and prints: the smaller signs."""
    events = [Event(0, "main", "start"), Event(0, "a", "start"), Event(0, "b", "start")]
    events += [Event(5 * MS, "a", "block", "ready", 0), Event(6 * MS, "b", "refuse", "gate", 0)]
    events += [Event(9 * MS, "main", "set", "ready", 1), Event(9 * MS, "a", "pass", "ready", 1)]
    events += [Event(12 * MS, "a", "print"), Event(15 * MS, "b", "release", "gate", 1, 1)]
    events += [Event(20 * MS, name, "end") for name in ("a", "b", "main")]
    primitives = [Primitive("gate", "Semaphore", 0), Primitive("ready", "Event", 0)]
    return read(Trace(events, ["main", "a", "b"], primitives).certify())


def stolen_twice() -> Reading:
    """Two waiters of a mutex: who releases it takes it again before the one that was notified, twice."""
    events = [Event(0, name, "start") for name in ("ann", "bob", "cy")]
    events += [Event(0, "ann", "acquire", "mutex", 0, 1), Event(10 * MS, "bob", "block", "mutex", 0)]
    events += [Event(20 * MS, "cy", "block", "mutex", 0)]
    for turn, woken in ((100, "bob"), (200, "cy")):
        events += [Event(turn * MS, "ann", "release", "mutex", 1, 1), Event(turn * MS, "ann", "acquire", "mutex", 0, 1)]
        events += [Event(turn * MS, woken, "block", "mutex", 0)]
    events += [Event(300 * MS, "ann", "release", "mutex", 1, 1), Event(300 * MS, "bob", "acquire", "mutex", 0, 1)]
    events += [Event(400 * MS, "bob", "release", "mutex", 1, 1), Event(400 * MS, "cy", "acquire", "mutex", 0, 1)]
    events += [Event(500 * MS, "cy", "release", "mutex", 1, 1)]
    events += [Event(500 * MS, name, "end") for name in ("ann", "bob", "cy")]
    return read(Trace(events, ["ann", "bob", "cy"], [Primitive("mutex", "Semaphore", 1)]).certify())


HOSTILE = [
    "$\\LaTeX$ $x_1",
    "<img src=x onerror=alert(1)>",
    "tab\tnew\nline\x00\x1b[31m\u202e",
    "工人" + "-long" * 30 + "-7 😀",
]

HELD = {"title": "Mutual exclusion held: never more than 1 inside", "subtitle": "9 threads · semaphore = Semaphore(1)"}
BROKEN = {**HELD, "title": "Mutual exclusion broken: 2 threads inside at once", "alarm": "semaphore"}
STUCK = {
    "title": "Deadlock: ann waits for `right`, held by bob; "
    "bob waits for `left`, held by ann (a circle: ann → bob → ann)",
    "stopped": "deadlock",
}

DENSE = guarded(20, 20, turns=600, within=60_000)
CASES: dict[str, tuple[Reading, dict[str, Any]]] = {
    "mutex held": (guarded(8, 1), HELD),
    "mutex broken": (guarded(8, 2), BROKEN),
    "many crowds": (guarded(5, 2, turns=4, within=1_500), BROKEN),
    "limiter": (guarded(12, 3), {"title": "Limit of 3 held: never more than 3 inside"}),
    "latch": (latch(), {"title": "The latch opened once: 5 threads passed, none before"}),
    "counter": (counter(), {"title": "Counted exactly 500: 500 released in 500 calls"}),
    "deadlock": (deadlock(), STUCK),
    "deadlock, clock still": (deadlock(0), STUCK),
    "moments": (moments(), {"title": "main and 2 threads ran to the end"}),
    "names": (guarded(HOSTILE, 1, label="$m$<b>"), {"title": "$\\frac{1}{2}$ held\n\x1b[1m", "subtitle": "$x$"}),
    "long title": (
        guarded(3, 1),
        {"title": "every word of the verdict stays on the page " * 5, "subtitle": "x " * 150},
    ),
    "100 rows": (guarded(100, 5, within=9_000), {"title": "Limit of 5 held"}),
    "1,000 rows": (guarded(1_000, 2, turns=5, within=90_000), BROKEN),
    "1,000 counters": (counter(1_000, 3), {"title": "Counted exactly 3,000"}),
    "5,000 rows": (counter(5_000, 1), {"title": "Counted exactly 5,000", "subtitle": "main and 5,000 threads"}),
    "dense": (DENSE, {"title": "Limit of 20 held"}),
    "dense, part": (DENSE, {"title": "", "between": (9_000, 9_001), "select": 3}),
    "part": (
        guarded(8, 1),
        {**HELD, "between": (0.4, 1.1), "threads": ["worker-2", 0, "worker-5", "worker-1"]},
    ),
    "stolen": (stolen_twice(), HELD),
    "one thread": (read(Trace([Event(0, "main", "start"), Event(0, "main", "end")], ["main"])), {"title": "1 thread"}),
    "no events": (read(Trace([], ["main"], [Primitive("s", "Semaphore", 1)])), {"title": "Nothing happened"}),
    "nothing": (read(Trace([])), {"title": "Nothing happened"}),
}


def picture(case: str, **more: Any) -> Figure:
    reading, style = CASES[case]
    return draw(reading, **{**style, **more})


def found(figure: Figure, gid: str) -> list[Artist]:
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def words(figure: Figure, gid: str | None = None) -> list[str]:
    return [text.get_text() for text in figure.texts if gid is None or text.get_gid() == gid]


def boxes(figure: Figure, gid: str) -> list[tuple[float, float, float]]:
    """Of every rectangle under this name: where it begins, where it ends, its middle."""
    corners = [path.get_path().vertices.reshape(-1, 5, 2) for path in found(figure, gid)]
    return [(*c[:, 0].min(keepdims=True), c[:, 0].max(), c[:, 1].mean()) for every in corners for c in every[:, :4]]


def contrast(one: Any, other: Any) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: Any) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


KEY = ("holding", "waiting", "running", "sleeping", "in join()", "passes", "opens", "hands over", "too many inside",
       "never ended", "releases", "sets", "gives up", "prints")  # fmt: skip


def key(figure: Figure) -> list[str]:
    return [w for w in words(figure) if w in KEY]
