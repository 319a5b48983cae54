"""When too many threads were inside a guard, and how many: counted in log order, never by comparing times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from semalab.analysis.reading import Use
from semalab.draw.clock import Clock
from semalab.draw.table import table
from semalab.draw.viewport import View

_MANY = 2_000  # crowds beyond this, with less between them than this part of the window, are one: none could part them


class Crowd(NamedTuple):
    """From `begin` to `end` more threads than allowed were inside; `most` at the worst moment."""

    begin: float
    end: float
    most: int


def crowds_of(use: Use, clock: Clock, allowed: int, view: View) -> tuple[Crowd, ...]:
    """The crowds of one guard in the window. A thread that acquired twice (an RLock's owner) is inside once."""
    index, level = table(use.counts.inside, 2).T
    over = level > allowed
    begin = np.flatnonzero(over & ~np.r_[False, over[:-1]])
    if not len(begin):
        return ()
    end = np.flatnonzero(~over & np.r_[False, over[:-1]])
    most = np.maximum.reduceat(np.where(over, level, 0), begin)
    since = clock.at[index[begin]]
    until = np.r_[clock.at[index[end]], [clock.end] * (len(begin) - len(end))]
    seen = (since <= view.end) & (until >= view.begin)
    since, until, most = np.maximum(since, view.begin)[seen], np.minimum(until, view.end)[seen], most[seen]
    if len(since) > _MANY:
        apart = np.flatnonzero(np.r_[True, since[1:] - until[:-1] > view.span / _MANY])
        since, until, most = since[apart], until[np.r_[apart[1:], len(until)] - 1], np.maximum.reduceat(most, apart)
    return tuple(map(Crowd, since.tolist(), until.tolist(), most.tolist()))
