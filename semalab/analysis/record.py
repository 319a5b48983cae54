"""What one run left, and what it shows, in words: nothing here draws, writes or displays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from semalab.analysis.claims import Check, Claim
from semalab.analysis.listings import Source
from semalab.analysis.reading import Reading, Use, read
from semalab.analysis.snapshots import Snapshots, snapshots_of
from semalab.analysis.verdict import Ending, Verdict, judge, verdict_of
from semalab.engine.uncaught import status_of
from semalab.log.event import Access, several
from semalab.log.excerpt import cut_name, listed
from semalab.log.schedule import Schedule
from semalab.log.stops import Deadlock, Timeout, several_of
from semalab.log.trace import POOLED, SEMAPHORES, Trace

if TYPE_CHECKING:
    from semalab.analysis.decode import Printed

_NAMED = 6  # primitives that are named; of more, how many there are besides
_LONGEST = 40  # characters of a name


@dataclass(frozen=True, eq=False)
class Record:
    """What one run of a program left. Immutable; everything it says is derived from `trace`.

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
    died: processes that did not come to their own end, and threads whose exceptions went to a hook of the program's
        own: what became of each, in words.
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
        """The log, read: who waited and held when, and what each primitive was used for."""
        return read(self.trace, self.source)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Every claim the log gives rise to; the caller's own claim first."""
        own = (self.claim(self.reading),) if self.claim is not None else ()
        return own + tuple(c for c in judge(self.reading) if c not in own)

    @property
    def failure(self) -> tuple[str, BaseException] | None:
        """Who raised what, if that is a failure. `sys.exit()` is none: so a program ends that is content."""
        return None if status_of(self.exception) == 0 else (self.failed_thread, self.exception)  # type: ignore[return-value]

    @cached_property
    def _verdict(self) -> Verdict:
        ending = Ending(self.stopped, self.failure, self.module, self.unseen, self.died, self.clock)
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
    def moments(self) -> Snapshots:
        """What was true after each event."""
        return snapshots_of(self.reading, self.printed, self.verdict if self.stopped is not None else None)

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
        """All that the program printed, by whichever thread."""
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

    def __repr__(self) -> str:
        return self.verdict


def introduced(reading: Reading) -> list[str]:
    """The primitives of a run as the program made them, in a few words.

    Each way of making one with the names of those that were made so: the main one's first, each then in order.

    >>> introduced(run.reading)
    ['mutex = Semaphore(1)', 'gate = Semaphore(0)']
    """
    main = reading.main_use
    if main is None or main.primitive.kind in POOLED:
        return []
    used = [use for use in reading.uses.values() if use.role != "unused" and use.primitive.kind not in POOLED]
    order = [main, *(use for use in used if use.label != main.label)]
    made: dict[str, list[str]] = {}
    for use in order[:_NAMED]:
        made.setdefault(_call(reading, use), []).append(cut_name(use.label, _LONGEST))
    parts = [f"{', '.join(labels)} = {call}" for call, labels in made.items()]
    return [*parts, f"{len(order) - _NAMED:,} more"] if len(order) > _NAMED else parts


def _call(reading: Reading, use: Use) -> str:
    kind = use.primitive.kind
    if kind in SEMAPHORES:
        return f"{kind}({use.primitive.initial})"
    if kind == "Barrier":
        return f"Barrier({_parties(reading, use.label) or '…'})"
    return f"{kind}()"


def _parties(reading: Reading, label: str) -> int | None:
    """How many a barrier waits for: who comes last passes without a wait, beside those who have waited."""
    waiting: set[str] = set()
    for event in reading.trace:
        if event.primitive != label:
            continue
        if event.kind == "block":
            waiting.add(event.thread)
        elif event.kind == "pass" and event.thread not in waiting:
            return len(waiting) + 1
        elif event.kind in {"pass", "refuse", "clear"}:
            waiting.discard(event.thread)
    return None
