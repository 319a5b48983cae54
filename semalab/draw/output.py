"""The picture as a file: the same bytes for the same picture, whatever the process, the hash seed or the date."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from semalab.draw.style import plain_settings
from semalab.files import write_whole


def png(figure: Figure, *, compression: int = 1) -> bytes:
    """A figure as PNG. Level 1 is quickest; 6 is about a third smaller."""
    canvas = FigureCanvasAgg(figure) if not isinstance(figure.canvas, FigureCanvasAgg) else figure.canvas
    with plain_settings():
        canvas.draw()
    return _packed(np.asarray(canvas.buffer_rgba()), figure.dpi, compression)


def _packed(pixels: np.ndarray, dpi: float, compression: int) -> bytes:
    """The pixels as PNG, no row told by its neighbours: of even areas that is the smallest, and for a panel, in which
    somebody drags a slider, it takes less than half of what Pillow takes to choose.
    """
    high, wide, _ = pixels.shape
    opaque = pixels[..., 3].min() == 255
    channels = 3 if opaque else 4  # of an opaque picture three say it all
    rows = np.zeros((high, 1 + wide * channels), np.uint8)  # each begins with its filter: none
    for channel in range(channels):
        rows[:, 1 + channel :: channels] = pixels[..., channel]
    per_metre = round(dpi / 0.0254)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 2 if opaque else 6, 0, 0, 0)),
            _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
            _chunk(b"IDAT", zlib.compress(rows.data, compression)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def svg(figure: Figure) -> str:
    """A figure as SVG, letters as outlines: it looks the same where the font is missing."""
    return _written(figure, "svg", {"Date": None, "Creator": None}).decode("utf-8")


def written(figure: Figure, suffix: str) -> bytes:
    """A figure as the bytes of a file with this suffix.

    Raises: ValueError for any suffix but .png, .svg and .pdf.
    """
    if suffix == ".png":
        return png(figure, compression=6)
    if suffix == ".svg":
        return svg(figure).encode("utf-8")
    if suffix == ".pdf":
        return _written(figure, "pdf", {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None})
    raise ValueError(f"the suffix must be one of .png .svg .pdf, got {suffix!r}")


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure, or leave the file as it was; the suffix says how.

    Raises: ValueError for any suffix but .png, .svg and .pdf.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in {".png", ".svg", ".pdf"}:
        raise ValueError(f"the suffix must be one of .png .svg .pdf, got {path.name!r}")
    write_whole(path, [written(figure, suffix)])


def _written(figure: Figure, form: str, metadata: dict[str, None], **more: Any) -> bytes:
    buffer = io.BytesIO()
    with plain_settings():
        figure.savefig(
            buffer,
            format=form,
            metadata=metadata,
            facecolor=figure.get_facecolor(),
            edgecolor=figure.get_edgecolor(),
            **more,
        )
    return buffer.getvalue()
