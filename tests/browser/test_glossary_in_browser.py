"""A word's link in a lesson opens the glossary as a page, at that word; the link to its picture leads back."""

from __future__ import annotations

from collections.abc import Callable

from support.jupyterlab_in_browser import ACT_SECONDS, OpenNotebook


def test_a_word_leads_to_the_glossary_and_from_there_to_a_picture(
    open_notebook: Callable[[str], OpenNotebook],
) -> None:
    page = open_notebook("02_mutex.ipynb").page
    limit = ACT_SECONDS * 1000
    page.locator(".jp-Notebook a", has_text="mutex").first.click(timeout=limit)
    entry = page.locator(".jp-MarkdownViewer h2", has_text="mutex").first
    entry.wait_for(timeout=limit)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.jp-MarkdownViewer h2')]"
        ".some(h => h.textContent.startsWith('mutex') && Math.abs(h.getBoundingClientRect().top - 110) < 60)",
        timeout=limit,
    )
    page.locator(".jp-MarkdownViewer a", has_text="Ten stays, one after the other").click(timeout=limit)
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) h2", has_text="Look").wait_for(timeout=limit)
