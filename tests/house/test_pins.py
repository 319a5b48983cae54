"""Binder's pins: exact, complete, inside the ranges of requirements.txt, and free of local references."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from collections import deque
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent.parent
COURSE = ("jupyterlab", "ipywidgets", "matplotlib", "nbval", "anywidget")
BINDER_PYTHON = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.9",
    "python_version": "3.11",
    "sys_platform": "linux",
    "extra": "",
}


def lines(file: str) -> list[str]:
    """The lines of a requirements file that ask for something."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return [line for raw in text.splitlines() if (line := raw.partition("#")[0].strip())]


def ranges(file: str = "requirements.txt") -> dict[str, Requirement]:
    named = (Requirement(line) for line in lines(file) if not line.startswith("-"))
    return {canonicalize_name(requirement.name): requirement for requirement in named}


def pins() -> dict[str, Version]:
    """Package and version of each line; a line that is no exact pin fails here."""
    exact = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines("binder/requirements.txt")]
    wrong = [line for line, match in zip(lines("binder/requirements.txt"), exact, strict=True) if not match]
    assert wrong == [], "every line of binder/requirements.txt must be package==version"
    return {canonicalize_name(match[1]): Version(match[2]) for match in exact if match}


def test_every_pin_is_inside_its_range() -> None:
    outside = {
        name: str(pins()[name]) for name, r in ranges().items() if name in pins() and pins()[name] not in r.specifier
    }
    assert outside == {}


@pytest.mark.parametrize("package", COURSE)
def test_the_courses_packages_have_a_range_and_a_pin(package: str) -> None:
    operators = {specifier.operator for specifier in ranges()[package].specifier}
    assert operators == {">=", "<"}, f"{package} must have a lower and an upper bound in requirements.txt"
    assert package in pins()


def test_every_requirement_has_both_bounds_but_the_lab_itself() -> None:
    named = {**ranges(), **ranges("tests/requirements.txt")}
    open_ended = [name for name, r in named.items() if {s.operator for s in r.specifier} != {">=", "<"}]
    assert open_ended == []
    assert [line for line in lines("requirements.txt") if line.startswith("-")] == ["-e ."]


def test_what_only_tests_need_is_not_installed_for_learners() -> None:
    named = {"axe-playwright-python", "codespell", "mypy", "playwright", "pytest-xdist", "ruff"}
    assert named == set(ranges("tests/requirements.txt"))
    assert lines("tests/requirements.txt")[0] == "-r ../requirements.txt"
    commands = [
        line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if "pip install -r" in line
    ]
    assert [("pytest" in line, "tests/requirements.txt" in line) for line in commands if "python3" in line] == [
        (False, False),
        (True, True),
    ]


def test_a_hook_before_a_commit_judges_as_the_tests_do() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    assert {hook["entry"].split()[0] for hook in hooks} == {"codespell", "ruff"}
    needed = {Requirement(one) for hook in hooks for one in hook["additional_dependencies"]}
    assert needed <= set(ranges("tests/requirements.txt").values())


def test_jupyterlab_asks_about_no_news_and_shows_pages_as_pages_where_the_lab_is_installed() -> None:
    """An overrides file of the lab's own, beside an administrator's; its names are JupyterLab's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    placed = project["tool"]["setuptools"]["data-files"]
    assert placed == {"share/jupyter/lab/settings/overrides.d": ["binder/semalab.json"]}
    overrides = json.loads((ROOT / "binder" / "semalab.json").read_text(encoding="utf-8"))
    assert overrides == {
        "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
        "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    }
    schemas = Path(sys.prefix) / "share" / "jupyter" / "lab" / "schemas"
    for plugin, settings in overrides.items():
        schema = schemas.joinpath(*plugin.split(":")).with_suffix(".json")
        if not schema.is_file():
            pytest.skip(f"JupyterLab is not installed below {sys.prefix}")
        assert set(settings) <= set(json.loads(schema.read_text(encoding="utf-8"))["properties"])


def test_what_the_pins_need_is_pinned_too() -> None:
    """Every dependency, near or far, of the course's packages and of the lab, as pip sees them on Binder's Python.

    Only a package that is installed here in its pinned version tells what that version needs.
    """
    needed: dict[str, str] = {}
    told, left = [], deque([*COURSE, "semalab"])
    while left:
        package = left.popleft()
        try:
            if package != "semalab" and Version(version(package)) != pins().get(package):
                continue
        except PackageNotFoundError:
            continue
        told.append(package)
        for requirement in map(Requirement, requires(package) or ()):
            name = canonicalize_name(requirement.name)
            if requirement.marker is None or requirement.marker.evaluate(BINDER_PYTHON):
                if name not in needed:
                    left.append(name)
                needed[name] = package
    missing = {name: f"needed by {by}" for name, by in needed.items() if name not in pins()}
    assert missing == {}
    if not {*COURSE} <= {*told}:
        pytest.skip(f"looked only below {', '.join(told)}: the rest is not installed in its pinned version")


def test_the_labs_own_ranges_hold_the_pins() -> None:
    runtime = [r for line in requires("semalab") or () if not (r := Requirement(line)).marker]
    assert {r.name for r in runtime} == {"anywidget", "ipywidgets", "matplotlib"}
    assert [r for r in runtime if pins()[r.name] not in r.specifier] == []
    assert [r for r in runtime if r.specifier != ranges()[r.name].specifier] == []


def test_binders_python_is_named_as_repo2docker_wants_it() -> None:
    assert (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8") == "python-3.11\n"


def test_post_build_installs_the_lab_alone_and_stops_at_an_error() -> None:
    script = ROOT / "binder" / "postBuild"
    commands = script.read_text(encoding="utf-8").splitlines()
    assert commands[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in commands
    assert [line.split()[-2:] for line in commands if "pip install" in line and "--no-deps" in line] == [["-e", "."]]
    if os.name == "posix":
        assert script.stat().st_mode & 0o111, "binder/postBuild must be executable"
