"""A script as Python itself would run it: its code, its module `__main__`, `sys.argv` and `sys.path`."""

from __future__ import annotations

import builtins
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, NamedTuple

from semalab.terminal.command import Refused, refusing


class Script(NamedTuple):
    """The program, to be called without arguments, and what it is called.

    Invariant: it has been made `__main__`, for good: what pickles, data classes and child processes ask for is there
    until the process has ended.
    """

    name: str
    program: Callable[[], Any]


def script_of(file: str, arguments: Sequence[str]) -> Script:
    """As `python file arguments…`.

    Raises: Refused for what is no script; SyntaxError as it is.
    """
    code = source_of(file)
    place = code.co_filename
    lead_path(str(Path(file).resolve().parent))
    loader = SourceFileLoader("__main__", place)
    return _main(Path(file).name, code, [file, *arguments], __file__=place, __cached__=None, __loader__=loader)


def source_of(file: str) -> types.CodeType:
    """The code of a script.

    Raises: Refused for what is no script; SyntaxError as it is.
    """
    if file == "-":
        raise Refused("the script must be a file, got '-': what is read from the terminal has no lines to point at")
    if Path(file).is_dir():
        raise Refused(f"the script must be a file, got the folder {file!r}; of a package run a module, with -m")
    with refusing():
        text = Path(file).read_bytes()
    if b"\0" in text:
        raise Refused(f"the script must be Python source, got {file!r}")
    place = os.path.abspath(file)  # noqa: PTH100  # as Python: links are not followed
    return compile(text, place, "exec", dont_inherit=True)


def script_of_module(name: str, arguments: Sequence[str]) -> Script:
    """As `python -m name arguments…`.

    Raises: Refused if there is no such module, or none with Python source.
    """
    lead_path(str(Path.cwd()))
    sys.argv = ["-m", *arguments]  # what a package meets that is imported on the way
    spec = _spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        name = f"{name}.__main__"
        spec = _spec(name)
    if spec is None:
        raise Refused(f"there is no module {name!r} to run; of a script give the file, without -m")
    code = spec.loader.get_code(spec.name) if hasattr(spec.loader, "get_code") else None
    if code is None or spec.origin is None:
        raise Refused(f"-m needs a module of Python source, got {name!r}")
    names = {"__file__": spec.origin, "__cached__": spec.cached, "__loader__": spec.loader, "__package__": spec.parent}
    return _main(name, code, [spec.origin, *arguments], __spec__=spec, **names)


def _spec(name: str) -> Any:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError) as error:
        if isinstance(error, ImportError) and f"{name}.".startswith(f"{error.name}."):
            return None  # it is the module itself, or a package that it should lie in
        raise Refused(f"-m needs a module that can be found, got {name!r}: {type(error).__name__}: {error}") from None


def lead_path(folder: str) -> None:
    """What Python puts first: there `python -m` had put the folder in which it was started."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _main(name: str, code: types.CodeType, argv: list[str], **names: Any) -> Script:
    module = types.ModuleType("__main__")
    space = vars(module)
    space.update(names, __builtins__=builtins)
    if sys.version_info < (3, 14):
        space["__annotations__"] = {}
    sys.argv = argv
    sys.modules["__main__"] = module
    return Script(name, types.FunctionType(code, space, name))
