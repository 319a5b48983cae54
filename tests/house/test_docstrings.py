"""The docstrings of public names: each says what it takes, gives and refuses, and its example runs as it is written."""

from __future__ import annotations

import doctest
import inspect
from pathlib import Path
from typing import Any

import pytest

import semalab as lab
from semalab import beyond
from semalab.exercises import done
from tests.programs import examples

PUBLIC: dict[str, Any] = {
    **{name: getattr(lab, name) for name in lab._HOME},
    **{f"beyond.{name}": getattr(beyond, name) for name in beyond.__all__},
}
FUNCTIONS = {name: one for name, one in PUBLIC.items() if inspect.isfunction(one)}
CLASSES = {name: one for name, one in PUBLIC.items() if inspect.isclass(one)}
PROGRAMS = {
    "beyond.record_tasks": examples.with_tasks,
    "beyond.record_processes": examples.with_processes,
    "beyond.record_cluster": examples.in_a_cluster,
}


def doc(one: Any) -> str:
    """Its own docstring; "" for one that it has from elsewhere."""
    return inspect.cleandoc(one.__doc__ or "")


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_line_that_is_a_sentence_and_an_example(name: str) -> None:
    first = doc(PUBLIC[name]).partition("\n")[0]
    assert first.endswith((".", "?")) and ">>> " in doc(PUBLIC[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_says_what_it_takes_returns_and_raises(name: str) -> None:
    told, parameters = doc(FUNCTIONS[name]), inspect.signature(FUNCTIONS[name]).parameters
    sections = ("Args:", "Returns:", "Raises:") if parameters else ("Returns:",)
    assert [section for section in sections if f"\n{section}" not in told] == []
    arguments = told.partition("\nArgs:")[2]
    assert [one for one in parameters if f"{one}:" not in arguments and f"{one}, " not in arguments] == []


@pytest.mark.parametrize("name", CLASSES)
def test_what_a_public_class_offers_is_described(name: str) -> None:
    bases = [one for one in CLASSES[name].__mro__ if one.__module__.startswith("semalab.")]
    own = {key: one for base in bases for key, one in vars(base).items() if not key.startswith("_")}
    offered = {
        key: getattr(one, "__func__", one)
        for key, one in own.items()
        if isinstance(one, property) or hasattr(one, "func") or callable(getattr(one, "__func__", one))
    }
    assert [key for key, one in offered.items() if not doc(one)] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_an_example_runs_as_it_is_written(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "beyond.record_cluster":
        pytest.importorskip("distributed", reason="Dask is not installed: pip install -e '.[cluster]'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(done, "NOTES", done.Notes(None))
    names = {key: getattr(lab, key) for key in lab._HOME} | {key: getattr(beyond, key) for key in beyond.__all__}
    names |= {"program": PROGRAMS.get(name, examples.with_threads), "starts_later": examples.starts_later}
    names |= {"semalab": lab, "lab": lab, "beyond": beyond}
    names["run"] = lab.record(examples.with_threads, threads=3, initial=1, clock="virtual")
    [test] = doctest.DocTestFinder(recurse=False).find(PUBLIC[name], name, module=False, globs=names)
    said: list[str] = []
    doctest.DocTestRunner().run(test, out=said.append)
    assert not said, "".join(said)
