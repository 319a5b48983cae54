"""What an exploration found, as HTML: the verdict, the tally, the steps of a schedule. Text from programs is data."""

from __future__ import annotations

from html import escape

from semalab.draw.ink import ALARM, INK, TONES
from semalab.exploration import Exploration
from semalab.exploration.telling import Telling
from semalab.notebook.texts import STATUS, badge
from semalab.report.lanes import TINTS

_MOST = 200  # steps that are written down; a list of thousands would be slow to lay out
_HATCH = f"repeating-linear-gradient(135deg,{ALARM} 0 5px,#d98a76 5px 7px)"
_SIGN = f"display:inline-block;min-width:1.5em;text-align:center;padding:0 .2em;color:{INK};background:"


def verdict(found: Exploration) -> str:
    """The sentence above the chooser; screen readers speak it when it changes."""
    about = f"<div style='opacity:.75;line-height:1.5'>{escape(found.subtitle)}</div>"
    return f"<div {STATUS}>{badge(found.standing)}<b>{escape(found.headline)}</b>{about}</div>"


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


def steps(telling: Telling, signs: dict[str, str]) -> str:
    """The steps of one schedule, numbered, each with its thread's sign."""
    tints = {thread: TINTS[number % len(TINTS)] for number, thread in enumerate(signs)}
    lines = [
        f"<li><span aria-hidden='true' style='{_SIGN}{tints[step.thread]}'>{escape(signs[step.thread])}</span> "
        f"{escape(f'{step.thread} {step.what}')}</li>"
        for step in telling.steps[:_MOST]
    ]
    more = len(telling.steps) - len(lines)
    rest = f"<p>and {more:,} more steps</p>" if more else ""
    if not lines:
        return "<p>No thread could make a step.</p>"
    return f"<ol style='margin:0;padding-left:2.2em;line-height:1.5'>{''.join(lines)}</ol>{rest}"
