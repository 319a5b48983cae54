"""A run as a file: which suffix stands for which form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from semalab.files import as_chrome_trace, as_csv, as_json, write_whole

if TYPE_CHECKING:
    from semalab.analysis.record import Record

Writer = Callable[["Record", str], Iterable[bytes]]


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


# The one place that knows the suffixes. A writer gives the file in pieces.
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
