"""Programs that were once judged wrongly, one of each kind, and what is right. Many of each kind are elsewhere:

locks that nobody watched: tests/instrument; what a program remembers: `test_remembering.py`; right after an operation:
tests/stepping/test_turns.py; reads and writes by another name: tests/stepping/test_forms_of_access.py and
test_lost_updates.py; the wrong semaphore: tests/analysis/test_sentences.py; too many runs: tests/benchmarks.
"""

from __future__ import annotations

import collections
import dataclasses
import importlib
import logging
import secrets
import sys
import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from programs.explored import together
from programs.right import rate_limiter

import semalab as lab

EVERYWHERE = pytest.mark.parametrize("granularity", ["operations", "lines", "bytecode"])
BETWEEN = pytest.mark.parametrize("granularity", ["lines", "bytecode"])


# 1. a lock that was not watched
def crosswise(one: Any, other: Any) -> None:
    def visit(first: Any, second: Any) -> None:
        with first, second:
            pass

    together(lambda: visit(one, other), lambda: visit(other, one))


def of_a_class() -> None:
    class Bank:
        left, right = threading.Lock(), threading.Lock()

    crosswise(Bank.left, Bank.right)


def of_a_default() -> None:
    def pair(left: Any = threading.Lock(), right: Any = threading.Lock()) -> None:  # noqa: B008
        crosswise(left, right)

    pair()


def of_a_dataclass() -> None:
    @dataclasses.dataclass
    class Bank:
        left: Any = dataclasses.field(default_factory=threading.Lock)
        right: Any = dataclasses.field(default_factory=threading.Lock)

    bank = Bank()
    crosswise(bank.left, bank.right)


def of_a_default_dict() -> None:
    locks: Any = collections.defaultdict(threading.Lock)
    crosswise(locks["left"], locks["right"])


KINDS = {"lock": threading.Lock, "semaphore": threading.Semaphore}


def of_a_dict_of_classes() -> None:
    crosswise(KINDS["lock"](), KINDS["semaphore"]())


def of_an_imported_module() -> None:
    bank = importlib.import_module("bank_with_locks")
    crosswise(bank.left, bank.right)


def of_a_library() -> None:
    one, other = logging.NullHandler(), logging.NullHandler()
    one.createLock()
    other.createLock()
    crosswise(one.lock, other.lock)


SHAPES = (of_a_class, of_a_default, of_a_dataclass, of_a_default_dict, of_a_dict_of_classes, of_an_imported_module)


@pytest.fixture
def bank_with_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "bank_with_locks.py").write_text("import threading\nleft, right = threading.Lock(), threading.Lock()\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("bank_with_locks", None)


@pytest.mark.usefixtures("bank_with_locks")
@pytest.mark.parametrize("program", SHAPES, ids=lambda program: program.__name__)
def test_two_locks_taken_crosswise_deadlock_wherever_they_are_kept(program: Callable[[], None]) -> None:
    found = lab.explore(program)
    assert found.verdict == "counterexample", found
    assert "Deadlock" in found.sentence
    assert lab.explore(program).verdict == "counterexample"  # also when it is asked for once more


def test_locks_of_a_library_are_never_proved() -> None:
    assert lab.explore(of_a_library).verdict != "proved"


class Bank:
    left, right = threading.Lock(), threading.Lock()


def from_before() -> None:
    crosswise(Bank.left, Bank.right)


def test_locks_that_were_there_before_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="made before it runs: `left`, `right`"):
        lab.explore(from_before)


# 2. a program that remembers
balance = 100


def bank() -> None:
    def withdraw() -> None:
        global balance
        if balance >= 80:
            balance -= 80

    together(withdraw, withdraw)
    assert balance >= 0, f"overdrawn: {balance}"


class Account:
    def __init__(self, balance: int) -> None:
        self.balance = balance


shared_account = Account(100)


def bank_of(account: Account) -> None:
    def withdraw() -> None:
        if account.balance >= 80:
            account.balance -= 80

    together(withdraw, withdraw)
    assert account.balance >= 0, f"overdrawn: {account.balance}"


def bank_of_all() -> None:
    bank_of(shared_account)


tickets = ["seat 1"]


def box_office() -> None:
    sold = []

    def sell() -> None:
        if tickets:
            sold.append(tickets.pop())

    together(sell, sell)


@BETWEEN
@pytest.mark.parametrize(
    ("program", "arguments", "told"),
    [
        (bank, {}, "overdrawn: -60"),
        (bank_of_all, {}, "overdrawn: -60"),
        (bank_of, {"account": Account(100)}, "overdrawn: -60"),
        (box_office, {}, "pop from empty list"),
    ],
    ids=["global", "global object", "argument", "list"],
)
def test_each_schedule_begins_with_what_was_there(
    program: Callable[..., None], arguments: dict[str, Any], told: str, granularity: str
) -> None:
    found = lab.explore(program, granularity=granularity, **arguments)
    assert found.verdict == "counterexample"
    assert told in found.sentence
    assert balance == shared_account.balance == 100
    assert tickets == ["seat 1"]


total = 0


def adds_twice() -> None:
    def add() -> None:
        global total
        total += 1

    together(add, add)
    assert total <= 2


@EVERYWHERE
def test_nothing_is_counted_on_from_schedule_to_schedule(granularity: str) -> None:
    assert lab.explore(adds_twice, granularity=granularity).verdict == "proved"


@pytest.mark.parametrize(
    "ask",
    [lambda: secrets.randbelow(1 << 60), lambda: uuid.uuid4(), lambda: secrets.SystemRandom().random()],
    ids=["secrets", "uuid", "SystemRandom"],
)
def test_what_the_world_decides_is_not_proved(ask: Callable[[], Any]) -> None:
    def program() -> Any:
        return ask()

    found = lab.explore(program)
    assert found.verdict == "cannot say", found


def test_the_time_of_day_is_the_virtual_clocks_or_not_proved() -> None:
    def program() -> Any:
        return datetime.now().isoformat()

    seen = set()
    found = lab.explore(program, check=lambda run: seen.add(run.result))
    assert len(seen) == 1 or found.verdict == "cannot say"


# 3. what happens right after an operation
def ticket() -> None:
    mutex = threading.Semaphore(1)
    last = 0
    mine = []

    def take() -> None:
        nonlocal last
        with mutex:
            last += 1
        mine.append(last)  # read after the mutex was released

    together(take, take)
    assert sorted(mine) == [1, 2]


def released() -> None:
    gate, opened = threading.Semaphore(0), []

    def opener() -> None:
        gate.release()
        assert not opened

    def guest() -> None:
        gate.acquire()
        opened.append(True)

    together(opener, guest)


def told() -> None:
    event, done = threading.Event(), []

    def teller() -> None:
        event.set()
        assert not done

    def listener() -> None:
        event.wait()
        done.append(True)

    together(teller, listener)


def fails(program: Callable[[], None], seed: int) -> bool:
    try:
        lab.record(program, clock="virtual", seed=seed)
    except AssertionError:
        return True
    return False


@EVERYWHERE
@pytest.mark.parametrize("program", [ticket, released, told], ids=lambda program: program.__name__)
def test_what_the_virtual_clock_can_do_is_tried(program: Callable[[], None], granularity: str) -> None:
    assert any(fails(program, seed) for seed in range(40))
    assert lab.explore(program, granularity=granularity).verdict == "counterexample"


# 4. a read or write by another name
def star() -> None:
    pair = [0]
    got: Any = None

    def opener() -> None:
        pair[0] = 1

    def look(x: Any) -> None:
        nonlocal got
        got = x

    def guest() -> None:
        look(*pair)

    together(opener, guest)
    assert got == 1


@EVERYWHERE
def test_a_read_under_a_star_is_a_read(granularity: str) -> None:
    assert lab.explore(star, granularity=granularity).verdict == "counterexample"


def switches_tracing_off() -> None:
    count = 0

    def work() -> None:
        nonlocal count
        sys.settrace(None)
        if sys.version_info >= (3, 12):
            for tool in range(6):
                if sys.monitoring.get_tool(tool) == "semalab":  # type: ignore[attr-defined, unused-ignore]
                    sys.monitoring.set_events(tool, 0)  # type: ignore[attr-defined, unused-ignore]
        count += 1

    together(work, work)
    assert count == 2


def test_nothing_is_proved_once_nobody_watches() -> None:
    assert lab.explore(switches_tracing_off, granularity="bytecode").verdict != "proved"


# 5. the wrong semaphore
def print_shop() -> None:
    door, printer = threading.Semaphore(2), threading.Semaphore(1)

    def work() -> None:
        with door:
            for _ in range(2):
                with printer:
                    pass

    together(work, work)


def test_a_claim_that_is_true_of_the_printer_alone_is_not_proved() -> None:
    found = lab.explore(print_shop, check=lab.mutual_exclusion)
    assert found.verdict == "cannot say"
    assert "`printer`" in found.sentence
    assert "`door`" in found.sentence
    assert lab.explore(print_shop, check=lab.mutual_exclusion("door")).verdict == "counterexample"
    assert lab.explore(print_shop, check=lab.mutual_exclusion("printer")).verdict == "proved"


# 6. false or empty counterexamples
class MySem(threading.Semaphore):
    def acquire(self) -> bool:  # type: ignore[override]
        return super().acquire()

    __enter__ = acquire


@EVERYWHERE
def test_an_acquire_of_its_own_takes_no_argument(granularity: str) -> None:
    def program() -> None:
        gate, count = MySem(1), [0]

        def work() -> None:
            gate.acquire()
            count[0] += 1
            gate.release()

        together(work, work)
        assert count[0] == 2

    assert lab.explore(program, granularity=granularity).verdict == "proved"


def test_permits_that_another_gives_back_are_no_counterexample() -> None:
    found = lab.explore(rate_limiter, calls=3, check=lab.limit, budget=200)  # of thousands: timers may end at any time
    assert found.verdict == "budget exhausted"
    assert found.violations == ()


def test_locks_keep_their_names() -> None:
    def program() -> None:
        x_lock, y_lock = threading.Lock(), threading.RLock()
        crosswise(x_lock, y_lock)

    found = lab.explore(program)
    assert found.verdict == "counterexample"
    for told in (found.sentence, str(found)):
        assert "x_lock" in told
        assert "y_lock" in told
        assert "Lock-1" not in told
