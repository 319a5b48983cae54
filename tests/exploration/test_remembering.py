"""Whatever a program keeps from before it runs is the same before each schedule, and afterwards; or it is refused."""

from __future__ import annotations

import contextlib
import copy
import datetime
import functools
import gc
import io
import itertools
import os
import random
import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from os import urandom
from pathlib import Path
from typing import Any, ClassVar

import pytest
from support.alone import alone

import semalab as lab
from semalab.exploration.explore import search
from semalab.exploration.starting_state import StartingState, walk

programs = alone("remembering")
COUNTED, SOLD, Account, count, two = (getattr(programs, name) for name in "COUNTED SOLD Account count two".split())


pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

FEW = 100  # schedules: enough to meet what an earlier one has left
GRANULARITIES = ("operations", "lines", "bytecode")


def name_of(program: Any) -> str:
    return str(getattr(program, "__name__", "an object"))


def everything(program: Callable[..., None], arguments: dict[str, Any]) -> list[Any]:
    """What the program has, thing by thing: who it is and what is in it."""
    state = StartingState(walk(program, arguments))
    return [(one.name, id(one.value), repr(one.saved)) for one in state.kept if one.name != "sys.modules"]


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("program", SOLD, ids=name_of)
def test_what_the_first_schedule_has_sold_is_for_sale_again(program: Callable[..., None], granularity: str) -> None:
    arguments = SOLD[program]
    before = everything(program, arguments)
    sold_twice = between(granularity, program)
    found = lab.explore(program, granularity=granularity, budget=FEW if sold_twice else 10 * FEW, **arguments)
    assert found.verdict == ("counterexample" if sold_twice else "proved") or not (sold_twice or found.violations)
    assert found.verdict == "proved" or granularity != "operations"
    assert everything(program, arguments) == before
    if found.violations:
        for number in range(min(3, len(found.violations))):
            assert found.replay(number).exception is not None
        assert everything(program, arguments) == before


def between(granularity: str, program: Callable[..., None]) -> bool:
    """Whether another thread may come between look and take: they stand in one line where there is a pop()."""
    in_a_line = name_of(program).startswith(("from_", "by_", "in_a_default_of"))
    return granularity == "bytecode" or (granularity == "lines" and not in_a_line)


@pytest.mark.parametrize("granularity", GRANULARITIES)
@pytest.mark.parametrize("program", COUNTED, ids=name_of)
def test_nothing_is_counted_on_from_schedule_to_schedule(program: Callable[[], None], granularity: str) -> None:
    before = everything(program, {})
    for _ in range(2):
        found = lab.explore(program, granularity=granularity, budget=FEW)
        unsaid = granularity != "operations" or "thrown away" in (found.undecided or "")
        assert found.verdict == "proved" or (unsaid and not found.violations)
        assert everything(program, {}) == before


def test_nobody_was_asked_to_clear_itself() -> None:
    assert programs.OwnDict.cleared == 0


# what cannot be put back
numbers = itertools.count()
seats = (f"seat {i}" for i in range(3))
walked = iter([1, 2, 3])
paired = zip([1], [2], strict=True)
opened = io.BufferedReader(io.BytesIO(b"one line"))  # type: ignore[arg-type]
over = (i for i in ())
list(over)


def counts() -> int:
    return next(numbers)


def draws_a_seat() -> str:
    return next(seats)


def walks() -> int:
    return next(walked)


def pairs() -> tuple[int, int]:
    return next(paired)


def reads() -> bytes:
    return opened.read(1)


class Box:
    def __init__(self, content: Any) -> None:
        self.content = content


boxes = {"full": Box([itertools.cycle([1, 2])])}


def opens_a_box() -> int:
    return int(next(boxes["full"].content[0]))


@functools.lru_cache
def remembered(number: int) -> int:
    return number


def asks_a_full_cache() -> int:
    return remembered(2)


def mocked(mock: Any) -> None:
    mock()


@pytest.mark.parametrize(
    ("program", "named"),
    [
        (counts, "`numbers` (an iterator)"),
        (draws_a_seat, "`seats` (a generator)"),
        (walks, "`walked` (an iterator)"),
        (pairs, "`paired` (an iterator)"),
        (reads, "`opened` (a file)"),
        (opens_a_box, "`content[0]` (an iterator)"),
        (asks_a_full_cache, "`remembered` (a cache that is not empty; call its cache_clear() first)"),
    ],
    ids=name_of,
)
def test_what_cannot_be_put_back_is_refused_by_name(program: Callable[[], object], named: str) -> None:
    remembered(1)
    with pytest.raises(ValueError) as refused:
        lab.explore(program)
    assert str(refused.value) == (
        "an explored program must find the same whenever it begins, and uses what it may change and the lab cannot put"
        f" back: {named}; make it in the program itself"
    )


def test_arguments_are_refused_by_name_too() -> None:
    with pytest.raises(ValueError, match=r"cannot put back: `seats` \(a generator\); make it in the program itself$"):
        lab.explore(takes_seats, seats=(i for i in range(2)))


def takes_seats(seats: Iterator[int]) -> None:
    count(lambda: next(seats), lambda: 0)


LIMIT, NAMES, WHEN = 2, ("a", "b"), datetime.date(2020, 1, 1)


class Plain:
    """What learners have in their cells, and only look at."""

    words: ClassVar[Any] = {"a": frozenset({1})}

    @property
    def size(self) -> int:
        return len(self.words)

    @staticmethod
    def doubled(n: int) -> int:
        return 2 * n


def looks_at_what_does_not_change() -> list[object]:
    seen = [LIMIT, NAMES, WHEN, Plain().size, Plain.doubled(1), list(over), remembered.__name__, math_of_its_own(2)]
    two(lambda: print(*seen, file=sys.stdout))
    return seen


math_of_its_own = functools.partial(pow, 2)
unused_numbers = itertools.count()


def test_what_is_only_looked_at_is_not_refused() -> None:
    remembered.cache_clear()
    assert lab.explore(looks_at_what_does_not_change, check=lambda run: len(run.result) == 8).verdict == "proved"


# what the world decides
def by_secrets() -> int:
    return secrets.randbelow(2)


def by_uuid() -> int:
    return uuid.uuid4().int % 2


def by_the_system() -> float:
    return random.SystemRandom().random()


def by_another_name() -> int:
    return urandom(1)[0] % 2


def without_a_seed() -> float:
    return random.Random().random()


def seeded_anew() -> float:
    random.seed()
    return random.random()


def by_the_processors_clock() -> float:
    return time.process_time()


def by_its_name_alone(clock: Callable[[], float] = time.thread_time) -> float:
    return clock()


def writes_a_file(name: str = os.devnull) -> None:
    with open(name, "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write("x")


def writes_by_a_path() -> None:
    Path(os.devnull).write_text("x", encoding="utf-8")


def asks_another_process() -> int:
    return subprocess.run([sys.executable, "-S", "-c", ""], check=False).returncode


DICE, CLOCK, FILES = "random numbers of the world", "the clock of the world", "files that it writes"
ASKED = {
    by_secrets: f"{DICE} (os.urandom)",
    by_uuid: f"{DICE} (os.urandom)",
    by_the_system: f"{DICE} (os.urandom)",
    by_another_name: f"{DICE} (os.urandom)",
    without_a_seed: f"{DICE} (random.seed)",
    seeded_anew: f"{DICE} (random.seed)",
    by_the_processors_clock: f"{CLOCK} (time.process_time)",
    by_its_name_alone: f"{CLOCK} (time.thread_time)",
    writes_a_file: f"{FILES} (open)",
    writes_by_a_path: f"{FILES} (open)",
    asks_another_process: "another process, or the network (subprocess.Popen",
}


@pytest.mark.parametrize("program", ASKED, ids=name_of)
def test_what_the_world_decides_is_named_and_not_proved(program: Callable[[], object]) -> None:
    reals = os.urandom, open, random.Random.seed, time.thread_time, subprocess.Popen.__init__
    found = lab.explore(program)
    assert (found.verdict, found.shortest, bool(found)) == ("cannot say", None, False)
    assert found.undecided is not None and ASKED[program] in found.undecided
    assert found.undecided.startswith(
        ("it depends on what no schedule decides: ", "the same schedule, played twice, did not do the same: ")
    )
    assert (os.urandom, open, random.Random.seed, time.thread_time, subprocess.Popen.__init__) == reals


def by_the_runs_own() -> tuple[object, ...]:
    now = datetime.datetime.now(), time.time_ns(), time.perf_counter(), time.monotonic()
    return (*now, random.random(), random.Random(4).random(), threading.get_ident(), Path(__file__).read_text("utf-8"))


def test_the_runs_own_clock_and_random_numbers_are_the_same_each_time() -> None:
    assert lab.explore(by_the_runs_own).verdict == "proved"


# what only the second time shows
def keeps_it_where_nobody_looks() -> int:
    kept = vars(sys)
    kept.update(kept_by_a_test=kept.get("kept_by_a_test", 0) + 1)
    return int(kept["kept_by_a_test"])


def prints_it() -> None:
    print(keeps_it_where_nobody_looks())


def raises_it() -> None:
    if keeps_it_where_nobody_looks() > 1:
        raise ValueError("it was there before")


def goes_another_way() -> None:
    gate = threading.Semaphore(2)
    for _ in range(keeps_it_where_nobody_looks()):
        gate.acquire(blocking=False)


UNKNOWN = "; it may keep something where the lab cannot put it back, or ask the real world (files, the clock)"
OWN = "; to have it decided, make whatever it changes in the program itself, and ask nothing outside"


@pytest.mark.parametrize(
    ("program", "how"),
    [
        (keeps_it_where_nobody_looks, "it returned 1, and then 2"),
        (prints_it, "it printed '1\\n', and then '2\\n'"),
        (raises_it, "it raised nothing, and then raised ValueError: it was there before"),
        (goes_another_way, "its threads went another way"),
    ],
    ids=name_of,
)
def test_one_schedule_played_twice_has_to_do_the_same(program: Callable[[], object], how: str) -> None:
    with contextlib.suppress(AttributeError):
        del sys.kept_by_a_test  # type: ignore[attr-defined]
    found = lab.explore(program)
    del sys.kept_by_a_test  # type: ignore[attr-defined]
    assert (found.verdict, found.violations, found.changed) == ("cannot say", (), True)
    assert found.sentence == (
        f"Cannot say for {name_of(program)}() at the granularity of operations: the same schedule, played twice, did"
        f" not do the same: {how}{UNKNOWN}{OWN}"
    )


# afterwards
@pytest.mark.parametrize("program", [*SOLD, *COUNTED], ids=name_of)
def test_a_search_that_is_stopped_leaves_everything_as_it_was(program: Callable[..., None]) -> None:
    arguments = SOLD.get(program, {})
    before = everything(program, arguments)
    asked = itertools.count()
    search(program, arguments, None, "bytecode", "clock", 10**6, 60, goes_on=lambda schedules: next(asked) < 2)
    assert everything(program, arguments) == before


def refuses_to_judge(run: Any) -> None:
    raise KeyboardInterrupt


def test_a_search_that_raises_leaves_everything_as_it_was() -> None:
    before = everything(programs.in_a_global, {})
    with pytest.raises(KeyboardInterrupt):
        lab.explore(programs.in_a_global, check=refuses_to_judge)
    assert everything(programs.in_a_global, {}) == before
    assert programs.balance == 100


def test_what_a_run_returned_and_was_given_can_still_be_looked_at() -> None:
    purse = [1]
    found = lab.explore(spends, purse=purse, check=lambda run: run.result == [])
    assert found.verdict == "proved"
    found = lab.explore(spends, purse=purse, check=lambda run: run.result != [])
    assert found.shortest is not None
    assert (found.shortest.result, found.replay(0).result, purse) == ([], [], [1])


def spends(purse: list[int]) -> list[int]:
    two(lambda: purse.pop() if purse else None)
    return purse


BANK = """
balance = 100

def withdraw():
    global balance
    if balance >= 80:
        balance -= 80
"""


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "bank_of_a_test.py").write_text(BANK, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("bank_of_a_test", None)


def imports_a_bank() -> None:
    import bank_of_a_test  # type: ignore[import-not-found]

    two(bank_of_a_test.withdraw)
    if bank_of_a_test.balance < 0:
        raise ValueError(f"overdrawn: {bank_of_a_test.balance}")


@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize("imported", [False, True])
def test_modules_of_the_program_begin_anew_as_well(imported: bool) -> None:
    if imported:
        __import__("bank_of_a_test")
    for granularity, verdict in (("operations", "proved"), ("lines", "counterexample"), ("bytecode", "counterexample")):
        assert lab.explore(imports_a_bank, granularity=granularity).verdict == verdict
        assert ("bank_of_a_test" in sys.modules) == imported
    if imported:
        assert sys.modules["bank_of_a_test"].balance == 100


def sets_the_environment() -> str:
    os.environ["OF_A_TEST"] = os.environ.get("OF_A_TEST", "") + "x"
    return os.environ["OF_A_TEST"]


def test_the_environment_is_put_back() -> None:
    before = copy.copy(os.environ._data)  # type: ignore[attr-defined]
    assert lab.explore(sets_the_environment, check=lambda run: run.result == "x").verdict == "proved"
    assert os.environ._data == before  # type: ignore[attr-defined]


def test_arrays_of_numpy_are_put_back() -> None:
    numpy = pytest.importorskip("numpy")
    whole = numpy.array([100, 0])

    def spend(part: Any) -> None:
        def take() -> None:
            if part[0] >= 80:
                part[0] -= 80

        two(take)
        if part[0] < 0:
            raise ValueError

    for granularity, verdict in (("operations", "proved"), ("lines", "counterexample")):
        assert lab.explore(spend, granularity=granularity, part=whole[:1]).verdict == verdict
        assert whole.tolist() == [100, 0]
    with pytest.raises(ValueError, match=r"`dice`; make them in the program itself$"):
        lab.explore(lambda dice: dice.random(), dice=numpy.random.default_rng(1))
    asked = lab.explore(draws_from_numpy)
    assert asked.undecided is not None and "random numbers of the world (numpy.random.random)" in asked.undecided


def draws_from_numpy() -> float:
    numpy = sys.modules["numpy"]
    return float(numpy.random.random())


def test_a_walk_enters_neither_the_lab_nor_what_the_program_does_not_name() -> None:
    reach = walk(looks_at_what_does_not_change, {})
    assert len(reach.met) < 100
    assert not [one for one in reach.met if type(one.value) is Account or one.name == "unused_numbers"]


def test_what_one_schedule_throws_away_is_finalized_in_no_other() -> None:
    class Thrown:
        def __init__(self, semaphore: threading.Semaphore) -> None:
            self.itself, self.semaphore = self, semaphore  # only the collector finds it

        def __del__(self) -> None:
            self.semaphore.release()

    def throws_away() -> None:
        semaphore = threading.Semaphore(0)
        Thrown(semaphore)
        threads = [threading.Thread(target=semaphore.release) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert semaphore._value == 3

    threshold = gc.get_threshold()
    gc.set_threshold(20)
    try:
        found = lab.explore(throws_away, check=lambda run: None)
    finally:
        gc.set_threshold(*threshold)
    assert (found.verdict, found.violations) == ("cannot say", ())  # of who can tell it, nothing is proved
    assert gc.isenabled()
