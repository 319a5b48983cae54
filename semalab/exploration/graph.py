"""All the states of a program that may go on for ever, and where each step leads: which of them an end follows.

A state from which no end can be reached is a livelock: the threads go on, and whatever they do, it is in vain.
Where an end can be reached from everywhere, the program may still go round in circles. Whether that takes a scheduler
that passes somebody over for ever tells the circle: there is a thread that could go on in it, and never does (strong
fairness, as Emerson and Lei check it: take away the states where such a thread could go on, and look again).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Name = bytes  # of a state
END: Name = b""


@dataclass
class Node:
    """able: who can make a step there. asleep: who could if time passed, which on the virtual clock it does only when
    nobody is able. after: where the steps lead that were made, by threads' numbers.
    """

    able: tuple[int, ...]
    asleep: tuple[int, ...] = ()
    after: dict[int, Name] = field(default_factory=dict)

    @property
    def could(self) -> tuple[int, ...]:
        """Who is not to be passed over for ever."""
        return self.able + self.asleep


class Graph:
    """Invariant: `nodes` has every state that was met, and `after` of each every step that was made there."""

    def __init__(self) -> None:
        self.nodes: dict[Name, Node] = {}
        self.start: Name | None = None

    def meet(self, name: Name, able: Iterable[int], asleep: Iterable[int] = ()) -> None:
        self.start = name if self.start is None else self.start
        self.nodes.setdefault(name, Node(tuple(able), tuple(asleep)))

    def lead(self, name: Name, thread: int, to: Name) -> None:
        """A step of this thread leads from one state to another, or to the program's END."""
        self.nodes[name].after[thread] = to

    def hopeless(self) -> frozenset[Name]:
        """The states from which no end can be reached, however long it takes."""
        return self._cut_off({END, *(name for name, node in self.nodes.items() if node.asleep)})

    def without_end(self) -> frozenset[Name]:
        """The states from which no end can be reached as time passes on the virtual clock."""
        return self._cut_off({END})

    def _cut_off(self, goal: set[Name]) -> frozenset[Name]:
        """The states from which none of these can be reached."""
        before: dict[Name, list[Name]] = {}
        for name, node in self.nodes.items():
            for to in node.after.values():
                before.setdefault(to, []).append(name)
        found, queue = set(goal), list(goal)
        while queue:
            new = [name for name in before.get(queue.pop(), ()) if name not in found]
            found.update(new)
            queue += new
        return frozenset(self.nodes.keys() - found)

    def way_to(self, goal: frozenset[Name]) -> tuple[tuple[int, ...], Name] | None:
        """The fewest steps from the beginning to one of these states, and which."""
        if self.start is None:
            return None
        last: dict[Name, tuple[Name, int] | None] = {self.start: None}  # by which step each was met first
        queue = deque([self.start])
        while queue:
            name = queue.popleft()
            if name in goal:
                return self._steps_to(name, last), name
            for thread, to in sorted(self.nodes[name].after.items()):
                if to != END and to not in last:
                    last[to] = name, thread
                    queue.append(to)
        return None

    def _steps_to(self, name: Name, last: Mapping[Name, tuple[Name, int] | None]) -> tuple[int, ...]:
        steps: list[int] = []
        while (step := last[name]) is not None:
            name, thread = step
            steps.append(thread)
        return tuple(reversed(steps))

    def circle(self, start: Name) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The way from here to a circle, and the steps of that: each thread in turn, as far as it can go on."""
        seen: dict[tuple[Name, int], int] = {}
        steps: list[int] = []
        name, last = start, -1
        while (name, last) not in seen:
            seen[name, last] = len(steps)
            node = self.nodes[name]
            last = next((thread for thread in sorted(node.after) if thread > last), min(node.after))
            steps.append(last)
            name = node.after[last]
        begin = seen[name, last]
        return tuple(steps[:begin]), tuple(steps[begin:])

    def turning(self) -> frozenset[int] | None:
        """The threads that may go round for ever though nobody is passed over; None if there are no such circles."""
        return self._turning(frozenset(self.nodes))

    def _turning(self, names: frozenset[Name]) -> frozenset[int] | None:
        for part in self._circles(names):
            steps = {t for name in part for t, to in self.nodes[name].after.items() if to in part}
            passed = {t for name in part for t in self.nodes[name].could} - steps
            if not passed:
                return frozenset(steps)
            rest = frozenset(name for name in part if passed.isdisjoint(self.nodes[name].could))
            found = self._turning(rest)
            if found is not None:
                return found
        return None

    def spinning(self) -> frozenset[int]:
        """The threads that make steps on some circle; empty if every run ends, whoever makes the next step."""
        return frozenset(
            t
            for part in self._circles(frozenset(self.nodes))
            for name in part
            for t, to in self.nodes[name].after.items()
            if to in part
        )

    def _circles(self, names: frozenset[Name]) -> list[frozenset[Name]]:
        """The largest sets of states of which each can be reached from each, by at least one step."""
        after = {name: [to for to in self.nodes[name].after.values() if to in names] for name in names}
        return [part for part in _connected(after) if len(part) > 1 or any(name in after[name] for name in part)]


def _connected(after: Mapping[Name, list[Name]]) -> list[frozenset[Name]]:
    """Strongly connected components (Tarjan 1972), without recursion: there may be many states in a row."""
    number: dict[Name, int] = {}
    lowest: dict[Name, int] = {}
    stack: list[Name] = []
    on_stack: set[Name] = set()
    found: list[frozenset[Name]] = []
    for root in after:
        if root in number:
            continue
        work = [(root, iter(after[root]))]
        number[root] = lowest[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            name, rest = work[-1]
            for to in rest:
                if to not in number:
                    number[to] = lowest[to] = len(number)
                    stack.append(to)
                    on_stack.add(to)
                    work.append((to, iter(after[to])))
                    break
                if to in on_stack:
                    lowest[name] = min(lowest[name], number[to])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == number[name]:
                    part = set()
                    while name not in part:
                        part.add(one := stack.pop())
                        on_stack.discard(one)
                    found.append(frozenset(part))
    return found
