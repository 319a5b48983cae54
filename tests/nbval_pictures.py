"""Pytest plugin: strict nbval compares stored pictures too, pixel by pixel, where they can be drawn again exactly.

nbval leaves `image/png` out, so a picture that was replaced or deleted would go unnoticed. Pixels and not bytes,
because the same picture is packed differently by another release of Pillow or zlib.
"""

from __future__ import annotations

import base64
import hashlib
import io
import platform
from collections.abc import Generator, Iterable
from importlib.metadata import version
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile
from PIL import Image

PINS = Path(__file__).resolve().parent.parent / "binder" / "requirements.txt"
PNG_BASE64 = base64.b64encode(b"\x89PNG\r\n\x1a\n")[:10].decode()  # the start of every PNG in a notebook


def pinned(package: str, pins: Iterable[str]) -> str:
    """The version that `package==version` names in these lines; LookupError where none does."""
    for line in pins:
        name, _, number = line.strip().partition("==")
        if name == package and number:
            return number
    raise LookupError(f"binder/requirements.txt must pin {package} as {package}==VERSION")


def why_not_compared(installed: str, stored_with: str, machine: str) -> str | None:
    """Why pictures drawn here may differ from the stored ones with nothing wrong, or None where they must not."""
    if installed != stored_with:
        return f"matplotlib {installed} is installed, the stored pictures were drawn with {stored_with}"
    if machine.lower() not in {"x86_64", "amd64"}:
        return f"this machine is {machine}, the stored pictures were drawn on x86_64"
    return None


def reason_here() -> str | None:
    """`why_not_compared` for this interpreter and the versions Binder pins."""
    pins = PINS.read_text(encoding="utf-8").splitlines()
    return why_not_compared(version("matplotlib"), pinned("matplotlib", pins), platform.machine())


def picture_name(base64_png: str) -> str:
    """Size and digest of a PNG's pixels: equal exactly for pictures that look the same."""
    with Image.open(io.BytesIO(base64.b64decode(base64_png))) as picture:
        pixels = picture.convert("RGBA")
    return f"{pixels.width}x{pixels.height} picture, pixels {hashlib.sha256(pixels.tobytes()).hexdigest()[:16]}"


def pytest_report_header() -> str:
    reason = reason_here()
    if reason is None:
        return f"nbval: stored pictures are compared pixel by pixel (matplotlib {version('matplotlib')}, as pinned)"
    return f"nbval: stored pictures are NOT compared: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    collected = yield
    if reason_here() is None:
        for notebook in collected:
            if isinstance(notebook, IPyNbFile):
                notebook.skip_compare = tuple(key for key in notebook.skip_compare if key != "image/png")
    return collected


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, IPyNbCell):
        plain = item.sanitize
        item.sanitize = lambda value: picture_name(value) if _is_png(value) else plain(value)


def _is_png(value: object) -> bool:
    return isinstance(value, str) and value.startswith(PNG_BASE64)
