"""The lowest versions that this folder's requirements.txt admits, for pip: `python tests/lowest.py > lowest.txt`.

The newest come by themselves wherever somebody installs the course; what the lowest break, nobody would see.
"""

from __future__ import annotations

import re
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements.txt"


def lowest(lines: list[str]) -> list[str]:
    """`name==version` for each `name>=version,<next`; other lines as they are.

    >>> lowest(["nbval>=0.11,<1", "-e ."])
    ['nbval==0.11', '-e .']
    """
    return [re.sub(r"^([\w.-]+)>=([\w.]+),<.*$", r"\1==\2", line) for line in lines]


if __name__ == "__main__":
    print("\n".join(lowest(REQUIREMENTS.read_text(encoding="utf-8").splitlines())))
