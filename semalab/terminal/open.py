"""`open`: the replay of a saved run in the browser."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from semalab.terminal.command import Refused, refusing


def add_to(commands: Any) -> None:
    """Give the command its parser."""
    parser = commands.add_parser(
        "open",
        help="step through a saved run in the browser",
        description="Show the replay of a saved run in the browser: its picture, and every step.",
        epilog="The page needs neither network nor kernel. Its place is printed, for a\n"
        "browser that could not be started. Nothing that the file holds is run.",
    )
    parser.add_argument("file", help="a run that was saved as .json")
    parser.add_argument("--page", metavar="PATH", help="the page goes there (.html); else to a temporary file")
    parser.add_argument("--no-browser", action="store_true", help="only write the page and print its place")
    parser.set_defaults(perform=perform)


def perform(options: argparse.Namespace) -> int:
    """Write the page, say where, and open it if there is a browser."""
    _check(options.file, options.page)
    with refusing():
        from semalab.loading import load

        run = load(options.file)
        written = run.save(_place(options))
    print(written)
    sys.stdout.flush()
    if not options.no_browser:
        _show(written)
    return 0


def _check(file: str, page: str | None) -> None:
    if Path(file).suffix.lower() == ".html":
        raise Refused(f"{Path(file).name!r} is a page already, which a browser opens; save the run as .json for this")
    if page is not None and Path(page).suffix.lower() != ".html":
        raise Refused(f"--page must end in .html, got {Path(page).name!r}")


def _place(options: argparse.Namespace) -> Path:
    """Where the page goes; a temporary one stays until the system clears it away: the browser may read it late."""
    if options.page is not None:
        return Path(options.page).absolute()
    return Path(tempfile.mkdtemp(prefix="semalab-")) / f"{Path(options.file).stem}.html"


def _show(page: Path) -> None:
    """In a browser with windows: one that draws in the terminal would take that over, and runs no script."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if type(browser) is not webbrowser.GenericBrowser or "BROWSER" in os.environ:
        browser.open(page.as_uri())
