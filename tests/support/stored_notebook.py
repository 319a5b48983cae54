"""The one form in which a notebook is stored, whoever saved it and however often it was run."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from support.slides import slide_types
from support.stored_pictures import picture_name

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
IGNORED = "nbval-ignore-output"  # the tag of a cell whose output changes from run to run
CELL_METADATA = frozenset({"deletable", "editable", "jupyter", "tags"})
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
LIBRARY_FRAME = re.compile(r"^(\x1b\[[\d;]*m)*File ")  # "File /somebody's/disk/threading.py:480, in ..."


def read(path: Path) -> NotebookNode:
    """A stored notebook, as it is.

    Not by nbformat.read, which mends a missing or repeated cell id with a random one.
    """
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def normalised(notebook: NotebookNode) -> NotebookNode:
    """A copy with nothing in it that depends on who ran it, where, when, or how often.

    Normalising twice changes nothing. Widget views go, because the widgets behind them died with their kernel: what
    stays is their text. So does what only a page of JupyterLab's is given. Outputs with nothing in them go, too: a
    progress bar leaves one where the machine was slow.
    Each cell has its place in the deck (see slides.py), and each picture an alt text: its sentence, if nothing better.
    """
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(NOTEBOOK_METADATA)
    count = 0
    ids: set[str] = set()
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in CELL_METADATA and v})
        cell.id = _unused(cell.get("id") or hashlib.sha256(cell.source.encode()).hexdigest()[:8], ids)
        if cell.cell_type == "code":
            executed = cell.execution_count is not None
            count += executed
            cell.execution_count = count if executed else None
            # First without what a slow search leaves of its bar, which would part one stream into two.
            outputs = _joined([output for output in cell.outputs if output.get("data") != {}])
            outputs = [_normalised_output(output, cell.execution_count) for output in outputs]
            cell.outputs = [output for output in outputs if output.get("data") != {}]
    for cell, slide_type in zip(notebook.cells, slide_types(notebook), strict=True):
        if slide_type != "-":
            cell.metadata["slideshow"] = nbformat.from_dict({"slide_type": slide_type})
    return notebook


def text(notebook: NotebookNode) -> str:
    """The bytes of the file, as text: sorted keys, one space, a newline at the end."""
    return nbformat.v4.writes(notebook).rstrip("\n") + "\n"


def keep_equal_pictures(new: NotebookNode, stored: NotebookNode) -> None:
    """Take the stored bytes of every picture that looks the same in `new`, so that only changed pictures change."""
    for output, old in _paired_pictures(new, stored):
        if picture_name(output.data["image/png"]) == picture_name(old.data["image/png"]):
            output.data["image/png"] = old.data["image/png"]


def keep_what_may_differ(new: NotebookNode, stored: NotebookNode, *, pictures: bool) -> None:
    """Take from `stored` what two right runs need not agree on: outputs that nbval is told to ignore, packed pictures.

    With `pictures`, take every picture: for a matplotlib that draws otherwise than the stored one.
    """
    for cell, old in _paired_cells(new, stored):
        if IGNORED in cell.metadata.get("tags", ()):
            cell.outputs = copy.deepcopy(old.outputs)
    if pictures:
        for output, old in _paired_pictures(new, stored):
            output.data["image/png"] = old.data["image/png"]
    else:
        keep_equal_pictures(new, stored)


def _paired_cells(new: NotebookNode, stored: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    before = {cell.get("id"): cell for cell in stored.cells if cell.cell_type == "code"}
    for cell in new.cells:
        if cell.cell_type == "code" and cell.id in before:
            yield cell, before[cell.id]


def _paired_pictures(new: NotebookNode, stored: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    for cell, old_cell in _paired_cells(new, stored):
        for output, old in zip(cell.outputs, old_cell.outputs, strict=False):
            if all("image/png" in o.get("data", ()) for o in (output, old)):
                yield output, old


def _unused(name: str, taken: set[str]) -> str:
    unused, number = name, 1
    while unused in taken:
        number += 1
        unused = f"{name}-{number}"
    taken.add(unused)
    return unused


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring pieces of one stream as one output: where the kernel cut it is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _normalised_output(output: NotebookNode, count: int | None) -> NotebookNode:
    if output.output_type == "execute_result":
        output.execution_count = count
    if output.output_type == "error":
        output.traceback = [frame for frame in output.traceback if not LIBRARY_FRAME.match(frame)]
    if "data" in output:
        output.data = nbformat.from_dict({kind: _trimmed(kind, value) for kind, value in output.data.items()})
        output.data.pop(WIDGET_VIEW, None)
        if "semalab-" in output.data.get("text/html", ""):  # what JupyterLab gets beside the picture
            del output.data["text/html"]
        if "image/png" in output.data and not output.metadata.get("image/png", {}).get("alt"):
            about = {**output.metadata.get("image/png", {}), "alt": output.data.get("text/plain", "")}
            output.metadata["image/png"] = nbformat.from_dict(about)
    return output


def _trimmed(kind: str, value: Any) -> Any:
    return value.strip() if kind == "image/png" else value


README_LESSON, README_PICTURE = "02_mutex", Path("images", "timeline.png")


def readme_picture(notebook: NotebookNode) -> bytes:
    """The picture at the top of the README: the mutex lesson's first broken run."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "broken" in output.get("data", {}).get("text/plain", "") and "image/png" in output.data:
                return base64.b64decode(output.data["image/png"])
    raise LookupError(f"{README_LESSON} must store the picture of a run that breaks mutual exclusion, found none")
