"""Text from programs, made fit to be shown: as long as there is room for, and nothing in it acts on its surroundings.

Names, messages and output can hold anything: line breaks that end a sentence, escape sequences that colour a terminal,
marks that turn the direction of what follows, halves of surrogate pairs that no file and no message to a browser can
carry. What a program is called is its own affair; what the lab says of it stays one sentence.
"""

from __future__ import annotations

import types
import unicodedata
from collections.abc import Sequence
from functools import cache

STAND_IN = "\ufffd"  # what a character becomes that cannot be shown
_HIDDEN = {"Cc", "Cf", "Cs"}  # control, format, surrogate; not Cn, or the answer would depend on Python's version
_JOINERS = "\u200c\u200d"  # format characters that Persian and emoji are spelled with


@cache
def shown(character: str) -> str:
    """The character itself, a space for every kind of space, a stand-in for what is not to be seen."""
    if character.isspace():
        return " "
    return STAND_IN if unicodedata.category(character) in _HIDDEN and character not in _JOINERS else character


@cache
def _shown_in_lines(character: str) -> str:
    return character if character in "\n\t" else shown(character)


def cut(text: str, longest: int, *, lines: bool = False) -> str:
    """The first `longest` characters as they can be shown, and how many more there are. lines: keep them apart.

    >>> cut("gate\\n" + 9_000 * "x", 6)
    'gate x… (8,999 more characters)'
    """
    kept = text[:longest]
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join(map(_shown_in_lines if lines else shown, kept))
    return kept if len(text) <= longest else f"{kept}… ({len(text) - longest:,} more characters)"


def cut_name(name: str, longest: int) -> str:
    """As `cut`, but out of the middle: names often differ only in their last characters.

    >>> cut_name(500 * "w" + "-17", 12)
    'wwwwwwww… (491 more characters) …w-17'
    """
    tail = longest // 3
    if len(name) <= longest:
        return cut(name, longest)
    return f"{cut(name[:-tail], longest - tail)} …{cut(name[-tail:], tail)}"


def written(value: object, longest: int = 200) -> str:
    """How Python writes a value, in one line of at most so many characters. Its `__repr__` is the program's code, too.

    >>> written(["x"] * 9_000, 12)
    "['x', 'x', '… (44,988 more characters)"
    """
    try:
        text = str.__str__(repr(value))
    except Exception:  # also of Python's own: a number of more than 4,300 digits is not written
        return f"<{cut(type(value).__name__, longest)} whose repr() failed>"
    return cut(text, longest)


def called(value: object, longest: int = 200) -> str:
    """A function or class by its name, which is the same in every process; any other value as Python writes it."""
    if isinstance(value, types.FunctionType | types.BuiltinFunctionType):
        return cut_name(value.__name__, longest)
    if isinstance(value, type):
        return cut_name(type.__dict__["__name__"].__get__(value), longest)  # a metaclass may say anything
    return written(value, longest)


def said_by(error: BaseException) -> str:
    """An exception's message. Its `__str__` is the program's code: it may fail, or return what only looks like text."""
    try:
        return str.__str__(str(error))
    except BaseException:  # as in Python's own tracebacks, whose words these are
        return "<exception str() failed>"


def plural(noun: str, number: int = 2) -> str:
    """The noun as so many are called.

    >>> plural("permit", 1), plural("permit", 0), plural("process")
    ('permit', 'permits', 'processes')
    """
    return noun if number == 1 else f"{noun}es" if noun.endswith("s") else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """So many of them: `1 permit`, `2,000 permits`."""
    return f"{number:,} {plural(noun, number)}"


def listed(unseen: Sequence[str]) -> str:
    """The first three of what could not be watched, names in backticks, and how many more there are.

    >>> listed(("gate", "3 locks of fasteners"))
    '`gate`, 3 locks of fasteners'
    """
    told = [name if name[:1].isdigit() or "`" in name else f"`{cut_name(name, 80)}`" for name in unseen[:3]]
    return ", ".join(told) + (f" and {len(unseen) - 3:,} more" if len(unseen) > 3 else "")
