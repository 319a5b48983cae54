"""Rows of a picture laid beside another that only the other has something to draw in: they say so."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from semalab.draw.ink import GREY, LINE, SMALL
from semalab.draw.scene import Scene
from semalab.draw.sheet import Sheet
from semalab.draw.words import width


def draw_absent(sheet: Sheet, scene: Scene) -> None:
    """A bracket and words for every block of rows whose threads this run does not have."""
    page = sheet.page
    x = sheet.begin + 6 * sheet.per_point
    for _, block in groupby(enumerate(sorted(scene.view.absent)), key=lambda numbered: numbered[1] - numbered[0]):
        rows = [row for _, row in block]
        top, bottom = page.row(rows[0]) + page.pitch * 0.35, page.row(rows[-1]) - page.pitch * 0.35
        sheet.lines(np.array([[[x, top], [x, bottom]]]), "absent", 2, color=LINE, linewidth=1.2)
        words = "not in this run" if len(rows) == 1 else f"{len(rows):,} threads that are not in this run"
        if len(rows) * page.pitch >= 10.5 and width(words, SMALL) <= page.right - page.left:
            middle = (page.row(rows[0]) + page.row(rows[-1])) / 2
            sheet.text(page.left + 12, middle, words, gid="absent label", va="center_baseline", color=GREY)
