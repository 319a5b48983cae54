"""The result of one recorded run: its log, what the log shows, and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semalab.claims import Check, Claim, judge
from semalab.excerpt import cut_name
from semalab.export import as_chrome_trace, as_csv, as_json
from semalab.moments import Moments, moments_of
from semalab.reading import Reading, read
from semalab.schedule import Schedule
from semalab.source import Source
from semalab.stops import Deadlock, Timeout
from semalab.trace import POOLED, SEMAPHORES, Trace
from semalab.verdict import alarm, headline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from semalab.decode import Printed
    from semalab.replay.widget import Replay


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a program. Immutable; everything it says is derived from `trace`.

    duration: seconds on the run's own clock. result: what the program returned. output: all it printed.
    exception: what the program raised, or None. stopped: None, a Deadlock or a Timeout.
    unseen: primitives that were there before the run, and that the lab could not watch.
    source: the text of the program as it was when it ran, as far as it can be had.
    schedule: on the virtual clock, what `record(program, schedule=…, clock="virtual")` needs to repeat the run.

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
    schedule: Schedule | None = field(default=None, repr=False)
    source: Source = field(default=Source(), repr=False)

    @cached_property
    def reading(self) -> Reading:
        return read(self.trace)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """Every claim the log gives rise to; the caller's own claim first."""
        own = (self.claim(self.reading),) if self.claim is not None else ()
        return own + tuple(c for c in judge(self.reading) if c not in own)

    @cached_property
    def verdict(self) -> str:
        """One sentence; the same for the same run on the virtual clock."""
        failure = (self.failed_thread, self.exception) if self.exception is not None else None
        return headline(self.reading, self.claim, self.stopped, failure)

    @cached_property
    def moments(self) -> Moments:
        """What was true after each event."""
        return moments_of(self.reading, self.printed, self.verdict if self.stopped is not None else None)

    @property
    def note(self) -> str:
        """One sentence about what the log does not hold; empty if it holds everything."""
        if not self.unseen:
            return ""
        names = ", ".join(f"`{cut_name(name, 80)}`" for name in self.unseen[:3])
        more = f" and {len(self.unseen) - 3:,} more" if len(self.unseen) > 3 else ""
        return f"Not watched, because made before the run: {names}{more}. Make them in the program itself."

    @property
    def output(self) -> str:
        return "".join(p.text for p in self.printed)

    @property
    def description(self) -> str:
        """What ran, on which clock: the picture's second line."""
        others = sum(thread != "main" for thread in self.trace.threads)
        parts = ["main alone" if not others else f"main and {others:,} thread{'' if others == 1 else 's'}"]
        use = self.reading.main_use
        if use is not None and use.primitive.kind not in POOLED:
            value = use.primitive.initial if use.primitive.kind in SEMAPHORES else ""
            parts.append(f"{use.label} = {use.primitive.kind}({value})")
        parts.append(self._clock_in_words)
        return " · ".join(parts)

    @property
    def _clock_in_words(self) -> str:
        if self.clock == "wall":
            return "wall clock"
        if self.schedule is not None and self.schedule.points:
            return f"virtual clock, {len(self.schedule):,} steps chosen"
        return f"virtual clock, seed {self.seed}"

    def timeline(self, **style: Any) -> Figure:
        """The run as a picture: threads as rows, one time axis, the value below. Style as in `timeline.draw`."""
        from semalab.timeline import draw

        fault = alarm(self.reading, self.claim, self.verdict)
        settings = {
            "title": self.verdict,
            "subtitle": self.description,
            "alarm": fault and fault[0],
            "allowed": fault[1] if fault else 1,
            "stopped": _stop_label(self.stopped),
        }
        return draw(self.reading, **{**settings, **style})

    def replay(self) -> Replay:
        """The run step by step under its picture, in a notebook: ← and → step, space plays."""
        from semalab.replay.widget import Replay

        return Replay(self)

    def save(self, path: str | Path) -> Path:
        """Write the run to a file; the suffix says how.

        The picture: .png .svg .pdf. The log: .csv .json, and .trace.json for Chrome's and Perfetto's viewers.
        """
        path = Path(path)
        check_suffix(path)
        suffix = path.suffix.lower()
        if suffix in {".png", ".svg", ".pdf"}:
            from semalab.timeline import save

            save(self.timeline(), path)
        elif path.name.lower().endswith(".trace.json"):
            path.write_text(as_chrome_trace(self.reading), encoding="utf-8")
        elif suffix == ".csv":
            path.write_text(as_csv(self.trace), encoding="utf-8", newline="")
        else:
            log = as_json(self.trace, clock=self.clock, seed=self.seed, schedule=self.schedule)
            path.write_text(log, encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return self.verdict

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from semalab.timeline import png

        picture = {"image/png": png(self.timeline()), "text/plain": self.verdict}
        return picture, {"image/png": {"alt": f"Timeline. {self.verdict} ({self.description})"}}


def check_suffix(path: str | Path) -> None:
    """Raise ValueError for a file that no run can be written to."""
    path = Path(path)
    if path.suffix.lower() not in {".png", ".svg", ".pdf", ".csv", ".json"}:
        raise ValueError(f"the suffix must be one of .png .svg .pdf .csv .json .trace.json, got {path.name!r}")


def _stop_label(stopped: Deadlock | Timeout | None) -> str | None:
    if stopped is None:
        return None
    return "deadlock" if isinstance(stopped, Deadlock) else "stopped"
