"""The colours, weights and sizes of type of the picture, and why these; matplotlib's settings while it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import matplotlib

# The paper is opaque. White and JupyterLab's #111111 lie 18.9:1 apart, so no ink on a transparent ground can keep
# 4.5:1 to both (that would need 4.5 x 4.5 = 20.25). Off-white, because pure white glares in the dark theme.
PAPER = "#eeece6"
RULE = "#cfccc3"  # the paper's edge: without it the picture has no border on a white page
INK = "#20242b"
GREY = "#4f5661"  # second voice: subtitle, tick labels
LINE = "#6f747d"  # a thread that runs; 3:1 on the paper and on a shade
FAINT = "#737881"  # a thread that sleeps; the same
ALARM = "#85110a"
SHADE = "#f2cfc4"

TITLE, BODY, SMALL = 13.0, 9.0, 8.5  # points; nothing is set below 8


class Tone(NamedTuple):
    """How one primitive is told from another: a colour, and a hatch for those who do not see the colour."""

    colour: str
    hatch: str


# Okabe and Ito's hues, darkened until white type on them and they on the paper both keep 4.5:1, and moved apart in
# lightness until any two of them, and the alarm, differ by 18 in CIELAB to every eye: a hue that a protanope, a
# deuteranope or a tritanope does not see must not be all that parts them. Vermilion is left out: it is the alarm's.
TONES = (
    Tone("#00629b", "////"),  # blue
    Tone("#a25700", "\\\\\\\\"),  # ochre
    Tone("#581d62", "xxx"),  # purple
    Tone("#00443a", "----"),  # bluish green
    Tone("#5030b0", "||||"),  # indigo
)
OTHER = Tone("#696a71", "+++")

# On dark paper: the same hues, lightened until they, and dark type on them, keep the same contrasts to it.
DARK = {
    PAPER: "#1b1e23",
    RULE: "#3a3f47",
    INK: "#e8e6e0",
    GREY: "#b3b8c1",
    LINE: "#8d939d",
    FAINT: "#7f858f",
    ALARM: "#ff8b7b",
    SHADE: "#4c2420",
    "white": "#111316",
    TONES[0].colour: "#62b0e8",
    TONES[1].colour: "#d99a3d",
    TONES[2].colour: "#d08be0",
    TONES[3].colour: "#46c2a0",
    TONES[4].colour: "#a99cf5",
    OTHER.colour: "#a3a5ad",
}


def paler(colour: str, strength: float, ground: str = PAPER) -> str:
    """A colour thinned with paper to so much of its strength."""
    mixed = [round(c * strength + p * (1 - strength)) for c, p in zip(_parts(colour), _parts(ground), strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


@cache
def _plain() -> dict[Any, Any]:  # matplotlib's stubs know each key by its letters
    settings: dict[Any, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")}
    # The light hinter is the quickest and keeps small type even; the salt makes an SVG's ids the same every time.
    return settings | {"text.hinting": "force_autohint", "svg.hashsalt": "semalab", "hatch.linewidth": 0.7}


@contextmanager
def plain_settings() -> Iterator[None]:
    """matplotlib as it left the factory, whatever styles the caller has set; undone at the end."""
    # Read as the dictionary that it is, and only what differs exchanged: to read each setting through `rcParams` itself
    # and to copy all, as `rc_context` does, takes an eighth of the time of a picture; and copying imports pyplot.
    present = matplotlib.rcParams
    kept = {k: it for k, v in _plain().items() if (it := dict.__getitem__(present, k)) != v}
    try:
        present.update({k: _plain()[k] for k in kept})
        yield
    finally:
        present.update(kept)
