"""`compare`: two runs in words and in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semalab.comparison.compared import Compared
from semalab.files import write_whole
from semalab.log.excerpt import written
from semalab.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SUFFIXES = (".png", ".svg", ".pdf")


@dataclass(frozen=True, eq=False, repr=False)  # its text is that of what is said
class Comparison(Compared):
    """Two runs and what differs between them. Immutable; everything it says is derived from their logs.

    varied: what was given to them that is not the same. differences: what came of it; same: what came of both.
    parting: the place of the first event at which something else happens, or None.

    >>> one, other = (record(program, threads=2, initial=n, clock="virtual") for n in (1, 2))
    >>> compare(one, other).varied
    (Difference(what='initial', a='1', b='2', change=''),)
    """

    def timeline(
        self,
        *,
        between: tuple[float, float] | None = None,
        threads: Sequence[str | int] | None = None,
        width: float = 10.0,
        height: float | None = None,
        dpi: int = 100,
    ) -> Figure:
        """Both timelines one above the other, on one axis where both clocks moved or both stood still.

        Args:
            between: the moments (begin, end) to show of both, as in `Run.timeline`.
            threads: the rows to show, from the top: names, or numbers of rows counted from 0.
            width: inches of the sheet. height: inches of each of the two timelines. dpi: pixels per inch.

        Raises: TypeError, ValueError for a window or threads that are not there, or too small a sheet.

        >>> compare(a, b).timeline(threads=["worker-3", "worker-4"])
        """
        from semalab.comparison.side_by_side import picture

        return picture(self, between=between, threads=threads, width=width, height=height, dpi=dpi)

    def save(self, path: str | Path) -> Path:
        """Write the picture as .png, .svg or .pdf, whole or not at all.

        Raises: ValueError for another suffix; OSError, with a sentence, if the file cannot be written.
        """
        from semalab.draw import written as drawn

        suffix = Path(path).suffix.lower()
        if suffix not in _SUFFIXES:
            raise ValueError(f"the suffix must be one of {' '.join(_SUFFIXES)}, got {Path(path).name!r}")
        return write_whole(path, [drawn(self.timeline(), suffix)])

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], Mapping[str, Any]]:
        from semalab.draw import png

        picture = {"image/png": png(self.timeline()), "text/plain": repr(self)}
        return picture, {"image/png": {"alt": f"Two timelines. {self.sentence}. {self.parted}"}}


def compare(a: Run, b: Run, /) -> Comparison:
    """Two runs side by side on one time axis: what was varied, where they part, what came of it.

    Args:
        a, b: what `record`, `load` or an exploration's `replay` returned; of one program or of two.

    Returns:
        The two, with their differences in words, and a picture of both.

    Raises:
        TypeError: for anything that is no run.

    >>> one, other = (record(program, threads=2, initial=n, clock="virtual") for n in (1, 2))
    >>> compare(one, other).names
    ('initial=1', 'initial=2')
    """
    for name, run in (("a", a), ("b", b)):
        if not isinstance(run, Run):
            raise TypeError(
                f"{name} must be a run, as record() and load() return it, got {written(run)};"
                f" write compare(record(program, …), record(program, …))"
            )
    return Comparison(a, b)
