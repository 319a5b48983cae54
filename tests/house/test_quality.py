"""The project's own rules for its code: lint, format, types, which room may import which, and each test in its room."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "semalab"

# From low to high: a module imports from layers before its own, and within its own.
LAYERS = (
    *("front_end", "originals", "log", "engine", "instrument", "analysis", "files", "draw", "replay", "run"),
    *("settings", "stepping", "bench", "beyond", "recording", "loading", "report", "exploration", "comparison"),
    *("exercises", "notebook", "site", "terminal"),
)
DOORS = ("__init__", "__main__")  # they lead to every layer
FRONT_END = ("replay", "notebook", "site")  # the only layers that may know ipywidgets and IPython
# Of tests: as those of the package, and those of what is no package.
ROOMS = (*LAYERS, "browser", "course", "house", "kernel")
BESIDE = ("benchmarks", "programs", "support")  # what tests use
HEAVY = ("matplotlib", "anywidget", "ipywidgets", "IPython", "numpy")


@pytest.mark.parametrize("tool", ["ruff check .", "ruff format --check .", "mypy semalab", "codespell_lib ."])
def test_tool_is_content(tool: str) -> None:
    pytest.importorskip(tool.split()[0], reason="tests/requirements.txt is not installed: no linters")
    command = [sys.executable, "-m", *tool.split()]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert ended.returncode == 0, f"{tool}\n{ended.stdout}{ended.stderr}"


def imported(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Dotted names of what this code imports, at the top, in a function or for annotations.

    package: the names of the package the code stands in, for relative imports.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else ()
            yield from (".".join([*start, *filter(None, [node.module]), alias.name]) for alias in node.names)


def missing(names: Iterable[str]) -> list[str]:
    """Of these dotted names of the package's, those of which no module is there: what was moved or renamed."""
    return [name for name in names if name.startswith("semalab.") and not is_there(name.split("."))]


def is_there(parts: list[str]) -> bool:
    """True for a module or a package, and for what is in one of them."""
    return any(
        (ROOT.joinpath(*own).with_suffix(".py")).is_file() or (ROOT.joinpath(*own) / "__init__.py").is_file()
        for own in (parts, parts[:-1])
    )


def layer(parts: tuple[str, ...]) -> str:
    return parts[0].removesuffix(".py")


def forbidden(source: str, file: tuple[str, ...]) -> list[str]:
    """What the code of this file (its path inside semalab/) must not import, each in a sentence."""
    own = layer(file)
    if own not in LAYERS:
        return [f"semalab/{'/'.join(file)} must stand in a layer of LAYERS"]
    wrong = []
    for name in imported(source, ("semalab", *file[:-1])):
        top, *inner = name.split(".")
        if top == "semalab" and (not inner or inner[0] not in LAYERS):
            wrong.append(f"{own} must import {name} from the layer that defines it")
        elif top == "semalab" and LAYERS.index(inner[0]) > LAYERS.index(own):
            wrong.append(f"{own} must not import {name}: {inner[0]} is a higher layer")
        elif top in {"anywidget", "ipywidgets", "IPython"} and own not in FRONT_END:
            wrong.append(f"{own} must not import {name}: only {', '.join(FRONT_END)} may")
        elif name.startswith(("matplotlib.pyplot", "pylab")):
            wrong.append(f"{own} must not import {name}: it keeps global state")
    return wrong


def modules() -> list[Path]:
    inside = [path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py"))]
    return [path for path in inside if layer(path.parts) not in DOORS]


@pytest.mark.parametrize("file", modules(), ids=str)
def test_module_imports_only_what_its_layer_may(file: Path) -> None:
    assert forbidden((PACKAGE / file).read_text(encoding="utf-8"), file.parts) == []


@pytest.mark.parametrize("folder", ["semalab", "tests"])
def test_every_module_that_is_imported_is_there(folder: str) -> None:
    """Whatever mypy lets pass because it knows no types of other packages."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        names = imported(file.read_text(encoding="utf-8"), file.relative_to(ROOT).parts[:-1])
        assert missing(names) == [], file


def test_a_missing_module_is_told() -> None:
    code = "from semalab.engine.carriages import a\nfrom semalab.engine import ProgramThread\nimport semalab.log.trace"
    assert missing(imported(code, ())) == ["semalab.engine.carriages.a"]


def circle(sources: Mapping[str, str]) -> list[str]:
    """Modules that import one another in a circle, annotations and functions included; none if there is no circle.

    sources: the code of each module, by its dotted name.
    """
    needs = {
        module: {one for name in imported(code, tuple(module.split(".")[:-1])) if (one := of(name, sources)) != module}
        for module, code in sources.items()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def of(name: str, sources: Iterable[str]) -> str:
    """The module that this dotted name is of."""
    return name if name in sources else name.rpartition(".")[0]


def test_no_modules_import_one_another_in_a_circle() -> None:
    inside = {file: ".".join(("semalab", *file.with_suffix("").parts)) for file in modules()}
    sources = {
        name.removesuffix(".__init__"): (PACKAGE / file).read_text(encoding="utf-8") for file, name in inside.items()
    }
    assert circle(sources) == []


def test_a_circle_is_told() -> None:
    late = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from semalab.a import A\n"
    assert set(circle({"semalab.a": "from semalab import b", "semalab.b": late})) == {"semalab.a", "semalab.b"}
    assert circle({"semalab.a": "from semalab import b", "semalab.b": ""}) == []


def test_there_are_modules_in_every_layer() -> None:
    assert {layer(file.parts) for file in modules()} == set(LAYERS)


@pytest.mark.parametrize(
    ("code", "file", "told"),
    [
        (
            "from semalab.recording import record",
            "log/trace.py",
            "log must not import semalab.recording.record: recording is",
        ),
        (
            "def late():\n    import semalab.notebook",
            "run.py",
            "run must not import semalab.notebook: notebook is a higher layer",
        ),
        (
            "from semalab import notebook",
            "engine/wall.py",
            "engine must not import semalab.notebook: notebook is a higher layer",
        ),
        (
            "from ..instrument import clock",
            "engine/wall.py",
            "engine must not import semalab.instrument.clock: instrument is a higher",
        ),
        ("from . import notebook", "run.py", "run must not import semalab.notebook: notebook is a higher layer"),
        ("import semalab", "run.py", "run must import semalab from the layer that defines it"),
        ("from semalab import recording", "notebook/panel.py", None),
        (
            "from semalab import Event",
            "notebook/panel.py",
            "notebook must import semalab.Event from the layer that defines it",
        ),
        ("import IPython.display", "run.py", f"run must not import IPython.display: only {', '.join(FRONT_END)} may"),
        ("from matplotlib import pyplot", "draw/rows.py", "draw must not import matplotlib.pyplot: it keeps"),
        ("import helper", "helper.py", "semalab/helper.py must stand in a layer of LAYERS"),
        ("from . import virtual\nfrom ..log.trace import Event", "engine/wall.py", None),
        (
            "if TYPE_CHECKING:\n    from semalab.notebook import Panel",
            "run.py",
            "run must not import semalab.notebook.Panel: notebook is a higher layer",
        ),
        (
            "if TYPE_CHECKING:\n    x = 1\nelse:\n    import semalab.notebook",
            "run.py",
            "run must not import semalab.notebook",
        ),
    ],
)
def test_a_forbidden_import_is_told(code: str, file: str, told: str | None) -> None:
    wrong = forbidden(code, Path(file).parts)
    assert len(wrong) == (told is not None), wrong
    assert told is None or wrong[0].startswith(told)


def test_import_semalab_is_light(tmp_path: Path) -> None:
    """With what records and explores: what draws is loaded when something is drawn."""
    names = "semalab.record.__name__, semalab.explore.__name__"
    look = f"import sys, semalab; print({names}, [name for name in {HEAVY} if name in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", look], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout, ended.stderr) == ("record explore []\n", "")


TRIES_THEM = """
import sys, semalab as lab

def plain():
    import threading
    with threading.Semaphore(1):
        pass

def pool():
    import concurrent.futures
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(int)

def tell(*names):
    print([name for name in names if name in sys.modules])

lab.record(plain, clock="virtual")
tell("multiprocessing", "logging", "socket")
lab.record(pool, clock="virtual")
tell("multiprocessing", "matplotlib", "numpy")
lab.check("mutex-1", plain)
tell("ipywidgets")
"""


def test_what_a_run_does_not_need_it_does_not_import(tmp_path: Path) -> None:
    """In the midst of a run its lines would be the program's: importing multiprocessing asks for random numbers."""
    ended = subprocess.run(
        [sys.executable, "-c", TRIES_THEM], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout.splitlines(), ended.stderr) == (["[]", "[]", "[]"], "")


def misplaced(files: Iterable[str]) -> list[str]:
    """What is wrong with where these files of tests/ are, each in a sentence."""
    wrong = []
    for file in files:
        *folders, name = file.split("/")
        in_room = len(folders) == 1 and folders[0] in ROOMS
        if name.startswith("test_") and not in_room:
            wrong.append(f"tests/{file} must be in a room: tests/<one of {', '.join(ROOMS)}>/{name}")
        if not name.startswith("test_") and in_room and name not in {"__init__.py", "conftest.py"}:
            wrong.append(f"tests/{file} is no test: it must be in one of {', '.join(BESIDE)}")
    return wrong


def test_every_test_is_in_its_room_and_nothing_else_is() -> None:
    tests = ROOT / "tests"
    assert misplaced(path.relative_to(tests).as_posix() for path in sorted(tests.rglob("*.py"))) == []


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("test_stray.py", "tests/test_stray.py must be in a room: tests/<one of front_end, originals"),
        ("engines/test_stray.py", "tests/engines/test_stray.py must be in a room"),
        ("support/test_stray.py", "tests/support/test_stray.py must be in a room"),
        ("engine/deep/test_stray.py", "tests/engine/deep/test_stray.py must be in a room"),
        ("engine/programs.py", "tests/engine/programs.py is no test: it must be in one of benchmarks, programs"),
        ("engine/test_wall.py", None),
        ("browser/conftest.py", None),
        ("programs/right.py", None),
        ("soak.py", None),
    ],
)
def test_a_misplaced_file_is_told(file: str, told: str | None) -> None:
    wrong = misplaced([file])
    assert len(wrong) == (told is not None), wrong
    assert told is None or wrong[0].startswith(told)
