"""However the system starts processes, the verdicts are the same: forked, forked by a server, or spawned."""

from __future__ import annotations

import inspect
import linecache
import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from programs import process as programs
from support.patience import stopped_late_enough

import semalab as lab
from semalab.beyond import record_processes
from semalab.beyond.processes import module_text
from semalab.beyond.stuck import Account, hold, is_held
from semalab.log.stops import Deadlock, Timeout

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes can only be spawned on this system")


@pytest.fixture(params=["fork", "forkserver", "spawn"])
def method(request: Any) -> Iterator[str]:
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(request.param, force=True)
    yield request.param
    multiprocessing.set_start_method(before, force=True)


def test_the_four_usages(method: str) -> None:
    run = record_processes(programs.all_four_usages)
    run.trace.certify()
    assert run.result == method and run.exception is None and run.stopped is None
    assert run.trace.threads == ("main", "visitor-0", "visitor-1", "visitor-2")
    assert run.output == "inside\n" * 3 and run.reading.uses["visits"].final == 3
    assert run.reading.uses["mutex"].most_inside == 1


def test_starting_is_being_alive(method: str) -> None:
    run = record_processes(programs.slow_to_start)
    assert (run.result, run.stopped) == ("open", None), run.verdict


def test_who_never_begins_is_told_with_the_reason(method: str) -> None:
    run = record_processes(programs.never_begins, raises=False)
    run.trace.certify()
    if method == "fork":  # nothing is handed over there
        assert run.exception is None and run.stopped is None
        return
    assert run.exception is not None and run.failed_thread == "broken" and isinstance(run.stopped, Deadlock)
    assert run.verdict.startswith("broken raised ValueError: invalid literal for int() with base 10: 'not a number'")
    assert "Traceback (most recent call last)" in run.exception.__notes__[0]


def test_who_was_killed_keeps_its_permit(method: str) -> None:
    run = record_processes(programs.lose_a_process)
    run.trace.certify()
    assert run.verdict == "Deadlock: main waits for `mutex` (value 0) and nobody can release it any more"
    assert run.reading.uses["mutex"].kept == ("victim",)


LOST = "Permit lost: victim ended without releasing `mutex`"


@pytest.mark.parametrize(("how", "told"), [("killed", "was killed (SIGKILL)"), (3, "broke off with exit code 3")])
@pytest.mark.parametrize("joins", [True, False])
def test_who_dies_with_a_permit_is_told_whoever_waits_for_its_end(
    method: str, how: Any, told: str, joins: bool
) -> None:
    run = record_processes(programs.dies_with_a_permit, how=how, joins=joins)
    run.trace.certify()
    assert (run.verdict, run.standing) == (f"{LOST}; victim {told}", "wrong")
    assert run.died == (f"victim {told}",) and run.output == "another permit is left\n"


def test_who_dies_below_is_told(method: str) -> None:
    run = record_processes(programs.dies_below, how=0)
    run.trace.certify()
    assert run.verdict == f"{LOST}; victim broke off with exit code 0"
    ends = [event.thread for event in run.trace if event.kind == "end"]
    assert ends == ["victim", "middle", "main"]


def test_a_permit_that_another_gives_back_is_not_lost(method: str, tmp_path: Path) -> None:
    run = record_processes(programs.gives_back_for_another, how=0)
    run.trace.certify()
    assert run.standing == "" and run.verdict.startswith("main ran to the end; ")
    assert run.verdict.endswith("; victim broke off with exit code 0")
    loaded = lab.load(run.save(tmp_path / "run.json"))
    assert (loaded.verdict, loaded.died) == (run.verdict, run.died)


def test_who_was_ended_has_not_run_to_the_end(method: str) -> None:
    run = record_processes(programs.ends_a_sleeper)
    run.trace.certify()
    assert run.verdict == "The latch opened once: 1 process passed, none before; sleeper was killed (SIGTERM)"
    assert run.standing == ""


@pytest.mark.parametrize("program", [programs.leaves_a_daemon, programs.leaves_an_orphan])
def test_who_still_lives_has_not_ended_and_lost_nothing(method: str, program: Any) -> None:
    run = record_processes(program)
    run.trace.certify()
    assert run.standing == "" and "holder had not ended and still held `mutex`" in run.verdict
    assert run.reading.unended == ("holder",)


def test_who_outlives_a_main_that_breaks_off_has_not_ended(method: str) -> None:
    run = record_processes(programs.main_breaks_off, raises=False)
    run.trace.certify()
    assert run.verdict.startswith("main raised RuntimeError: the program's Python broke off with exit code 4: ")
    assert "lost" not in run.verdict and run.reading.unended == ("holder",)


def test_who_was_killed_is_noticed_though_nobody_waits_for_its_end(method: str) -> None:
    run = record_processes(programs.lose_a_process_that_nobody_joins)
    run.trace.certify()
    assert isinstance(run.stopped, Deadlock) and set(run.stopped.threads) == {"main", "parent"}, run.verdict
    assert run.reading.uses["mutex"].kept == ("orphan",)


def test_an_exception_is_told_with_its_traceback(method: str) -> None:
    run = record_processes(programs.fails, raises=False)
    assert run.verdict == "poor one raised OwnError: no such seat" and run.exception is not None
    (note,) = run.exception.__notes__
    assert note.startswith("In the process poor one:\nTraceback (most recent call last)")
    assert "raise OwnError(message)" in note or "in fail" in note
    own = record_processes(programs.raises_its_own, raises=False)
    assert own.verdict == "main raised OwnError: in main"


def test_a_semaphore_that_was_gone_too_early_is_told(method: str) -> None:
    run = record_processes(programs.never_joined, raises=False)
    run.trace.certify()
    if method == "fork":
        assert run.exception is None
    else:
        assert run.verdict == "late raised FileNotFoundError: [Errno 2] No such file or directory"


def test_a_process_that_is_stopped_and_goes_on_is_not_stuck(method: str) -> None:
    run = record_processes(programs.stop_and_go)
    run.trace.certify()
    assert (run.result, run.stopped) == (0, None), run.verdict


@pytest.mark.parametrize("kind", ["Semaphore", "Lock"])
def test_who_waits_for_a_process_that_is_stopped_and_goes_on_is_not_stuck(method: str, kind: str) -> None:
    run = record_processes(programs.owner_stops_and_goes_on, kind=kind)
    run.trace.certify()
    assert (run.result, run.stopped, run.standing) == ((0, 0), None, ""), run.verdict


def test_what_processes_do_that_nobody_notes_is_waited_for(method: str) -> None:
    run = record_processes(programs.hand_to_a_pool)
    assert (run.result, run.stopped) == (1, None), run.verdict


def test_nothing_is_left_open(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import test_processes as programs\n"
        "from semalab.beyond import record_processes\nprint(record_processes(programs.no_patience).result)"
    )
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", code, str(Path(__file__).parent)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.stdout == "(False, False)\n" and "ResourceWarning" not in ended.stderr, ended.stderr


def test_a_lock_on_a_file_lives_as_long_as_its_process(tmp_path: Path) -> None:
    path = tmp_path / "held"
    path.touch()
    code = (
        "import os, sys, time; from semalab.beyond.stuck import hold\n"
        "print(hold(os.open(sys.argv[1], os.O_RDWR)), flush=True); time.sleep(60)"
    )
    assert not is_held(path)
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "True\n"
        assert is_held(path) and is_held(path)
        process.kill()
        process.wait()
    assert not is_held(path)
    file = os.open(path, os.O_RDWR)
    assert hold(file)
    os.close(file)


BEGIN = [[0, "m", "start", "", 1, None, "main"], [1, "m", "made", "s", 0, None, ""]]
CHILD = [[2, "m", "starts", "m/1", 0, None, "c"], [3, "c", "start", "m/1", 1, None, "c"]]
BLOCKED, WAITS = [9, "m", "block", "s", 0, None, ""], [9, "m", "join", "m/1", 0, None, ""]


@pytest.mark.parametrize(
    ("notes", "stuck"),
    [
        ([BLOCKED], True),
        ([[9, "m", "block", "s", 1, None, ""]], False),  # with a time limit, or nobody knows
        ([[2, "m", "release", "s", 1, None, ""], BLOCKED], False),  # a permit is there
        ([CHILD[0], BLOCKED], False),  # a process is starting
        ([CHILD[0], [4, "m", "gone", "m/1", 1, None, ""], BLOCKED], True),
        ([*CHILD, BLOCKED], False),  # it may do anything
        ([*CHILD, [4, "c", "end", "", 0, None, ""], BLOCKED], True),
        ([*CHILD, [4, "c", "block", "s", 0, None, ""], BLOCKED], True),
        ([*CHILD, [4, "c", "block", "s", 0, None, ""], WAITS], True),
        ([*CHILD, [4, "c", "sleep", "", 7, None, ""], WAITS], False),
        ([*CHILD, [4, "c", "end", "", 0, None, ""], WAITS], False),  # it will be noticed
        ([WAITS], False),
    ],
)
def test_what_the_notes_say(notes: list[list[Any]], stuck: bool) -> None:
    assert Account([*BEGIN, *notes], lambda me: True).stuck is stuck


def test_who_is_dead_can_do_nothing_more() -> None:
    rows = [*BEGIN, *CHILD, [4, "c", "acquire", "s", 1, None, ""], BLOCKED]
    account = Account(rows, lambda me: me == "m")
    assert account.stuck and account.killed == {"c"}
    unlocked = [[*row[:4], 0, *row[5:]] if row[2] == "start" else row for row in rows]
    assert not Account(unlocked, lambda me: False).stuck  # where files know no locks, nobody is believed dead


@pytest.mark.parametrize("kind", ["Visitor", "Guest"])
def test_a_process_of_the_program_s_own_class_is_one_like_others(method: str, kind: str) -> None:
    run = record_processes(programs.processes_of_its_own_class, kind=kind)
    run.trace.certify()
    assert run.verdict == "Mutual exclusion held: never more than 1 inside" and run.result == [0, 0, 0]
    assert run.trace.threads == ("main", f"{kind}-1", f"{kind}-2", f"{kind}-3")
    assert [event.thread for event in run.trace if event.kind == "end"][-1] == "main"


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("Visitor", "Permit lost: Visitor-1 ended without releasing `door`"),
        ("Guest", "Guest-1 raised ValueError: no manners; permit lost: Guest-1 ended without releasing `door`"),
    ],
)
def test_a_process_of_the_program_s_own_class_may_be_wrong(method: str, kind: str, sentence: str) -> None:
    run = record_processes(programs.a_process_of_its_own_class_is_careless, kind=kind, raises=False)
    assert (run.standing, run.verdict) == ("wrong", sentence)


def test_a_semaphore_of_a_context_is_watched_and_nobody_is_called_dead(method: str) -> None:
    run = record_processes(programs.semaphore_of_a_context)
    run.trace.certify()
    assert run.verdict.startswith("Limit of 2 held: never more than ") and "died" not in run.verdict
    assert run.reading.uses["door"].acquires == 3


def test_what_processes_share_and_nobody_watches_is_named(method: str) -> None:
    run = record_processes(programs.what_is_not_watched)
    assert run.unseen == (
        "`words` (multiprocessing.Queue)",
        "`ready` (multiprocessing.Event)",
        "`sum_` (multiprocessing.Value)",
    )
    assert run.verdict == (
        "main ran to the end; `words` (multiprocessing.Queue), `ready` (multiprocessing.Event), `sum_`"
        " (multiprocessing.Value) were not watched"
    )
    assert run.note.endswith("Of what processes share the lab watches multiprocessing's semaphores and locks.")


@pytest.mark.parametrize("kind", ["Lock", "RLock", "Semaphore"])
def test_locks_taken_crosswise_are_a_deadlock(method: str, kind: str) -> None:
    run = record_processes(programs.locks_crosswise, kind=kind)
    assert run.verdict == (
        "Deadlock: ann waits for `knife`, held by ben; ben waits for `fork`, held by ann (a circle: ann → ben → ann); "
        "main waits for ann to end"
    )
    assert run.unseen == ()


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_locks_are_watched(method: str, kind: str) -> None:
    run = record_processes(programs.locks_count, kind=kind, claim=lab.mutual_exclusion)
    run.trace.certify()
    assert run.result == 15 and run.verdict.startswith("Mutual exclusion held: never more than 1 inside")
    assert run.reading.uses["lock"].acquires == 15


def test_a_lock_that_is_taken_twice_is_the_end_and_an_rlock_is_not() -> None:
    run = record_processes(programs.lock_twice, kind="Lock")
    assert run.verdict == "Deadlock: main waits for `lock`, which it holds itself"
    run = record_processes(programs.lock_twice, kind="RLock")
    assert run.result == (True, True) and run.stopped is None
    assert [event.kind for event in run.trace if event.primitive] == ["acquire", "release", "acquire"]


def test_another_process_may_give_a_lock_back() -> None:
    run = record_processes(programs.lock_of_another)
    run.trace.certify()
    assert run.stopped is None and run.exception is None


@pytest.mark.parametrize("kind", ["Lock", "RLock"])
def test_a_lock_that_nobody_has_cannot_be_given_back(kind: str) -> None:
    run = record_processes(programs.lock_given_back_by_nobody, kind=kind)
    run.trace.certify()
    assert "release" in run.result and not [event for event in run.trace if event.kind == "release"]


def test_a_lock_may_be_a_conditions() -> None:
    run = record_processes(programs.lock_in_a_condition)
    run.trace.certify()
    assert run.result is False and run.unseen == ("`changed` (multiprocessing.Condition)",)


def test_what_decorators_have_filled_is_filled_in_every_process(method: str) -> None:
    run = record_processes(programs.tasks_by_name, claim=lab.mutual_exclusion)
    assert run.result == (["add", "beep"], ["a", "b"], programs.LIMITS) and run.standing == ""
    assert run.reading.uses["mutex"].acquires == 3


def test_a_container_of_the_same_cell_goes_along_as_it_is_by_now() -> None:
    text = "import multiprocessing\nroom = [1]\nseen = {}\ndef program():\n    seen['x'] = program\n    return room\n"
    linecache.cache["<cell with a room>"] = (len(text), None, text.splitlines(True), "<cell with a room>")
    space: dict[str, Any] = {}
    exec(compile(text, "<cell with a room>", "exec"), space)
    space["room"].append(2)
    whole = module_text(space["program"]).splitlines()
    assert whole[1:3] == ["room = [1]", "seen = {}"] and whole[6:-2] == ["room = [1, 2]", "seen = {}"]


def test_code_that_exec_was_given_has_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python 3.13 on there is a text of the name that it has: what Python was started with by `-c`."""
    started_with = "def program():\n    return 'another'\n"
    entry = (len(started_with), None, started_with.splitlines(True), "<string>")
    monkeypatch.setitem(linecache.cache, "<string>", entry)
    space: dict[str, Any] = {}
    exec("def program():\n    return 'mine'\n", space)
    with pytest.raises(ValueError, match=r"^the text of program is not to be had; define it in a cell or a file$"):
        module_text(space["program"])


def test_plain_values_of_other_cells_go_along() -> None:
    space: dict[str, Any] = {"limits": {"door": 2}, "names": ["a", ("b", 1.5)], "other": object(), "far": float("nan")}
    text = "def program():\n    return limits, names, other, far\n"
    linecache.cache["<cell of values>"] = (len(text), None, text.splitlines(True), "<cell of values>")
    exec(compile(text, "<cell of values>", "exec"), space)
    below = module_text(space["program"]).splitlines()[2:-2]
    assert below == ["limits = {'door': 2}", "names = ['a', ('b', 1.5)]"]


def until_all_have_begun(program: Any, **arguments: Any) -> Any:
    run, _ = stopped_late_enough(
        lambda limit: record_processes(program, timeout=limit, **arguments),
        lambda run: "had not begun" not in run.verdict and "main in" in run.verdict,
    )
    assert isinstance(run.stopped, Timeout)
    return run


def check_places(functions: list[str]) -> None:
    run = until_all_have_begun(programs.never_end, functions=functions)
    assert re.match(r"Stopped: the program had not ended after [\d.]+ s; 3 processes were still there: ", run.verdict)
    assert set(run.stopped.running) == {"main", *functions}
    told = dict(
        re.findall(r"(\w+) in \1, line (\d+)", run.verdict.replace("main in never_end", "never_end in never_end"))
    )
    assert told.keys() == {"never_end", *functions}, run.verdict
    for name, line in told.items():
        lines, first = inspect.getsourcelines(getattr(programs, name))
        assert first < int(line) < first + len(lines), run.verdict


def test_a_time_out_names_where_each_process_was(method: str) -> None:
    check_places(["computes", "naps"])


@pytest.mark.parametrize("functions", [["works", "sums"], ["waits", "naps"]])
def test_a_time_out_names_where_a_process_was_whatever_it_was_at(functions: list[str]) -> None:
    check_places(functions)


def test_who_has_not_begun_when_the_time_is_up_is_told_as_that(method: str) -> None:
    if method == "fork":  # nothing is handed over there
        return
    run, _ = stopped_late_enough(
        lambda limit: record_processes(programs.never_comes_to_life, timeout=limit),
        lambda run: "main in never_comes_to_life" in run.verdict,
    )
    assert run.verdict.endswith("; worker, which had not begun"), run.verdict


def test_who_has_returned_and_waits_for_its_threads_is_told_as_that() -> None:
    run, limit = stopped_late_enough(
        lambda limit: record_processes(programs.leaves_a_thread, timeout=limit), lambda run: "returned" in run.verdict
    )
    assert run.verdict == (
        f"Stopped: the program had not ended after {limit:g} s; main, whose function had returned, was still there"
    )


def test_who_does_not_answer_is_told_with_the_line_it_waits_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where there are no such signals."""
    monkeypatch.setattr("semalab.beyond.stuck._ask", lambda pid, leader: False)
    lines = [code.co_firstlineno + 1 for code in (programs.waits.__code__, programs.naps.__code__)]
    told = f"; waits in line {lines[0]}; naps in line {lines[1]}"
    run, _ = stopped_late_enough(
        lambda limit: record_processes(programs.never_end, functions=["waits", "naps"], timeout=limit),
        lambda run: run.verdict.endswith(told),
    )
    assert run.verdict.endswith(told), run.verdict
