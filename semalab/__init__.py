"""semalab: a lab bench for `threading.Semaphore`. The code you study is plain threading; the lab only watches.

>>> import semalab as lab
>>> run = lab.record(program, threads=10, initial=1, clock="virtual", seed=3)
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from semalab import beyond as beyond
from semalab import front_end, originals

if TYPE_CHECKING:
    from semalab.analysis.claims import Claim as Claim
    from semalab.analysis.claims import at_most as at_most
    from semalab.analysis.claims import exact_count as exact_count
    from semalab.analysis.claims import latch as latch
    from semalab.analysis.claims import limit as limit
    from semalab.analysis.claims import mutual_exclusion as mutual_exclusion
    from semalab.analysis.rate import at_most_per as at_most_per
    from semalab.comparison import Comparison as Comparison
    from semalab.comparison import compare as compare
    from semalab.exercises.done import check as check
    from semalab.exercises.done import progress as progress
    from semalab.exploration.exploration import Exploration as Exploration
    from semalab.exploration.explore import explore as explore
    from semalab.loading import load as load
    from semalab.log.event import Event as Event
    from semalab.log.schedule import Schedule as Schedule
    from semalab.log.trace import Trace as Trace
    from semalab.notebook import interact as interact
    from semalab.recording import record as record
    from semalab.run import Run as Run

__version__ = "0.1.0"

_HOME = {
    "record": "recording",
    "compare": "comparison",
    "load": "loading",
    "interact": "notebook",
    "explore": "exploration",
    "check": "exercises",
    "progress": "exercises",
    "mutual_exclusion": "analysis.claims",
    "limit": "analysis.claims",
    "at_most": "analysis.claims",
    "latch": "analysis.claims",
    "exact_count": "analysis.claims",
    "at_most_per": "analysis.rate",
    # For annotations. Nobody makes one: they are not in `__all__`, which is what Tab offers a learner.
    "Claim": "analysis.claims",
    "Comparison": "comparison",
    "Event": "log.event",
    "Exploration": "exploration.exploration",
    "Run": "run",
    "Schedule": "log.schedule",
    "Trace": "log.trace",
}

__all__ = [
    "at_most",
    "at_most_per",
    "beyond",
    "check",
    "compare",
    "exact_count",
    "explore",
    "interact",
    "latch",
    "limit",
    "load",
    "mutual_exclusion",
    "progress",
    "record",
]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext semalab`: the cell magic `%%timeline`."""
    import_module("semalab.notebook.magic").load_ipython_extension(shell)


def __getattr__(name: str) -> Any:
    """Import a public name's module on its first use, so that `import semalab` stays light."""
    if name not in _HOME:
        raise AttributeError(f"module 'semalab' has no attribute {name!r}")
    with originals.in_place():
        value = getattr(import_module(f"semalab.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def _bar() -> Any:
    return import_module("semalab.notebook.trying").CellBar()


if "ipykernel" in sys.modules:
    front_end.make_bar = _bar
    front_end.import_ahead()


def __dir__() -> list[str]:
    return sorted(__all__)
