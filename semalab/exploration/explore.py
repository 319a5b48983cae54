"""`explore`: the same plain program under every schedule, with a proof for its size or the shortest counterexample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import process_time
from types import MappingProxyType
from typing import Any

from semalab.analysis.claims import in_words
from semalab.exploration.descriptions import Description, tell_all
from semalab.exploration.exploration import Exploration, Violation
from semalab.exploration.judge import Check, counts_only, wrong
from semalab.exploration.progress import interrupts, shown
from semalab.exploration.search import Circles, Search
from semalab.exploration.stage import known_to_share, shares
from semalab.exploration.starting_state import StartingState, refuse_unkept, walk
from semalab.instrument import made_before
from semalab.log.excerpt import cut_name, written
from semalab.log.schedule import POINTS, Schedule
from semalab.log.stops import several_of
from semalab.recording import is_coroutine_function, run_program
from semalab.run import Run
from semalab.settings import Program, check_arguments
from semalab.stepping import Settings

BUDGET = 100_000  # schedules
SECONDS = 60.0
ENOUGH: int | None = 10_000  # steps to count what else is wrong once something is; None: every class is run
SEED = 0  # of the random numbers in every run


def explore(
    program: Program,
    /,
    *,
    check: Check | None = None,
    granularity: str = "operations",
    time: str = "clock",
    budget: int = BUDGET,
    seconds: float = SECONDS,
    **arguments: Any,
) -> Exploration:
    """Run a threading program under every schedule.

    A schedule is an order of steps; a step goes from one point of a thread to its next. Schedules that differ only in
    the order of independent steps (on different primitives and variables) end alike, and one of them stands for all.
    Where nothing is asked of a run but the lab's own claims about who is inside, the states that they pass through are
    visited instead, each once, and up to a thousand different schedules are counted from those: that takes fewer runs.
    Once a run was wrong, the search goes on for a limited number of steps; if more are wrong, it says "at least".

    A program that may go on for ever (`while not flag: pass`, a lock that is tried again and again) is gone through by
    its states, too, if they can be read: then a state that comes again is known. It is proved if an end can be reached
    from each of them, and the sentence says when it goes on for ever all the same; one from which no end can be reached
    is a counterexample, unless time that passes while others go on could lead to one: on the virtual clock it does not
    pass then, so nothing is said. A wait for a variable needs "lines" or "bytecode": at "operations" nobody else gets a
    turn.

    Args:
        program: a callable written against the standard modules, which does the same under the same schedule.
        check: a claim such as `mutual_exclusion`, or a callable that is given the `Run` and returns whether it is
            right, or raises. Failed asserts, exceptions and deadlocks in the program are always wrong. It is asked
            about one schedule of those that stand for each other, so it must not ask for the order of steps on
            different primitives.
        granularity: where threads may take turns. "operations": before each operation on a primitive, each wake-up
            from a sleep and each print, and right after it if the thread then touches what others touch, too, before
            its next operation (so whatever a seed of the virtual clock does is tried); starts, begins, joins and ends
            of threads are such operations if the program can tell when they happened. "lines": also before each source
            line that touches a variable, attribute or item that threads share and one of them changes. "bytecode":
            also before each instruction that reads or writes it.
        time: "clock": the virtual clock's, on which computing takes no time, so that sleeps end in their order; or
            "free": anything may take any time, and whoever sleeps may wake before all others or long after.
        budget: the most schedules to run.
        seconds: of the processor's time, the most to spend: how busy the machine is makes no difference.
            A search of more than a second shows its progress in a notebook.
            Kernel ▸ Interrupt (Ctrl-C) ends it and keeps what was found; a second one raises KeyboardInterrupt.
        arguments: passed on to the program; `threads`, `initial` and the like: what is proved is proved for these.

    Returns:
        What was found: the verdict, the shortest counterexample if there is one, and all of it as a picture. Where
        nothing could be decided the sentence ends with what would help (`way_out`). Whether permits are back at the end
        no claim asks, so it is no counterexample if one is lost; the sentence tells it beside what is proved (`lost`).
        Of more than a thousand different schedules not all are asked for that.

    Raises:
        TypeError, ValueError: for bad arguments, before anything has started; ValueError also for a program that
            uses primitives, or threads that have not begun, from before it runs, or that can change what cannot be put
            back: an iterator, an open file.

    Before each schedule the program's state is what it was before the first: what it can reach by the names it uses,
    globals, attributes, closures, defaults, arguments. A program that does not do the same all the same when a schedule
    is played twice, or that asks the world for its clock, its random numbers or its files, is not proved: the verdict
    is "cannot say", and the sentence says why. So it is where a program may tell when an object is thrown away
    (`__del__`, `weakref`) and its instructions have to be watched: objects live longer then; and where a class has a
    special method that is no function of the program: Python calls `__len__ = functools.partial(...)` unseen.

    >>> explore(program, threads=2, initial=2, check=mutual_exclusion).verdict
    'counterexample'
    """
    check_limits(budget, seconds)
    with shown(budget, seconds, process_time) as note, interrupts() as interrupted:

        def goes_on(schedules: int) -> bool:
            note(schedules)
            return not interrupted()

        return search(program, arguments, check, granularity, time, budget, seconds, goes_on, enough=ENOUGH)


def search(
    program: Program,
    arguments: dict[str, Any],
    check: Check | None,
    granularity: str,
    time: str,
    budget: int,
    seconds: float,
    goes_on: Callable[[int], bool] = lambda schedules: True,
    now: Callable[[], float] = process_time,
    enough: int | None = None,
) -> Exploration:
    """As `explore`; `goes_on` is given the number of schedules run so far, and ends the search by False.

    It is asked before each, and while one takes long, always by the thread that called. now: the clock of `seconds`.
    enough: once something is wrong, the steps that other runs may make until the search ends; to begin a run counts as
    some, too. Then states are gone through where that says as much. None: every class of schedules is run.
    """
    check_arguments(program, arguments, "virtual", 0, 1.0)
    if is_coroutine_function(program):
        raise TypeError(
            f"explore needs a program with threads, got {written(program)}; the order of tasks is asyncio's own:"
            " use semalab.record"
        )
    _check(check, granularity, time)
    check_limits(budget, seconds)
    _check_primitives(program, arguments)
    refuse_unkept(program, arguments)
    stopped = False

    def ask(schedules: int) -> bool:
        nonlocal stopped
        stopped = not goes_on(schedules)
        return not stopped

    watched = granularity != "operations" or shares(program, arguments)
    shared = known_to_share(program, arguments) if watched else frozenset()
    settings = Settings(granularity, time == "free", shared=shared, watched=watched)
    found = Search(program, arguments, check, settings, budget, seconds, ask, now, enough)
    found.run()
    return _exploration(found, stopped)


def _exploration(found: Search, stopped: bool) -> Exploration:
    settings, check = found.settings, found.check
    claim = check if counts_only(check) else None

    # A counterexample is run when somebody asks for it, and what the program finds then may be another thing.
    begun = StartingState(walk(found.program, dict(found.arguments))) if found.violations else None

    def replay(schedule: Schedule) -> Run:
        state = StartingState(walk(found.program, dict(found.arguments)))
        try:
            if begun is not None:
                begun.restore()
            run = run_program(found.program, found.arguments, clock="virtual", claim=claim, schedule=schedule)
            return replace(run, result=state.aside(run.result))
        finally:
            state.restore()  # so that it can be asked for again

    def ask(schedule: Schedule) -> str:
        return wrong(replay(schedule), check) or "it was wrong once, and then right"

    def teller(schedules: Sequence[Schedule]) -> tuple[Description, ...]:
        return tell_all(found.program, found.arguments, settings, claim, schedules)

    if found.violations:
        verdict = "counterexample"
    elif found.undecided is not None or found.doubted:
        verdict = "cannot say"
    else:
        verdict = "proved" if found.complete and found.unfinished is None else "budget exhausted"
    return Exploration(
        verdict=verdict,
        granularity=settings.granularity,
        time="free" if settings.free else "clock",
        schedules=found.schedules,
        covered=found.covered,
        complete=found.complete,
        arguments=MappingProxyType(dict(found.arguments)),
        violations=tuple(
            Violation(replace(settings.schedule(s, SEED), unfinished=found.livelock is not None), problem, ask)
            for s, problem in sorted(found.violations, key=lambda violation: violation[0])
        ),
        right=tuple(settings.schedule(steps, SEED) for steps in sorted(found.right)),
        problem=_problem(found),
        minimal=found.minimal,
        description=found.to_show,
        states=found.states,
        by_states=found.by_states,
        unfinished=found.unfinished,
        undecided=found.undecided,
        unjudged=found.unjudged,
        way_out="" if verdict in ("proved", "counterexample") or stopped else found.way_out,
        lost=found.lost,
        circle=len(found.livelock.circle) if found.livelock is not None else 0,
        endless=_endless(found.circles),
        changed=found.changed,
        interrupted=stopped and not found.complete,
        seed=SEED if found.drew else None,
        name=getattr(found.program, "__name__", "program"),
        claim="no deadlock, no exception" if check is None else in_words(check),
        _replay=replay,
        _teller=teller,
    )


def _problem(found: Search) -> str:
    """What is wrong with the run that is shown."""
    if found.to_show is None:
        return ""
    problem = None if found.livelock is not None else wrong(found.to_show.run, found.check)
    return problem or found.violations[0][1] or ""


def _endless(circles: Circles | None) -> str:
    """Of a program that may have gone on for ever: whether it does."""
    if circles is None:
        return ""
    if circles.turning is not None:
        who = several_of(circles.turning) or "it"
        return f"every run can end, but {who} can also go on for ever, in a circle in which nobody is passed over"
    if circles.spinning is not None:
        who = several_of(circles.spinning) or "it"
        return f"every run can end; {who} can go on for ever only if a thread that could go on is passed over for ever"
    return "every run ends"


def _check_primitives(program: Program, arguments: dict[str, Any]) -> None:
    """What was there before keeps its state from one run to the next, and so no two runs would begin alike."""
    names = made_before(program, arguments)
    if names:
        listed = ", ".join(f"`{cut_name(name, 80)}`" for name in names[:3])
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        raise ValueError(
            "an explored program must begin with nothing but its arguments, and uses primitives or threads that were"
            f" made before it runs: {listed}{more}; make them in the program itself"
        )


def _check(check: Any, granularity: Any, time: Any) -> None:
    if check is not None and not callable(check):
        raise TypeError(f"check must be a claim such as semalab.mutual_exclusion or a callable, got {check!r}")
    if granularity not in POINTS[1:]:
        raise ValueError(f"granularity must be 'operations', 'lines' or 'bytecode', got {granularity!r}")
    if time not in ("clock", "free"):
        raise ValueError(f"time must be 'clock' or 'free', got {time!r}")


def check_limits(budget: Any, seconds: Any) -> None:
    """Refuse a budget of nothing."""
    if isinstance(budget, bool) or not isinstance(budget, int):
        raise TypeError(f"budget must be a whole number of schedules, got {budget!r}")
    if budget < 1:
        raise ValueError(f"budget must be at least 1 schedule, got {budget}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"seconds must be a number, got {seconds!r}")
    if not seconds > 0:
        raise ValueError(f"seconds must be more than 0, got {seconds!r}")
