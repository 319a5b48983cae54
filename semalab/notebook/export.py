"""Buttons that copy or save a panel's picture. The browser does it: the picture is there; the kernel may be busy."""

from __future__ import annotations

import re
from html import escape

import ipywidgets as widgets

PANEL = "semalab-panel"  # class of a panel, in which a button finds its picture
# Light ink on dark paper from the same palette: lightness turned round, hues kept. tests/test_ink.py has contrasts.
INVERTED, TURNED = 0.93, 180
DARK = f"""<style>
[data-jp-theme-light="false"] .{PANEL} img.widget-image {{ filter: invert({INVERTED}) hue-rotate({TURNED}deg); }}
</style>"""
_FIND = f"const b=this,i=b.closest('.{PANEL}').querySelector('img.widget-image');"
_SAY = "const w=b.textContent,s=t=>{b.textContent=t;setTimeout(()=>{b.textContent=w},2000)};"
_COPY = (
    f"{_FIND}{_SAY}fetch(i.src).then(r=>r.blob())"
    ".then(p=>navigator.clipboard.write([new ClipboardItem({[p.type]:p})]))"
    ".then(()=>s('copied'),()=>s('right-click it'))"
)
_SAVE = f"{_FIND}const a=document.createElement('a');a.href=i.src;a.download='{{name}}.png';a.click()"
_CLASS = "lm-Widget jupyter-widgets jupyter-button widget-button"


class Export(widgets.HTML):
    """The two buttons, and the look of the picture in the dark theme."""

    def __init__(self, name: str) -> None:
        plain = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")[:60] or "run"
        buttons = [
            _button("copy picture", "to the clipboard, to be pasted elsewhere", _COPY),
            _button("save picture", "as a file", _SAVE.format(name=plain)),
        ]
        super().__init__(DARK + "".join(buttons), layout={"margin": "0"})


def _button(words: str, tooltip: str, script: str) -> str:
    style = "width:8.5em;display:inline-block;margin:2px"
    return (
        f'<button type="button" class="{_CLASS}" style="{style}" title="{tooltip}" onclick="{escape(script)}">'
        f"{words}</button>"
    )
