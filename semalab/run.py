"""The result of one recorded run as its user holds it: what it left, and its picture, its replay, its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semalab.analysis.record import Record
from semalab.files import as_chrome_trace, as_csv, as_json, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from semalab.draw.drawing import Drawing
    from semalab.replay.widget import Replay

Writer = Callable[[Record, str], Iterable[bytes]]


class Run(Record):
    """One run of a program. Immutable; everything it says, and all it shows, is derived from `trace`.

    Its fields are those of `Record`.

    >>> run = record(program, threads=10, initial=1, clock="virtual")
    >>> run.verdict
    'Mutual exclusion held: never more than 1 inside'
    """

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
            style: as in `draw.layout`.

        >>> run.timeline(between=(0.1, 0.2), threads=["worker-3", "worker-4"])
        """
        from semalab.draw.picture import picture_of

        return picture_of(self, between=between, threads=threads, select=select, **style)

    def drawing(self, **style: Any) -> Drawing:
        """The same picture as data: what is drawn and where, for a painter that is not matplotlib.

        Args:
            style: as for `timeline`.
        """
        from semalab.draw.picture import drawing_of

        return drawing_of(self, **style)

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

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from semalab.draw.picture import bundle_of

        return bundle_of(self)


def _picture(run: Record, suffix: str) -> Iterable[bytes]:
    from semalab.draw import written  # matplotlib, only where a picture is wanted
    from semalab.draw.picture import picture_of

    yield written(picture_of(run), suffix)


def _page(run: Record, suffix: str) -> Iterable[bytes]:
    from semalab.replay import as_html

    yield as_html(run).encode("utf-8")


def _log(run: Record, suffix: str) -> Iterable[bytes]:
    try:
        from semalab.replay.facts import carried
    except (ImportError, UnicodeError):  # the log is kept also where NumPy cannot be imported, without a page's picture
        return as_json(run)
    return as_json(run, carried(run))


# The one place that knows which suffix stands for which form. A writer gives the file in pieces.
WRITERS: dict[str, Writer] = {
    ".png": _picture,
    ".svg": _picture,
    ".pdf": _picture,
    ".html": _page,
    ".csv": lambda run, _: as_csv(run.trace),
    ".json": _log,
    ".trace.json": lambda run, _: as_chrome_trace(run),
}


def suffix_of(path: str | Path) -> str:
    """The suffix that says how a run is written to this path.

    Raises: ValueError for a file that no run can be written to.
    """
    name = Path(path).name
    fitting = [suffix for suffix in WRITERS if name.lower().endswith(suffix) and len(name) > len(suffix)]
    if not fitting:
        raise ValueError(f"the suffix must be one of {' '.join(WRITERS)}, got {name!r}")
    return max(fitting, key=len)


def save(run: Record, path: str | Path) -> Path:
    """Write a run to a file, or leave the file as it was."""
    suffix = suffix_of(path)
    return write_whole(path, WRITERS[suffix](run, suffix))
