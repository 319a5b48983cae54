"""Forms in which a thread changes what others do without touching what they name, or reads what it does not name.

One function each, and a race, as in `forms_of_access`: a class is given another special method, a library looks into
what it was given, a value has two names.
"""

from __future__ import annotations

import abc
import contextlib
import copy
import functools
import itertools
import logging
import queue
import random
import sys
import threading
import types
import typing
import weakref
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from programs.forms_of_access import race

FORMS: list[Callable[[], Any]] = []


def form(function: Callable[[], Any]) -> Callable[[], Any]:
    FORMS.append(function)
    return function


@typing.runtime_checkable
class Openable(typing.Protocol):
    open: int


@form
def truth_of_keys() -> Any:
    box = {}

    def write():
        box["open"] = 1

    def read():
        if box.keys():
            return True
        return False

    return race(write, read)


@form
def truth_of_values() -> Any:
    box = {}

    def write():
        box["open"] = 1

    def read():
        return True if box.values() else False

    return race(write, read)


@form
def len_of_items() -> Any:
    box = {}

    def write():
        box["open"] = 1

    def read():
        return len(box.items())

    return race(write, read)


@form
def not_of_items() -> Any:
    box = {}

    def write():
        box["open"] = 1

    def read():
        return not not box.items()

    return race(write, read)


@form
def own_acquire_returns_list() -> Any:
    class Pool:
        def __init__(self):
            self.items = []

        def acquire(self):
            return self.items

    pool = Pool()

    def write():
        pool.items.append(1)

    def read():
        if pool.acquire():
            return 1
        return 0

    return race(write, read)


@form
def own_is_set_returns_dict() -> Any:
    class Flag:
        def __init__(self):
            self.d = {}

        def is_set(self):
            return self.d

    flag = Flag()
    d = flag.d

    def write():
        d["open"] = 1

    def read():
        return 1 if flag.is_set() else 0

    return race(write, read)


@form
def special_method_set() -> Any:
    class Door:
        def __bool__(self):
            return False

    door = Door()

    def write():
        Door.__bool__ = lambda self: True

    def read():
        return 1 if door else 0

    return race(write, read)


@form
def special_len_set() -> Any:
    class Door:
        def __len__(self):
            return 0

    door = Door()

    def write():
        Door.__len__ = lambda self: 1

    def read():
        return len(door)

    return race(write, read)


@form
def special_call_set() -> Any:
    class Door:
        def __call__(self):
            return 0

    door = Door()

    def write():
        Door.__call__ = lambda self: 1

    def read():
        return door()

    return race(write, read)


@form
def special_eq_set() -> Any:
    class Door:
        def __eq__(self, o):
            return False

    door = Door()

    def write():
        Door.__eq__ = lambda self, o: True

    def read():
        return door == 1

    return race(write, read)


@form
def special_getattr_set() -> Any:
    class Door:
        def __getattr__(self, n):
            return 0

    door = Door()

    def write():
        Door.__getattr__ = lambda self, n: 1

    def read():
        return door.open

    return race(write, read)


@form
def special_add_set() -> Any:
    class Door:
        def __add__(self, o):
            return 0

    door = Door()

    def write():
        Door.__add__ = lambda self, o: 1

    def read():
        return door + 1

    return race(write, read)


@form
def special_contains_set() -> Any:
    class Door:
        def __contains__(self, o):
            return False

    door = Door()

    def write():
        Door.__contains__ = lambda self, o: True

    def read():
        return 1 in door

    return race(write, read)


@form
def special_getitem_set() -> Any:
    class Door:
        def __getitem__(self, o):
            return 0

    door = Door()

    def write():
        Door.__getitem__ = lambda self, o: 1

    def read():
        return door[0]

    return race(write, read)


@form
def special_enter_set() -> Any:
    class Door:
        def __enter__(self):
            return 0

        def __exit__(self, *a):
            pass

    door = Door()

    def write():
        Door.__enter__ = lambda self: 1

    def read():
        with door as d:
            return d

    return race(write, read)


@form
def special_init_set() -> Any:
    class Door:
        def __init__(self):
            self.x = 0

    def write():
        def init(self):
            self.x = 1

        Door.__init__ = init

    def read():
        return Door().x

    return race(write, read)


@form
def special_str_set() -> Any:
    class Door:
        def __str__(self):
            return ""

    door = Door()

    def write():
        Door.__str__ = lambda self: "open"

    def read():
        return f"{door}"

    return race(write, read)


@form
def special_hash_set() -> Any:
    class Door:
        def __hash__(self):
            return 0

    door = Door()

    def write():
        Door.__hash__ = lambda self: 1

    def read():
        return hash(door)

    return race(write, read)


@form
def special_get_set() -> Any:
    class D:
        def __get__(self, o, c=None):
            return 0

    class Door:
        open = D()

    door = Door()

    def write():
        D.__get__ = lambda s, o, c=None: 1

    def read():
        return door.open

    return race(write, read)


@form
def class_bases() -> Any:
    class A:
        def ask(self):
            return 0

    class B:
        def ask(self):
            return 1

    class C(A):
        pass

    c = C()

    def write():
        C.__bases__ = (B,)

    def read():
        return c.ask()

    return race(write, read)


@form
def class_assignment_bool() -> Any:
    class Shut:
        def __bool__(self):
            return False

    class Open:
        def __bool__(self):
            return True

    door = Shut()

    def write():
        door.__class__ = Open

    def read():
        return 1 if door else 0

    return race(write, read)


@form
def class_assignment_with() -> Any:
    class Shut:
        def __enter__(self):
            return 0

        def __exit__(self, *a):
            pass

    class Open:
        def __enter__(self):
            return 1

        def __exit__(self, *a):
            pass

    door = Shut()

    def write():
        door.__class__ = Open

    def read():
        with door as d:
            return d

    return race(write, read)


@form
def dict_iter_protocol_sub() -> Any:
    class Sub:
        def __init__(self, box):
            self.box = box

        def __iter__(self):
            return iter(self.box)

        def __next__(self):
            raise StopIteration

    box = []
    s = Sub(box)

    def write():
        box.append(1)

    def read():
        for x in s:
            return 1
        return 0

    return race(write, read)


@form
def walrus_list_points() -> Any:
    shared = None
    go = threading.Semaphore(0)

    def write():
        go.acquire()
        shared.append(1)

    def read():
        nonlocal shared
        n = 0
        for x in (shared := [0]):
            go.release()
            n += 1
        return n > 1

    return race(write, read)


@form
def exception_args() -> Any:
    e = ValueError("")

    def write():
        e.args = ("open",)

    def read():
        return str(e)

    return race(write, read)


@form
def exception_args_f() -> Any:
    e = ValueError("")

    def write():
        e.args = ("open",)

    def read():
        return f"{e}"

    return race(write, read)


@form
def exception_keyerr() -> Any:
    e = OSError(1, "x")

    def write():
        e.filename = "open"

    def read():
        return "open" in str(e)

    return race(write, read)


@form
def nullcontext() -> Any:
    n = contextlib.nullcontext(0)

    def write():
        n.enter_result = 1

    def read():
        with n as x:
            return x

    return race(write, read)


@form
def log_disabled() -> Any:
    seen = []

    class H(logging.Handler):
        def emit(self, r):
            seen.append(1)

    log = logging.Logger("x")
    log.addHandler(H())

    def write():
        log.disabled = True

    def read():
        log.warning("x")
        return not seen

    return race(write, read)


@form
def queue_maxsize() -> Any:
    q = queue.Queue()
    q.put(1)

    def write():
        q.maxsize = 1

    def read():
        return q.full()

    return race(write, read)


@form
def partial_keywords() -> Any:
    def f(x=0):
        return x

    p = functools.partial(f, x=0)

    def write():
        p.keywords["x"] = 1

    def read():
        return p()

    return race(write, read)


@form
def partial_setstate() -> Any:
    def f(x=0):
        return x

    p = functools.partial(f, x=0)
    kw = p.keywords

    def write():
        kw["x"] = 1

    def read():
        return p()

    return race(write, read)


@form
def args_mutable() -> Any:
    box = []
    seen = []

    def read(*a):
        seen.append(bool(a))

    def write():
        box.append(1)

    ts = [threading.Thread(target=write), threading.Thread(target=read, args=box)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    return seen[0]


@form
def kwargs_mutable() -> Any:
    box = {}
    seen = []

    def read(**a):
        seen.append(bool(a))

    def write():
        box["x"] = 1

    ts = [threading.Thread(target=write), threading.Thread(target=read, kwargs=box)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    return seen[0]


@form
def str_format_attr() -> Any:
    class D:
        open = ""

    d = D()

    def write():
        d.open = "x"

    def read():
        return "{0.open}".format(d)

    return race(write, read)


@form
def random_choice() -> Any:
    box = [0]

    def write():
        box[0] = 1

    def read():
        return random.choice(box)

    return race(write, read)


@form
def random_shuf2() -> Any:
    box = [0]

    def write():
        box[0] = 1

    def read():
        return random.sample(box, 1)[0]

    return race(write, read)


@form
def es_two_closers() -> Any:
    box = []
    stack = contextlib.ExitStack()

    def note():
        box.append(threading.current_thread() is ts[0])

    stack.callback(note)

    def work():
        stack.close()

    ts = [threading.Thread(target=work) for _ in range(2)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    return box[0]


@form
def box_arg_f() -> Any:
    def write(i):
        i.append(1)

    def read(i):
        return "1" in f"{i!r:>9}"

    i = []
    return race(functools.partial(write, i), functools.partial(read, i))


@form
def defaultdict_set_factory() -> Any:
    c = defaultdict(int)

    def write():
        c.default_factory = lambda: 1

    def read():
        return c["x"]

    return race(write, read)


@form
def defaultdict_set_factory2() -> Any:
    c = defaultdict(int)

    def write(c):
        c.default_factory = lambda: 1

    def read(c):
        return bool(c["x"])

    return race(functools.partial(write, c), functools.partial(read, c))


@form
def barrier_action_c() -> Any:
    box = []
    b = threading.Barrier(1, action=box.clear)
    box.append(1)

    def write():
        b.wait()

    def read():
        return not box

    return race(write, read)


@form
def wait_for_c_pred() -> Any:
    c = threading.Condition()
    box = []

    def write():
        box.append(1)

    def read():
        with c:
            return c.wait_for(box.__len__, timeout=0.01)

    return race(write, read)


@form
def local_cls() -> Any:
    class L(threading.local):
        def __init__(s):
            s.n = len(box)

    box = []
    l = L()

    def write():
        box.append(1)

    def read():
        return l.n

    return race(write, read)


@form
def chain_shared() -> Any:
    box = [0]
    r = itertools.chain([], box)

    def write():
        box[0] = 1

    def read():
        return next(r)

    return race(write, read)


@form
def zip_iter() -> Any:
    box = [0]
    z = zip(box, [1])

    def write():
        box[0] = 1

    def read():
        return next(z)[0]

    return race(write, read)


@form
def class_arg() -> Any:
    class Shut:
        def __bool__(self):
            return False

    class Open:
        pass

    def write(d):
        d.__class__ = Open

    def read(d):
        return bool(d)

    d = Shut()
    return race(functools.partial(write, d), functools.partial(read, d))


@form
def code_arg() -> Any:
    def ask():
        return 0

    def other():
        return 1

    def write(f):
        f.__code__ = other.__code__

    def read(f):
        return bool(f())

    return race(functools.partial(write, ask), functools.partial(read, ask))


@form
def defaults_arg() -> Any:
    def ask(x=0):
        return x

    def write(f):
        f.__defaults__ = (1,)

    def read(f):
        return bool(f())

    return race(functools.partial(write, ask), functools.partial(read, ask))


@form
def call_local_special_arg() -> Any:
    class Door:
        def __len__(self):
            return 0

    def write(cls):
        cls.__len__ = lambda s: 1

    def read(d):
        return bool(len(d))

    return race(functools.partial(write, Door), functools.partial(read, Door()))


@form
def setattr_special_arg() -> Any:
    class Door:
        def __len__(self):
            return 0

    def write(cls):
        setattr(cls, "__len__", lambda s: 1)

    def read(d):
        return bool(len(d))

    return race(functools.partial(write, Door), functools.partial(read, Door()))


@form
def es_shared_with() -> Any:
    box = []
    stack = contextlib.ExitStack()
    stack.callback(box.append, 1)

    def write():
        with stack:
            pass

    def read():
        return box

    return race(write, read)


@form
def closing_list() -> Any:
    class C:
        def __init__(s):
            s.close = box.clear

    box = [1]
    c = C()

    def write():
        with contextlib.closing(c):
            pass

    def read():
        return not box

    return race(write, read)


@form
def weakproxy_arg() -> Any:
    class O:
        open = 0

    o = O()

    def write(o):
        o.open = 1

    def read(p):
        return bool(p.open)

    return race(functools.partial(write, o), functools.partial(read, weakref.proxy(o)))


@form
def type_arg() -> Any:
    class Shut:
        pass

    class Open:
        pass

    def write(d):
        d.__class__ = Open

    def read(d):
        return type(d) is Open

    d = Shut()
    return race(functools.partial(write, d), functools.partial(read, d))


@form
def protocol_arg() -> Any:
    class X:
        pass

    def write(x):
        x.open = 1

    def read(x):
        return isinstance(x, Openable)

    x = X()
    return race(functools.partial(write, x), functools.partial(read, x))


@form
def list_copy_truth() -> Any:
    d = []

    def write():
        d.append(1)

    def read():
        return 1 if d.copy() else 0

    return race(write, read)


@form
def dict_subclass_items() -> Any:
    class D(dict):
        pass

    u = D()

    def write():
        u["x"] = 1

    def read():
        return 1 if u.items() else 0

    return race(write, read)


@form
def imported_meanwhile() -> Any:
    name = "put_there_by_another"
    sys.modules[name] = None  # type: ignore[assignment]

    def write():
        sys.modules[name] = types.ModuleType(name)

    def read():
        try:
            import put_there_by_another  # type: ignore[import-not-found]  # noqa: F401
        except ImportError:
            return 0
        return 1

    return race(write, read)


@form
def imported_from_a_package_meanwhile() -> Any:
    package, part = types.ModuleType("half_a_package"), "half_a_package.part"
    package.__path__ = []
    sys.modules["half_a_package"] = package
    sys.modules.pop(part, None)

    def write():
        sys.modules[part] = types.ModuleType(part)

    def read():
        try:
            import half_a_package.part  # type: ignore[import-not-found]  # noqa: F401
        except ImportError:
            return 0
        return 1

    return race(write, read)


@form
def taken_from_a_package_meanwhile() -> Any:
    package, part = types.ModuleType("half_a_package"), "half_a_package.part"
    package.__path__ = []
    sys.modules["half_a_package"] = package
    sys.modules.pop(part, None)

    def write():
        package.part = 1

    def read():
        try:
            from half_a_package import part  # type: ignore[import-not-found]
        except ImportError:
            return 0
        return part

    return race(write, read)


@form
def equal_to_a_new_list() -> Any:
    box = [0, 0]

    def write():
        box[1] = 1

    def read():
        return box == [0, 1]

    return race(write, read)


@form
def equal_to_a_long_new_list() -> Any:
    box = [0, 0, 0, 0]

    def write():
        box[1] = 1

    def read():
        return box != [0, 0, 0, 0]

    return race(write, read)


@form
def equal_to_a_new_dictionary() -> Any:
    box = {"open": 0}

    def write():
        box["open"] = 1

    def read():
        return True if box == {"open": 1} else False

    return race(write, read)


@form
def equal_to_a_new_list_or_another() -> Any:
    box = [0]

    def write():
        box[0] = 1

    def read():
        return box == ([1] if len(box) == 1 else [2])

    return race(write, read)


@form
def items_compared() -> Any:
    box = [0, 1]

    def write():
        box[0] = 1

    def read():
        return box[0] == box[1]

    return race(write, read)


@form
def items_added() -> Any:
    box = [0, 1]

    def write():
        box[1] = 2

    def read():
        return box[0] + box[1] == 2

    return race(write, read)


@form
def an_item_that_is_changed_by_another_name() -> Any:
    inner = [0]
    box = [inner, [1]]

    def write():
        inner[0] = 1

    def read():
        return box[0] == box[1]

    return race(write, read)


@form
def an_item_that_becomes_another() -> Any:
    class Like:
        open = 0

        def __eq__(self, other):
            return bool(Like.open)

    box = [0, 5]

    def write():
        box[0] = Like()
        Like.open = 1

    def read():
        return box[0] == box[1]

    return race(write, read)


@form
def thread_local_that_holds_what_is_shared() -> Any:
    own = threading.local()
    box = [0]

    def write():
        own.box = box
        own.box[0] = 1

    def read():
        own.box = box
        return own.box[0]

    return race(write, read)


@form
def in_a_context_of_the_programs() -> Any:
    box = [0]

    @contextlib.contextmanager
    def opened():
        yield box

    def write():
        with opened() as it:
            it[0] = 1

    def read():
        with opened() as it:
            return it[0]

    return race(write, read)
