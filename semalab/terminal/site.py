"""`site`: the course as pages that need no kernel."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from semalab.terminal.command import Refused, refusing

_WIDTH = 30  # characters of the bar


def add_to(commands: Any) -> None:
    """Give the command its parser."""
    parser = commands.add_parser(
        "site",
        help="make the course as web pages, with dials that turn without a kernel",
        description="Make the course as static pages: a page a lesson, whose dials turn without a\nkernel.",
        epilog="Every position of every dial is run beforehand, so this takes a few minutes. The\n"
        "pages load nothing but their own files, and can be opened from the folder as\nthey are.",
    )
    parser.add_argument("folder", nargs="?", default="site", help="where the pages go (default: site)")
    parser.add_argument("--notebooks", default="notebooks", help="the folder with the lessons (default: notebooks)")
    parser.add_argument("--repository", default="", metavar="OWNER/NAME", help="on GitHub, for the links to Binder")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each position of the dials (default: 5)")
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Build it, with a bar while that goes on, and say where the first page is."""
    try:
        from semalab.site import build
    except ModuleNotFoundError as error:
        raise Refused(f"the pages need Jupyter, and {error.name} is not installed; see the README's install") from error
    with refusing():
        lessons = build(Path(options.notebooks), Path(options.folder), _tell, options.repository, options.seeds)
    positions = sum(lesson.positions for lesson in lessons)
    print(f"{len(lessons)} lessons, {positions:,} runs: {Path(options.folder, 'index.html')}")
    return 0


def _tell(done: int, every: int, what: str) -> None:
    """On a terminal one line that is written over; elsewhere nothing."""
    if not sys.stderr.isatty():
        return
    full = round(_WIDTH * done / every)
    end = "\n" if done == every else ""
    line = f"\r[{'#' * full}{'.' * (_WIDTH - full)}] {done} of {every} {what:<40.40}"
    print(line, end=end, file=sys.stderr, flush=True)
