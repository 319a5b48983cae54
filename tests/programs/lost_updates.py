"""Two threads that each read a number in some form and write it back, greater by one, in some form: one may be lost.

`FORMS` has every way of reading and writing, by where the number is kept; `program_of` makes the program of one. It
returns 2, or something else where an update was lost, and between bytecodes both can be met.
"""

from __future__ import annotations

import collections
import itertools
import linecache
import sys
import textwrap
import types
from collections.abc import Iterator
from typing import Any, NamedTuple

from semalab.exploration.exploration import Exploration
from semalab.exploration.explore import search


class Kept(NamedTuple):
    """Where a number is kept. setup: lines of the program. reads: expressions. writes: statements; {v} is the value.

    Of both the first is the plainest: what the others are tried against.
    """

    setup: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]


class Form(NamedTuple):
    """One program: where the number is kept, how it is read and how it is written."""

    kept: str
    read: str
    write: str


# What the programs name. It is executed anew for each, so that no two have a class or a function in common.
COMMON = """
import array, binascii, bisect, collections, contextlib, contextvars, copy, ctypes, dataclasses, decimal, enum
import functools, heapq, importlib, inspect, io, itertools, json, math, operator, os, pickle, pprint, re, string
import numpy, struct, sys, threading, types
from collections import OrderedDict, defaultdict, deque
from types import SimpleNamespace

N = 0

class Box:
    n = 0
    def get(self): return self.n
    def put(self, v): self.n = v
    p = property(get, put)
    def __getattr__(self, name):
        if name == "dynamic": return self.n
        raise AttributeError(name)
    def __call__(self): return self.n
    def __index__(self): return self.n
    def __int__(self): return self.n
    def __float__(self): return float(self.n)
    def __complex__(self): return complex(self.n)
    def __enter__(self): return self.n
    def __exit__(self, *error): return None
    def __matmul__(self, other): return self.n
    def __ilshift__(self, v): self.n = v; return self
    def __setitem__(self, place, v): self.n = v
    def __delitem__(self, place): self.n = place
    def __getitem__(self, place): return self.n
    def __iter__(self): return iter([self.n])
    def __format__(self, how): return str(self.n)
    def __str__(self): return str(self.n)
    def __repr__(self): return repr(self.n)
    def __len__(self): return self.n
    def __bool__(self): return self.n > 0
    def __reversed__(self): yield self.n
    def __round__(self): return self.n
    def __trunc__(self): return self.n
    def __abs__(self): return self.n
    def __eq__(self, other): return self.n == other
    def __lt__(self, other): return self.n < other
    def __hash__(self): return self.n
    def __contains__(self, v): return self.n == v
    def __neg__(self): return -self.n
    def __pos__(self): return self.n
    def __invert__(self): return ~self.n
    def __add__(self, other): return self.n + other
    def __radd__(self, other): return self.n + other
    def __divmod__(self, other): return self.n, 0
    def __pow__(self, other): return self.n
    def __bytes__(self): return bytes([self.n])
    def __copy__(self): return SimpleNamespace(n=self.n)
    def __reduce__(self): return pick, (self.n,)
    def keys(self): return ["a"]

class Slot:
    __slots__ = ("n",)

class Meta(type):
    @property
    def through(cls): return cls.n

class Own(metaclass=Meta):
    n = 0
    @classmethod
    def get(cls): return cls.n
    @classmethod
    def put(cls, v): cls.n = v
    @staticmethod
    def plain(): return Own.n

class Derived(Own):
    def above(self): return super().n
    def above_too(self): return super().get()

class Data:
    def __get__(self, owner, cls): return owner.__dict__["kept"]
    def __set__(self, owner, v): owner.__dict__["kept"] = v

class Described:
    n = Data()

class MyList(list):
    def __getitem__(self, place): return list.__getitem__(self, place)

class MyDict(dict):
    def __getattr__(self, name): return self[name]
    def __setattr__(self, name, v): self[name] = v
    def __missing__(self, name): return dict.__getitem__(self, "n")

class Cached:
    raw = 0
    @functools.singledispatchmethod
    def asked(self, x): return self.raw

class Colour(enum.Enum):
    RED = 1

@dataclasses.dataclass
class Point:
    n: int

Pair = collections.namedtuple("Pair", "box items")

def func(a=0): return a
def zero(): return 0
def one(): return 1
def two(): return 2
CODES = [zero.__code__, one.__code__, two.__code__]

@contextlib.contextmanager
def giving(v):
    yield v

def pick(a): return a
def first_of(*a): return a[0]
def inside(o):
    with o as v: return v
def second_of(o): return next(enumerate(o))[1]
def unpacked(xs):
    a, = xs
    return a
def spread(xs):
    a, *_ = xs
    return a
def matched(v):
    match v:
        case 0: return 0
        case int(x): return x
def match_list(xs):
    match xs:
        case [a]: return a
def match_dict(d):
    match d:
        case {"n": a}: return a
def match_namespace(o):
    match o:
        case SimpleNamespace(n=a): return a
def match_point(o):
    match o:
        case Point(a): return a
def match_class(o):
    match o:
        case object(n=a): return a
def from_generator(xs):
    def go(): yield from xs
    return next(go())
def in_generator(o):
    def go(): yield o.n
    return next(go())
def printed(xs):
    out = io.StringIO()
    print(*xs, file=out)
    return int(out.getvalue().split()[0])
def raised(error):
    try: raise error
    except ValueError as e: return e.args[0]
def imported():
    from decimal import n
    return n
def set_global(v):
    global N
    N = v
def read_global(): return N
def deleted(o, v): del o[v]
def dropped(o):
    gone = 0
    try: o.one
    except AttributeError: gone += 1
    try: o.two
    except AttributeError: gone += 1
    return gone
def drop(o, v):
    try:
        if v == 1: del o.one
        else: del o.two
    except AttributeError: pass
def dropped_globals():
    gone = 0
    try: ONE
    except NameError: gone += 1
    try: TWO
    except NameError: gone += 1
    return gone
def drop_global(v):
    global ONE, TWO
    try:
        if v == 1: del ONE
        else: del TWO
    except NameError: pass
FUNCTIONS = [zero, one, two]
class Entered(list):
    def __enter__(self): return len(self)
    def __exit__(self, *error): return None
def counted(xs):
    n = 0
    for _ in xs: n += 1
    return n
def looped(xs):
    for x in xs: return x
def looped_from(xs):
    def go(): yield from xs
    for x in go(): return x
def all_of(xs):
    def go(): yield from xs
    return [*go()]
ROWS = [(), (0,), (0, 0)]
def grow(a, b, v):
    if v == 1: a.append(0)
    else: b.append(0)
def match_length(xs):
    match xs:
        case []: return 0
        case [_]: return 1
        case [_, _]: return 2
def in_class():
    class Own: number = N
    return Own.number
def n_of_probe():
    import probe_of_imports
    return probe_of_imports.n
PROBES = [SimpleNamespace(n=0), SimpleNamespace(n=1), SimpleNamespace(n=2)]
"""

KEPT: dict[str, Kept] = {}


def keep(name: str, setup: str, reads: str, writes: str) -> None:
    KEPT[name] = Kept(setup, *(tuple(filter(None, map(str.strip, text.splitlines()))) for text in (reads, writes)))


keep(
    "nonlocal",
    "n = 0\n"
    "def inner(): return n\n"
    "def setter(v):\n"
    "    nonlocal n\n"
    "    n = v\n"
    "def in_class():\n"
    "    class Own: number = n\n"
    "    return Own.number",
    """
    n
    (lambda: n)()
    [n][0]
    (*[n],)[0]
    next(n for _ in "a")
    [n for _ in "a"][0]
    int(f"{n}")
    int(f"{n:>3}")
    int(f"{n!r}")
    max(n, 0)
    inner()
    in_class()
    locals()["n"]
    (n if True else 0)
    (n or 0)
    (n and n)
    sum([n])
    (lambda a=None: n)()
    {"k": n}["k"]
    (m := n)
    pick(*[n])
    pick(**{"a": n})
    pick(a=n)
    functools.reduce(lambda a, b: n, [0, 1])
    divmod(n, 10)[1]
    int("%d" % n)
    int("{}".format(n))
    int(str(n))
    int(repr(n))
    -(-n)
    ~(~n)
    +n
    list(map(lambda _: n, [0]))[0]
    inner.__closure__[0].cell_contents
    min([n, 9], key=lambda v: v)
    matched(n)
    (1 if not n else 2) - 1
    (0 if n is None else n)
    int(n == 1) + 2 * int(n == 2)
    """,
    """
    nonlocal n; n = {v}
    nonlocal n; (n,) = [{v}]
    nonlocal n; n, _ = {v}, 0
    nonlocal n; n, *_ = [{v}, 3]
    setter({v})
    inner.__closure__[0].cell_contents = {v}
    """,
)
keep(
    "global",
    "global N; N = 0",
    """
    N
    globals()["N"]
    (lambda: N)()
    sys.modules[__name__].N
    getattr(sys.modules[__name__], "N")
    vars(sys.modules[__name__])["N"]
    eval("N")
    globals().get("N")
    sys._getframe().f_globals["N"]
    operator.itemgetter("N")(globals())
    read_global()
    in_class()
    [N for _ in "a"][0]
    """,
    """
    global N; N = {v}
    globals()["N"] = {v}
    setattr(sys.modules[__name__], "N", {v})
    sys.modules[__name__].N = {v}
    globals().update(N={v})
    exec("N = %d" % {v}, globals())
    vars(sys.modules[__name__]).update({{"N": {v}}})
    operator.setitem(globals(), "N", {v})
    set_global({v})
    global N; del N; N = {v}
    """,
)
keep(
    "attribute",
    "o = Box(); o.n = 0",
    """
    o.n
    getattr(o, "n")
    o.get()
    o.p
    o.dynamic
    o()
    vars(o)["n"]
    o.__dict__["n"]
    operator.attrgetter("n")(o)
    Box.get(o)
    Box.p.fget(o)
    operator.index(o)
    int(o)
    int(float(o))
    int(complex(o).real)
    (o @ 1)
    o[0]
    list(o)[0]
    tuple(o)[0]
    max(o)
    [*o][0]
    int(f"{o}")
    int(f"{o:3}")
    int(f"{o!r}")
    int(str(o))
    int(repr(o))
    int(ascii(o))
    int(format(o))
    int("%s" % o)
    len(o)
    int(bool(o))
    next(reversed(o))
    next(iter(o))
    round(o)
    math.trunc(o)
    abs(o)
    hash(o)
    -(-o)
    +o
    ~(~o)
    o + 0
    0 + o
    sum([o])
    divmod(o, 1)[0]
    o ** 2
    pow(o, 2)
    ord(chr(o))
    int(bin(o), 2)
    int(hex(o), 16)
    int(oct(o), 8)
    range(o, 9)[0]
    bytes(o)[0]
    bytes([o])[0]
    copy.copy(o).n
    functools.partial(o.get)()
    list(map(Box.get, [o]))[0]
    [x.n for x in [o]][0]
    o.__getattribute__("n")
    object.__getattribute__(o, "n")
    (lambda *, q: q.n)(q=o)
    pick(**o)
    [0, 1, 2, 3][o]
    (0, 1, 2, 3)[o]
    "0123"[o:] and 3 - len("012"[o:])
    o.get.__func__(o)
    types.MethodType(Box.get, o)()
    int(any([o]))
    int(all([o]))
    int(1 in o)
    int(not 1 not in o)
    pickle.loads(pickle.dumps(o))
    struct.unpack("i", struct.pack("i", o))[0]
    array.array("i", [o])[0]
    inside(o)
    int(o == 1) + 2 * int(o == 2)
    int(not o < 1)
    [1, 0][o < 1]
    inspect.getattr_static(o, "n")
    int("{0.n}".format(o))
    int("{o.n}".format(o=o))
    int(string.Template("$a").substitute(a=o))
    int("".join([str(o)]))
    second_of(o)
    in_generator(o)
    next(zip(o))[0]
    next(itertools.chain(o))
    int(re.sub("x", lambda m: str(o.n), "x"))
    {**{"q": o.n}}["q"]
    unpacked(o)
    spread(o)
    """,
    """
    o.n = {v}
    setattr(o, "n", {v})
    o.put({v})
    o.p = {v}
    vars(o)["n"] = {v}
    o.__dict__["n"] = {v}
    o.__dict__.update(n={v})
    o.__setattr__("n", {v})
    object.__setattr__(o, "n", {v})
    q = o; q <<= {v}
    o[0] = {v}
    deleted(o, {v})
    del o.n; o.n = {v}
    o.n, _ = {v}, 0
    [o.put(x) for x in [{v}]]
    list(map(o.put, [{v}]))
    Box.p.fset(o, {v})
    o.__dict__ |= {{"n": {v}}}
    operator.setitem(o, 0, {v})
    operator.ilshift(o, {v})
    functools.partial(o.put, {v})()
    o.__dict__ = {{"n": {v}}}
    exec("o.n = v", {{"o": o, "v": {v}}})
    any(map(o.put, [{v}]))
    [*map(o.put, [{v}])]
    re.sub("x", lambda m: o.put({v}) or "", "x")
    sorted([1], key=lambda _: o.put({v}) or 0)
    (lambda: setattr(o, "n", {v}))()
    """,
)
keep(
    "slot",
    "o = Slot(); o.n = 0",
    """
    o.n
    Slot.n.__get__(o)
    getattr(o, "n")
    operator.attrgetter("n")(o)
    copy.copy(o).n
    """,
    """
    o.n = {v}
    Slot.n.__set__(o, {v})
    setattr(o, "n", {v})
    """,
)
keep(
    "class attribute",
    "Own.n = 0",
    """
    Own.n
    Own().n
    Derived.n
    Derived().n
    Own.get()
    Own.through
    Derived().above()
    Derived().above_too()
    type(Derived()).n
    vars(Own)["n"]
    Own.plain()
    getattr(Derived, "n")
    Derived.mro()[1].n
    Derived.__base__.n
    super(Derived, Derived()).n
    match_class(Own())
    inspect.getattr_static(Derived, "n")
    type.__getattribute__(Own, "n")
    """,
    """
    Own.n = {v}
    Own.put({v})
    setattr(Own, "n", {v})
    type.__setattr__(Own, "n", {v})
    Derived.__base__.n = {v}
    """,
)
keep(
    "list",
    'xs = [0]; pair = (xs,); table = {"l": xs}; get = xs.__getitem__; put = xs.__setitem__',
    """
    xs[0]
    xs[-1]
    xs.__getitem__(0)
    get(0)
    [*xs][0]
    (*xs,)[0]
    (lambda *a: a[0])(*xs)
    first_of(*xs)
    pick(*xs)
    xs[:][0]
    max(xs)
    min(xs)
    sum(xs)
    list(xs)[0]
    tuple(xs)[0]
    next(iter(xs))
    [x for x in xs][0]
    xs.copy()[0]
    copy.copy(xs)[0]
    copy.deepcopy(xs)[0]
    (xs + [])[0]
    (xs * 1)[0]
    sorted(xs)[0]
    operator.itemgetter(0)(xs)
    unpacked(xs)
    spread(xs)
    pair[0][0]
    table["l"][0]
    int(str(xs)[1:-1])
    int(repr(xs)[1:-1])
    int(ascii(xs)[1:-1])
    int(format(xs)[1:-1])
    int(f"{xs}"[1:-1])
    json.loads(json.dumps(xs))[0]
    dict(enumerate(xs))[0]
    next(zip(xs))[0]
    list(map(int, xs))[0]
    list(reversed(xs))[0]
    functools.reduce(operator.add, xs)
    next(itertools.chain(xs))
    list(itertools.islice(xs, 1))[0]
    set(xs).pop()
    list(frozenset(xs))[0]
    bytes(xs)[0]
    bytearray(xs)[0]
    array.array("i", xs)[0]
    deque(xs)[0]
    dict.fromkeys(xs).popitem()[0]
    match_list(xs)
    int("".join(map(str, xs)))
    next(filter(lambda x: True, xs))
    heapq.nsmallest(1, xs)[0]
    int(1 in xs) + 2 * int(2 in xs)
    xs.index(xs[0]) + xs[0]
    xs.count(1) + 2 * xs.count(2)
    int(xs == [1]) + 2 * int(xs == [2])
    int(xs > [0]) + int(xs > [1])
    int(any(xs))
    int(all(xs))
    struct.pack("B", *xs)[0]
    printed(xs)
    from_generator(xs)
    all_of(xs)[0]
    looped(xs)
    looped_from(xs)
    max({*xs})
    math.prod(xs)
    {0: x for x in xs}[0]
    {x for x in xs}.pop()
    """,
    """
    xs[0] = {v}
    xs[:] = [{v}]
    xs.__setitem__(0, {v})
    put(0, {v})
    xs[0], _ = {v}, 0
    xs.clear(); xs.append({v})
    xs.append({v}); del xs[0]
    xs.pop(); xs.insert(0, {v})
    nonlocal xs; xs += [{v}]; xs.pop(0)
    operator.setitem(xs, 0, {v})
    pair[0][0] = {v}
    table["l"][0] = {v}
    xs.extend([{v}]); xs.pop(0)
    xs.extend(x for x in [{v}]); xs.pop(0)
    list.__setitem__(xs, 0, {v})
    xs.__init__([{v}])
    nonlocal xs; xs *= 0; xs.append({v})
    heapq.heapreplace(xs, {v})
    xs.append({v}); xs.reverse(); xs.pop()
    xs.append(-{v}); xs.sort(); xs[:] = [-xs[0]]
    xs.append({v}); xs.remove(xs[0])
    xs[0:1] = ({v},)
    xs.append({v}); xs.__delitem__(0)
    list(map(xs.append, [{v}])); xs.pop(0)
    functools.partial(xs.__setitem__, 0)({v})
    list(itertools.starmap(xs.__setitem__, [(0, {v})]))
    """,
)
keep(
    "dict",
    'd = {"n": 0}; values = d.values(); items = d.items(); seen = types.MappingProxyType(d)'
    "; chain = collections.ChainMap({}, d)",
    """
    d["n"]
    d.get("n")
    next(iter(values))
    next(iter(items))[1]
    seen["n"]
    chain["n"]
    list(d.values())[0]
    dict(d)["n"]
    d.copy()["n"]
    {**d}["n"]
    (d | {})["n"]
    (lambda n: n)(**d)
    int("{n}".format(**d))
    int("%(n)d" % d)
    int("{d[n]}".format(d=d))
    int("{n}".format_map(d))
    sorted(d.items())[0][1]
    d.setdefault("n", 0)
    operator.itemgetter("n")(d)
    [v for v in d.values()][0]
    [v for k, v in items][0]
    max(values)
    sum(values)
    SimpleNamespace(**d).n
    json.loads(json.dumps(d))["n"]
    match_dict(d)
    copy.copy(d)["n"]
    d.__getitem__("n")
    dict(zip(d, d.values()))["n"]
    max(d.items(), key=lambda pair: pair[1])[1]
    list(map(d.get, ["n"]))[0]
    eval("n", {}, d)
    int(1 in values) + 2 * int(2 in values)
    int(("n", 1) in items) + 2 * int(("n", 2) in items)
    int(d == {"n": 1}) + 2 * int(d == {"n": 2})
    dict(items)["n"]
    OrderedDict(d)["n"]
    int(repr(d)[6:-1])
    """,
    """
    d["n"] = {v}
    d.update(n={v})
    d.update({{"n": {v}}})
    nonlocal d; d |= {{"n": {v}}}
    d.__setitem__("n", {v})
    d.pop("n"); d["n"] = {v}
    d.popitem(); d["n"] = {v}
    d.clear(); d["n"] = {v}
    d.__delitem__("n"); d["n"] = {v}
    operator.setitem(d, "n", {v})
    chain.maps[1]["n"] = {v}
    d.update([("n", {v})])
    d.update(n for n in [("n", {v})])
    dict.update(d, n={v})
    exec("n = %d" % {v}, {{}}, d)
    operator.ior(d, {{"n": {v}}})
    d.__init__(n={v})
    del d["n"]; d.setdefault("n", {v})
    """,
)
keep(
    "keys",
    "d = {0: None}; keys = d.keys()",
    """
    max(d)
    max(keys)
    len(d) - 1
    d.__len__() - 1
    int(1 in d) + int(2 in d)
    int(d.__contains__(1)) + int(d.__contains__(2))
    max(reversed(d))
    len(keys) - 1
    int(2 in keys) + int(1 in keys)
    len(set(keys)) - 1
    max(k for k in d)
    """,
    """
    d[{v}] = None
    d.setdefault({v})
    nonlocal d; d |= {{{v}: None}}
    """,
)
keep(
    "order",
    "d = OrderedDict(a=0, b=1, c=2)",
    """
    list(d).index("a")
    list(d.values()).index(0)
    2 - list(reversed(d)).index("a")
    list(d.keys()).index("a")
    list(d.items()).index(("a", 0))
    """,
    """
    for name in ("abc", "bac", "bca")[{v}]: d.move_to_end(name)
    for name in ("abc", "bac", "bca")[{v}]: d[name] = d.pop(name)
    """,
)
keep(
    "deque",
    "q = deque([0])",
    """
    q[0]
    q[-1]
    list(q)[0]
    next(iter(q))
    next(reversed(q))
    sum(q)
    max(q)
    q.copy()[0]
    (q + deque())[0]
    int(1 in q) + 2 * (2 in q)
    q.count(1) + 2 * q.count(2)
    [*q][0]
    unpacked(q)
    """,
    """
    q[0] = {v}
    q.append({v}); q.popleft()
    q.extend([{v}]); q.popleft()
    q.appendleft({v}); q.pop()
    q.extendleft([{v}]); q.pop()
    q.append({v}); q.rotate(1); q.pop()
    q.append({v}); q.reverse(); q.pop()
    q.pop(); q.append({v})
    """,
)
keep(
    "set",
    "s = {0}",
    """
    max(s)
    sorted(s)[-1]
    len(s) - 1
    int(1 in s) + int(2 in s)
    len(s | {0}) - 1
    len([*s]) - 1
    len(list(s)) - 1
    sum(1 for _ in s) - 1
    len(s.copy()) - 1
    len(frozenset(s)) - 1
    int(s > {0}) + int(s > {0, 1})
    len(s - {0})
    len(s.difference([0]))
    len(s.union([0])) - 1
    len(s.intersection([1, 2]))
    len(s ^ {0})
    int(s.isdisjoint([1]) ^ 1) + int(not s.isdisjoint([2]))
    int(not s.issubset([0])) + int(not s.issubset([0, 1]))
    int(s.issuperset([0, 1])) + int(s.issuperset([0, 1, 2]))
    """,
    """
    s.add({v})
    nonlocal s; s |= {{{v}}}
    s.update([{v}])
    nonlocal s; s ^= {{{v}}}
    s.symmetric_difference_update([{v}])
    s.__ior__({{{v}}})
    s.discard({v}); s.add({v})
    s.remove(0); s.update([0, {v}])
    s.__init__([{v}])
    s.pop(); s.add({v})
    s.clear(); s.add({v})
    """,
)
keep(
    "bytes",
    "b = bytearray(1); view = memoryview(b)",
    """
    b[0]
    view[0]
    bytes(b)[0]
    int(b.hex(), 16)
    view.tolist()[0]
    list(view)[0]
    list(b)[0]
    int.from_bytes(b, "big")
    struct.unpack("B", b)[0]
    max(b)
    b.find(b[0]) + b[0]
    """,
    """
    b[0] = {v}
    view[0] = {v}
    b[:] = bytes([{v}])
    struct.pack_into("B", b, 0, {v})
    b.__setitem__(0, {v})
    """,
)
keep(
    "digits",
    'b = bytearray(b"0")',
    """
    int(b)
    int(float(b))
    b[0] - 48
    int(str(b)[12])
    """,
    """
    b[0] = 48 + {v}
    """,
)
keep(
    "array",
    'numbers = array.array("i", [0])',
    """
    numbers[0]
    numbers.tolist()[0]
    list(numbers)[0]
    sum(numbers)
    memoryview(numbers)[0]
    """,
    """
    numbers[0] = {v}
    memoryview(numbers)[0] = {v}
    numbers.append({v}); numbers.pop(0)
    """,
)
keep(
    "function",
    'func.n = 0; func.__doc__ = "0"',
    """
    func.n
    vars(func)["n"]
    getattr(func, "n")
    """,
    """
    func.n = {v}
    func.__dict__["n"] = {v}
    setattr(func, "n", {v})
    """,
)
keep(
    "default",
    "func.__defaults__ = (0,)",
    """
    func()
    func.__defaults__[0]
    inspect.signature(func).parameters["a"].default
    """,
    """
    func.__defaults__ = ({v},)
    setattr(func, "__defaults__", ({v},))
    """,
)
keep(
    "code",
    "func.__code__ = CODES[0]",
    """
    func()
    [func][0]()
    list(map(lambda _: func(), "a"))[0]
    """,
    """
    func.__code__ = CODES[{v}]
    """,
)
keep(
    "what is called",
    "o = Box(); o.act = zero; acts = [zero]",
    """
    o.act()
    o.act(*())
    acts[0]()
    """,
    """
    o.act = acts[0] = FUNCTIONS[{v}]
    """,
)
keep(
    "what is there",
    "o = Box(); o.one = o.two = 0",
    """
    dropped(o)
    """,
    """
    drop(o, {v})
    """,
)
keep(
    "globals that are there",
    "global ONE, TWO; ONE = TWO = 0",
    """
    dropped_globals()
    """,
    """
    drop_global({v})
    """,
)
keep(
    "variables that are there",
    "one = two = 0\n"
    "def gone():\n"
    "    found = 0\n"
    "    try: one\n"
    "    except NameError: found += 1\n"
    "    try: two\n"
    "    except NameError: found += 1\n"
    "    return found\n"
    "def take(v):\n"
    "    nonlocal one, two\n"
    "    try:\n"
    "        if v == 1: del one\n"
    "        else: del two\n"
    "    except NameError: pass",
    """
    gone()
    """,
    """
    take({v})
    """,
)
keep(
    "length",
    "xs = [0, 0]; b = bytearray(2)",
    """
    2 - len(xs)
    2 - xs.__len__()
    2 - len(b)
    """,
    """
    del xs[2 - {v}:], b[2 - {v}:]
    xs[2 - {v}:] = b[2 - {v}:] = b""
    """,
)
keep(
    "truth",
    "a, b = [], []",
    """
    (1 if a else 0) + (1 if b else 0)
    (0 if not a else 1) + (0 if not b else 1)
    2 - (not a) - (not b)
    counted([0 for _ in "a" if a]) + counted([0 for _ in "a" if b])
    2 - counted([0 for _ in "a" if not a]) - counted([0 for _ in "a" if not b])
    ((a or None) is not None) + ((b or None) is not None)
    ((a and None) is None) + ((b and None) is None)
    bool(a) + bool(b)
    """,
    """
    grow(a, b, {v})
    """,
)
keep(
    "length of what is entered",
    "xs = Entered()",
    """
    len(xs)
    inside(xs)
    match_length(xs)
    """,
    """
    xs[:] = ROWS[{v}]
    """,
)
keep(
    "imported module",
    'sys.modules["probe_of_imports"] = PROBES[0]',
    """
    n_of_probe()
    """,
    """
    sys.modules["probe_of_imports"] = PROBES[{v}]
    """,
)
keep(
    "numpy",
    "a = numpy.array([0])",
    """
    int(a[0])
    int((-(-a))[0])
    int((+a)[0])
    int(~(~a)[0])
    int(a.sum())
    [0, 1, 2][a.max()]
    int((a + 0)[0])
    """,
    """
    a[0] = {v}
    a[:] = {v}
    a.fill({v})
    """,
)
keep(
    "namespace",
    "o = SimpleNamespace(n=0)",
    """
    o.n
    vars(o)["n"]
    int(repr(o)[12:-1])
    copy.copy(o).n
    int(o == SimpleNamespace(n=1)) + 2 * int(o == SimpleNamespace(n=2))
    match_namespace(o)
    """,
    """
    o.n = {v}
    vars(o)["n"] = {v}
    o.__init__(n={v})
    """,
)
keep(
    "dataclass",
    "o = Point(0)",
    """
    o.n
    dataclasses.asdict(o)["n"]
    dataclasses.astuple(o)[0]
    dataclasses.replace(o).n
    int(repr(o)[8:-1])
    int(str(o)[8:-1])
    match_point(o)
    int(o == Point(1)) + 2 * int(o == Point(2))
    getattr(o, dataclasses.fields(o)[0].name)
    """,
    """
    o.n = {v}
    o.__init__({v})
    setattr(o, "n", {v})
    """,
)
keep(
    "exception",
    "error = ValueError(0)",
    """
    error.args[0]
    int(str(error))
    int(f"{error}")
    int(repr(error)[11:-1])
    raised(error)
    """,
    """
    error.args = ({v},)
    error.__init__({v})
    """,
)
keep(
    "descriptor",
    "o = Described(); o.n = 0",
    """
    o.n
    vars(o)["kept"]
    vars(Described)["n"].__get__(o, Described)
    """,
    """
    o.n = {v}
    vars(o)["kept"] = {v}
    vars(Described)["n"].__set__(o, {v})
    """,
)
keep(
    "ctypes",
    "c = ctypes.c_int(0)",
    """
    c.value
    bytes(c)[0]
    memoryview(c).cast("B")[0]
    """,
    """
    c.value = {v}
    memoryview(c).cast("B")[0] = {v}
    """,
)
keep(
    "default dict",
    "d = defaultdict(int)",
    """
    d["n"]
    d.get("n", 0)
    sum(d.values())
    dict(d).get("n", 0)
    """,
    """
    d["n"] = {v}
    d.update(n={v})
    """,
)
keep(
    "counter",
    "c = collections.Counter()",
    """
    c["n"]
    c.total()
    sum(c.values())
    len(list(c.elements()))
    """,
    """
    c["n"] = {v}
    c.update({{"n": {v} - c["n"]}})
    """,
)
keep(
    "enum",
    "Colour.RED.n = 0",
    """
    Colour.RED.n
    Colour(1).n
    Colour["RED"].n
    list(Colour)[0].n
    """,
    """
    Colour.RED.n = {v}
    """,
)
keep(
    "named tuple",
    "pair = Pair(SimpleNamespace(n=0), [0])",
    """
    pair.box.n
    pair[0].n
    pair.items[0]
    pair._asdict()["items"][0]
    pair._replace().items[0]
    """,
    """
    pair.box.n = pair.items[0] = {v}
    pair[0].n = {v}; pair[1][0] = {v}
    """,
)
keep(
    "derived",
    "xs = MyList([0]); d = MyDict(n=0)",
    """
    xs[0]
    d.n
    d["else"]
    list(xs)[0]
    d.get("n")
    """,
    """
    xs[0] = d.n = {v}
    d["n"] = xs[0] = {v}
    """,
)
keep(
    "module",
    "decimal.n = 0",
    """
    decimal.n
    sys.modules["decimal"].n
    vars(decimal)["n"]
    getattr(decimal, "n")
    importlib.import_module("decimal").n
    imported()
    """,
    """
    decimal.n = {v}
    setattr(decimal, "n", {v})
    vars(decimal)["n"] = {v}
    """,
)


# One method each that changes a container, and one function or method each that looks into one; both without any other
# access. The number is how many of two such containers have been changed; {x} is one of them.
CHANGES = {
    "[2, 1]": "append(0) extend((0,)) insert(0,0) pop() clear() remove(1) reverse() sort() __setitem__(0,9)"
    " __delitem__(0) __init__((7,))",
    "{1: 0, 2: 0}": "pop(1) popitem() clear() setdefault(3) update({3:0}) __setitem__(3,0) __delitem__(1)",
    "{1, 2}": "add(3) discard(1) remove(1) pop() clear() update((3,)) __init__((7,))",
    "deque([3, 2, 1])": "append(0) appendleft(0) extend((0,)) extendleft((0,)) pop() popleft() rotate(1) insert(0,0)"
    " remove(1) reverse() clear()",
    "OrderedDict.fromkeys((1, 2))": "move_to_end(1)",
    'bytearray(b"ab")': "append(1) extend(b'0') pop() clear() reverse() insert(0,1)",
}
LOOKS = {
    "[1]": (
        "insert(0, 0)",
        *(
            "{x}.index(1)",
            "{x}.count(0)",
            "{x}.__contains__(0)",
            "{x}.__getitem__(0)",
            "{x}.__len__()",
            "next(iter({x}))",
        ),
    ),
    "[0]": (
        "append(1)",
        *("any({x})", "list({x})", "tuple({x})", "set({x})", "frozenset({x})", "sum({x})", "max({x})", "sorted({x})"),
        *("len({x})", "{x}.copy()", "str({x})", "repr({x})", "ascii({x})", "format({x})", "deque({x})", "bytes({x})"),
        *("[*reversed({x})]", "[*enumerate({x})]", "[*zip({x})]", "[*map(abs, {x})]", "[*iter({x})]", "{x} + []"),
    ),
    "[]": ("append(1)", "bool({x})"),
    "[2]": ("append(0)", "min({x})", "all({x})", "dict(enumerate({x}))"),
    "{1: 2}": ("setdefault(0)", "{x}.get(0, 3)", "{x}.__contains__(0)", "dict({x})", "{x}.copy()", "len({x})"),
    "{1: 3}": ("setdefault(0)", "[*{x}.keys()]", "[*{x}.values()]", "[*{x}.items()]"),
    "{2: 1}": ("__setitem__(2, 3)", "{x}.__getitem__(2)"),
    "{1, 2}": (
        "add(0)",
        *("{x}.union(())", "{x}.difference((1,))", "{x}.intersection((0, 1))", "{x}.isdisjoint((0,))"),
        *("{x}.issubset((1, 2))", "{x}.issuperset((0,))", "{x}.__contains__(0)", "{x}.__len__()"),
    ),
    'bytearray(b"0")': ("append(49)", "int({x})", "float({x})", "bytes({x})", "len({x})"),
    'bytearray(b"1")': ("__setitem__(0, 48)", "ord({x})"),
    'bytearray(b"")': ("append(49)", "bool({x})", "str({x})", "repr({x})"),
}
# One iterator or view each over what can be changed, gone through under another name.
GONE_THROUGH = {
    "[1]": "iter({x}) reversed({x}) enumerate({x}) zip({x}) itertools.chain({x})",
    "{1: 2}": "iter({x}) reversed({x}) iter({x}.values()) iter({x}.items()) {x}.keys() {x}.values() {x}.items()",
    "{1}": "iter({x})",
    "deque([1])": "iter({x})",
}
_CHANGED_BY = {"[1]": "append(0)", "{1: 2}": "__setitem__(3, 4)", "{1}": "add(0)", "deque([1])": "append(0)"}
_TWO_OF_THEM = """a, b = {made}, {made}
def changes():
    n = 0
    now = {look_at_a}
    if now != {before}: n += 1
    now = {look_at_b}
    if now != {before}: n += 1
    return n
def change(v):
    if v == 1: a.{change}
    else: b.{change}"""


def keep_two(made: str, change: str, look: str) -> None:
    """Two containers, of which one call changes one, and one looks into one."""
    looked = look.format(x=made)
    names = {"deque": collections.deque, "OrderedDict": collections.OrderedDict, "itertools": itertools}
    before = repr(eval(looked, names))
    setup = _TWO_OF_THEM.format(
        made=made, change=change, before=before, look_at_a=look.format(x="a"), look_at_b=look.format(x="b")
    )
    KEPT[f"{change} of {made}, {look}"] = Kept(setup, ("changes()",), ("change({v})",))


for made, calls in CHANGES.items():
    for call in calls.split():
        keep_two(made, call, "list({x})")
for made, (change, *looks) in LOOKS.items():
    for look in looks:
        keep_two(made, change, look)
for made, ways in GONE_THROUGH.items():
    for way in ways.split():
        keep_two(made, _CHANGED_BY[made], f"(lambda moving: [*moving])({way})")


def forms() -> Iterator[Form]:
    for name, kept in KEPT.items():
        for read in kept.reads:
            yield Form(name, read, kept.writes[0])
        for write in kept.writes[1:]:
            yield Form(name, kept.reads[0], write)


FORMS = tuple(forms())


def source_of(form: Form) -> str:
    named, _, rest = form.write.partition("; ")
    lines = [named, rest] if named.startswith(("nonlocal ", "global ")) else ["", form.write]
    inner = [
        "def work():",
        *("    " + line for line in (lines[0], "value = " + form.read, lines[1].format(v="(value + 1)"))),
    ]
    body = [
        *KEPT[form.kept].setup.splitlines(),
        *inner,
        "def last():",
        f"    return {KEPT[form.kept].reads[0]}",
        "threads = [threading.Thread(target=work) for _ in range(2)]",
        "for thread in threads: thread.start()",
        "for thread in threads: thread.join()",
        "return last()",
    ]
    return "def program():\n" + textwrap.indent("\n".join(body), "    ") + "\n"


_COMMON = compile(COMMON, "lost_updates_common", "exec")


def program_of(form: Form) -> Any:
    """The program of this form, in a module of its own."""
    source, file = source_of(form), f"<lost update {FORMS.index(form)}>"
    module = types.ModuleType("lost_update")
    sys.modules[module.__name__] = module  # some of the forms ask for it
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(_COMMON, vars(module))
    exec(compile(source, file, "exec"), vars(module))
    return module.program


def met(form: Form) -> tuple[Exploration, set[Any]]:
    """What is found between bytecodes, and the results that were met until there were two."""
    seen: set[Any] = set()

    def check(run: Any) -> None:
        seen.add(run.result)

    program = program_of(form)
    return search(program, {}, check, "bytecode", "clock", 300, 20.0, lambda schedules: len(seen) < 2), seen
