"""The replay in a notebook: the self-contained page in a frame. Every step is answered in the browser, not the kernel.

A page of JupyterLab's keeps each output as it came. It gets the replay as HTML, which is still there, and can still be
stepped through, when the kernel is gone. nbclient and nbval only collect outputs, and other pages have ways of their
own: elsewhere it is a widget with its picture beside it.
"""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from semalab.draw.picture import bundle_of
from semalab.replay.jupyterlab import runs_this_cell
from semalab.replay.page import page_of

if TYPE_CHECKING:
    from semalab.analysis.record import Record


# As high as the page is at this width: what is above or below it never moves. The widths are those of page.js and
# page.css, and so are the ratios: each size of the picture has its own.
_FRAME = """<style>
.semalab-replay {{ container-type: inline-size; overflow: hidden; }}
.semalab-replay > img {{ display: none; }}
.semalab-replay iframe {{ display: block; width: 100%; height: calc((100cqw - 28px) * {0:.4f} + 1042px); border: 0; }}
@container (min-width: 508px) {{
  .semalab-replay iframe {{ height: calc((100cqw - 28px) * {1:.4f} + 1042px); }}
}}
@container (min-width: 560px) {{
  .semalab-replay iframe {{ height: calc((100cqw - 28px) * {1:.4f} + 557px); }}
}}
@container (min-width: 708px) {{
  .semalab-replay iframe {{ height: calc(min(100cqw - 28px, 760px) * {2:.4f} + 557px); }}
}}
@container (min-width: 1000px) {{
  .semalab-replay iframe {{ height: calc((100cqw - 332px) * {2:.4f} + 482px); }}
}}
@container (min-width: 1200px) {{
  .semalab-replay iframe {{ height: max(580px, 100cqw * .58 * {2:.4f} + 350px); }}
}}
@container (min-width: 1574px) {{
  .semalab-replay iframe {{ height: max(580px, 100cqw * .58 * {3:.4f} + 350px); }}
}}
</style><div class="semalab-replay">{still}<iframe title="{title}" srcdoc="{page}"></iframe></div>"""


class Replay(widgets.HTML):
    """A run to go through step by step: ← and → step, space plays. Where no widget can be shown, its picture is.

    Invariant: what is shown is `run`, whole and unchanging; the kernel is not asked again.
    """

    def __init__(self, run: Record) -> None:
        self.run = run
        super().__init__(framed(run), layout={"width": "100%"})

    def __repr__(self) -> str:
        return f"Replay in {len(self.run.moments):,} steps. {self.run.verdict}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle, about = bundle_of(self.run)
        picture = bundle["image/png"]
        if runs_this_cell():
            page = framed(self.run, _still(picture, about))
            return {"text/html": page, "image/png": picture, "text/plain": repr(self)}
        view = super()._repr_mimebundle_(**kwargs)
        return {**(view if isinstance(view, dict) else view[0]), "image/png": picture}


def framed(run: Record, still: str = "") -> str:
    """The page in a frame that has its own keys, style and script; `still` is shown where frames and styles are not."""
    page = page_of(run)
    return _FRAME.format(*page.ratios, title=escape(f"Replay. {run.verdict}"), page=escape(page.text), still=still)


def _still(picture: bytes, about: dict[str, Any]) -> str:
    """What a page that does not trust the notebook keeps of the replay."""
    alt = escape(about["image/png"]["alt"])
    return f'<img alt="{alt}" src="data:image/png;base64,{base64.b64encode(picture).decode("ascii")}">'
