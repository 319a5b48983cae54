"""Programs that keep their primitives, or the classes that make them, in every kind of place."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import dataclasses
import enum
import functools
import threading
import types
import typing
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

Lock = threading.Lock


def two(function: Callable[..., Any], *arguments: Any) -> None:
    workers = [threading.Thread(target=function, args=arguments) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def use(*locks: Any) -> None:
    for lock in locks:
        with lock:
            pass


class Downloader(threading.Thread):
    limit = threading.BoundedSemaphore(2)

    def run(self) -> None:
        with self.limit:
            pass


def class_attribute() -> None:
    downloads = [Downloader() for _ in range(2)]
    for download in downloads:
        download.start()
    for download in downloads:
        download.join()


class Outer:
    class Inner:
        guard = threading.Lock()


def nested_class() -> None:
    two(lambda: use(Outer.Inner.guard))


def default(permits: Any = threading.Semaphore(2), guard: Any = threading.Lock()) -> None:  # noqa: B008
    two(use, permits, guard)


def keyword_default(*, permits: Any = threading.Semaphore(2), guard: Any = threading.Lock()) -> None:  # noqa: B008
    two(use, permits, guard)


pair = (threading.Semaphore(1), threading.Lock())
deeper = [((threading.Lock(),), {"in": (threading.RLock(),)})]


def in_tuple() -> None:
    two(lambda: use(*pair))


def in_tuples_of_tuples() -> None:
    two(lambda: use(deeper[0][0][0], deeper[0][1]["in"][0]))


def made_by_default(make: Callable[[], Any] = threading.Lock) -> None:
    guard = make()
    two(use, guard)


@dataclasses.dataclass
class Account:
    balance: int = 0
    guard: Any = dataclasses.field(default_factory=threading.Lock)


def made_for_a_field() -> None:
    account = Account()
    two(lambda: use(account.guard))


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    guard: Any = dataclasses.field(default_factory=threading.Lock)
    permits: Any = dataclasses.field(default_factory=lambda: threading.Semaphore(1))


frozen = Frozen()


def in_frozen_slots() -> None:
    two(lambda: use(frozen.guard, frozen.permits))


class Slots:
    __slots__ = ("guard", "permits")

    def __init__(self) -> None:
        self.guard, self.permits = threading.Lock(), threading.Semaphore(1)


slots = Slots()


def in_slots() -> None:
    two(lambda: use(slots.guard, slots.permits))


def made_for_a_key() -> None:
    locks: dict[str, Any] = collections.defaultdict(threading.Lock)
    two(lambda: use(locks["a"]))


by_name: dict[str, Any] = collections.defaultdict(threading.Lock)
permits_by_name: dict[str, Any] = collections.defaultdict(lambda: threading.Semaphore(1))


def kept_for_a_key() -> None:
    two(lambda: use(by_name["a"], permits_by_name["b"]))


makers = {"permits": threading.Semaphore, "guard": threading.Lock}


def made_by_an_entry() -> None:
    permits, guard = makers["permits"](1), makers["guard"]()
    two(use, permits, guard)


class Maker:
    guard_of = threading.Lock
    permits_of = threading.Semaphore

    def __init__(self) -> None:
        self.guard, self.permits = self.guard_of(), self.permits_of(1)


def made_by_a_class_attribute() -> None:
    maker = Maker()
    two(lambda: use(maker.guard, maker.permits))


some = {threading.Lock()}
fixed = frozenset([threading.Lock()])


def in_sets() -> None:
    two(lambda: use(*some, *fixed))


line = collections.deque([threading.Lock(), threading.Semaphore(1)])


def in_deque() -> None:
    two(lambda: use(*line))


Both = collections.namedtuple("Both", "guard permits")
both = Both(threading.Lock(), threading.Semaphore(1))


class Typed(typing.NamedTuple):
    make: Any = threading.Lock
    guard: Any = threading.Lock()


typed = Typed()


def in_named_tuple() -> None:
    two(lambda: use(*both))


def in_a_typed_one() -> None:
    made = typed.make()
    two(lambda: use(typed.guard, made))


use_it = functools.partial(use, threading.Lock())
make_it = functools.partial(threading.Lock)
permit = functools.partial(threading.Semaphore, 1)


def in_partials() -> None:
    made, permits = make_it(), permit()
    two(use_it)
    two(use, made, permits)


@functools.cache
def guard_of(name: str) -> Any:
    return threading.Lock()


guard_of("a")


def in_cache() -> None:
    two(lambda: use(guard_of("a")))


class Node:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


root = Node(left=Node(right=[{"x": Node(guard=threading.Lock())}]))


def deep_in_objects() -> None:
    two(lambda: use(root.left.right[0]["x"].guard))


def keeps_to_itself() -> Iterator[Any]:
    permits = threading.Semaphore(1)
    while True:
        yield permits


generator = keeps_to_itself()
next(generator)


def in_generator() -> None:
    permits = next(generator)
    two(use, permits)


weak = weakref.WeakValueDictionary(root=root)
weak_keys: Any = weakref.WeakKeyDictionary({root: threading.Lock()})


def in_weak_containers() -> None:
    two(lambda: use(weak["root"].left.right[0]["x"].guard, weak_keys[root]))


space = types.SimpleNamespace(guard=threading.Lock())
chain = collections.ChainMap({"guard": threading.Lock()})
keys = {threading.Lock(): 1}


def in_namespace_chain_and_keys() -> None:
    two(lambda: use(space.guard, chain["guard"], *keys))


take, give = pair[1].acquire, pair[1].release
take_permit, give_permit = pair[0].acquire, pair[0].release


def takes_and_gives() -> None:
    take()
    give()
    take_permit()
    give_permit()


def by_its_methods() -> None:
    two(takes_and_gives)


hidden = threading.Lock()


class Ways:
    @property
    def by_property(self) -> Any:
        return hidden

    @staticmethod
    def by_static(static: Any = threading.Lock()) -> Any:  # noqa: B008
        return static

    @classmethod
    def by_class(cls, of_class: Any = threading.Lock()) -> Any:  # noqa: B008
        return of_class


def by_property_and_methods() -> None:
    ways = Ways()
    two(lambda: use(ways.by_property, ways.by_static(), Ways.by_class()))


class Kind(enum.Enum):
    A = threading.Semaphore(1)


def in_enumeration() -> None:
    two(lambda: use(Kind.A.value))


class Meta(type):
    guard = threading.Lock()


class WithMeta(metaclass=Meta):
    pass


def in_metaclass() -> None:
    two(lambda: use(WithMeta.guard))


def synchronized(function: Callable[[], None]) -> Callable[[], None]:
    guard = threading.Lock()

    @functools.wraps(function)
    def locked() -> None:
        with guard:
            function()

    return locked


class Synchronized:
    def __init__(self, function: Callable[[], None]) -> None:
        self.function, self.again = function, threading.RLock()

    def __call__(self) -> None:
        with self.again:
            self.function()


@synchronized
def decorated() -> None:
    pass


@Synchronized
def wrapped() -> None:
    pass


def decorated_and_called() -> None:
    two(lambda: (decorated(), wrapped()))


stack = contextlib.ExitStack()
held = stack.enter_context(contextlib.closing(Node(guard=threading.Lock(), close=lambda: None)))


def in_exit_stack() -> None:
    two(lambda: use(held.guard))


in_context: contextvars.ContextVar[threading.Semaphore] = contextvars.ContextVar("in_context")
in_context.set(threading.Semaphore(2))


def in_context_variable() -> None:
    two(use, in_context.get())


class Singleton(type):
    guard = threading.Lock()
    made: ClassVar[dict[type, Any]] = {}

    def __call__(cls) -> Any:
        with Singleton.guard:
            if cls not in Singleton.made:
                Singleton.made[cls] = super().__call__()
        return Singleton.made[cls]


class Only(metaclass=Singleton):
    def __init__(self) -> None:
        self.permits = threading.Semaphore(1)


Only()


def in_singleton() -> None:
    two(lambda: use(Only().permits))


class Registered:
    def __init_subclass__(cls) -> None:
        cls.guard = threading.Lock()  # type: ignore[attr-defined]


class Derived(Registered):
    pass


def of_a_subclass_as_it_is_made() -> None:
    two(lambda: use(Derived.guard))  # type: ignore[attr-defined]


class GuardedNumber:
    def __set_name__(self, owner: type, name: str) -> None:
        self.guard = threading.Lock()

    def __get__(self, one: Any, owner: type | None = None) -> int:
        with self.guard:
            return 1


class HasNumber:
    number = GuardedNumber()


def in_descriptor() -> None:
    two(lambda: HasNumber().number)


@functools.singledispatch
def size(of: Any) -> int:
    raise TypeError(of)


@size.register
def _(of: int, guard: Any = threading.Lock()) -> int:  # noqa: B008
    with guard:
        return of


def in_single_dispatch() -> None:
    two(size, 1)


def by_the_type_of_another() -> None:
    permits = type(pair[0])(1)
    two(use, permits)


def by_name_of_the_module() -> None:
    guard, permits = getattr(threading, "Lo" + "ck")(), getattr(threading, "Sema" + "phore")(1)
    two(use, guard, permits)


def by_importlib() -> None:
    import importlib

    module = importlib.import_module("threading")
    guard, permits = module.Lock(), module.Semaphore(1)
    two(use, guard, permits)


def by_sys_modules() -> None:
    import sys

    module = sys.modules["threading"]
    guard, permits = module.Lock(), module.Semaphore(1)
    two(use, guard, permits)


class Gate(threading.Semaphore):
    """Its own locks bear names that Python's classes have for theirs, and that are free in this one."""

    def __init__(self) -> None:
        super().__init__(1)
        self._lock, self.mutex, self.finished = threading.Lock(), threading.Lock(), threading.Semaphore(1)


OWN_GATE = Gate()


def in_a_primitive_of_ones_own() -> None:
    two(use, OWN_GATE, OWN_GATE._lock, OWN_GATE.mutex, OWN_GATE.finished)


class Porter(threading.Thread):
    def __init__(self) -> None:
        super().__init__()
        self._lock, self._value, self.queue = threading.Lock(), threading.Semaphore(1), threading.Lock()


PORTER = Porter()


def in_a_thread_of_ones_own() -> None:
    two(use, PORTER._lock, PORTER._value, PORTER.queue)


ENDED = Porter()
ENDED.start()
ENDED.join()


def in_a_thread_that_has_ended() -> None:
    two(use, ENDED._lock, ENDED._value, ENDED.queue)


PLAIN_THREAD, PLAIN_GATE = threading.Thread(), threading.Semaphore(1)
PLAIN_THREAD.guard = threading.Lock()  # type: ignore[attr-defined]
PLAIN_GATE.guard = threading.Lock()  # type: ignore[attr-defined]


def added_to_a_thread() -> None:
    two(use, PLAIN_THREAD.guard)  # type: ignore[attr-defined]


def added_to_a_semaphore() -> None:
    two(use, PLAIN_GATE, PLAIN_GATE.guard)  # type: ignore[attr-defined]


def _counting() -> Callable[[], None]:
    guard, permits = threading.Lock(), threading.Semaphore(1)
    return lambda: use(guard, permits, guard, permits)


MEETING = threading.Barrier(2, _counting())


def in_a_barriers_action() -> None:
    two(MEETING.wait)


# For each program: what its primitives are called.
WATCHED: dict[Callable[..., None], str] = {
    class_attribute: "limit",
    nested_class: "guard",
    default: "permits guard",
    keyword_default: "permits guard",
    in_tuple: "pair[0] pair[1]",
    in_tuples_of_tuples: "deeper[0][0][0] deeper[0][1]['in'][0]",
    made_by_default: "guard",
    made_for_a_field: "guard",
    in_frozen_slots: "guard permits",
    in_slots: "guard permits",
    made_for_a_key: "locks['a']",
    made_by_an_entry: "permits guard",
    made_by_a_class_attribute: "guard permits",
    in_sets: "some fixed",
    in_deque: "line[0] line[1]",
    in_named_tuple: "guard permits",
    in_a_typed_one: "guard made",
    in_partials: "use_it[0] made permits",
    in_cache: "guard_of('a')",
    deep_in_objects: "guard",
    in_generator: "permits",
    in_weak_containers: "guard weak_keys[…]",
    in_namespace_chain_and_keys: "guard chain[0]['guard'] keys",
    by_its_methods: "take take_permit",
    by_property_and_methods: "hidden static of_class",
    in_enumeration: "A",
    in_metaclass: "guard",
    decorated_and_called: "again guard",
    in_exit_stack: "guard",
    in_context_variable: "in_context",
    in_singleton: "guard permits",
    of_a_subclass_as_it_is_made: "guard",
    in_descriptor: "guard",
    in_single_dispatch: "guard",
    by_the_type_of_another: "pair[0] pair[1] permits",
    by_name_of_the_module: "guard permits",
    by_importlib: "guard permits",
    by_sys_modules: "guard permits",
    in_a_primitive_of_ones_own: "OWN_GATE _lock mutex finished",
    in_a_thread_of_ones_own: "_lock _value queue",
    in_a_thread_that_has_ended: "_lock _value queue",
    added_to_a_thread: "guard",
    added_to_a_semaphore: "PLAIN_GATE guard",
    in_a_barriers_action: "MEETING guard permits",
}
