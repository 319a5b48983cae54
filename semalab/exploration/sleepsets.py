"""Every schedule, depth first; with sleep sets, one of each class of schedules that differ by independent steps only.

A thread sleeps at a node if its step was tried there, or earlier, and nothing since depends on it: to let it step now
would repeat what has been seen. Godefroid's sleep sets, and nothing else: they need no guess about the future, and
every class is reached exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence

from semalab.stepping import Footprint, Location, footprint, independent


class Changed(RuntimeError):
    """The program behaved differently under the same schedule."""

    def __init__(self) -> None:
        super().__init__(
            "the program must do the same under the same schedule, and did not: it may keep something from one run to"
            " the next (a global it does not reset, an argument it changes), or ask the real world (files, the clock)"
        )


Told = tuple[list[list[int]], list[int], list[Footprint]]  # of a run, step by step: who could, who did, what it touched


class Node:
    """A choice on the present path.

    Invariants: `asleep` holds the threads that need not be tried here, with the footprints of their next steps; those
    that were tried join them. `step` is the footprint of the chosen thread's step, None until it has been made.
    """

    __slots__ = ("able", "asleep", "chosen", "step")

    def __init__(self, able: list[int], chosen: int, asleep: dict[int, Footprint]) -> None:
        self.able = able
        self.chosen = chosen
        self.asleep = asleep
        self.step: Footprint | None = None


class DepthFirst:
    """The guide of a whole search: after each run, `advance` turns to the next.

    Invariants: `path` are the choices that the next run begins with. `redundant` is set when everybody who could go on
    sleeps: what comes after repeats another run, and only the program's end is awaited.
    """

    def __init__(self, sleeping: bool = True) -> None:
        self.path: list[Node] = []
        self.redundant = False
        self.differs = False
        self._sleeping = sleeping
        self._depth = 0

    def choose(self, able: list[int], touched: Sequence[tuple[Location, bool]]) -> int:
        depth = self._depth
        self._depth = depth + 1
        path = self.path
        if self.redundant:
            return able[0]
        if 0 < depth <= len(path):
            self._close(path[depth - 1], touched)
        if depth < len(path):
            node = path[depth]
            if node.able != able:
                self.differs = self.redundant = True
                return able[0]
            return node.chosen
        asleep = self._still_asleep(path[-1]) if path and self._sleeping else {}
        awake = next((thread for thread in able if thread not in asleep), None)
        if awake is None:
            self.redundant = True
            return able[0]
        path.append(Node(able, awake, asleep))
        return awake

    def _close(self, node: Node, touched: Sequence[tuple[Location, bool]]) -> None:
        if node.step is None:
            node.step = footprint(touched)

    def _still_asleep(self, node: Node) -> dict[int, Footprint]:
        step = node.step
        assert step is not None
        return {thread: its for thread, its in node.asleep.items() if independent(its, step)}

    def told(self, touched: Sequence[tuple[Location, bool]]) -> Told:
        """The run that has ended. touched: by its last step."""
        if self.path:
            self._close(self.path[-1], touched)
        steps = [node.step for node in self.path if node.step is not None]
        return [node.able for node in self.path], [node.chosen for node in self.path], steps

    def advance(self, touched: Sequence[tuple[Location, bool]]) -> bool:
        """Turn to the next run; False if there is none. touched: by the last step of the run that has ended."""
        if not self.redundant and self.path:
            self._close(self.path[-1], touched)
        self._depth = 0
        self.redundant = False
        while self.path:
            node = self.path[-1]
            assert node.step is not None
            node.asleep[node.chosen] = node.step
            awake = next((thread for thread in node.able if thread not in node.asleep), None)
            if awake is not None:
                node.chosen, node.step = awake, None
                return True
            self.path.pop()
        return False
