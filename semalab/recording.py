"""The one door: a program of threads or of asyncio's tasks goes in, a `Run` comes out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from semalab.analysis.claims import Check
from semalab.bench import run_threads
from semalab.log.excerpt import written
from semalab.log.schedule import Schedule
from semalab.run import Run
from semalab.settings import Program, RunSettings, innermost


def record(
    program: Program,
    /,
    *,
    clock: str = "wall",
    seed: int = 0,
    timeout: float = 30.0,
    raises: bool = True,
    claim: Check | None = None,
    schedule: Schedule | None = None,
    **arguments: Any,
) -> Run:
    """Run a threading program and return the log of what every thread did, with its picture.

    The program is plain `threading`. While it runs, the standard names in its namespaces are twins that watch;
    afterwards they are what they were, and no thread of the run is alive, however it ended.

    Args:
        program: a callable written against the standard modules; or a coroutine function written against asyncio,
            whose tasks are recorded instead of threads, in asyncio's own order (see `semalab.beyond.tasks`).
        clock: "wall" (real threads, real seconds) or "virtual" (one processor, reproducible, sleeping is free).
        seed: chooses the schedule and the random numbers on the virtual clock.
        timeout: seconds of the run's own clock, and of real time, after which the run is stopped; on the virtual clock
            of real time only what is computed counts.
        raises: raise what the program raised, after its threads have ended; otherwise it is in `Run.exception`.
        claim: what the run is measured by, e.g. `mutual_exclusion`; read from the log if None.
        schedule: the `Run.schedule` of an earlier run on the virtual clock, to repeat that run exactly, with its seed
            and on its clock, whatever `clock` and `seed` say.
        arguments: passed on to the program.

    Returns:
        The run. A run stopped by a deadlock or a timeout is a result, too: see `Run.stopped`.

    Raises:
        TypeError, ValueError: for bad arguments, before anything has started; ValueError also for a schedule that
            turns out to be another program's.

    >>> record(program, threads=10, initial=1, clock="virtual", seed=3).verdict
    'Mutual exclusion held: never more than 1 inside'
    """
    run = run_program(program, arguments, clock=clock, seed=seed, timeout=timeout, claim=claim, schedule=schedule)
    if raises and run.exception is not None:
        raise run.exception
    return run


def run_program(program: Program, arguments: Mapping[str, Any], **settings: Any) -> Run:
    """As `record`, but exceptions of the program are kept in the run. settings: the fields of `RunSettings`."""
    how = RunSettings(**settings)
    how.check(program, arguments)
    if is_coroutine_function(program):
        return _run_tasks(program, dict(arguments), how)
    run = run_threads(program, dict(arguments), how)
    if inspect.iscoroutine(run.result):  # a function in front of a coroutine function: nothing of that has begun
        run.result.close()
        return _run_tasks(program, dict(arguments), how)
    return run


def is_coroutine_function(program: Any) -> bool:
    """True if calling it makes a coroutine: also of a partial, a method, or an object whose `__call__` is one."""
    return inspect.iscoroutinefunction(program) or inspect.iscoroutinefunction(innermost(program))


def _run_tasks(program: Program, arguments: dict[str, Any], settings: RunSettings) -> Run:
    if settings.schedule is not None:
        raise ValueError(
            "schedule must be left out for a coroutine function: its tasks run in asyncio's own order, and seed alone"
            f" repeats a run on the virtual clock; got {written(settings.schedule)}"
        )
    run: Callable[..., Run]
    from semalab.beyond.tasks import run_tasks as run  # asyncio is imported for the first coroutine function

    return run(program, arguments, settings)
