"""A run to go through step by step: as a page that stands alone, and as that page in a notebook."""

from __future__ import annotations

from semalab.replay.page import as_html

__all__ = ["as_html"]
