"""The picture's ink: readable by WCAG's measure, told apart by every eye and without colour, nothing set too small."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from support.pictures import CASES, contrast, picture

from semalab.draw.encoding import dark_twins
from semalab.draw.raster import JOIN, SLEEP, WORK
from semalab.draw.style import ALARM, BODY, FAINT, GREY, INK, LINE, OTHER, PAPER, SHADE, SMALL, TITLE, TONES, paler
from semalab.notebook.controls import DARK, INVERTED, TURNED
from semalab.report.lanes import TINTS

ROOT = Path(__file__).resolve().parent.parent.parent
EVERY_TONE = (*TONES, OTHER)

# What a protanope, a deuteranope and a tritanope see: matrices for linear light (Machado, Oliveira, Fernandes 2009).
EYES = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colour: str, eye: str) -> np.ndarray:
    """CIELAB coordinates of what an eye sees of a colour."""
    srgb = np.array(to_rgb(colour))
    light = EYES[eye] @ np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = _XYZ @ np.clip(light, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, eye: str) -> float:
    return float(np.linalg.norm(lab(one, eye) - lab(other, eye)))


def test_the_measure_itself() -> None:
    assert contrast("white", "black") == pytest.approx(21)
    assert distance("white", "black", "usual") == pytest.approx(100, abs=0.1)
    assert distance("#a52a2a", "#556b2f", "deuteranopia") < 0.4 * distance("#a52a2a", "#556b2f", "usual")


@pytest.mark.parametrize("eye", EYES)
def test_any_two_tones_and_the_alarm_are_told_apart_by_every_eye(eye: str) -> None:
    colours = [*(tone.colour for tone in EVERY_TONE), ALARM]
    for one, other in itertools.combinations(colours, 2):
        assert distance(one, other, eye) >= 18, (one, other)


def hue(colour: str) -> float:
    """Degrees around CIELAB's axis of greys."""
    _, a, b = lab(colour, "usual")
    return float(np.degrees(np.arctan2(b, a)) % 360)


def test_no_thread_has_the_hue_of_a_primitive_or_of_the_alarm() -> None:
    """A picture of schedules shows both: a colour means one thing there."""
    for tint, other in itertools.product(TINTS, [*(tone.colour for tone in TONES), ALARM]):
        apart = abs(hue(tint) - hue(other))
        grey = np.linalg.norm(lab(tint, "usual")[1:]) < 6
        assert grey or min(apart, 360 - apart) >= 20, (tint, other)


@pytest.mark.parametrize("eye", EYES)
def test_threads_are_told_apart_and_can_be_written_on(eye: str) -> None:
    for one, other in itertools.combinations(TINTS, 2):
        assert distance(one, other, eye) >= 7, (one, other)
    for tint in TINTS:
        assert contrast(INK, tint) >= 4.5
        assert distance(tint, PAPER, eye) >= 8
        assert distance(tint, SHADE, eye) >= 8


@pytest.mark.parametrize("eye", EYES)
def test_a_fault_is_no_ordinary_ground_to_any_eye(eye: str) -> None:
    assert distance(SHADE, PAPER, eye) >= 8
    assert distance(ALARM, INK, eye) >= 18


def test_without_colour_the_hatch_tells_the_tones() -> None:
    assert len({tone.hatch for tone in EVERY_TONE}) == len(EVERY_TONE)


@pytest.mark.parametrize("ground", [PAPER, SHADE])
def test_marks_keep_three_to_one_to_what_they_stand_on(ground: str) -> None:
    for colour in (INK, GREY, LINE, FAINT, ALARM, *(tone.colour for tone in EVERY_TONE)):
        assert contrast(colour, ground) >= 3, colour


def test_type_keeps_four_and_a_half_to_one() -> None:
    for colour in (INK, GREY, ALARM, *(tone.colour for tone in EVERY_TONE)):
        assert contrast(colour, PAPER) >= 4.5, colour
    assert all(contrast("white", tone.colour) >= 4.5 for tone in EVERY_TONE)  # names in bars


def test_in_narrow_rows_a_hold_keeps_three_to_one_to_everything_beside_it() -> None:
    grounds = [WORK[0], SLEEP[0], JOIN[0], PAPER]
    for tone in EVERY_TONE:
        for ground in (*grounds, paler(tone.colour, 0.25)):  # the last is what waits for it
            assert contrast(tone.colour, ground) >= 3, (tone, ground)


def test_every_kind_of_row_is_another_grey_in_print() -> None:
    greys = [WORK[0], SLEEP[0], PAPER, TONES[0].colour]
    for one, other in itertools.combinations(greys, 2):
        assert abs(lab(one, "usual")[0] - lab(other, "usual")[0]) >= 4, (one, other)


def test_thinned_ink_lies_between_the_ink_and_the_paper() -> None:
    assert paler("#000000", 1.0) == "#000000"
    assert paler("#000000", 0.0) == PAPER
    assert paler("#102030", 0.5) == "#7f868b"


def test_no_size_of_type_is_below_eight_points() -> None:
    assert min(TITLE, BODY, SMALL) >= 8
    for case in CASES:
        for size in ({}, {"width": 4.0, "height": 2.5}):
            assert all(text.get_fontsize() >= 8 for text in picture(case, **size).texts), case


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])  # JupyterLab's light and dark themes
def test_the_paper_is_its_own_ground_on_either_theme(page: str) -> None:
    figure = picture("mutex broken")
    assert figure.patch.get_facecolor()[3] == 1
    edge = figure.patch.get_edgecolor()
    assert contrast(edge, page) >= 1.4  # a line around the paper, or the paper itself, shows where it ends


# the dark theme
def dark(colour: str) -> tuple[float, ...]:
    """What the browser makes of a colour there: `invert` and then `hue-rotate` by half a turn (CSS Filter Effects)."""
    assert TURNED == 180
    turned = np.array([[0.213, 0.715, 0.072]] * 3) * 2 - np.eye(3)
    inverted = np.array(to_rgb(colour)) * (1 - 2 * INVERTED) + INVERTED
    return tuple(np.clip(turned @ np.clip(inverted, 0, 1), 0, 1).tolist())


@pytest.mark.parametrize("style", ["semalab/site/assets/page.css", "semalab/replay/page.css"])
def test_one_filter_for_all_pixels(style: str) -> None:
    text = (ROOT / style).read_text(encoding="utf-8")
    assert re.findall(r"filter: ([^;]+);", text) == [f"invert({INVERTED}) hue-rotate({TURNED}deg)"]


@pytest.mark.parametrize("tint", [WORK[0], SLEEP[0], JOIN[0]])
def test_the_key_of_an_image_has_the_images_colours_in_the_dark(tint: str) -> None:
    assert np.allclose(to_rgb(dark_twins()[tint]), dark(tint), atol=1 / 255)


def test_the_dark_theme_turns_pictures_round_and_keeps_its_contrasts() -> None:
    assert f"invert({INVERTED}) hue-rotate({TURNED}deg)" in DARK
    paper = dark(PAPER)
    for ink in (INK, GREY, ALARM, *(tone.colour for tone in EVERY_TONE)):
        assert contrast(dark(ink), paper) >= 4.5
    for ink in (LINE, FAINT):
        assert contrast(dark(ink), paper) >= 3
    for tone in EVERY_TONE:  # names written into bars
        assert contrast(dark("white"), dark(tone.colour)) >= 4.5
