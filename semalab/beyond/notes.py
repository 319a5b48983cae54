"""The notes of several processes, sorted by time, as one log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from semalab.analysis.decode import Printed
from semalab.beyond.adapter_log import Log, Row, Semaphore
from semalab.engine.signals import signal_name
from semalab.instrument.naming import thread_labels


class Failure(NamedTuple):
    """The first process that failed. words: its exception; empty if it died before it could begin."""

    actor: str
    words: str = ""
    status: int = 1


def deaths(rows: list[list[Any]], dead: set[str]) -> tuple[str, ...]:
    """What became of those that could not note their end, in words, as far as their parents know."""
    labels = labels_of(rows)
    codes = {row[3]: row[4] for row in rows if row[2] == "gone"}
    begun = {row[1]: row[3] for row in rows if row[2] == "start"}
    announced = {row[3] for row in rows if row[2] == "starts"}  # of others nobody notes the end, however they end
    return tuple(
        f"{labels[me]} {became(codes.get(key))}" for me, key in begun.items() if me in dead and key in announced
    )


def not_watched(rows: list[list[Any]]) -> tuple[str, ...]:
    """What the program has made that notes nothing, in words."""
    told: dict[str, None] = {}
    for row in rows:
        if row[2] == "unseen":
            kind, _, name = row[6].partition(" ")
            told[f"`{name}` ({kind})" if name else f"`{kind}`"] = None
    return tuple(told)


def became(code: int | None) -> str:
    """What became of a process that did not come to its own end. code: its exit code, None if nobody knows."""
    if code is None:
        return "died"
    if code >= 0:
        return f"broke off with exit code {code}"
    return f"was killed ({signal_name(-code)})"


def log_of(rows: list[list[Any]], dead: set[str]) -> tuple[Log, Failure | None]:
    """The log, and who failed. dead: those that could not note their end."""
    labels, log, failed = labels_of(rows), Log(), None
    begun = {row[3] for row in rows if row[2] == "start"}
    keys: dict[str, int] = {}
    origin = rows[0][0] if rows else 0
    ended: set[str] = set()
    for time_, me, kind, key, amount, line, text in rows:
        actor, at = labels[me], time_ - origin
        if kind == "starts" or (kind == "start" and not key):
            log.start(at, labels[key or me])
        elif kind in {"start", "begins", "left", "unseen"}:
            pass
        elif kind == "made":
            keys[key] = len(log.made)
            log.made.append(Semaphore(text.partition(" ")[0], amount, name=text.partition(" ")[2]))
        elif kind == "raised":
            failed = failed or Failure(actor, text)
        elif kind == "void":
            _take_back(log.rows, actor, keys[key])
        elif kind == "gone":
            if key not in begun and amount:
                failed = failed or Failure(labels[key], status=amount)
            _ends(log, at, labels[key], ended)
        elif kind == "join":
            log.rows.append(Row(at, actor, kind, None, amount, line, who=labels.get(key, "nobody")))
        elif kind == "joined":
            if amount:
                _ends(log, at, labels[key], ended)
            log.rows.append(Row(at, actor, kind, None, 0, line, who=labels[key]))
        elif kind == "print":
            log.rows.append(Row(at, actor, kind, line=line))
            log.printed.append(Printed(at, actor, text))
        elif kind == "end":
            _ends(log, at, actor, ended)
        else:
            amount = 0 if kind == "block" else amount
            log.rows.append(Row(at, actor, kind, keys.get(key) if key else None, amount, line))
    for actor in sorted({labels[me] for me in dead} - ended):
        _ends(log, log.rows[-1].time, actor, ended)
    return log, failed


def labels_of(rows: list[list[Any]]) -> dict[str, str]:
    """Who is called what: by what a process calls itself, and by what the one calls it that has started it."""
    names = {
        key or me: text for _, me, kind, key, _, _, text in rows if kind == "starts" or (kind == "start" and not key)
    }
    labels = dict(zip(names, thread_labels(names.values()), strict=True))
    for _, me, kind, key, *_ in rows:
        if kind == "start" and key:
            labels[me] = labels[key]
    return labels


def _ends(log: Log, at: int, actor: str, ended: set[str]) -> None:
    """The end of a process, once; and before it of what it was at, if it was killed."""
    if actor not in ended:
        ended.add(actor)
        log.rows.extend(_last_rows(log.rows, at, actor))


def _last_rows(rows: list[Row], at: int, actor: str) -> Iterator[Row]:
    last = next((row for row in reversed(rows) if row.actor == actor), None)
    if last is not None and last.kind in {"sleep", "block"}:
        yield Row(at, actor, "wake" if last.kind == "sleep" else "refuse", last.key)
    yield Row(at, actor, "end")


def _take_back(rows: list[Row], actor: str, key: int) -> None:
    """Forget the last release of this process: the semaphore has refused it."""
    index = max(i for i, row in enumerate(rows) if (row.actor, row.kind, row.key) == (actor, "release", key))
    del rows[index]
