"""The words of a panel as HTML: verdict, output, short traceback; of an exploration the verdict, the tally, the steps
of a schedule. Text from programs is data, never markup.
"""

from __future__ import annotations

import traceback
from html import escape

from semalab.draw.header import MARKS
from semalab.draw.style import ALARM, INK, TONES
from semalab.exploration import Exploration
from semalab.exploration.descriptions import Description
from semalab.log.excerpt import cut, said_by
from semalab.replay.page import with_code
from semalab.report.lanes import TINTS
from semalab.run import Run

LONGEST = 4000  # characters of output or traceback shown; a program may print megabytes
_MESSAGE = 600
_BADGE = (
    "display:inline-block;min-width:1.3em;text-align:center;margin-right:.4em;font-weight:bold;color:#fff;background:"
)
_UNSEEN = "style='position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap'"
STATUS = "role='status' aria-live='polite' style='overflow-wrap:anywhere'"
_LINES = "style='white-space:pre-wrap;overflow-wrap:anywhere;max-height:20em;overflow:auto'"


def verdict(run: Run, before: str = "") -> str:
    """What screen readers speak when it changes, and does not stand in the picture for those who see that.

    before: how long the run before took, in words; the line that it stands on is there in any case, so that nothing
    below moves.
    """
    spoken = f"{badge(run.standing)}<b>{escape(run.verdict)}</b> <em>{escape(run.description)}</em>"
    spoken += f" {escape(run.note)}" if run.note else ""
    body = f"<div {STATUS}><span {_UNSEEN}>{spoken}</span><div style='opacity:.75'>{escape(before) or '&nbsp;'}</div>"
    return body + "</div>"


def besides(run: Run) -> str:
    """The run's note and its traceback, of any height: for the end of the panel, where they move nothing."""
    note = f"<div style='overflow-wrap:anywhere'>{with_code(run.note)}</div>" if run.note else ""
    return note + (_lines(own_lines(run)) if run.exception is not None else "")


def badge(standing: str) -> str:
    """What the sentence behind it amounts to: a sign on a field of its own, seen on a dark page as on a light one."""
    mark = MARKS[standing]
    if not mark.sign:
        return ""
    return f"<span role='img' aria-label='{mark.word}' style='{_BADGE}{mark.colour}'>{mark.sign}</span>"


def message(error: Exception) -> str:
    """Why there is no run to show."""
    return sentence(cut(said_by(error), _MESSAGE))


def sentence(text: str) -> str:
    return f"<div {STATUS}><b>{escape(text)}</b></div>"


def under_way(words: str) -> str:
    """What a run that goes on has come to, as high as its verdict; changes too often to be spoken."""
    return f"<div style='overflow-wrap:anywhere'><b>{escape(words)}</b></div>"


def output(run: Run) -> str:
    """What the program printed, line by line as it came."""
    return _lines(run.output) if run.printed else "<i>The program printed nothing.</i>"


def own_lines(run: Run) -> str:
    """The traceback of the program's exception without the lab's and the standard library's frames."""
    error = run.exception
    assert error is not None
    files = {run.source_file} if run.source_file else set()
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not files or f.filename in files]
    lines = [f"line {f.lineno}, in {f.name}: {f.line or ''}".rstrip(": ") for f in frames]
    return "\n".join([*lines, *_last_lines(error)])


def _last_lines(error: BaseException) -> list[str]:
    try:
        return [line.rstrip() for line in traceback.format_exception_only(error)]
    except Exception:  # Python asks the exception for its text, which is the program's code, and trusts the answer
        return [f"{type(error).__name__}: {said_by(error)}"]


def _lines(text: str) -> str:
    return f"<pre {_LINES}>{escape(cut(text, LONGEST, lines=True))}</pre>"


_MOST = 200  # steps that are written down; a list of thousands would be slow to lay out
_HATCH = f"repeating-linear-gradient(135deg,{ALARM} 0 5px,#d98a76 5px 7px)"
_SIGN = f"display:inline-block;min-width:1.5em;text-align:center;padding:0 .2em;color:{INK};background:"


def headline(found: Exploration) -> str:
    """The sentence above the chooser; screen readers speak it when it changes."""
    about = f"<div style='opacity:.75;line-height:1.5'>{with_code(found.subtitle)}</div>"
    return f"<div {STATUS}>{badge(found.standing)}<b>{with_code(found.headline)}</b>{about}</div>"


def tally(found: Exploration) -> str:
    """The bar of how many schedules break the program, and the same in words."""
    broken = 100 * len(found.violations) / max(1, found.covered)
    unjudged = 100 * found.unjudged / max(1, found.covered)
    open_end = (
        "" if found.complete and not unjudged else "<span style='flex:0 0 4em;border:1px dashed currentColor'></span>"
    )
    return (
        "<div style='display:flex;align-items:center;gap:.8em;flex-wrap:wrap'>"
        "<div aria-hidden='true' style='display:flex;width:24em;max-width:60%;height:.9em'>"
        f"<span style='flex:{broken:.4f} 0 {'3px' if broken else '0'};background:{_HATCH}'></span>"
        f"<span style='flex:{100 - broken - unjudged:.4f} 0 0;background:{TONES[3].colour}'></span>{open_end}</div>"
        f"<b>{escape(found.tally)}</b></div>"
    )


def steps(description: Description, signs: dict[str, str]) -> str:
    """The steps of one schedule, numbered, each with its thread's sign."""
    tints = {thread: TINTS[number % len(TINTS)] for number, thread in enumerate(signs)}
    lines = [
        f"<li><span aria-hidden='true' style='{_SIGN}{tints[step.thread]}'>{escape(signs[step.thread])}</span> "
        f"{with_code(f'{step.thread} {step.what}')}</li>"
        for step in description.steps[:_MOST]
    ]
    more = len(description.steps) - len(lines)
    rest = f"<p>and {more:,} more steps</p>" if more else ""
    if not lines:
        return "<p>No thread could make a step.</p>"
    return f"<ol style='margin:0;padding-left:2.2em;line-height:1.5'>{''.join(lines)}</ol>{rest}"
