"""One program: what can be said of it before it is explored; then it is run again and again, each time step by step as
a guide says.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from semalab.analysis.claims import Check
from semalab.bench import Bench, on_the_bench
from semalab.engine.interpreter import Pin, no_collections
from semalab.exploration.starting_state import StartingState, walk
from semalab.exploration.world import World
from semalab.instrument import Made, functions, is_wanted
from semalab.run import Run
from semalab.settings import Program, RunSettings
from semalab.stepping import Guide, Pool, Settings, SteppingProcessor, Watch, stepper
from semalab.stepping.accesses import ITEMS
from semalab.stepping.footprint import DAEMONS
from semalab.stepping.libraries import HIDING
from semalab.stepping.sharing import goes_under_other_names, looks_at_ends, may_share
from semalab.stepping.special_methods import special_method_from_elsewhere


def shares(program: Program, arguments: Mapping[str, Any]) -> bool:
    """False if its threads certainly share nothing but primitives; then nobody need watch its instructions."""
    found = list(functions([program, *arguments.values()]))
    own = getattr(program, "__func__", program)
    objects = any(not _plain(value) for value in arguments.values())
    return objects or own not in found or may_share(own, found)


def known_to_share(program: Program, arguments: Mapping[str, Any]) -> frozenset[str]:
    """What its threads are taken to share from the beginning: the items of whatever has no name for certain."""
    found = list(functions([program, *arguments.values()]))
    return frozenset((ITEMS,) if found and goes_under_other_names(found[0], found[1:]) else ())


def notices_ends(program: Program, arguments: Mapping[str, Any]) -> bool:
    """Whether it may tell when an object is thrown away: that is another time where its instructions are watched."""
    found = list(functions([program, *arguments.values()]))
    return bool(found) and looks_at_ends(found[0], found[1:])


def unwatched_method(program: Program, arguments: Mapping[str, Any]) -> str | None:
    """The name of a special method of a class of the program whose code is not the program's."""
    found = list(functions([program, *arguments.values()]))
    return special_method_from_elsewhere(found[0], found[1:]) if found else None


def keeps_locals(program: Program, arguments: Mapping[str, Any]) -> bool:
    """True if it can reach a `threading.local` that was there before it runs."""
    return any(isinstance(value, threading.local) for value in _reached(program, arguments))


def _reached(program: Program, arguments: Mapping[str, Any]) -> Iterator[Any]:
    yield from arguments.values()
    for function in functions([program, *arguments.values()]):
        yield from function.__globals__.values()
        for cell in function.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # an empty cell
                continue


def _plain(value: Any) -> bool:
    return value is None or callable(value) or isinstance(value, int | float | complex | str | bytes | bool)


TIMEOUT = 30.0  # seconds of the program's own time, and of real time, that one schedule may take: as in record()


class Stage(Bench):
    """Keeps from one run to the next what costs most to make: the twins, and threads of the operating system.

    Invariant: the twins are made anew after a run that was not left in an orderly way, so that no lock of CPython's
    `threading` stays held. `strangers` is set once the program has started a thread that no guide can hold. `state` is
    the program's before its first run with these twins, and before each other; None while there are no twins.
    """

    processor: SteppingProcessor

    def __init__(
        self,
        program: Program,
        arguments: Mapping[str, Any],
        settings: Settings,
        seed: int = 0,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        pool = Pool(lasting=not keeps_locals(program, arguments))
        how = RunSettings(clock="virtual", seed=seed, timeout=TIMEOUT)
        super().__init__(stepper(settings, pool, TIMEOUT), program, dict(arguments), how)
        self.state: StartingState | None = None
        self.world = World(self.processor)
        self._context = self.context
        self._cancelled = cancelled
        self._orderly = True
        self._beyond = False
        self.strangers = False

    @contextmanager
    def open(self) -> Iterator[Stage]:
        """Where runs can be played; nothing is left of them afterwards."""
        pin = Pin()
        try:
            pin.set()
            with on_the_bench(self), self._noting_strangers():
                yield self
        finally:
            self.world.restore()  # last: what notices is part of the state in which a program begins
            pin.undo()

    @contextmanager
    def _noting_strangers(self) -> Iterator[None]:
        """Note when the program starts a real thread: through a module that the lab does not know, or an old class."""
        start = threading.Thread.start
        processor = self.processor

        def noted(thread: threading.Thread) -> None:
            self.strangers |= processor.current() is not None
            start(thread)

        threading.Thread.start = noted  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            threading.Thread.start = start  # type: ignore[method-assign]

    def play(self, guide: Guide) -> None:
        """Run the program once."""
        processor = self.processor
        self.context = self._context.copy()
        self._put_back()
        self.world.watch()
        if not self._orderly or self._beyond or (self.state is not None and self.state.imported):
            self._give_up_twins()
        processor.renew(guide)
        self.result = self.failure = self.exit = None
        self.worker_failures.clear()
        if self.state is not None and self.state.asks_for_derived:
            gc.collect()  # a class refers to itself, and is among the derived ones of another until then
        try:
            with no_collections():  # what is thrown away by one run would be finalized in the midst of another
                processor.supervise(self.main, TIMEOUT, self._cancelled)
        finally:
            self._beyond = processor.beyond is not None
            self._orderly = processor.verdict in (None, "deadlock") and not processor.left
            processor.pool.renew(self._orderly)

    def prepare(self) -> None:
        if self.twins is None:
            super().prepare()
            self.state = self._state()  # with the twins in it
        else:
            self.twins.renew()

    def _state(self) -> StartingState:
        assert self.twins is not None
        self.world.watch_twins(self.twins.module)
        found = self.context.run(walk, self.program, self.arguments, self._wanted)
        self.world.swap(found)
        return StartingState(found)

    def _wanted(self, value: Any) -> bool:
        return is_wanted(value) or self.world.wanted(value)

    def settle(self) -> None:
        """As ever; and the program's state is what it was."""
        self._put_back()
        self.state = None
        super().settle()

    def _put_back(self) -> None:
        """Called between runs, so that what a program does when its things are thrown away is part of none."""
        if self.state is not None:
            self.state.restore()

    def _give_up_twins(self) -> None:
        """The next run makes new ones. Called outside of any run: what the old ones do then is nobody's step."""
        if self.twins is not None:
            self.twins.settle()
        self.swap.restore()
        self.twins = self.state = None

    @property
    def clean(self) -> bool:
        """The run just played came to its end, and nobody raised anything."""
        return self.processor.verdict is None and self.failure is None and not self.worker_failures

    @property
    def made(self) -> Sequence[Made]:
        """The primitives of the run just played."""
        assert self.twins is not None
        return self.twins.recorder.made

    @property
    def has_pools(self) -> bool:
        """Whether some of them are those of a pool of the standard library."""
        return self.twins is not None and any(one.kind in HIDING for one in self.made)

    @property
    def broken(self) -> bool:
        """In the run just played somebody raised, or in the end nobody could go on."""
        return self.failure is not None or bool(self.worker_failures) or self.processor.verdict == "deadlock"

    @property
    def steps(self) -> tuple[int, ...]:
        """The threads that made the steps of the run just played."""
        return tuple(mark.thread for mark in self.processor.marks)

    @property
    def grown(self) -> Settings:
        """The settings, with all that the runs so far have shown to matter."""
        processor, watch = self.processor, self.processor.watch
        settings, lives = processor.settings, processor.lives_matter
        found, aliases = (watch.found, watch.aliases) if isinstance(watch, Watch) else (set(), set())
        if processor.daemons and DAEMONS not in settings.shared:
            found = found | {DAEMONS}
        if not found and not aliases and lives <= settings.lives:  # asked after every run, and mostly so
            return settings
        return settings.grown(found, aliases, lives)

    def grow(self, settings: Settings) -> None:
        """From now on these settings are right."""
        processor = self.processor
        self._orderly &= settings.lives == processor.settings.lives  # the twins of threads are others then
        processor.settings = settings
        if processor.watch is not None:
            processor.watch.grow(settings)

    def run_played(self, claim: Check | None = None) -> Run:
        """The run just played; ask once."""
        if self.state is not None:
            self.result = self.state.aside(self.result)
        self.settings = replace(self.settings, claim=claim)
        return self.run()
