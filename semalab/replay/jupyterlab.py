"""Whether a page of JupyterLab's shows this notebook.

Such a page keeps each output as it came and shows it again when the kernel is gone. nbclient and nbval only collect
outputs, and other pages have ways of their own.
"""

from __future__ import annotations

import re
from typing import Any

from IPython.core.getipython import get_ipython


def runs_this_cell() -> bool:
    """Whether JupyterLab runs the present cell: it names it in its request, by an id (other pages: by an address)."""
    shell: Any = get_ipython()
    ask = getattr(getattr(shell, "kernel", None), "get_parent", None)
    if ask is None:
        return False
    cell = ((ask() or {}).get("metadata") or {}).get("cellId")
    return isinstance(cell, str) and re.fullmatch(r"[\w-]+", cell) is not None
