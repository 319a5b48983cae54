"""What a container that threads share holds at each step: in words, and as the number that its strip shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from semalab.log.excerpt import counted, written
from semalab.stepping.known import EXACT, MISSING

PLAIN = (int, bool, float, str, type(None))  # whose text, hash and comparison are Python's own, never the program's
_MOST = 100  # items that are looked at
_LONGEST = 30  # characters of its text, before its items are only counted


class Seen(NamedTuple):
    """What a container held: how many items, its text if it can be told, and what is plain of its items by their keys.

    indexed: the keys are places, counted from 0.
    """

    size: int
    text: str | None
    items: Mapping[Any, Any]
    indexed: bool = False

    def key(self, asked: Any) -> Any:
        """The key that was asked for, as it is told; MISSING where it is not known, or no plain item has it."""
        if type(asked) not in PLAIN:
            return MISSING
        if self.indexed and asked < 0:
            asked += self.size
        return asked if asked in self.items else MISSING

    def told(self, asked: Any) -> tuple[str, str | None]:
        """What is told of it after its name: which item (`[0]`) or nothing, and its text if it can be told whole."""
        key = self.key(asked)
        return ("", self.text) if key is MISSING else (f"[{key!r}]", written(self.items[key], _LONGEST))

    @property
    def counted(self) -> str:
        return counted(self.size, "item")


class Number(NamedTuple):
    """What is drawn at a step, and of a container which number that is: `len(box)`, `totals[0]`."""

    name: str
    value: float


def seen_of(container: Any) -> Seen | None:
    """What it holds now, without running any code of the program; None if it is none of Python's own containers."""
    if type(container) not in EXACT:
        return None
    size = len(container)
    listed = list(container) if size <= _MOST else []
    whole = len(listed) == size and all(type(one) in PLAIN for one in listed)
    if isinstance(container, set):  # in one order, whatever the hashes of its texts are today
        texts = [repr(one) for one in sorted(listed, key=lambda one: (type(one).__name__, one))] if whole else []
        return Seen(size, _short(f"{{{', '.join(texts)}}}" if size else "set()") if whole else None, {})
    if isinstance(container, dict):
        items = {key: container[key] for key in listed} if whole else {}
    else:
        items = dict(enumerate(listed))
    plain = {key: value for key, value in items.items() if type(value) in PLAIN}
    whole = whole and len(plain) == size
    shown = plain if isinstance(container, dict) else listed
    return Seen(size, _short(written(shown, 4 * _LONGEST)) if whole else None, plain, not isinstance(container, dict))


def numbers_of(name: str, looks: Sequence[tuple[Seen, Any]]) -> Iterator[Number | None]:
    """What is drawn at each look at one container, which goes by this name. looks: what it held, and the key asked for.

    How many items it has, if that changes. Else the item that is asked for; and where somebody goes through all of
    them, the one that changes, if it is only one.
    """
    if len({seen.size for seen, _ in looks}) > 1:
        yield from (Number(f"len({name})", seen.size) for seen, _ in looks)
        return
    keys = [seen.key(asked) for seen, asked in looks]
    if MISSING in keys:
        changing = _changing([seen.items for seen, _ in looks])
        keys = [changing[0] if len(changing) == 1 else MISSING] * len(looks)
    for (seen, _), key in zip(looks, keys, strict=True):
        value = seen.items[key] if key is not MISSING else None
        yield Number(f"{name}[{key!r}]", value) if isinstance(value, int | float) else None


def _changing(looks: Sequence[Mapping[Any, Any]]) -> list[Any]:
    """The keys of what is not the same all the time."""
    return [
        key
        for key in looks[0]
        if all(key in items for items in looks) and any(items[key] != looks[0][key] for items in looks)
    ]


def _short(text: str) -> str | None:
    return text if len(text) <= _LONGEST else None
