"""The result of one recorded run: its log, what the log shows, and its picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semalab.access import Access
from semalab.claims import Check, Claim, Pace
from semalab.event import several
from semalab.excerpt import cut_name, listed
from semalab.introduction import introduced
from semalab.moments import Moments, moments_of
from semalab.reading import Reading, read
from semalab.saving import save
from semalab.schedule import Schedule
from semalab.source import Source
from semalab.stops import Deadlock, Timeout, several_of
from semalab.trace import SEMAPHORES, Trace
from semalab.verdict import Ending, Verdict, alarm, judge, verdict_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from semalab.decode import Printed
    from semalab.replay.widget import Replay
    from semalab.timeline.drawing import Drawing


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a program. Immutable; everything it says is derived from `trace`.

    duration: seconds on the run's own clock. result: what the program returned. output: all it printed.
    exception: what the program raised, or None. stopped: None, a Deadlock or a Timeout.
    unseen: primitives that the lab could not watch, by name; a library's by number, as "3 locks of fasteners".
    source: the text of the program as it was when it ran, as far as it can be had.
    schedule: on the virtual clock, what `record(program, schedule=…, clock="virtual")` needs to repeat the run.
    cost: on the wall clock, nanoseconds of an acquire or release of a semaphore and of any other event, measured when
    asked for.
    source_file: where the program stands. forgotten: arguments that the file it was loaded from could not hold.
    outlived: threads that libraries had started in the run, and that nobody could end with it.
    unruled: on the virtual clock, what the program asked for that this clock does not rule, as "time.process_time".
    died: processes that did not come to their own end, and what became of each, in words.
    accesses: of a schedule that an exploration tells, what its threads read and wrote of the variables that they share.
    module: whose threads, tasks or processes the rows are: threading, asyncio, multiprocessing or distributed.

    >>> run = record(program, threads=10, initial=1, clock="virtual")
    >>> run.verdict
    'Mutual exclusion held: never more than 1 inside'
    """

    trace: Trace
    arguments: Mapping[str, Any]
    clock: str
    seed: int
    duration: float
    result: Any = None
    printed: tuple[Printed, ...] = ()
    exception: BaseException | None = None
    stopped: Deadlock | Timeout | None = None
    name: str = "program"
    claim: Check | None = field(default=None, repr=False)
    failed_thread: str = "main"
    source_file: str | None = field(default=None, repr=False)
    unseen: tuple[str, ...] = ()
    outlived: tuple[str, ...] = ()
    unruled: tuple[str, ...] = ()
    died: tuple[str, ...] = ()
    schedule: Schedule | None = field(default=None, repr=False)
    cost: Callable[[], tuple[float, float]] | None = field(default=None, repr=False)
    source: Source = field(default=Source(), repr=False)
    forgotten: tuple[str, ...] = field(default=(), repr=False)
    accesses: tuple[Access, ...] = field(default=(), repr=False)
    module: str = field(default="threading", repr=False)

    @cached_property
    def reading(self) -> Reading:
        return read(self.trace, self.source)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Every claim the log gives rise to; the caller's own claim first."""
        own = (self.claim(self.reading),) if self.claim is not None else ()
        return own + tuple(c for c in judge(self.reading) if c not in own)

    @cached_property
    def _verdict(self) -> Verdict:
        failure = (self.failed_thread, self.exception) if self.exception is not None else None
        ending = Ending(self.stopped, failure, self.module, self.unseen, self.died, self.clock)
        return verdict_of(self.reading, self.claim, ending)

    @property
    def verdict(self) -> str:
        """One sentence; the same for the same run on the virtual clock."""
        return self._verdict.sentence

    @property
    def standing(self) -> str:
        """What the verdict amounts to: "wrong", "cannot say", or "" where there is nothing wrong.

        Wrong is an exception, a deadlock, a run that was stopped, a lost permit, a claim that does not hold.
        """
        return self._verdict.standing

    @cached_property
    def moments(self) -> Moments:
        """What was true after each event."""
        return moments_of(self.reading, self.printed, self.verdict if self.stopped is not None else None)

    @property
    def note(self) -> str:
        """What the log does not hold, and who is still there; empty if it holds everything and nobody is."""
        return " ".join(filter(None, (self._not_watched, self._not_ruled, self._still_there)))

    @property
    def _not_ruled(self) -> str:
        if not self.unruled:
            return ""
        return f"Not ruled by the virtual clock, and perhaps different in every run: {listed(self.unruled)}."

    @property
    def _still_there(self) -> str:
        if not self.outlived:
            return ""
        names = several_of(tuple(cut_name(name, 80) for name in self.outlived))
        return f"Still there when the run had ended, since the lab cannot end what a library starts: {names}."

    @property
    def _not_watched(self) -> str:
        if not self.unseen:
            return ""
        ours = "What the program itself makes can be watched."
        if any(one.endswith(" of multiprocessing") for one in self.unseen):
            ours = "What processes share, and what they do, semalab.beyond.record_processes watches."
        elif any(one.endswith(" of asyncio") for one in self.unseen):
            ours = "In a coroutine function that is recorded itself, the lab watches asyncio's semaphores and locks."
        if self.module == "asyncio":
            ours = "In a coroutine the lab watches asyncio's semaphores and locks."
        elif self.module == "multiprocessing":
            ours = "Of what processes share the lab watches multiprocessing's semaphores and locks."
        return f"Not watched: {listed(self.unseen)}. {ours}"

    @property
    def output(self) -> str:
        return "".join(p.text for p in self.printed)

    @property
    def description(self) -> str:
        """What ran, on which clock: the picture's second line."""
        others = sum(thread != "main" for thread in self.trace.threads)
        use = self.reading.main_use
        kind = use.primitive.kind if use is not None else self.module
        who = "main alone" if not others else f"main and {several(others, kind)}"
        return " · ".join([who, *introduced(self.reading), self._clock_in_words])

    @property
    def _clock_in_words(self) -> str:
        if self.clock == "wall":
            return "wall clock"
        if self.schedule is not None and self.schedule.points:
            return "virtual clock, every step chosen"
        return f"virtual clock, seed {self.seed}"

    @cached_property
    def watching(self) -> str:
        """Of a run on the wall clock: about how much of its time went into its log; empty on the virtual clock."""
        if self.cost is None or not self.trace or not self.trace.duration:
            return ""
        pair, note = self.cost()
        semaphores = [u for u in self.reading.uses.values() if u.primitive.kind in SEMAPHORES]
        pairs = sum(u.acquires + u.releases for u in semaphores)
        total = pair * pairs + note * (len(self.trace) - pairs)
        share = 100 * total / self.trace.duration
        part = f"{share:.2g} %" if share >= 0.01 else "less than 0.01 %"
        return f"watching: about {float(f'{total / len(self.trace):.2g}'):,.0f} ns an event, {part} of the run"

    def timeline(
        self,
        *,
        between: tuple[float, float] | None = None,
        threads: Sequence[str | int] | None = None,
        select: str | int | None = None,
        **style: Any,
    ) -> Figure:
        """The run as a picture: threads as rows, one time axis, the value below.

        Args:
            between: the moments (begin, end) to show, in seconds of the run's clock; where that stood still, numbers
                of events.
            threads: the rows to show, from the top: names of threads, or numbers of rows counted from 0.
            select: a thread of many, whose hand-overs are drawn.
            style: as in `timeline.layout`.

        >>> run.timeline(between=(0.1, 0.2), threads=["worker-3", "worker-4"])
        """
        from semalab.timeline import draw

        part = {"between": between, "threads": threads, "select": select}
        return draw(self.reading, **{**self._look, **part, **style})

    def drawing(self, **style: Any) -> Drawing:
        """The same picture as data: what is drawn and where, for a painter that is not matplotlib.

        Args:
            style: as for `timeline`.
        """
        from semalab.timeline import listed

        return listed(self.reading, **{**self._look, **style})

    @property
    def _look(self) -> dict[str, Any]:
        """What a picture of this run says and marks."""
        fault = alarm(self.reading, self.claim)
        return {
            "title": self.verdict,
            "standing": self.standing,
            "subtitle": " · ".join(filter(None, (self.description, self._length, self._deaths, self.watching))),
            "alarm": fault and fault[0],
            "allowed": fault[1] if fault else 1,
            "stopped": _stop_label(self.stopped),
            "pace": self._pace,
            "accesses": self.accesses,
            "circle": self._circle,
            "died": self.died,
        }

    @property
    def _pace(self) -> tuple[str, Pace] | None:
        """What the run is measured by, if that is a rate: which primitive, and how many may start in how long."""
        said = self.claims[0] if self.claim is not None else None
        if said is None or said.pace is None or said.primitive not in self.reading.uses:
            return None
        return said.primitive, said.pace

    @property
    def _length(self) -> str:
        """How long the run took, where time passed and it came to its own end."""
        from semalab.timeline.clock import clock_of

        if self.stopped is not None or not self.trace:
            return ""
        clock = clock_of(self.trace, self.reading.times)
        return "" if clock.stands else f"over after {clock.moment(clock.end)}"

    @property
    def _deaths(self) -> str:
        """Which processes died, where the verdict speaks of the stop alone."""
        return several_of(self.died) if self.stopped is not None else ""

    @property
    def _circle(self) -> list[tuple[str, str, str]]:
        """Of a deadlock, who waits for what, and who holds it."""
        waits = self.stopped.circle if isinstance(self.stopped, Deadlock) else ()
        return [(wait.thread, wait.primitive, wait.holders[0]) for wait in waits]

    def replay(self) -> Replay:
        """The run step by step under its picture, in a notebook: ← and → step, space plays."""
        from semalab.replay.widget import Replay

        return Replay(self)

    def save(self, path: str | Path) -> Path:
        """Write the run to a file; the suffix says how. A save that fails leaves the file that was there.

        The picture: .png .svg .pdf. The replay, as a page that stands alone: .html. The log: .csv, .json (which `load`
        reads), and .trace.json for Perfetto.

        Raises: ValueError for another suffix; OSError, with a sentence, if the file cannot be written.
        """
        return save(self, path)

    def __repr__(self) -> str:
        return self.verdict

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from semalab.timeline import png

        picture = {"image/png": png(self.timeline()), "text/plain": self.verdict}
        return picture, {"image/png": {"alt": f"Timeline. {self.verdict} ({self.description})"}}


def _stop_label(stopped: Deadlock | Timeout | None) -> str | None:
    if stopped is None:
        return None
    return "deadlock" if isinstance(stopped, Deadlock) else "stopped"
