"""The letters of the pictures, as a font with no others: DejaVu Sans, which matplotlib brings along and draws with."""

from __future__ import annotations

import io

import matplotlib


def subset(characters: str, bold: bool) -> bytes:
    """The font as WOFF with these characters alone; the same bytes for the same characters."""
    from fontTools import subset as tool
    from fontTools.ttLib import TTFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    font = TTFont(f"{matplotlib.get_data_path()}/fonts/ttf/{name}", recalcTimestamp=False)
    named = [0, 1, 2, 13]  # its name, and its licence
    options = tool.Options(layout_features=[], hinting=False, name_IDs=named, drop_tables=["FFTM", "GPOS", "GSUB"])
    worker = tool.Subsetter(options)
    worker.populate(text=characters)
    worker.subset(font)
    font.flavor = "woff"
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()
