"""The colours, weights and sizes of type of the picture, and why these."""

from __future__ import annotations

from typing import NamedTuple

# The paper is opaque. White and JupyterLab's #111111 lie 18.9:1 apart, so no ink on a transparent ground can keep
# 4.5:1 to both (that would need 4.5 x 4.5 = 20.25). Off-white, because pure white glares in the dark theme.
PAPER = "#eeece6"
RULE = "#cfccc3"  # the paper's edge: without it the picture has no border on a white page
INK = "#20242b"
GREY = "#4f5661"  # second voice: subtitle, tick labels
LINE = "#7b818b"  # a thread that runs; 3:1 on the paper
FAINT = "#858a93"  # a thread that sleeps
ALARM = "#a32508"
SHADE = "#f2cfc4"

TITLE, BODY, SMALL = 13.0, 9.0, 8.5  # points; nothing is set below 8


class Tone(NamedTuple):
    """How one primitive is told from another: a colour, and a hatch for those who do not see the colour."""

    colour: str
    hatch: str


# Okabe and Ito's hues, darkened until white type on them and they on the paper both keep 4.5:1.
# Vermillion is left out: it belongs to the alarm.
TONES = (
    Tone("#00629b", "////"),  # blue
    Tone("#8a5a00", "\\\\\\\\"),  # ochre
    Tone("#94407a", "xxx"),  # reddish purple
    Tone("#006b50", "----"),  # bluish green
    Tone("#3b3f9c", "||||"),  # indigo
)
OTHER = Tone("#565b63", "////")


def paler(colour: str, strength: float) -> str:
    """A colour thinned with paper to so much of its strength."""
    mixed = [round(c * strength + p * (1 - strength)) for c, p in zip(_parts(colour), _parts(PAPER), strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
