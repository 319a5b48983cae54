"""Modules of programs, each for itself."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType


def alone(name: str) -> ModuleType:
    """A module of programs, under a name without a dot, by which some of them import their own module.

    In a package every word of a program could be the name of a module beside its own: whatever another test has
    imported there, a program that runs what a string says could use, and would not be explored for that.
    """
    spec = spec_from_file_location(name, Path(__file__).parents[1] / "programs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
