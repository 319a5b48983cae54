"""Exercises: right attempts are accepted, wrong ones rejected with the reason that fits, and nothing else happens."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import functools
import html
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from programs.exercise_mutants import MUTANTS, Mutant
from programs.exercise_solutions import SOLUTIONS

import semalab as lab
from semalab.exercises import Feedback
from semalab.exercises.done import NOTES, ExerciseRow, Progress, exercise, names
from semalab.exercises.exercise import KINDS, Prediction
from semalab.exercises.trial import TaskTrial, Trial

PNG = b"\x89PNG\r\n"
KEY = threading.Semaphore(1)


@pytest.fixture(autouse=True)
def new_kernel() -> Iterator[None]:
    """Nothing is known of earlier checks, and no thread is left of this one's."""
    NOTES.forget()
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def called(one: Any) -> str:
    return one.__name__ if callable(one) else ascii(one)


def each(of: dict[str, list[Any]]) -> list[Any]:
    many = [(name, one) for name, ones in of.items() for one in ones]
    return [
        pytest.param(name, one, id=f"{name}-{called(one.attempt if isinstance(one, Mutant) else one)}")
        for name, one in many
    ]


# what there is
@pytest.mark.parametrize("lesson", "limiter mutex latch counter barrier classic schedule fair beyond rate".split())
def test_each_lesson_has_four_exercises_and_one_of_each_kind(lesson: str) -> None:
    kinds = [exercise(name).kind for name in names() if name.startswith(lesson)]
    assert len(kinds) >= 4 and set(kinds) == set(KINDS)


def test_there_are_forty_exercises() -> None:
    assert len(names()) >= 40


@pytest.mark.parametrize("name", names())
def test_an_exercise_is_whole(name: str) -> None:
    task = exercise(name)
    assert task.name == name and task.kind in KINDS
    assert task.task[-1] in ".:?" and len(task.task) <= 120
    assert len(SOLUTIONS[name]) >= 2 and len(MUTANTS[name]) >= 6
    lines = [line for line in task.stub.splitlines() if line.strip()]
    assert len(lines) <= 9 and lines[-1].startswith(f'lab.check("{name}", ')


# right and wrong attempts
@pytest.mark.parametrize(("name", "attempt"), each(SOLUTIONS))
def test_a_right_attempt_is_accepted(name: str, attempt: Any) -> None:
    feedback = lab.check(name, attempt)
    assert feedback.solved and feedback.attempted, str(feedback)
    assert feedback.sentences[0].startswith("Solved: ") and 2 <= len(feedback.sentences) <= 3


@pytest.mark.parametrize(("name", "mutant"), each(MUTANTS))
def test_a_wrong_attempt_is_rejected_with_the_reason_that_fits(
    name: str, mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    if called(mutant.attempt) in ("look_at_the_gate", "ask_again_and_again"):  # no schedule of theirs ends
        monkeypatch.setattr("semalab.exercises.trial.PATIENCE", 1.5)
    feedback = lab.check(name, mutant.attempt)
    assert not feedback.solved and feedback.attempted, str(feedback)
    assert feedback.sentences[0].startswith("Not yet: ") and mutant.words in str(feedback)
    assert len(feedback.sentences) <= 3
    if callable(mutant.attempt) and " must " not in feedback.sentences[0]:  # it ran, and can be stepped through
        assert feedback.run is not None and len(feedback.run.moments) > 1


def test_what_is_proved_and_what_was_only_tried_are_told_apart() -> None:
    feedback = lab.check("mutex-3", SOLUTIONS["mutex-3"][0])
    assert feedback.sentences == (
        "Solved: never two guests were in the room at once.",
        "Proved for 2 guests and for 3 guests, under each of the 2 and 6 different schedules.",
        "Tried besides, and right: 4 seeded runs of 12 guests.",
    )
    assert feedback.exploration is not None and feedback.exploration.verdict == "proved"


def test_a_larger_size_with_too_many_schedules_is_not_called_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.exercises.trial.BUDGET", 5)
    feedback = lab.check("mutex-3", SOLUTIONS["mutex-3"][0])
    assert feedback.solved
    assert feedback.sentences[1:] == (
        "Proved for 2 guests, under each of the 2 different schedules.",
        "Tried besides, and right: 4 schedules of 3 guests and 4 seeded runs of 12 guests.",
    )
    monkeypatch.setattr("semalab.exercises.trial.BUDGET", 1)
    feedback = lab.check("mutex-3", SOLUTIONS["mutex-3"][0])
    assert not feedback.solved
    assert feedback.sentences[:2] == (
        "Not yet: nothing went wrong, but for 2 guests there are more schedules than the check can try.",
        "Write it in fewer steps, with the statements of the language instead of a library's objects. A semaphore waits"
        " by itself: nobody has to ask again and again.",
    )


def test_the_shortest_counterexample_is_shown_step_by_step() -> None:
    feedback = lab.check("mutex-2", MUTANTS["mutex-2"][0].attempt)
    assert feedback.exploration is not None and feedback.exploration.shortest is not None and feedback.run is not None
    assert feedback.run.trace == feedback.exploration.shortest.trace
    assert repr(feedback).splitlines()[:4] == [
        "Not yet: more tickets were sold than there are: -1 are left.",
        "For 2 buyers with 1 ticket, 72 of 120 different schedules go wrong.",
        "The shortest way there:",
        "1. buyer-0 reads 1",
    ]
    assert repr(feedback).splitlines()[-2:] == [
        "9. buyer-1 writes -1",
        "10. buyer-1 releases `mutex` (0 → 1)",
    ]


def test_the_steps_speak_of_the_attempt_and_not_of_the_check() -> None:
    """Two talk at once: that shows in calls that overlap, not in threads that begin and numbers that are counted."""
    feedback = lab.check("limiter-2", MUTANTS["limiter-2"][0].attempt)
    for word in ("wakes up", "goes on", "starts a thread", "joins", "begins\n"):
        assert word not in "\n".join(feedback.steps)
    assert feedback.steps[0].endswith(" begins its call") or " acquires " in feedback.steps[0]


@pytest.mark.parametrize("name", [n for n in names() if isinstance(exercise(n), Prediction)])
def test_likely_mistakes_differ_from_the_answer_and_each_other(name: str) -> None:
    task = exercise(name)
    assert isinstance(task, Prediction)
    because = task.because()
    assert len(because) >= 4 and task.read(task.run()) not in because  # a mistake that is none, or two alike
    assert str(task.read(task.run())) not in task.stub.replace(name, "")


@pytest.mark.parametrize("name", ["latch-1", "counter-1", "barrier-1", "barrier-4", "classic-1", "fair-1"])
def test_the_answer_is_the_same_under_every_schedule(name: str) -> None:
    task, answers = exercise(name), set()
    assert isinstance(task, Prediction)

    def note(run: Any) -> None:
        answers.add(task.read(run))

    if not name.startswith("barrier"):  # a deadlock's runs are not shown to a check; five hikers have many schedules
        assert lab.explore(task.program, check=note, seconds=600, **task.arguments).complete
    answers.update(task.read(lab.record(task.program, clock="virtual", seed=s, **task.arguments)) for s in range(20))
    assert len(answers) == 1


# no attempt yet
@pytest.mark.parametrize("name", names())
def test_an_untouched_stub_runs_and_is_not_attempted(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    task = exercise(name)
    *_, last = ast.parse(task.stub).body
    assert isinstance(last, ast.Expr)
    names_of_cell: dict[str, Any] = {"lab": lab}
    exec(task.stub.replace(ast.unparse(last).replace("'", '"'), ""), names_of_cell)
    feedback = eval(ast.unparse(last), names_of_cell)
    assert repr(feedback) == f"{name} is not attempted yet.\n{KINDS[task.kind]}"
    assert not feedback.solved and not feedback.attempted
    assert feedback._repr_mimebundle_() == ({"text/plain": repr(feedback)}, {})
    assert capsys.readouterr() == ("", "")


def nothing(guests: Any, visit: Any) -> None:
    """What is to be done."""


def dots(guests: Any, visit: Any) -> Any:
    return ...


def named(attempt: Any) -> str:
    """The same in every process, so that several can share the tests."""
    return getattr(attempt, "__name__", str(attempt))


@pytest.mark.parametrize("attempt", [None, ..., nothing, dots, lambda guests, visit: None], ids=named)
def test_nothing_is_no_attempt(attempt: Any) -> None:
    assert not lab.check("mutex-3", attempt).attempted


def test_a_repair_is_attempted_once_the_program_differs() -> None:
    stub = exercise("limiter-2").stub.replace("lab.check", "0 and print")
    cells: list[dict[str, Any]] = [{}, {}]
    exec(stub.replace("answer = talk()", "answer = talk()  # the work"), cells[0])
    exec(stub.replace("answer = talk()", "answer = talk() or 0"), cells[1])
    assert [lab.check("limiter-2", cell["attempt"]).attempted for cell in cells] == [False, True]


# attempts that misbehave
def endless(connections: Any, talk: Any) -> None:
    while True:
        pass


def endless_sleeper(connections: Any, talk: Any) -> None:
    while True:
        time.sleep(1)


def endless_visitor(connections: Any, talk: Any) -> None:
    while True:
        with connections:
            pass


def stubborn(connections: Any, talk: Any) -> None:
    while True:
        try:
            connections.acquire()
        except BaseException:
            continue


STOPPED = "Not yet: the program does not come to an end, and the check has stopped it."


@pytest.mark.parametrize("attempt", [endless, endless_sleeper, endless_visitor], ids=called)
def test_an_endless_attempt_is_stopped(attempt: Any) -> None:
    feedback = lab.check("limiter-2", attempt)
    assert feedback.sentences[0] == STOPPED and feedback.attempted and not feedback.solved
    assert feedback.run is not None and len(feedback.run.moments) > 1


BUSY = (
    "This machine is too busy just now: it left the check too little time to tell whether the attempt is right.",
    "Run the cell again when less is going on.",
)


async def ask_once_more_and_again(connections: asyncio.Semaphore, talk: Callable[[], Any]) -> None:
    while True:  # a run of tasks that comes to its end may do so before anybody has looked at the clock
        await asyncio.sleep(0)


NO_TIME_FOR = {
    "mutex-3": SOLUTIONS["mutex-3"][0],
    "schedule-3": SOLUTIONS["schedule-3"][0],
    "beyond-2": ask_once_more_and_again,
}


@pytest.mark.parametrize("name", NO_TIME_FOR)
def test_a_machine_that_has_no_time_is_told_and_not_the_attempt(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semalab.exercises.trial.LONGEST", 0.0)
    feedback = lab.check(name, NO_TIME_FOR[name])
    assert feedback.sentences == BUSY and feedback.attempted and not feedback.solved
    with pytest.raises(AssertionError, match=r"^This machine is too busy just now"):
        lab.check(name, NO_TIME_FOR[name], strict=True)


def test_a_machine_that_is_slow_makes_no_right_attempt_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks at the clock three seconds go by, in which others had the processor."""
    looks = itertools.count(0, 3.0)
    slow = SimpleNamespace(**{**vars(time), "monotonic": lambda: next(looks)})
    monkeypatch.setattr("semalab.exercises.trial.time", slow)
    monkeypatch.setattr("semalab.exercises.trial.LONGEST", 1e9)
    for name in ("classic-2", "classic-3", "limiter-2", "schedule-3", "beyond-2"):
        assert lab.check(name, SOLUTIONS[name][0]).solved, name
    assert lab.check("limiter-2", endless).sentences[0] == STOPPED


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the crowd is forked")
def test_thirty_learners_who_press_check_at_once_are_all_told_right() -> None:
    tests = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tests.parent), str(tests)])}
    command = [sys.executable, str(tests / "support" / "crowded_checks.py"), "30"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert ended.stderr == ""
    assert [wrong for wrong in json.loads(ended.stdout) if wrong] == []


def test_an_attempt_that_catches_everything_ends_all_the_same() -> None:
    assert not lab.check("limiter-2", stubborn).solved


def test_a_deadlock_is_told_as_one() -> None:
    def attempt(guests: Any, visit: Any) -> None:
        threading.Semaphore(0).acquire()

    feedback = lab.check("mutex-3", attempt)
    assert feedback.sentences[0] == (
        "Not yet: a deadlock: main waits for `Semaphore-1` (value 0) and nobody can release it any more."
    )


class Odd(Exception):
    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ZeroDivisionError("by nothing"), "main raised ZeroDivisionError: by nothing (line "),
        (KeyboardInterrupt(), "main raised KeyboardInterrupt (line "),
        (SystemExit(3), "main raised SystemExit: 3 (line "),
        (Odd(), "main raised Odd: <exception str() failed> (line "),
        (RuntimeError("<b>\x1b[31m\n"), "main raised RuntimeError: <b>�[31m  (line "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_exception_is_told(error: BaseException, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    def attempt(guests: Any, visit: Any) -> None:
        raise error

    feedback = lab.check("mutex-3", attempt)
    assert f"Not yet: {told}" in feedback.sentences[0]
    assert feedback.run is not None and len(feedback.run.moments) > 1
    assert capsys.readouterr() == ("", "")


def test_an_exception_in_a_thread_is_told_and_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def attempt(connections: Any, talk: Any) -> None:
        print("here")
        raise LookupError("where?")

    feedback = lab.check("limiter-2", attempt)
    assert feedback.sentences[0].startswith("Not yet: client-0 raised LookupError: where? (line ")
    assert capsys.readouterr() == ("", "")


def test_what_an_attempt_writes_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    def attempt(connections: Any, talk: Any) -> Any:
        print("out")
        print("err", file=sys.stderr)
        with connections:
            return talk()

    assert lab.check("limiter-2", attempt).solved
    assert capsys.readouterr() == ("", "")


def test_a_result_that_cannot_be_written_is_told() -> None:
    def attempt(counter: Any, clerks: Any) -> Any:
        for clerk in clerks:
            clerk.start()
        for clerk in clerks:
            clerk.join()
        return Unwritable()

    told = "Not yet: return the number that was counted; yours is <Unwritable whose repr() failed>."
    assert lab.check("counter-2", attempt).sentences[0] == told


def generator(guests: Any, visit: Any) -> Iterator[None]:
    yield


async def asynchronous(guests: Any, visit: Any) -> None:
    visit()


class Unwritable:
    def __repr__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (3, "the attempt must be a function, `def attempt(guests, visit)`, got 3."),
        ("x" * 1000, f"the attempt must be a function, `def attempt(guests, visit)`, got '{'x' * 59}…"),
        (Unwritable(), "the attempt must be a function, `def attempt(guests, visit)`, got <Unwritable whose"),
        (Unwritable, "the attempt must be a function, `def attempt(guests, visit)`, got the class Unwritable."),
        (lambda: 1, "the attempt must take guests, visit, as in `def attempt(guests, visit)`; yours takes nothing."),
        (lambda a: 1, "the attempt must take guests, visit, as in `def attempt(guests, visit)`; yours takes a."),
        (generator, "the attempt must be a plain function, without `async` and without `yield`"),
        (asynchronous, "the attempt must be a plain function, without `async` and without `yield`"),
        (print, "2 guests are to come in once each; 0 came"),
        (functools.partial(lambda own, a, b: own.append(1) or 1, []), "2 guests are to come in once each; 0 came"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_such_function_is_told_so(attempt: Any, told: str) -> None:
    feedback = lab.check("mutex-3", attempt)
    assert feedback.sentences[0].startswith(f"Not yet: {told}"), str(feedback)


def test_a_semaphore_from_before_is_refused_by_name() -> None:
    def attempt(guests: Any, visit: Any) -> None:
        with KEY:
            visit()

    told = "Not yet: `KEY` was made before the program runs: make it inside `attempt`."
    assert lab.check("mutex-3", attempt).sentences == (told,)
    assert KEY._value == 1


def test_what_an_attempt_keeps_is_put_back_before_each_schedule() -> None:
    memory: list[int] = []

    def attempt(connections: Any, talk: Any) -> Any:
        memory.append(1)
        if len(memory) > 100:  # clients of the few seeded runs; those of the hundreds of schedules would be more
            raise RuntimeError
        with connections:
            return talk()

    assert lab.check("limiter-2", attempt)


def test_an_attempt_that_is_another_one_each_time_is_told_so() -> None:
    def attempt(connections: Any, talk: Any) -> Any:
        for _ in range(os.urandom(1)[0] + 1):
            connections.acquire()
            connections.release()
        with connections:
            return talk()

    told = "Not yet: run twice under the same schedule, your program did not do the same."
    assert lab.check("limiter-2", attempt).sentences[0] == told


def test_a_check_inside_an_attempt_does_no_harm() -> None:
    def attempt(guests: Any, visit: Any) -> None:
        lab.check("mutex-3", SOLUTIONS["mutex-3"][0])

    assert not lab.check("mutex-3", attempt).solved
    assert lab.check("mutex-3", SOLUTIONS["mutex-3"][0]).solved


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_check() -> None:
    def attempt(guests: Any, visit: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        while True:
            time.sleep(0)

    feedback = lab.check("mutex-3", attempt)
    assert feedback.sentences == ("Not yet: the check was interrupted before it could tell.",)


# the function itself
def test_an_unknown_exercise_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ValueError) as caught:
        lab.check("mutex-22", None)
    listed = ", ".join(names())
    assert str(caught.value) == f"the exercise must be one of {listed}, got 'mutex-22'; did you mean 'mutex-2'?"
    with pytest.raises(ValueError) as caught:
        lab.check(3, None)  # type: ignore[arg-type]
    assert str(caught.value) == f"the exercise must be one of {listed}, got 3"


def test_strict_raises_unless_the_exercise_is_solved() -> None:
    assert lab.check("limiter-1", SOLUTIONS["limiter-1"][0], strict=True).solved
    with pytest.raises(AssertionError) as caught:
        lab.check("limiter-1", 50, strict=True)
    assert str(caught.value) == str(lab.check("limiter-1", 50))
    with pytest.raises(AssertionError) as caught:
        lab.check("mutex-3", ..., strict=True)
    assert str(caught.value).startswith("mutex-3 is not attempted yet.")


# what is shown
def test_feedback_shows_its_sentences_and_the_timeline() -> None:
    feedback = lab.check("mutex-3", MUTANTS["mutex-3"][1].attempt)
    shown, about = feedback._repr_mimebundle_()
    assert shown["text/plain"] == about["image/png"]["alt"] == repr(feedback)
    assert shown["image/png"].startswith(PNG)
    again = lab.check("mutex-3", MUTANTS["mutex-3"][1].attempt)
    assert again._repr_mimebundle_() == (shown, about)
    with pytest.raises(dataclasses.FrozenInstanceError):
        feedback.solved = True  # type: ignore[misc]


@pytest.mark.parametrize("name", ["limiter-1", "mutex-3", "barrier-1", "schedule-3"])
def test_a_solution_is_shown_at_work(name: str) -> None:
    shown, _ = lab.check(name, SOLUTIONS[name][0])._repr_mimebundle_()
    assert shown["image/png"].startswith(PNG)


def test_a_limit_that_held_is_not_drawn_as_a_fault() -> None:
    for name in ("limiter-1", "limiter-2", "limiter-3"):
        run = lab.check(name, SOLUTIONS[name][0]).run
        assert run is not None and run.claims[0].name != "mutual exclusion" and run.claims[0].held


def test_feedback_of_a_wrong_answer_has_no_picture_that_gives_it_away() -> None:
    feedback = lab.check("limiter-1", 50)
    assert feedback.run is None and feedback.picture() is None


# progress
def test_progress_of_nothing() -> None:
    sentence = "No exercise was checked in this notebook yet: run the cell of one."
    assert repr(lab.progress()) == sentence
    assert lab.progress()._repr_html_() == f"<p>{sentence}</p>"


def test_progress_tells_what_was_done_about_each_exercise_of_the_lesson() -> None:
    wrong = next(one.attempt for one in MUTANTS["counter-2"] if called(one.attempt) == "count_and_forget")
    lab.check("counter-1", ...)
    lab.check("counter-2", wrong)
    lab.check("counter-2", SOLUTIONS["counter-2"][0])
    lab.check("counter-2", wrong)  # solved is solved
    lab.check("counter-3", MUTANTS["counter-3"][0].attempt)
    assert repr(lab.progress()).splitlines() == [
        "1 of 4 exercises solved",
        "counter-1  predict  not attempted yet",
        "counter-2  repair   solved, tried 3 times",
        "counter-3  build    tried once",
        "counter-4  repair   not attempted yet",
    ]
    shown = lab.progress()._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html"}
    assert "<td>counter-2</td><td>repair</td><td>solved, tried 3 times</td>" in shown["text/html"]


def test_progress_escapes_what_it_shows() -> None:
    html = Progress((ExerciseRow("<b>", "&", "<script>"),), 0)._repr_html_()
    assert "<b>" not in html and "<script>" not in html and "&lt;b&gt;" in html


def test_a_new_kernel_without_a_file_knows_nothing() -> None:
    lab.check("latch-1", ...)
    assert lab.progress().rows
    NOTES.forget()
    assert not lab.progress().rows


def test_feedback_is_true_when_solved() -> None:
    assert not Feedback("mutex-3", False, True, ("Not yet: x.",))
    assert all(isinstance(exercise(name), Prediction | TaskTrial | Trial) or name == "schedule-3" for name in names())


# a failed attempt, step by step
def test_below_a_failed_attempt_its_run_can_be_stepped_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """In JupyterLab; elsewhere the picture is all there is."""
    failed = lab.check("limiter-2", MUTANTS["limiter-2"][0].attempt)
    assert "text/html" not in failed._repr_mimebundle_()[0]
    monkeypatch.setattr("semalab.exercises.feedback.runs_this_cell", lambda: True)
    shown, _ = failed._repr_mimebundle_()
    assert shown["text/html"].count("<iframe") == 1
    assert "Step through this run" in shown["text/html"]
    assert f'alt="{html.escape(repr(failed))}"' in shown["text/html"]
    solved = lab.check("limiter-2", SOLUTIONS["limiter-2"][0])
    for feedback in (solved, lab.check("limiter-2", ...), lab.check("limiter-1", 50)):
        assert "text/html" not in feedback._repr_mimebundle_()[0]
