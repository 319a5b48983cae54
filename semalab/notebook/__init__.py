"""Sliders for a program: turn a dial, see the run."""

from semalab.notebook.panel import Panel, interact

__all__ = ["Panel", "interact"]
