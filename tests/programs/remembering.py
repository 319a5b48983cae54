"""Programs that remember: what they change is there before they run, in every kind of place.

Each sells two seats of which there is one, or counts to two: as plain programs both fail or succeed only by what the
threads do, and an exploration that began with what an earlier schedule has left would answer wrongly.
"""

from __future__ import annotations

import array
import collections
import contextvars
import dataclasses
import enum
import functools
import io
import random
import string
import sys
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any, ClassVar


def two(body: Callable[[], object]) -> None:
    """Without a list of its own, so that the program's are all that is shared."""
    first, second = threading.Thread(target=body), threading.Thread(target=body)
    first.start()
    second.start()
    first.join()
    second.join()


class Empty(Exception):
    """Nothing was there to take."""


def sell(look: Callable[[], Any], take: Callable[[], object], left: Callable[[], int]) -> None:
    """Two threads that look and then take: between the two the other may have taken."""

    def buy() -> None:
        if look():
            take()

    two(buy)
    if left() < 0:
        raise Empty(f"{left()} left")


def count(add: Callable[[], object], now: Callable[[], int]) -> None:
    """Two threads that add one each: it is never more than two, whatever is lost."""
    two(add)
    if now() > 2:
        raise ValueError(f"{now()} counted")


# sold out by the first schedule, if the next begins with what it has left
balance = 100


def in_a_global() -> None:
    def take() -> None:
        global balance
        balance -= 80

    sell(lambda: balance >= 80, take, lambda: balance)


class Account:
    lowest = 100
    made: ClassVar[list[int]] = []

    def __init__(self, balance: int) -> None:
        self.balance = balance

    def withdraw(self, amount: int) -> None:
        self.balance -= amount


account = Account(100)


def in_an_object() -> None:
    sell(lambda: account.balance >= 80, lambda: account.withdraw(80), lambda: account.balance)


def in_an_argument(account: Account) -> None:
    sell(lambda: account.balance >= 80, lambda: account.withdraw(80), lambda: account.balance)


def in_a_default(purse: list[int] = [100]) -> None:  # noqa: B006
    def take() -> None:
        purse[0] -= 80

    sell(lambda: purse[0] >= 80, take, lambda: purse[0])


def in_a_keyword_default(*, purse: dict[str, int] = {"money": 100}) -> None:  # noqa: B006
    def take() -> None:
        purse["money"] -= 80

    sell(lambda: purse["money"] >= 80, take, lambda: purse["money"])


def in_a_class() -> None:
    def take() -> None:
        Account.lowest -= 80

    sell(lambda: Account.lowest >= 80, take, lambda: Account.lowest)


def _closed_over() -> Callable[[], None]:
    money = 100

    def program() -> None:
        def take() -> None:
            nonlocal money
            money -= 80

        sell(lambda: money >= 80, take, lambda: money)

    return program


in_a_closure = _closed_over()
in_a_closure.__name__ = "in_a_closure"


@dataclasses.dataclass(slots=True)
class Slotted:
    money: int = 100


slotted = Slotted()


def in_slots() -> None:
    def take() -> None:
        slotted.money -= 80

    sell(lambda: slotted.money >= 80, take, lambda: slotted.money)


class Node:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


root = Node(left=Node(right=[{"x": Node(money=100)}]))


def deep_in_objects() -> None:
    def take() -> None:
        root.left.right[0]["x"].money -= 80

    sell(lambda: root.left.right[0]["x"].money >= 80, take, lambda: root.left.right[0]["x"].money)


space = types.SimpleNamespace(money=100)


def in_a_namespace() -> None:
    def take() -> None:
        space.money -= 80

    sell(lambda: space.money >= 80, take, lambda: space.money)


def in_a_functions_attribute() -> None:
    def take() -> None:
        in_a_functions_attribute.money -= 80  # type: ignore[attr-defined]

    money = lambda: in_a_functions_attribute.money  # type: ignore[attr-defined]  # noqa: E731
    sell(lambda: money() >= 80, take, money)


in_a_functions_attribute.money = 100  # type: ignore[attr-defined]


class Shop:
    def __init__(self, money: int) -> None:
        self.money = money

    def take(self) -> None:
        self.money -= 80

    def run(self) -> None:
        sell(lambda: self.money >= 80, self.take, lambda: self.money)

    __call__ = run


as_an_object = Shop(100)
as_a_method = Shop(100).run
as_a_partial = functools.partial(in_an_argument, account=Account(100))
numbers = array.array("q", [100])
raw = bytearray([100])
money_of: collections.defaultdict[str, int] = collections.defaultdict(int, bank=100)
ordered = collections.OrderedDict(bank=100)
counter = collections.Counter(bank=100)


def in_an_array() -> None:
    def take() -> None:
        numbers[0] -= 80

    sell(lambda: numbers[0] >= 80, take, lambda: numbers[0])


string.money = 100  # type: ignore[attr-defined]
string.purse = [100]  # type: ignore[attr-defined]


def in_a_module_of_pythons() -> None:
    def take() -> None:
        string.money -= 80  # type: ignore[attr-defined]

    sell(lambda: string.money >= 80, take, lambda: string.money)  # type: ignore[attr-defined]


def in_a_list_of_a_module_of_pythons() -> None:
    def take() -> None:
        string.purse[0] -= 80  # type: ignore[attr-defined]

    sell(lambda: string.purse[0] >= 80, take, lambda: string.purse[0])  # type: ignore[attr-defined]


def of_a_mapping(mapping: Any) -> None:
    def take() -> None:
        mapping["bank"] -= 80

    sell(lambda: mapping["bank"] >= 80, take, lambda: mapping["bank"])


def in_a_defaultdict() -> None:
    of_a_mapping(money_of)


def in_an_ordered_dict() -> None:
    of_a_mapping(ordered)


def in_a_counter() -> None:
    of_a_mapping(counter)


class OwnDict(dict[str, int]):
    """Counts how often it was cleared: nobody else may do that through it."""

    cleared = 0

    def clear(self) -> None:
        OwnDict.cleared += 1


own_dict = OwnDict(bank=100)


def in_its_own_dict() -> None:
    of_a_mapping(own_dict)


def take_from(seats: Any) -> None:
    """Whoever finds a seat takes it; that one was there but is gone raises."""
    two(lambda: seats.pop() if seats else None)


tickets = ["seat 1"]
line = collections.deque(["seat 1"])
group = {"seat 1"}
both = (tickets, {"list": tickets})


def from_a_list() -> None:
    take_from(tickets)


def from_a_deque() -> None:
    take_from(line)


def from_a_set() -> None:
    take_from(group)


def by_another_name() -> None:
    if both[0] is not both[1]["list"]:  # type: ignore[index]
        raise RuntimeError("it is no longer one list")
    take_from(both[0])


def by_a_bound_method(pop: Callable[[], str] = tickets.pop) -> None:
    two(lambda: pop() if tickets else None)


spaces: dict[str, Any] = {}
exec("def taken_from(seats=['seat 1']):\n    return seats", spaces)
taken_from = spaces["taken_from"]


def in_a_default_of_an_executed_function() -> None:
    take_from(taken_from())


def by_a_string() -> None:
    two(lambda: globals()["tickets"].pop() if globals()["tickets"] else None)


# counted on from schedule to schedule, if each begins with what the one before has left
total = 0


def count_in_a_global() -> None:
    def add() -> None:
        global total
        total += 1

    count(add, lambda: total)


def count_in_a_new_global() -> None:
    def add() -> None:
        global made_by_the_run
        made_by_the_run = globals().get("made_by_the_run", 0) + 1

    count(add, lambda: made_by_the_run)


made_by_the_run: int
log: list[int] = []


def count_in_a_list() -> None:
    count(lambda: log.append(1), lambda: len(log))


members: set[object] = set()


def count_in_a_set() -> None:
    count(lambda: members.add(object()), lambda: len(members))


class Registered:
    every: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        Registered.every.append(self)


def count_instances() -> None:
    count(Registered, lambda: len(Registered.every))


alive: Any = weakref.WeakSet()
keeps: list[Any] = []


class Weak:
    def __init__(self) -> None:
        alive.add(self)
        keeps.append(self)


def count_weakly() -> None:
    count(Weak, lambda: len(alive))


@functools.cache
def squared(number: object) -> object:
    return number


def count_in_a_cache() -> None:
    count(lambda: squared(object()), lambda: squared.cache_info().misses)


class Lazy:
    made = 0

    @property
    def expensive(self) -> int:
        if "kept" not in vars(self):
            Lazy.made += 1
            vars(self)["kept"] = Lazy.made
        return int(vars(self)["kept"])


lazy = Lazy()


def count_a_lazy_value() -> None:
    count(lambda: lazy.expensive, lambda: lazy.expensive)


class Only:
    only: Any = None
    times = 0

    def __new__(cls) -> Any:
        if cls.only is None:
            cls.only = super().__new__(cls)
        cls.only.times += 1
        return cls.only


def count_with_a_singleton() -> None:
    count(Only, lambda: Only.only.times)


class Colour(enum.Enum):
    RED = 1


Colour.RED.times = 0  # type: ignore[attr-defined]


def count_on_a_member() -> None:
    def add() -> None:
        Colour.RED.times += 1  # type: ignore[attr-defined]

    count(add, lambda: Colour.RED.times)  # type: ignore[attr-defined]


written = io.StringIO()


def count_in_a_buffer() -> None:
    count(lambda: written.write("x"), lambda: len(written.getvalue()))


def count_in_a_module() -> None:
    module = sys.modules[__name__]

    def add() -> None:
        module.total += 1  # type: ignore[attr-defined]

    count(add, lambda: total)


def count_by_a_string() -> None:
    count(lambda: exec("total += 1", globals()), lambda: total)


in_context: contextvars.ContextVar[int] = contextvars.ContextVar("in_context", default=0)


def count_in_a_context_variable() -> None:
    in_context.set(in_context.get() + 2)
    count(int, in_context.get)


class Turning:
    """An object that becomes one of another class."""


class Turned(Turning):
    pass


turning: Any = Turning()


def count_turns() -> None:
    if type(turning) is Turned:
        raise ValueError("it was turned before it ran")
    two(lambda: setattr(turning, "__class__", Turned))


dice = random.Random(3)
drawn_first = random.Random(3).random()


def draws_from_its_own() -> None:
    two(int)
    if dice.random() != drawn_first:
        raise ValueError("it is not the first number")


def replaces_a_function() -> None:
    def after() -> int:
        return 2

    if before() != 1:
        raise ValueError("it was replaced before it ran")
    two(lambda: setattr(before, "__code__", after.__code__))


def before() -> int:
    return 1


SOLD: dict[Callable[..., None], dict[str, Any]] = {  # there is one to sell; between look and take there may be another
    in_a_global: {},
    in_an_object: {},
    in_an_argument: {"account": Account(100)},
    in_a_default: {},
    in_a_keyword_default: {},
    in_a_class: {},
    in_a_closure: {},
    in_slots: {},
    deep_in_objects: {},
    in_a_namespace: {},
    in_a_functions_attribute: {},
    as_an_object: {},
    as_a_method: {},
    as_a_partial: {},
    in_an_array: {},
    in_a_defaultdict: {},
    in_an_ordered_dict: {},
    in_a_counter: {},
    in_its_own_dict: {},
    in_a_module_of_pythons: {},
    in_a_list_of_a_module_of_pythons: {},
    from_a_list: {},
    from_a_deque: {},
    from_a_set: {},
    by_another_name: {},
    by_a_bound_method: {},
    in_a_default_of_an_executed_function: {},
    by_a_string: {},
}
COUNTED = (
    count_in_a_global,
    count_in_a_new_global,
    count_in_a_list,
    count_in_a_set,
    count_instances,
    count_weakly,
    count_in_a_cache,
    count_a_lazy_value,
    count_with_a_singleton,
    count_on_a_member,
    count_in_a_buffer,
    count_in_a_module,
    count_by_a_string,
    count_in_a_context_variable,
    count_turns,
    draws_from_its_own,
    replaces_a_function,
)
