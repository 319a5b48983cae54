"""One schedule as a lane: who makes its steps, whether it ends well, and short names for the threads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

_LONGEST = 3  # characters of a tag


@dataclass(frozen=True)
class Lane:
    """A schedule. Invariant: two lanes that begin with the same threads begin with the same steps.

    steps: the thread and what it does, in order. broken: it is wrong. label: what stands behind it ("#3"). chosen: it
    is the one drawn as a timeline.
    """

    steps: tuple[tuple[str, str], ...]
    broken: bool
    label: str = ""
    chosen: bool = False


def threads_of(sequences: Iterable[Sequence[tuple[str, str]]]) -> list[str]:
    """Everybody who makes a step, sorted as people count: worker-2 before worker-10."""
    names = {thread for steps in sequences for thread, _ in steps}
    return sorted(names, key=lambda name: [(part.zfill(9), part) for part in re.split(r"(\d+)", name)])


def tags(threads: Sequence[str]) -> dict[str, str]:
    """A sign of one to three characters for each thread: its number, or its initial, or a letter where those are alike.

    >>> tags(["main", "worker-0", "worker-1"])
    {'main': 'm', 'worker-0': '0', 'worker-1': '1'}
    """
    for which in (0, -1):
        signs = [_sign(thread, which) for thread in threads]
        if len(set(signs)) == len(signs) and all(0 < len(sign) <= _LONGEST for sign in signs):
            return dict(zip(threads, signs, strict=True))
    letters = list(ascii_uppercase) if len(threads) <= len(ascii_uppercase) else map(str, range(len(threads)))
    return dict(zip(threads, letters, strict=False))


def _sign(thread: str, which: int) -> str:
    numbers = re.findall(r"[0-9]+", thread)
    if numbers:
        return str(numbers[which])
    return next((character for character in thread if character.isalpha()), "")


def common(lanes: Sequence[Lane]) -> list[int]:
    """For each lane, with how many of the steps of the lane above it begins."""
    shared = [0] * len(lanes)
    for row in range(1, len(lanes)):
        above, below = lanes[row - 1].steps, lanes[row].steps
        pairs = enumerate(zip(above, below, strict=False))
        shared[row] = next((at for at, (one, other) in pairs if one[0] != other[0]), min(len(above), len(below)))
    return shared
