"""The answer as one picture, with its sentences in it: beside a picture JupyterLab hides the plain text.

Of an attempt that failed the run can be unfolded below, and stepped through.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from semalab.analysis.verdict import RIGHT
from semalab.draw import png
from semalab.exploration.descriptions import Step, drawing
from semalab.exploration.exploration import Exploration
from semalab.report import Head, Tally, poster
from semalab.run import Run


def picture(sentences: Sequence[str], standing: str, run: Run, found: Exploration | None, way: Sequence[Step]) -> bytes:
    """The sentences above the timeline of the run; of a counterexample also how many there are, and its steps.

    standing: what the first sentence amounts to. found: of every schedule of the size that the answer speaks of.
    way: the steps to what is wrong.
    """
    first, *others = sentences
    if found is None or found.description is None:
        return png(run.timeline(title=first, standing=standing, subtitle=" ".join([*others, f"({run.description})"])))
    description = replace(found.description, run=run)
    if standing == RIGHT:  # what was looked for was found: nothing to be alarmed about
        return png(drawing(description, " ".join(sentences), standing=standing))
    tally = Tally(len(found.violations), found.covered, found.complete, found.tally)
    which = "The shortest that goes wrong" if found.minimal else "The shortest met that goes wrong"
    return poster(
        Head(first, " ".join(others), tally, standing), drawing(description, which, standing=standing), way, ()
    )


def unfolding(picture: bytes, words: str, run: Run) -> str:
    """The picture as HTML, and below it a fold with the replay of its run. words: what the picture says."""
    from semalab.replay.widget import framed

    image = f'<img alt="{escape(words)}" src="data:image/png;base64,{base64.b64encode(picture).decode("ascii")}">'
    fold = f"<details><summary><b>Step through this run</b></summary>{framed(run)}</details>"
    return f'<div class="semalab-feedback">{image}{fold}</div>'
