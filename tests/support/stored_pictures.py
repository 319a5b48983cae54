"""Stored pictures, compared pixel by pixel where they can be drawn again exactly; without nbval or pytest.

Pixels and not bytes, because the same picture is packed differently by another release of Pillow or zlib.
"""

from __future__ import annotations

import base64
import hashlib
import io
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from PIL import Image

PINS = Path(__file__).resolve().parent.parent.parent / "binder" / "requirements.txt"


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


@cache  # asked of each file that is collected
def reason_here() -> str | None:
    """`why_not_compared` for this interpreter and the versions Binder pins."""
    pins = PINS.read_text(encoding="utf-8").splitlines()
    return why_not_compared(version("matplotlib"), pinned("matplotlib", pins), platform.machine())


def picture_name(base64_png: str) -> str:
    """Size and digest of a PNG's pixels: equal exactly for pictures that look the same."""
    with Image.open(io.BytesIO(base64.b64decode(base64_png))) as picture:
        pixels = picture.convert("RGBA")
    return f"{pixels.width}x{pixels.height} picture, pixels {hashlib.sha256(pixels.tobytes()).hexdigest()[:16]}"
