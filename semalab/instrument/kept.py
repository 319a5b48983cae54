"""What an earlier run called the primitives that it made and that the program has kept: they keep their names."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

from semalab.instrument.retired import RetiredLock


class Kept:
    """Invariant: `_names` has the name of a primitive by its identity for as long as there is that primitive."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[weakref.ref[Any], str]] = {}

    def keep(self, named: Iterable[tuple[Any, str]]) -> None:
        """When the run is over: what it made, and what it called that. A retired lock has a real one in its place."""
        for primitive, name in named:
            for one in (primitive, *([primitive._real] if type(primitive) is RetiredLock else [])):
                self._names[id(one)] = (weakref.ref(one, self._forgetting(id(one))), name)

    def of(self, primitive: Any) -> str:
        """Empty for what no run has made."""
        reference, name = self._names.get(id(primitive), (None, ""))
        return name if reference is not None and reference() is primitive else ""

    def _forgetting(self, identity: int) -> Any:
        def forget(gone: weakref.ref[Any]) -> None:
            if self._names.get(identity, (None,))[0] is gone:
                del self._names[identity]

        return forget


kept = Kept()  # one for all runs
