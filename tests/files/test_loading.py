"""A saved run comes back as it was; a damaged file is told, and nothing in it is believed or run."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from programs.small import Program, perform, programs
from programs.virtual_runs import PROGRAMS, latch

import semalab as lab
from semalab.analysis.claims import Claim
from semalab.analysis.listings import Source
from semalab.analysis.reading import Reading
from semalab.files import KEYS, as_json
from semalab.log.stops import Deadlock, Timeout
from semalab.log.trace import Event, Primitive, Trace
from semalab.run import Run

MANY = settings(
    max_examples=400,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
MOST = f"{2**62:,}"
ALL_BUT_EVENTS = ", ".join(map(repr, KEYS[:-1]))
SURVIVES = (
    *("trace", "verdict", "claims", "description", "output", "printed", "name", "clock", "seed", "duration"),
    *("schedule", "stopped", "unseen", "source", "note", "failed_thread", "result"),
)


def again(run: Run, folder: Path) -> Run:
    """The run, saved and loaded."""
    return lab.load(run.save(folder / "run.json"))


def assert_same(back: Run, run: Run, *but: str) -> None:
    for name in SURVIVES:
        if name not in but:
            assert getattr(back, name) == getattr(run, name), name
    assert back._repr_mimebundle_() == run._repr_mimebundle_()
    assert repr(back) == repr(run)


# --- what comes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clock", ["virtual", "wall"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_loaded_run_is_the_run(program: Any, clock: str, tmp_path: Path) -> None:
    run = lab.record(program, threads=4, clock=clock, seed=3)
    back = again(run, tmp_path)
    assert_same(back, run)
    assert dict(back.arguments) == {"threads": 4}
    file = tmp_path / "run.json"
    assert back.save(tmp_path / "again.json").read_bytes() == file.read_bytes()
    for suffix in (".svg", ".csv", ".trace.json"):
        saved = [one.save(tmp_path / f"{name}{suffix}").read_bytes() for name, one in (("a", run), ("b", back))]
        assert saved[0] == saved[1]


@settings(MANY, max_examples=60)
@given(programs())
def test_a_log_of_any_program_comes_back(tmp_path_factory: pytest.TempPathFactory, program: Program) -> None:
    results: list[list[Any]] = [[] for _ in program.tasks]
    run = lab.record(perform, program=program, results=results, clock="virtual")
    back = again(run, tmp_path_factory.mktemp("run"))
    assert (back.trace, back.verdict, back.claims) == (run.trace, run.verdict, run.claims)


def test_a_loaded_schedule_repeats_the_run(tmp_path: Path) -> None:
    run = lab.record(latch, clock="virtual", seed=5, threads=4)
    back = again(run, tmp_path)
    assert back.schedule is not None
    repeated = lab.record(latch, clock="virtual", schedule=back.schedule, **back.arguments)
    assert repeated.trace == run.trace


def racing(threads: int) -> int:
    mutex, count = threading.Semaphore(2), 0

    def work() -> None:
        nonlocal count
        with mutex:
            count += 1

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count


def test_a_counterexample_comes_back(tmp_path: Path) -> None:
    found = lab.explore(racing, threads=2, check=lab.mutual_exclusion)
    assert found.shortest is not None
    back = again(found.shortest, tmp_path)
    assert_same(back, found.shortest)
    assert back.claim is lab.mutual_exclusion
    assert back.verdict == "Mutual exclusion broken: 2 threads inside at once"
    assert back.schedule is not None and back.schedule.points == "operations"
    assert lab.record(racing, clock="virtual", schedule=back.schedule, threads=2).trace == back.trace


def test_a_deadlock_and_a_timeout_come_back(tmp_path: Path) -> None:
    def stuck() -> None:
        a, b = threading.Lock(), threading.Lock()

        def take(first: Any, second: Any) -> None:
            with first:
                time.sleep(1)
                with second:
                    pass

        threading.Thread(target=take, args=(a, b)).start()
        threading.Thread(target=take, args=(b, a)).start()

    deadlock = lab.record(stuck, clock="virtual")
    assert isinstance(deadlock.stopped, Deadlock)
    assert_same(again(deadlock, tmp_path), deadlock)
    timeout = lab.record(sleepy, clock="virtual", timeout=2.5)
    assert isinstance(timeout.stopped, Timeout) and timeout.duration > timeout.trace[-1].time / 1e9
    assert_same(again(timeout, tmp_path), timeout)


def sleepy() -> None:
    time.sleep(99)


def careless() -> None:
    threading.Thread(target=lambda: {}["key"], name="careless").start()


def test_an_exception_comes_back_as_words(tmp_path: Path) -> None:
    run = lab.record(careless, clock="virtual", raises=False)
    back = again(run, tmp_path)
    assert back.verdict == run.verdict == "careless raised KeyError: 'key'"
    assert_same(back, run)
    assert (type(back.exception).__name__, str(back.exception)) == ("KeyError", "'key'")
    assert not isinstance(back.exception, KeyError) and back.exception.__traceback__ is None  # type: ignore[union-attr]


def is_calm(run: Reading | Run) -> Claim:
    return Claim("calm", "semaphore", False, "It was not calm", 0)


LABS_OWN = [lab.mutual_exclusion, lab.limit, lab.latch, lab.at_most(2), lab.exact_count(7), lab.at_most_per(2, 0.5)]


@pytest.mark.parametrize("claim", LABS_OWN)
def test_the_labs_claims_come_back_and_judge_again(claim: Any, tmp_path: Path) -> None:
    run = lab.record(PROGRAMS[0], threads=3, clock="virtual", claim=claim)
    back = again(run, tmp_path)
    assert_same(back, run)
    assert back.claim is not None
    other = lab.record(racing, threads=3, clock="virtual")
    assert back.claim(other) == claim(other)


def test_an_own_claim_comes_back_as_what_it_said(tmp_path: Path) -> None:
    run = lab.record(PROGRAMS[0], threads=3, clock="virtual", claim=is_calm)
    back = again(run, tmp_path)
    assert back.verdict == "It was not calm"
    assert_same(back, run)


@pytest.mark.parametrize(
    ("value", "survives"),
    [
        *((value, True) for value in (None, True, 3, -1.5, "x\ud800", [], [1, [2.0, None]], {"a": {"b": [False]}})),
        *((value, False) for value in ((1, 2), {1: 2}, {"a": {3}}, float("nan"), float("inf"), 2**80, 3j, b"x")),
        *((value, False) for value in (type("Mine", (int,), {})(3), object(), len)),
    ],
)
def test_arguments_and_results_come_back_or_are_named(value: Any, survives: bool, tmp_path: Path) -> None:
    def give(value: Any) -> Any:
        return value

    run = lab.record(give, value=value, clock="virtual")
    back = again(run, tmp_path)
    assert dict(back.arguments) == ({"value": value} if survives else {})
    assert back.result == (value if survives else None)
    left_out = json.loads((tmp_path / "run.json").read_text())["arguments left out"]
    assert left_out == ([] if survives else ["value"])


def test_an_argument_that_contains_itself_is_left_out(tmp_path: Path) -> None:
    endless: list[Any] = []
    endless.append(endless)
    run = lab.record(takes, value=endless, clock="virtual")
    assert dict(again(run, tmp_path).arguments) == {}


def takes(value: Any) -> None:
    pass


def test_the_source_comes_back_without_the_folder_it_was_in(tmp_path: Path) -> None:
    run = lab.record(racing, threads=2, clock="virtual")
    back = again(run, tmp_path)
    assert back.source == run.source
    assert [one.file for one in back.source.listings] == ["test_loading.py"]
    assert back.source_file == "test_loading.py"
    assert str(Path(__file__).parent) not in (tmp_path / "run.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("events", [0, 1, 9_998, 9_999, 10_000, 10_001, 20_000])
def test_a_log_of_any_length_comes_back(events: int, tmp_path: Path) -> None:
    releases = (Event(i, "main", "release", "s", i, 1, 1) for i in range(1, events))
    log = [Event(0, "main", "start"), *releases][:events]
    threads = ["main"] if events else []
    run = Run(Trace(log, threads, [Primitive("s", "Semaphore", 0)], events + 7), {}, "wall", 0, 0.0)
    file = run.save(tmp_path / "run.json")
    document = json.loads(file.read_text())
    assert [Event(*row) for row in document["events"]] == log
    by_lines = file.read_text()
    for text in (by_lines, json.dumps(document), json.dumps(document, indent=1), by_lines.replace("\n", "\r\n")):
        file.write_text(text, newline="")
        assert lab.load(file).trace == run.trace
        file.write_text(text + "{", newline="")
        assert why(file).startswith("it is not JSON: Extra data")


def test_the_first_format_is_still_read(tmp_path: Path) -> None:
    run = lab.record(racing, threads=2, clock="virtual", seed=4)
    file = tmp_path / "run.json"
    first = {
        "clock": "virtual",
        "seed": 4,
        "schedule": {"choices": list(run.schedule.choices) if run.schedule else [], "seed": 4},
        "duration": run.trace.duration,
        "threads": run.trace.threads,
        "primitives": list(run.trace.primitives.values()),
        "events": run.trace.events,
    }
    file.write_text(json.dumps(first, indent=1) + "\n")
    back = lab.load(file)
    assert (back.trace, back.verdict, back.schedule) == (run.trace, run.verdict, run.schedule)
    assert (back.name, back.arguments, back.source) == ("program", {}, Source())
    back.save(tmp_path / "run.trace.json")


# --- what is refused -------------------------------------------------------------------------------------------------


def full_run() -> Run:
    """A run with something in every field."""

    def program(threads: int) -> None:
        gate, mutex = threading.Semaphore(0), threading.Lock()

        def work() -> None:
            gate.acquire(timeout=2)
            with mutex:
                print("through")
            threading.Event().wait(0.1)
            gate.acquire()

        for _ in range(threads):
            threading.Thread(target=work).start()
        gate.release()
        raise ValueError("enough")

    return lab.record(program, threads=2, clock="virtual", claim=is_calm, raises=False)


FULL = full_run()


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FULL.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    return loaded


def why(file: Path) -> str:
    """Why a file cannot be loaded."""
    with pytest.raises(ValueError) as refused:
        lab.load(file)
    assert type(refused.value) is ValueError
    told = str(refused.value)
    before, after = (
        f"load reads a run that run.save wrote as .json, and {file.name!r} is none: ",
        "; save the run again",
    )
    assert told.startswith(before) and told.endswith(after)
    return told.removeprefix(before).removesuffix(after)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\0" * 1000, "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff\xfe{", "it is not UTF-8"),
        (b"\x89PNG\r\n", "it is not UTF-8"),
        (b"[]", "a saved run must be an object, got []"),
        (b"null", "a saved run must be an object, got None"),
        (b"[" * 100_000, "it is not JSON: its lists are too deep"),
        (b'{"a":' * 100_000, "it is not JSON: its lists are too deep"),
        (b'{"seed": NaN}', "it is not JSON: NaN is no number there"),
        (b'{"seed": -Infinity}', "it is not JSON: -Infinity is no number there"),
        (b'{"seed": ' + b"9" * 5_000 + b"}", "a number must have at most 4,000 digits, got one of 5,000"),
        (b'{"traceEvents": []}', "it is a trace for Chrome's and Perfetto's viewers"),
        (b"{}", "clock must be one of 'wall', 'virtual', got None"),
        (b'{"format": "semalab run", "version": 1, "events": []}', f"it must have {ALL_BUT_EVENTS}, and has not"),
        (b'{"format": "x", "version": 1}', "format must be 'semalab run', got 'x'"),
        (
            b'{"format": "semalab run", "version": 2}',
            "version must be at most 1, or semalab must be newer, got 2",
        ),
        (
            b'{"format": "semalab run", "version": true}',
            f"version must be a whole number from 1 to {MOST}, got True",
        ),
    ],
    ids=range(17),
)
def test_what_is_no_saved_run_is_told(content: bytes, told: str, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(content)
    assert why(file) == told


def test_200_megabytes_of_zeros_are_told(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    with file.open("wb") as sparse:
        sparse.truncate(200_000_000)
    assert why(file) == "it is not JSON: Expecting value: line 1 column 1 (char 0)"


def test_a_table_and_a_viewers_trace_are_told(tmp_path: Path) -> None:
    assert why(FULL.save(tmp_path / "run.csv")) == "a .csv file has no initial values"
    assert why(FULL.save(tmp_path / "run.trace.json")) == "it is a trace for Chrome's and Perfetto's viewers"
    assert why(FULL.save(tmp_path / "run.png")) == "it is not UTF-8"


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lab.load(tmp_path / "run.json")
    with pytest.raises(IsADirectoryError):
        lab.load(tmp_path)


CHANGES: list[tuple[list[Any], Any, str]] = [
    (["duration"], True, "duration must be a whole number from END to MOST, got True"),
    (["duration"], 5, "duration must be a whole number from END to MOST, got 5"),
    (["seed"], 1.5, "seed must be a whole number, got 1.5"),
    (["clock"], "cpu", "clock must be one of 'wall', 'virtual', got 'cpu'"),
    (["threads"], "main", "threads must be a list, got 'main'"),
    (["threads", 1], "main", "threads must all differ, got 'main'"),
    (["threads", 1], "a\n", "threads[1] must be a name of 1 to 400 characters that can be shown, got 'a\\n'"),
    (["threads", 1], " ", "threads[1] must be a name of 1 to 400 characters that can be shown, got ' '"),
    (["primitives", 0], [1], "primitives[0] must be [name, class, initial value], got [1]"),
    (["primitives", 1, 0], "gate", "the names of primitives must all differ, got 'gate'"),
    (
        ["primitives", 0, 2],
        -1,
        "the initial value of primitives[0] must be a whole number from 0 to MOST, got -1",
    ),
    (
        ["primitives", 0],
        ["gate", "Barrier", 10**9],
        "the initial value of primitives[0] must be a whole number from 0 to 1,000,000, got 1000000000",
    ),
    (["events"], None, "events must be a list, got None"),
    (["events", 2], 5, "events[2] must be [time, thread, kind, primitive, value, amount, line], got 5"),
    (
        ["events", 2],
        [0, "main"],
        "events[2] must be [time, thread, kind, primitive, value, amount, line], got [0, 'main']",
    ),
    (["events", 2, 1], "nobody", "the thread of events[2] must be one of `threads`, got 'nobody'"),
    (["events", 2, 1], [], "the thread of events[2] must be one of `threads`, got []"),
    (["events", 2, 3], "nowhere", "the primitive of events[2], 'start', must be empty, got 'nowhere'"),
    (["events", 3, 3], "", "the primitive of events[3], 'block', must be one of `primitives`, got ''"),
    (
        ["events", 2, 4],
        True,
        "the value of events[2] must be a whole number from 0 to MOST, got True",
    ),
    (["events", 2, 6], 0, "the line of events[2] must be a whole number from 1 to MOST, got 0"),
    (
        ["events", 2, 0],
        10**30,
        "the time of events[2] must be a whole number from 0 to MOST, got 1" + "0" * 30,
    ),
    (["printed"], [], "printed must have one text for each print in the log, got []"),
    (["printed", 0, 2], 5, "printed[0] must be text, got 5"),
    (["exception"], ["ValueError"], "exception must be [name, message], got ['ValueError']"),
    (["exception"], ["", ""], "exception must be [name, message], got ['', '']"),
    (["stopped"], {"kind": "whim"}, "the kind of stopped must be one of 'deadlock', 'timeout', got 'whim'"),
    (["claim"], "print", "claim must be the name of a claim of semalab's, got 'print'"),
    (["claim"], "at_most(0)", "claim must be the name of a claim of semalab's, got 'at_most(0)'"),
    (["claim"], "at_most_per(3)", "claim must be the name of a claim of semalab's, got 'at_most_per(3)'"),
    (["claim"], "at_most_per(3, 0)", "claim must be the name of a claim of semalab's, got 'at_most_per(3, 0)'"),
    (["claim"], "at_most(3, 1)", "claim must be the name of a claim of semalab's, got 'at_most(3, 1)'"),
    (["claim", "held"], 1, "held of claim must be true or false, got 1"),
    (
        ["schedule", "choices", 0],
        False,
        "the choices of schedule[0] must be a whole number from 0 to MOST, got False",
    ),
    (
        ["schedule", "points"],
        "dots",
        "the points of schedule must be one of '', 'operations', 'lines', 'bytecode', got 'dots'",
    ),
    (["arguments"], [1], "arguments must be an object, got [1]"),
    (["cost"], [1.5], "cost must be two numbers of nanoseconds, got [1.5]"),
    (["cost"], [1, -1], "cost[1] must be a number from 0 on, got -1"),
    (["source"], 5, "source must be an object, got 5"),
    (
        ["source", "homes"],
        [[0, "a"]],
        "the line of the homes of source[0] must be a whole number from 1 to MOST, got 0",
    ),
    (["source", "listings"], [["a", 1]], "the listings of source[0] must be [file, first line, lines], got ['a', 1]"),
    (["verdict"], ..., "it must have 'verdict', and has not"),
    (["printed"], ..., "it must have 'printed', and has not"),
]


@pytest.mark.parametrize(("place", "value", "told"), CHANGES, ids=range(len(CHANGES)))
def test_a_changed_field_is_told(place: list[Any], value: Any, told: str, document: Any, tmp_path: Path) -> None:
    last = document["events"][-1][0]
    put(document, place, value)
    file = tmp_path / "run.json"
    file.write_text(json.dumps(document))
    assert why(file) == told.replace("END", f"{last:,}").replace("MOST", MOST)


def put(document: Any, place: list[Any], value: Any) -> None:
    """Change what stands at this place; `...` takes it away."""
    for key in place[:-1]:
        document = document[key]
    if value is ...:
        del document[place[-1]]
    else:
        document[place[-1]] = value


def test_a_time_that_runs_backwards_is_told(document: Any, tmp_path: Path) -> None:
    late = next(i for i, event in enumerate(document["events"]) if event[0] > 0)
    document["events"][late + 1][0] = 0
    file = tmp_path / "run.json"
    file.write_text(json.dumps(document))
    before = document["events"][late][0]
    assert why(file) == (f"the time of events[{late + 1}] must be a whole number from {before:,} to {MOST}, got 0")


def test_a_log_that_contradicts_itself_is_told(document: Any, tmp_path: Path) -> None:
    index = next(i for i, event in enumerate(document["events"]) if event[2] == "release")
    document["events"][index][4] += 1
    file = tmp_path / "run.json"
    file.write_text(json.dumps(document))
    assert why(file).startswith(f"its log contradicts itself: event {index} cannot be true: the value must be 1")


def test_a_thread_that_never_starts_is_told(document: Any, tmp_path: Path) -> None:
    document["threads"].append("ghost")
    file = tmp_path / "run.json"
    file.write_text(json.dumps(document))
    assert why(file) == "threads must be those that start, got ['ghost']"


def test_a_file_that_was_cut_off_is_told_wherever(tmp_path: Path) -> None:
    file = FULL.save(tmp_path / "run.json")
    whole = file.read_bytes()
    for length in [*range(0, len(whole) - 1, 97), len(whole) - 2, len(whole) - 3, len(whole) - 4]:
        file.write_bytes(whole[:length])
        assert why(file).startswith("it is not JSON: ")


@pytest.mark.parametrize(("more", "whole"), [(b"x", False), (b"{}", False), (b"]", False), (b"\n \n", True)])
def test_what_follows_the_end_is_told(more: bytes, whole: bool, tmp_path: Path) -> None:
    file = FULL.save(tmp_path / "run.json")
    file.write_bytes(file.read_bytes() + more)
    if whole:
        assert lab.load(file).trace == FULL.trace
    else:
        assert why(file).startswith("it is not JSON: Extra data")


# --- any damage ------------------------------------------------------------------------------------------------------

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, 1, 2, -1, 10**6, 2**62, 2**63, 1e999, -1e999, 0.5, "", "main", "\0", "\ud800", "gate", [], {}]),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=3),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every node of a document."""
    if path:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*path, key))


def try_to_load(file: Path) -> Run | None:
    """A run that can be used like any other; or None, for a file that was refused as it should be."""
    refused: ValueError | None = None
    try:
        run = lab.load(file)
    except ValueError as error:
        refused = error
    if refused is not None:
        assert type(refused) is ValueError
        assert len(str(refused)) < 1_500
        return None
    run.trace.certify()
    assert run.claims is not None and run.verdict and run.description and run.note is not None
    assert again(run, file.parent).trace == run.trace
    run.save(file.parent / "again.trace.json")
    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


SAVED = b"".join(as_json(FULL))
PLACES = list(places(json.loads(SAVED)))
OF_EVENTS = [place for place in PLACES if place[0] == "events"]


@MANY
@given(st.integers(0, len(SAVED) - 1), st.integers(0, 255), st.sampled_from(["change", "insert", "remove"]))
def test_any_changed_byte_is_a_run_or_a_refusal(folder: Path, index: int, byte: int, what: str) -> None:
    changed = bytearray(SAVED)
    changed[index : index + (what != "insert")] = b"" if what == "remove" else bytes([byte])
    file = folder / "bytes.json"
    file.write_bytes(changed)
    try_to_load(file)


@MANY
@given(st.sampled_from(PLACES) | st.sampled_from(OF_EVENTS), STRANGE, st.sampled_from(["change", "remove", "copy"]))
@example(("primitives", 0), ["gate", "Barrier", 1_000_000], "change")
@example(("events", 5, 5), 2**62, "change")
def test_any_changed_node_is_a_run_or_a_refusal(folder: Path, place: tuple[Any, ...], value: Any, what: str) -> None:
    document = json.loads(SAVED)
    parent = document
    for key in place[:-1]:
        parent = parent[key]
    if what == "change":
        parent[place[-1]] = value
    elif what == "remove":
        del parent[place[-1]]
    elif isinstance(parent, list):
        parent.insert(place[-1], copy.deepcopy(parent[place[-1]]))
    file = folder / "nodes.json"
    file.write_text(json.dumps(document))
    try_to_load(file)


def test_no_damage_at_all_is_a_run(folder: Path) -> None:
    file = folder / "whole.json"
    file.write_bytes(SAVED)
    run = try_to_load(file)
    assert run is not None
    assert_same(run, FULL)


def test_the_lesson_without_dask_has_a_run_to_show() -> None:
    """Run All must not take away the stored picture that the next sentence explains."""
    run = lab.load(Path(__file__).resolve().parent.parent.parent / "notebooks" / "images" / "cluster.json")
    run.trace.certify()
    assert lab.limit(run) and run.verdict == "Limit of 2 held: never more than 2 inside"
    assert "connections = distributed.Semaphore(2)" in run.description
