"""The course as pages that need no kernel: the lessons, their dials with every position worked out beforehand.

>>> build(Path("notebooks"), Path("site"))
"""

from __future__ import annotations

from semalab.site.build import build

__all__ = ["build"]
