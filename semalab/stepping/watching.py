"""What a stepping processor asks of whoever watches the program's own code."""

from __future__ import annotations

from semalab.stepping.granularity import Settings


class Watching:
    """Watches the program's own code; this one does nothing at all."""

    def touch_anything(self, thread: int) -> None:
        """This thread may touch whatever others touch."""

    def renew(self) -> None:
        """Another run begins."""

    def grow(self, settings: Settings) -> None:
        """More is known to be shared."""

    def enter(self) -> None:
        """The calling thread begins to run the program."""

    def leave(self) -> None:
        """The calling thread has run what it had to of the program."""

    def rest(self) -> None:
        """The calling thread does not run the program for a while, but the lab."""

    def go_on(self) -> None:
        """The calling thread runs the program again."""

    def show(self, values: tuple[object, ...]) -> None:
        """The calling thread makes a text of these, in the step that is under way."""

    def join_in(self) -> None:
        """The main thread, which calls, is not alone any more."""

    def close(self) -> None:
        """Nothing more will run."""
