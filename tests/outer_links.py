"""The links to other sites, asked one after the other: `python tests/outer_links.py`. No part of the suite.

Which answer, and which do not: a site may be down today, or turn away whoever is no browser. Those are told apart.
"""

from __future__ import annotations

import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
URL = re.compile(r"https?://[^\s<>\"'`)\]]+")
OWN = re.compile(r"OWNER|REPO|//HUB/|//127\.0\.0\.1|//localhost")  # to be filled in by whoever copies the line
TURNED_AWAY = {401, 403, 405, 418, 429, 999}
SECONDS = 20


def texts() -> Iterator[tuple[str, str]]:
    """Every page and every lesson's prose: its name, and what it says."""
    for folder in (".", ".github", ".github/paper", "notebooks", "notebooks/for_teachers"):
        for path in sorted((ROOT / folder).iterdir()):
            if path.suffix in {".md", ".bib", ".cff"}:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
            elif path.suffix == ".ipynb":
                cells = nbformat.read(path, as_version=4).cells
                yield str(path.relative_to(ROOT)), "\n".join(c.source for c in cells if c.cell_type == "markdown")


def links(text: str) -> list[str]:
    """The addresses that a text links to, each once, without their #anchors."""
    found = (address.rstrip(".,;:}").partition("#")[0] for address in URL.findall(text))
    return list(dict.fromkeys(address for address in found if not OWN.search(address)))


def answer(address: str) -> str:
    """ "ok", "turned away: 403", or what went wrong."""
    asked = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (links of a course)"})
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS):
            return "ok"
    except urllib.error.HTTPError as error:
        return f"turned away: {error.code}" if error.code in TURNED_AWAY else f"dead: {error.code}"
    except (OSError, ValueError) as error:
        return f"no answer: {error}"


def main() -> int:
    pages: dict[str, list[str]] = {}
    for name, text in texts():
        for address in links(text):
            pages.setdefault(address, []).append(name)
    bad = 0
    for address, names in pages.items():
        said = answer(address)
        if said != "ok":
            print(f"{address}\n  {said}; in {', '.join(names)}")
        bad += said.startswith(("dead", "no answer"))
    print(f"{len(pages)} links, {bad} do not work")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
