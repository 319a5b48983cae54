"""Strict nbval sees a replaced and a deleted picture, wherever the notebook lies, and says when it does not look."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from rerun_notebooks import rerun
from support.stored_notebook import text
from support.stored_pictures import picture_name, pinned, reason_here, why_not_compared

ROOT = Path(__file__).resolve().parent.parent.parent
DRAW = """
import io
from IPython.display import Image
from matplotlib.figure import Figure
png = io.BytesIO()
figure = Figure(figsize=(2, 1))
figure.subplots().plot([{values}])
figure.savefig(png, format="png")
Image(png.getvalue())
"""


def drawn(*values: str) -> NotebookNode:
    """A cell for each of these curves, unrun."""
    return new_notebook(cells=[new_code_cell(DRAW.format(values=each).strip()) for each in values])


def repacked(base64_png: str) -> str:
    """The same pixels in other bytes: PNG readers pass over what follows the picture's end."""
    return base64.b64encode(base64.b64decode(base64_png) + b"more").decode()


def picture(pixel: str) -> str:
    """A white picture with this colour in its corner, as a notebook stores it."""
    canvas, packed = Image.new("RGB", (4, 3), "white"), io.BytesIO()
    canvas.paste(pixel, (0, 0, 1, 1))
    canvas.save(packed, "png")
    return base64.b64encode(packed.getvalue()).decode()


@pytest.mark.skipif(reason_here() is not None, reason=str(reason_here()))
def test_nbval_fails_on_a_replaced_and_on_a_deleted_picture(tmp_path: Path) -> None:
    path = tmp_path / "scratch.ipynb"
    path.write_text(text(drawn("1, 2", "1, 2", "2, 1", "3, 1")), encoding="utf-8")
    notebook = rerun(path)
    same, packed, replaced, deleted = (cell.outputs[0].data for cell in notebook.cells)
    packed["image/png"] = repacked(same["image/png"])
    replaced["image/png"] = same["image/png"]
    del deleted["image/png"]
    path.write_text(text(notebook), encoding="utf-8")

    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", str(path)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert "nbval: stored pictures are compared pixel by pixel" in ended.stdout
    assert re.findall(r"^(?:FAILED|ERROR) .*(Cell \d)", ended.stdout, re.MULTILINE) == ["Cell 2", "Cell 3"], (
        ended.stdout
    )
    assert "2 failed, 2 passed" in ended.stdout.rstrip().splitlines()[-1], ended.stdout


def test_pictures_are_left_out_only_with_a_reason() -> None:
    assert why_not_compared("3.11.2", "3.11.2", "x86_64") is None
    assert why_not_compared("3.11.2", "3.11.2", "AMD64") is None
    assert why_not_compared("3.10.9", "3.11.2", "x86_64") == (
        "matplotlib 3.10.9 is installed, the stored pictures were drawn with 3.11.2"
    )
    assert why_not_compared("3.11.2", "3.11.2", "arm64") == (
        "this machine is arm64, the stored pictures were drawn on x86_64"
    )


def test_a_missing_pin_is_told() -> None:
    assert pinned("matplotlib", ["# matplotlib", "matplotlib-inline==0.2.2", "matplotlib==3.11.2\n"]) == "3.11.2"
    with pytest.raises(LookupError, match=r"^binder/requirements.txt must pin numpy as numpy==VERSION$"):
        pinned("numpy", ["matplotlib==3.11.2"])


def test_one_changed_pixel_changes_the_name() -> None:
    white, dot = (picture(pixel) for pixel in ("white", "black"))
    assert picture_name(white) == picture_name(repacked(white))
    assert picture_name(white) != picture_name(dot)
    assert picture_name(white).startswith("4x3 picture, pixels ")
