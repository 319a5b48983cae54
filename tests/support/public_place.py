"""Where the project is public. One place says it, `[project.urls]` in pyproject.toml; what every page says follows.

Without it nothing links to a place that is not there: the pages say how a reader's own copy is opened.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PART = re.compile(r"(<!-- public place: (\w+) -->\n\n)(?:(?!<!--).)*?(<!-- end -->\n)", re.DOTALL)
STAND_IN = "OWNER/REPO"  # in a command that is copied and filled in
CODE = re.compile(r"^repository-code: .*\n", re.MULTILINE)

_README_WITHOUT = """\
Or install nothing: a copy of this folder on GitHub opens in a Codespace, which reads `.devcontainer`, and on

[![Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org)

which asks for the copy's address. With your copy's names for OWNER and REPO this leads straight to the first lesson:

```
https://mybinder.org/v2/gh/OWNER/REPO/HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb
```

Or read it in a browser alone, with dials that turn without any Python: `.venv/bin/python -m semalab site` makes the
course as pages in two or three minutes, in a folder that needs neither network nor server.
"""
_README_WITH = """\
Or install nothing, and open it on Binder, or in a Codespace, which reads `.devcontainer`:

[![Open the first lesson on Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/{place}/HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb)

Or read it in a browser alone, with dials that turn without any Python: [the course as pages](https://{pages}/).
`.venv/bin/python -m semalab site` makes them in two or three minutes, in a folder that needs no network and no server.
"""
_PULL = """\
Put your hub for HUB{and_copy}:

```
https://HUB/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2F{owner}%2F{name}&branch=main&urlpath=lab%2Ftree%2F{name}%2Fnotebooks%2F00_start_here.ipynb
```
"""
_INSTALL = """\
```
sudo -E pip install nbgitpuller git+https://github.com/{place}
```
"""


def public_place() -> str:
    """Owner and name on GitHub, with a stroke between; empty as long as there is none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project.get("urls", {}).get("Repository", "")).removeprefix("https://github.com/").strip("/")


def placed(text: str, place: str) -> str:
    """A page with its parts that depend on the public place as they must read."""

    def part(found: re.Match[str]) -> str:
        owner, _, name = (place or STAND_IN).partition("/")
        told = {
            "readme": _README_WITH if place else _README_WITHOUT,
            "pull": _PULL,
            "install": _INSTALL,
        }[found[2]]
        and_copy = "" if place else " and your copy's names for OWNER and REPO"
        names = {"place": f"{owner}/{name}", "owner": owner, "name": name, "pages": f"{owner}.github.io/{name}"}
        return found[1] + told.format(**names, and_copy=and_copy) + "\n" + found[3]

    return PART.sub(part, text)


def cited(text: str, place: str) -> str:
    """CITATION.cff with the place of the code, if there is one."""
    line = f"repository-code: https://github.com/{place}\n" if place else ""
    return re.sub(r"^(version: .*\n)", lambda found: found[1] + line, CODE.sub("", text), flags=re.MULTILINE)
