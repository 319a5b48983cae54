"""The words of a panel as HTML: verdict, output, short traceback. Text from programs is data, never markup."""

from __future__ import annotations

import traceback
from html import escape

from semalab.run import Run

LONGEST = 4000  # characters of output or traceback shown; a program may print megabytes


def verdict(run: Run) -> str:
    """The sentence under the picture; screen readers speak it when it changes."""
    about = f"<div style='opacity:.75'>{escape(run.description)}</div>"
    body = f"<div role='status' aria-live='polite'><b>{escape(cut(run.verdict, 600))}</b>{about}"
    if run.exception is not None:
        body += f"<pre style='white-space:pre-wrap'>{escape(cut(own_lines(run)))}</pre>"
    return body + "</div>"


def message(text: str) -> str:
    return f"<div role='status' aria-live='polite'><b>{escape(text)}</b></div>"


def output(run: Run) -> str:
    """What the program printed, line by line as it came."""
    if not run.printed:
        return "<i>The program printed nothing.</i>"
    text = escape(cut(run.output))
    return f"<pre style='white-space:pre-wrap;max-height:20em;overflow:auto'>{text}</pre>"


def own_lines(run: Run) -> str:
    """The traceback of the program's exception without the lab's and the standard library's frames."""
    error = run.exception
    assert error is not None
    files = {run.source_file} if run.source_file else set()
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not files or f.filename in files]
    lines = [f"line {f.lineno}, in {f.name}: {f.line or ''}".rstrip(": ") for f in frames]
    return "\n".join([*lines, *(line.rstrip() for line in traceback.format_exception_only(error))])


def cut(text: str, longest: int = LONGEST) -> str:
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text) - longest:,} more characters)"
