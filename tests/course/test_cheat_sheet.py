"""The cheat sheet: the page to print shows the page to read, and its pictures are what its rows say."""

from __future__ import annotations

import re
import zlib

import cheat_sheet
import pytest
from cheat_sheet import NOTEBOOKS, PAGE, RUNS, SOURCE, page, tables, tokens
from support.lesson_names import names_of
from support.stored_pictures import reason_here

import semalab as lab

MARKDOWN = SOURCE.read_text(encoding="utf-8")
CLAIMS = (lab.limit, lab.mutual_exclusion, lab.latch, lab.exact_count(12))


def drawn(pdf: bytes) -> list[bytes]:
    """What a PDF draws. Not its fonts, which another fontTools cuts otherwise, nor how it is packed."""
    packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    unpacked = [zlib.decompress(stream) for stream in packed if stream[:1] == b"\x78"]
    return [stream for stream in unpacked if b" Tf" in stream or b" re f" in stream]


def test_the_page_to_print_is_made_of_the_page_to_read() -> None:
    if (reason := reason_here()) is not None:
        pytest.skip(reason)
    stored = drawn(PAGE.read_bytes())
    assert stored
    assert stored == drawn(page(MARKDOWN)), "run `python tests/cheat_sheet.py`, and look at the page"


def test_it_is_one_page() -> None:
    assert PAGE.read_bytes().count(b"/Type /Page\n") + PAGE.read_bytes().count(b"/Type /Page ") == 1


def test_what_does_not_fit_on_a_page_is_told() -> None:
    with pytest.raises(ValueError, match=r"^the cheat sheet must fit on one page, and is \d+\.\d\d inches too long$"):
        page(MARKDOWN + "\n| a | b |\n|---|---|\n" + "| many | rows |\n" * 40)


@pytest.mark.parametrize("row", range(len(RUNS)))
def test_each_picture_is_a_run_that_the_row_speaks_of(row: int) -> None:
    stem, function, arguments, label = RUNS[row]
    cells = tables(MARKDOWN)[0][row + 1]
    run = lab.record(names_of(NOTEBOOKS / f"{stem}.ipynb")[function], **arguments, clock="virtual", seed=1)
    initial = run.trace.primitives[label].initial
    assert cells[0] == ("*n*" if initial > 1 else str(initial))
    assert f"({stem}.ipynb)" in cells[1]
    assert CLAIMS[row](run), CLAIMS[row](run)


def test_words_keep_their_type_and_what_hangs_on_them() -> None:
    said = [(token.text, token.font.get_name(), token.blank) for token in tokens("a [`Lock`](x.md), if")]
    mono, plain = cheat_sheet.font("code").get_name(), cheat_sheet.font().get_name()
    assert said == [("a", plain, True), ("Lock", mono, False), (",", plain, True), ("if", plain, False)]
