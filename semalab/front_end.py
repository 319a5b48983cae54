"""What only a front end can do: the package's door puts it here; whoever needs it does without where it is None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

make_bar: Callable[[], Any] | None = None  # makes a `semalab.exploration.progress.Bar`
