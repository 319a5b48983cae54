"""One thing that can be said of both runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One thing that can be said of both runs. Invariant: `a` and `b` are the same words exactly if it does not differ.

    what: "duration", "worker-3 waited" and the like. change: from the first run to the second, where that is a number.

    >>> str(Difference("duration", "30 ms", "20 ms", "10 ms less"))
    'duration: 30 ms | 20 ms (10 ms less)'
    """

    what: str
    a: str
    b: str
    change: str = ""

    @property
    def differs(self) -> bool:
        return self.a != self.b

    def __str__(self) -> str:
        change = f" ({self.change})" if self.change else ""
        return f"{self.what}: {self.a} | {self.b}{change}" if self.differs else f"{self.what}: {self.a}"
