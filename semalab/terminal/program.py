"""What a command line says of a program to explore: a function of a script, its arguments, what is to hold."""

from __future__ import annotations

import ast
import difflib
import importlib
import sys
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from semalab.analysis.claims import Check
from semalab.engine.uncaught import show
from semalab.files.fields import COUNTED, PLAIN
from semalab.terminal.command import Refused
from semalab.terminal.run import lead_path, source_of

_CLAIMS: dict[str, Callable[..., Any]] = {**PLAIN, **COUNTED}
_EXAMPLES = {"exact_count": "10", "at_most_per": "2, 0.1"}  # of the numbers that a claim needs
_MOST = 8  # names of functions in a sentence


def function_of(target: str) -> tuple[types.ModuleType, Any]:
    """The module and the function of `script.py:function` or `package.module:function`, imported for it.

    Raises: Refused if there is none, or if the module cannot be imported.
    """
    place, _, name = target.rpartition(":")
    if not place or not name.isidentifier():
        raise Refused(f"the program must be given as script.py:function, got {target!r}")
    module = _script(place) if place.endswith(".py") or Path(place).is_file() else _module(place)
    if not hasattr(module, name):
        own = [
            called
            for called, value in vars(module).items()
            if isinstance(value, types.FunctionType) and value.__module__ == module.__name__
        ]
        near = difflib.get_close_matches(name, own, 1)
        has = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(own[:_MOST]) or 'none'}"
        raise Refused(f"{place} has no function {name!r}; {has}")
    return module, getattr(module, name)


def _script(file: str) -> types.ModuleType:
    """Imported under the name by which others that stand beside it import it, if that is not another's."""
    code = _imported(file, lambda: source_of(file))
    name = Path(file).stem
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"script_{name}"
    module = types.ModuleType(name)
    module.__file__ = code.co_filename
    sys.modules[name] = module
    lead_path(str(Path(file).resolve().parent))
    _imported(file, lambda: exec(code, vars(module)))
    return module


def _module(name: str) -> types.ModuleType:
    if not all(map(str.isidentifier, name.split("."))):
        raise Refused(f"the program must be given as script.py:function, got {name!r} for the script")
    lead_path(str(Path.cwd()))
    module: types.ModuleType = _imported(name, lambda: importlib.import_module(name))
    return module


def _imported(place: str, how: Callable[[], Any]) -> Any:
    try:
        return how()
    except (Refused, KeyboardInterrupt):
        raise
    except ModuleNotFoundError as error:
        if error.name == place:
            raise Refused(f"there is no module {place!r}; give a script as script.py:function") from None
        show(error)
    except BaseException as error:
        show(error)
    raise Refused(
        f"{place} must be fit to be imported, and raises; put what runs its program under if __name__ == '__main__'"
    )


def arguments_of(words: Iterable[str]) -> dict[str, Any]:
    """`threads=3` and the like as the arguments they stand for."""
    arguments: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign or not name.isidentifier():
            raise Refused(f"an argument must be given as name=value, as in threads=3, got {word!r}")
        arguments[name] = _value(text, f"the value of {name}")
    return arguments


def _value(text: str, what: str) -> Any:
    """A Python literal; or what begins with a letter, as text, so that nobody needs quotes within quotes."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        if text[:1].isalpha() or text[:1] == "_":
            return text
    raise Refused(f"{what} must be a number, a word, or another Python literal, got {text!r}")


def check_of(text: str, module: types.ModuleType) -> Check:
    """`mutual_exclusion`, `at_most(2, door)`; or the name of a function of the script that judges a run."""
    name, opened, inner = text.partition("(")
    name = name.strip()
    if opened and not inner.rstrip().endswith(")"):
        raise Refused(f"--check must end with the bracket that it opens, got {text!r}")
    words = [word.strip() for word in inner.rstrip()[:-1].split(",") if word.strip()]
    if name not in _CLAIMS:
        own: Check | None = getattr(module, name, None) if not opened else None
        if not callable(own):
            raise Refused(f"--check must be one of {', '.join(_CLAIMS)}, or a function of the script; got {text!r}")
        return own
    values = [_value(word, f"what stands in {name}(…)") for word in words]
    if name in COUNTED and not (values and type(values[0]) is int):
        raise Refused(f"{name} needs a whole number, as in {name}({_EXAMPLES.get(name, '2')}), got {text!r}")
    if name in PLAIN and not values:
        return _CLAIMS[name]
    try:
        check: Check = _CLAIMS[name](*values)
    except TypeError:
        raise Refused(
            f"--check cannot be {text!r}; see python -m semalab explore --help for what can be said"
        ) from None
    except ValueError as error:
        raise Refused(f"--check {text}: {error}") from None
    return check
