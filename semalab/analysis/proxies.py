"""Permits that one thread takes and another gives back: the last reader out releases what the first one in acquired."""

from __future__ import annotations

from collections.abc import Iterable, Set

from semalab.log.trace import Event

Proxies = dict[int, list[tuple[str, int]]]


def proxies_of(events: Iterable[tuple[int, Event]], ended: Set[str], single: bool = False) -> Proxies:
    """For each such release (its index): the threads it speaks for, each with the index of its acquire.

    A thread that has ended with a permit in hand will not release it any more. If later than its acquire another
    thread released more than it held, that release gave the permit back; the earliest acquire goes with the earliest
    release. As long as a thread may still release its permit itself, nobody does it for it: a stray release stays one.
    Of a `single` permit more is known: a thread that takes it again has not had it any more.

    Args:
        events: one primitive's, with their places in the log.
        ended: the threads that came to their end.
        single: there is one permit, and there never were two.
    """
    held: dict[str, list[int]] = {}
    strays: list[int] = []
    proxies: Proxies = {}
    for index, event in events:
        if event.kind == "acquire":
            own = held.setdefault(event.thread, [])
            if single and own and strays and strays[-1] > own[-1]:
                proxies.setdefault(strays.pop(), []).append((event.thread, own.pop()))
            own.append(index)
        elif event.kind == "release":
            own = held.setdefault(event.thread, [])
            returned = min(event.amount, len(own))
            del own[len(own) - returned :]
            strays += [index] * min(event.amount - returned, sum(map(len, held.values())))
    kept = sorted((index, thread) for thread in ended for index in held.get(thread, ()))
    left = iter(strays)
    for acquired, thread in kept:
        release = next((index for index in left if index > acquired), None)
        if release is not None:
            proxies.setdefault(release, []).append((thread, acquired))
    return proxies
