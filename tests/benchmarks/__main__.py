"""What the lab costs, each figure a ratio against its peer in the same run: `python tests/benchmarks [NAME ...]`.

Every module of this folder with a function `rows() -> list[tuple[what, bar, figure, limit]]` is a benchmark:
what was measured, its bar in words ("≤ 3"), the figure, and the limit as a number. A bar that begins with ≥ asks for
at least the limit, any other for at most.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

Row = tuple[str, str, float, float]

FOLDER = Path(__file__).resolve().parent
HEAD = ("what", "bar", "measured", "")


def modules() -> list[str]:
    """The names of this folder's benchmarks: modules that define rows()."""
    found = sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))
    return [path.stem for path in found if "\ndef rows(" in path.read_text(encoding="utf-8")]


def reached(row: Row) -> bool:
    """Whether the row's figure keeps its bar."""
    _, bar, figure, limit = row
    return figure >= limit if bar.startswith("≥") else figure <= limit


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The rows as lines of text, under a head, in columns."""
    cells = [
        (what, bar, f"{figure:.3g}", "ok" if reached(row) else "short")
        for row in rows
        for what, bar, figure, _ in [row]
    ]
    widths = [max(map(len, column)) for column in zip(HEAD, *cells, strict=True)]
    for what, bar, figure, verdict in [HEAD, *cells]:
        yield f"{what:<{widths[0]}}  {bar:<{widths[1]}}  {figure:>{widths[2]}}  {verdict}".rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 where every figure keeps its bar."""
    known = modules()
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description="Measure what the lab costs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(known)} (default: all)")
    parser.add_argument("--list", action="store_true", help="print the names and measure nothing")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"NAME must be one of {', '.join(known)}, got {unknown[0]}")
    if options.list:
        print(*known, sep="\n")
        return 0
    # Benchmarks import each other and the tests' own modules by name.
    sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]
    rows: list[Row] = []
    for name in options.names or known:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += importlib.import_module(name).rows()
    print(*table(rows), sep="\n")
    return 0 if all(map(reached, rows)) else 1


if __name__ == "__main__":
    sys.exit(main())
