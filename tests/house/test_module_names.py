"""Where the package knows one of its own modules by its name, there is such a module: one that has moved is a bug."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

import semalab
from semalab.engine import reachability

ROOT = Path(semalab.__file__).parent


def names() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and text.startswith("semalab.") and text.replace(".", "").isidentifier():
                yield str(path.relative_to(ROOT)), text.removesuffix(".")


@pytest.mark.parametrize(("where", "name"), list(names()))
def test_there_is_such_a_module(where: str, name: str) -> None:
    assert importlib.util.find_spec(name) is not None


def test_what_is_part_of_a_primitive_is_known_by_modules_that_there_are() -> None:
    for name in reachability._PARTS:
        importlib.import_module(name)
    assert hasattr(importlib.import_module("semalab.instrument.recorder"), reachability._WHOLE)
