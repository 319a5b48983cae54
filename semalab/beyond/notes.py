"""The notes of several processes, sorted by time, as one log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from semalab.beyond.log import Log, Row, Semaphore
from semalab.decode import Printed
from semalab.labels import thread_labels


def log_of(rows: list[list[Any]], dead: set[int]) -> tuple[Log, tuple[str, str] | None]:
    """The log, and the first process that failed, with its words. dead: whoever of them could not note its end."""
    labels, log, failed = _labels(rows), Log(), None
    keys: dict[str, int] = {}
    origin = rows[0][0] if rows else 0
    ended: set[str] = set()
    for time_, pid, kind, key, amount, line, text in rows:
        actor, at = labels.of.get(pid, "main"), time_ - origin
        if kind in {"starts", "start"}:
            if kind == "starts" or actor == "main":
                log.start(at, labels.next_started() if kind == "starts" else actor)
        elif kind == "made":
            keys[key] = len(log.made)
            log.made.append(Semaphore(text.partition(" ")[0], amount, name=text.partition(" ")[2]))
        elif kind == "raised":
            failed = failed or (actor, text)
        elif kind == "void":
            _take_back(log.rows, actor, keys[key])
        elif kind == "join":
            log.rows.append(Row(at, actor, kind, None, amount, line, who=labels.called(key)))
        elif kind == "joined":
            who = labels.called(key)
            if amount and who not in ended:  # it was killed, and could not say so itself
                ended.add(who)
                log.rows.extend(_killed(log.rows, at, who))
            log.rows.append(Row(at, actor, kind, None, 0, line, who=who))
        elif kind == "print":
            log.rows.append(Row(at, actor, kind, line=line))
            log.printed.append(Printed(at, actor, text))
        elif kind == "end":
            ended.add(actor)
            log.rows.append(Row(at, actor, kind))
        else:
            amount = 0 if kind == "block" else amount
            log.rows.append(Row(at, actor, kind, keys.get(key) if key else None, amount, line))
    for actor in sorted({labels.of[pid] for pid in dead if pid in labels.of} - ended):
        log.rows.extend(_killed(log.rows, log.rows[-1].time, actor))
    return log, failed


class _Labels:
    """Who is called what. of: by process id. Processes of one name are told apart in the order of their starts."""

    def __init__(self, names: list[str], of: dict[int, str]) -> None:
        self._names = names
        self._labels = thread_labels(["main", *names])[1:]
        self._started = iter(self._labels)
        free = list(zip(names, self._labels, strict=True))
        self.of: dict[int, str] = {}
        for pid, name in of.items():
            pair = next((pair for pair in free if pair[0] == name), None)
            if pair is not None:
                free.remove(pair)
            self.of[pid] = pair[1] if pair is not None else "main"

    def called(self, name: str) -> str:
        return self._labels[self._names.index(name)] if name in self._names else name

    def next_started(self) -> str:
        return next(self._started)


def _labels(rows: list[list[Any]]) -> _Labels:
    names = [row[3] for row in rows if row[2] == "starts"]
    return _Labels(names, {row[1]: row[6] for row in rows if row[2] == "start"})


def _killed(rows: list[Row], at: int, actor: str) -> Iterator[Row]:
    """The end of a process, and before it of what it was at."""
    last = next((row for row in reversed(rows) if row.actor == actor), None)
    if last is not None and last.kind in {"sleep", "block"}:
        yield Row(at, actor, "wake" if last.kind == "sleep" else "refuse", last.key)
    yield Row(at, actor, "end")


def _take_back(rows: list[Row], actor: str, key: int) -> None:
    """Forget the last release of this process: the semaphore has refused it."""
    index = max(i for i, row in enumerate(rows) if (row.actor, row.kind, row.key) == (actor, "release", key))
    del rows[index]
