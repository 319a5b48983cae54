"""Pytest plugin: strict nbval compares stored pictures too, where they can be drawn again exactly (stored_pictures.py).

nbval leaves `image/png` out, so a picture that was replaced or deleted would go unnoticed.
"""

from __future__ import annotations

import base64
from collections.abc import Generator
from importlib.metadata import version

import pytest

from semalab.site.pages import nbformat
from support.stored_pictures import picture_name, reason_here

nbformat()  # before nbval asks for it: else each worker, and each pytest that a test starts, reads that grammar

from nbval.plugin import IPyNbCell, IPyNbFile  # noqa: E402

PNG_BASE64 = base64.b64encode(b"\x89PNG\r\n\x1a\n")[:10].decode()  # the start of every PNG in a notebook


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
