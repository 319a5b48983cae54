"""The cheat sheet as a page to print: `python tests/cheat_sheet.py` makes cheat_sheet.pdf of cheat_sheet.md.

matplotlib sets it, which every learner's environment has: a browser or LaTeX would write another file on each machine.
The small pictures are runs of the lessons' own programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from support.lesson_names import names_of
from support.notebook_text import LINK

import semalab as lab

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
SOURCE = NOTEBOOKS / "cheat_sheet.md"
PAGE = NOTEBOOKS / "cheat_sheet.pdf"

A4 = (8.27, 11.69)  # inches
POINTS = 72
FINE = 10  # times as many dots as points when words are measured: hinting would round each to a whole one
LEFT, RIGHT, TOP = 0.62, 7.65, 11.15  # inches from the lower left corner
SIZE, LEADING, GAP = 9.6, 0.178, 0.11  # points; inches from line to line, and above and below a row
INK, FAINT, BAR, RULE, HEAD = "#20242b", "#6f747d", "#00629b", "#c9c6bd", "#eeece6"
WIDTHS = {4: (0.08, 0.24, 0.23, 0.24), 2: (0.45, 0.55)}  # of the columns, by their number; a picture takes the rest
PICTURE = 0.21
# One run for each row of the first table: the lesson, the call, and the semaphore that is drawn.
RUNS = (
    ("01_limiter", "ask_the_server", {"threads": 6, "initial": 3}, "connections"),
    ("02_mutex", "visit_the_room", {"threads": 4}, "mutex"),
    ("03_latch", "wait_for_the_data", {}, "loaded"),
    ("04_counter", "count_up", {"threads": 4, "times": 3}, "counter"),
)
LEGEND = (
    "In the pictures a row is a thread, and time goes to the right: solid is inside, hatched waits, ▼ releases. The "
    "line below is the value. From the lessons of semalab, under CC BY 4.0."
)
WORD = re.compile(r"(`[^`]+`|\*[^*]+\*|[^\s`*]+)(\s*)")


class Token(NamedTuple):
    """A word in its type, and whether a blank comes after it."""

    text: str
    font: FontProperties
    blank: bool


def font(style: str = "", size: float = SIZE) -> FontProperties:
    """plain, code, slanted or bold."""
    if style == "code":
        return FontProperties(family="DejaVu Sans Mono", size=size * 0.92)
    return FontProperties(
        family="DejaVu Sans",
        size=size,
        style="italic" if style == "slanted" else "normal",
        weight="bold" if style == "bold" else "normal",
    )


def tokens(text: str, style: str = "") -> Iterator[Token]:
    """The words of a line of Markdown, links without their targets."""
    for word, blank in WORD.findall(LINK.sub(r"\2", text)):
        if word[0] == "`":
            parts = re.findall(r"\S+", word.strip("`"))
            for i, part in enumerate(parts, start=1):
                yield Token(part, font("code"), i < len(parts) or bool(blank))
        elif word[0] == "*":
            yield Token(word.strip("*"), font("slanted"), bool(blank))
        else:
            yield Token(word, font(style), bool(blank))


def tables(markdown: str) -> list[list[list[str]]]:
    """The tables of a page, each a list of rows, the first of them the heads."""
    found: list[list[list[str]]] = []
    for block in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
        found.append([row for row in rows if not set("".join(row)) <= set("-")])
    return found


class Sheet:
    """Invariant: everything above `y`, in inches from the lower edge, is written; nothing below it is."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=A4)
        self._renderer = FigureCanvasAgg(Figure(figsize=(1, 1), dpi=POINTS * FINE)).get_renderer()
        self.y = TOP

    def width(self, token: Token) -> float:
        """In inches, the blank after it included."""
        room, _, _ = self._renderer.get_text_width_height_descent(token.text, token.font, ismath=False)
        return (room / FINE + token.blank * token.font.get_size() * 0.32) / POINTS

    def lines(self, words: Iterator[Token], room: float) -> list[list[Token]]:
        """Words broken into lines that fit into so many inches. A word without a blank holds on to the next."""
        broken: list[list[Token]] = [[]]
        used = 0.0
        held: list[Token] = []
        for token in words:
            held.append(token)
            if token.blank:
                broken, used = self._placed(broken, used, held, room)
                held = []
        return self._placed(broken, used, held, room)[0]

    def _placed(
        self, broken: list[list[Token]], used: float, held: list[Token], room: float
    ) -> tuple[list[list[Token]], float]:
        needed = sum(map(self.width, held))
        if broken[-1] and used + needed > room + 0.04:
            broken.append([])
            used = 0.0
        broken[-1].extend(held)
        return broken, used + needed

    def write(self, lines: list[list[Token]], x: float, y: float) -> None:
        """Lines from the base line `y` downwards."""
        for number, line in enumerate(lines):
            at = x
            for token in line:
                self.figure.text(
                    at / A4[0],
                    (y - number * LEADING) / A4[1],
                    token.text,
                    fontproperties=token.font,
                    color=INK,
                    parse_math=False,
                )
                at += self.width(token)

    def rule(self, y: float) -> None:
        across = [LEFT / A4[0], RIGHT / A4[0]]
        self.figure.add_artist(matplotlib.lines.Line2D(across, [y / A4[1]] * 2, color=RULE, linewidth=0.6))

    def table(self, rows: list[list[str]], runs: list[tuple[lab.run.Run, str]]) -> None:
        """A table of Markdown; with runs, the picture of one of them after each row below the heads."""
        shares = WIDTHS[len(rows[0])]
        scale = RIGHT - LEFT
        for number, row in enumerate(rows):
            style = "bold" if number == 0 else ""
            cells = [
                self.lines(tokens(cell, style), share * scale - 0.14) for cell, share in zip(row, shares, strict=True)
            ]
            height = max(map(len, cells)) * LEADING + GAP
            if number and runs:
                height = max(height, 0.98)
            x = LEFT
            for lines, share in zip(cells, shares, strict=True):
                self.write(lines, x, self.y - GAP / 2 - LEADING * 0.76)
                x += share * scale
            if number and runs:
                run, label = runs[number - 1]
                box = (x / A4[0], (self.y - height + 0.05) / A4[1], PICTURE * scale / A4[0], (height - 0.10) / A4[1])
                draw(self.figure.add_axes(box), run, label)
            self.y -= height
            self.rule(self.y)
        self.y -= 0.24


def draw(axes: Axes, run: Any, label: str) -> None:
    """A run in small: a row for each thread, solid inside, hatched waiting; below, the value of the semaphore."""
    used = run.reading.uses[label]
    spans = [s for s in run.reading.spans if s.primitive == label and s.kind in ("wait", "hold")]
    threads = [t for t in run.trace.threads if t != "main" or any(s.thread == t for s in spans)]
    row = {thread: -place for place, thread in enumerate(threads)}
    for thread in threads:
        begin, end = run.reading.life[thread]
        axes.plot([begin, end], [row[thread]] * 2, color=FAINT, linewidth=0.5, zorder=1)
    for span in spans:
        look = {"facecolor": BAR} if span.kind == "hold" else {"facecolor": "white", "hatch": "/////"}
        bar = [(span.begin, span.end - span.begin)]
        axes.broken_barh(bar, (row[span.thread] - 0.36, 0.72), edgecolor=BAR, linewidth=0.5, zorder=2, **look)
    marks = [(event.time, row[event.thread]) for event in run.trace.events if event.kind == "release"]
    if used.role != "guard":
        axes.plot(*zip(*marks, strict=True), "v", color=BAR, markersize=3.2, zorder=3, linestyle="none")
    most = max(step.level for step in used.values) or 1
    floor = row[threads[-1]] - 3.2
    steps = [(step.time, floor + 2.0 * step.level / most) for step in used.values]
    steps.append((run.trace.events[-1].time, steps[-1][1]))
    axes.step(*zip(*steps, strict=True), where="post", color=INK, linewidth=0.9)
    axes.axhline(floor, color=RULE, linewidth=0.5)
    axes.set_axis_off()


def page(markdown: str) -> bytes:
    """The page as a PDF; the same bytes from the same text, with the same matplotlib."""
    settings = {"hatch.linewidth": 0.5, "pdf.fonttype": 42, "pdf.compression": 6}
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **settings, "backend": "agg"}):
        sheet = Sheet()
        title = Token(
            re.search(r"^# (.+)$", markdown, re.MULTILINE)[1] + ": semaphores in Python", font("bold", 15), False
        )
        sheet.write([[title]], LEFT, sheet.y)
        sheet.y -= 0.28
        drawn = []
        for stem, function, arguments, label in RUNS:
            program = names_of(NOTEBOOKS / f"{stem}.ipynb")[function]
            drawn.append((lab.record(program, **arguments, clock="virtual", seed=1), label))
        for number, rows in enumerate(tables(markdown)):
            sheet.table(rows, drawn if number == 0 else [])
        sheet.write(sheet.lines(tokens(LEGEND), RIGHT - LEFT), LEFT, sheet.y)
        packed = BytesIO()
        about = {"Title": "Cheat sheet: semaphores in Python", "CreationDate": None}
        sheet.figure.savefig(packed, format="pdf", metadata=about)
        sheet.y -= 2 * LEADING
        if sheet.y < 0.4:
            raise ValueError(f"the cheat sheet must fit on one page, and is {0.4 - sheet.y:.2f} inches too long")
        return packed.getvalue()


if __name__ == "__main__":
    PAGE.write_bytes(page(SOURCE.read_text(encoding="utf-8")))
    print(f"{PAGE.name}: {PAGE.stat().st_size:,} bytes")
