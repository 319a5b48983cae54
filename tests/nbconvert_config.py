"""How `jupyter nbconvert --config tests/nbconvert_config.py` makes pages and decks of the lessons.

A lesson's pictures carry their sentence beside them. nbconvert's own templates leave it out, and screen readers are
told "No description has been provided for this image": here the sentence becomes the picture's alt text.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from traitlets import Bool

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support.slides import ROOM, WIDTH, picture_height


class DescribedPictures(Preprocessor):
    """Each stored picture as an image with alt text: the alt text of its output, or else the output's own sentence."""

    on_slides = Bool(False, help="whether a picture must fit on a slide with its code").tag(config=True)

    def preprocess_cell(self, cell: NotebookNode, resources: dict, index: int) -> tuple[NotebookNode, dict]:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data = NotebookNode({"text/html": self._image(output, cell)})
        return cell, resources

    def _image(self, output: NotebookNode, cell: NotebookNode) -> str:
        about = output.get("metadata", {}).get("image/png", {})
        sentence = about.get("alt") or output.data.get("text/plain", "")
        style = "max-width: 100%" + (f"; max-height: {picture_height(cell)}px" if self.on_slides else "")
        return f'<img alt="{escape(sentence)}" style="{style}" src="data:image/png;base64,{output.data["image/png"]}">'


c = get_config()  # noqa: F821
c.HTMLExporter.preprocessors = [DescribedPictures]
c.SlidesExporter.reveal_width, c.SlidesExporter.reveal_height = str(WIDTH), str(ROOM)
c.SlidesExporter.reveal_scroll = True
c.SlidesExporter.reveal_number = "c/t"
c.SlidesExporter.exclude_input_prompt = c.SlidesExporter.exclude_output_prompt = True
c.SlidesExporter.DescribedPictures.on_slides = True
