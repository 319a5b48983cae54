"""The other Pythons of this machine that the lab is for; as a command it prints a version and a path for each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ASK = (
    "import platform, sys, sysconfig as c; print(platform.python_implementation(), sys.version_info.releaselevel, "
    "'%d.%d' % sys.version_info[:2] + 't' * bool(c.get_config_var('Py_GIL_DISABLED')))"
)
HERE = f"{sys.version_info.major}.{sys.version_info.minor}" + "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def other_pythons() -> dict[str, Path]:
    """Every released CPython from 3.11 on that is on PATH or among pyenv's: one a version, but this one's.

    A version is like "3.13", or "3.13t" for a free-threaded build.
    """
    found: dict[str, Path] = {}
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for minor in range(11, 20):
        for name in (f"python3.{minor}", f"python3.{minor}t"):
            on_path = shutil.which(name)
            candidates = [*([Path(on_path)] if on_path else []), *sorted(versions.glob(f"3.{minor}[.t]*/bin/{name}"))]
            for python in candidates:
                version = version_of(python)
                if version is not None:
                    found.setdefault(version, python)
    found.pop(HERE, None)
    return found


def version_of(python: Path) -> str | None:
    """None for pyenv's shims of versions that are not active, for other implementations and for what is no release."""
    try:
        ended = subprocess.run([python, "-c", ASK], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = ended.stdout.split()
    return said[2] if said[:2] == ["CPython", "final"] else None


if __name__ == "__main__":
    for version, python in other_pythons().items():
        print(version, python)
