"""What a thread or a signal handler could lay hands on: followed through the graph that the collector knows.

A function can name what stands in its module; a frame has its variables; an object has what it refers to. Of Python's
own modules and the notebook kernel's nothing is followed: through them everything leads to everything.
"""

from __future__ import annotations

import contextvars
import gc
import sys
import types
import weakref
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from semalab.engine.interpreter import outwards

MOST = 200_000  # objects that are looked at; who leads to more than that may well lead to the one that is looked for
_ATOMS = (
    *(str, bytes, bytearray, int, float, complex, type(None), range, type(Ellipsis)),
    *(types.CodeType, types.MemberDescriptorType, types.GetSetDescriptorType, contextvars.Context),
)
_DYNAMIC = frozenset({"globals", "eval", "exec"})  # who uses these can name anything
_KERNEL = frozenset(
    "IPython ipykernel ipykernel_launcher traitlets zmq tornado jupyter_client jupyter_core comm debugpy ipywidgets "
    "pytest _pytest pytest_timeout pluggy coverage xdist execnet hypothesis semalab".split()
)
_PARTS = frozenset(f"semalab.instrument.{name}" for name in ("recorder", "primitives", "retired", "queues", "pools"))
# What stands around the code of others: of a thread whose life a run has noted, of what a run asks for.
_AROUND = ("semalab.engine.foreign", "semalab.instrument.")
_WHOLE = "Recorder"  # the one class of these that is no part of a primitive: it leads to all of them
_PYTHONS, _KERNELS, _OTHERS = "Python's", "the kernel's", "others'"
_owners: dict[str, str] = {}  # of modules, by their names
_SUSPENDED = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)


def can_reach(
    roots: Iterable[Any], wanted: AbstractSet[int], spaces: AbstractSet[int] = frozenset(), most: int = MOST
) -> bool:
    """True if the roots, which may be frames, lead to one of the objects that are wanted, or to more than `most`.

    wanted: identities. spaces: identities of namespaces, whose functions are all wanted.
    """
    return reaches(roots, wanted, spaces, most) is not False


def reaches(
    roots: Iterable[Any],
    wanted: AbstractSet[int],
    spaces: AbstractSet[int] = frozenset(),
    most: int = MOST,
    certainly: bool = False,
) -> bool | None:
    """As `can_reach`; None of roots that lead to more than `most` objects, of which none was wanted so far.

    certainly: that some code on the way could make up any name (it calls `exec`) does not count.
    """
    seen: set[int] = set()
    ahead = list(roots)
    while ahead:
        thing = ahead.pop()
        if id(thing) in wanted:
            return True
        if len(seen) > most:
            return None
        if id(thing) in seen or is_a(thing, _ATOMS):
            continue
        seen.add(id(thing))
        if is_a(thing, types.FunctionType) and id(thing.__globals__) in spaces:
            return True
        if not certainly and (code := _code_of(thing)) is not None and _anything(code, thing):
            return True
        ahead.extend(_within(thing))
    return False


def frames_of(frame: types.FrameType | None) -> list[types.FrameType]:
    """The frames of a thread that count: all but the kernel's, or of one of its threads those in other people's code.

    frame: its innermost one.
    """
    frames = [one for one in outwards(frame) if not str(one.f_globals.get("__name__")).startswith(_AROUND)]
    whose = [_whose(one.f_globals) for one in frames]
    for owner in reversed(whose):
        if owner is not _PYTHONS:
            break
    else:
        return frames
    kept = (_OTHERS,) if owner is _KERNELS else (_OTHERS, _PYTHONS)  # through the lab's own all leads to all
    return [one for one, owner in zip(frames, whose, strict=True) if owner in kept]


def is_a(value: Any, kind: Any) -> bool:
    """As `isinstance`, without asking the value for its `__class__`: a proxy would answer with code of the program."""
    return issubclass(type(value), kind)


def _package(namespace: Mapping[str, Any]) -> str:
    name = namespace.get("__name__")
    if name == "__main__" and namespace.get("__spec__") is not None:  # run with -m
        name = namespace["__spec__"].name
    return name.partition(".")[0] if isinstance(name, str) else ""


def _whose(namespace: Mapping[str, Any]) -> str:
    """Whose code has this namespace: Python's own, the kernel's, or others'. Asked for each frame, again and again."""
    name = namespace.get("__name__")
    if type(name) is not str or name == "__main__":
        return _owner(_package(namespace))
    owner = _owners.get(name)
    if owner is None:
        owner = _owners[name] = _owner(_package(namespace))
    return owner


def _owner(package: str) -> str:
    if package in sys.stdlib_module_names:
        return _PYTHONS
    return _KERNELS if package in _KERNEL else _OTHERS


def _is_closed(package: str) -> bool:
    return _owner(package) is not _OTHERS


def _code_of(thing: Any) -> types.CodeType | None:
    code: types.CodeType | None = None
    if is_a(thing, types.FunctionType):
        code = thing.__code__
    elif is_a(thing, types.FrameType):
        code = thing.f_code
    return code


def _space_of(thing: Any) -> dict[str, Any]:
    space: dict[str, Any] = thing.f_globals if is_a(thing, types.FrameType) else thing.__globals__
    return space


def _anything(code: types.CodeType, thing: Any) -> bool:
    """True for code that can come by anything, since it makes names up as it goes."""
    return not _DYNAMIC.isdisjoint(code.co_names) and not _is_closed(_package(_space_of(thing)))


def _within(thing: Any) -> Iterator[Any]:
    if is_a(thing, types.FrameType):
        yield from _named(thing.f_code, thing.f_globals)
        yield from variables(thing).values()
    elif is_a(thing, types.FunctionType):
        yield from _of_function(thing)
    elif is_a(thing, types.ModuleType):
        if not _is_closed(_package(vars(thing))):
            yield from (value for value in list(vars(thing).values()) if not is_a(value, types.ModuleType))
    elif is_a(thing, type):
        if not _is_closed(str(thing.__module__).partition(".")[0]):
            yield from (*vars(thing).values(), *thing.__bases__)
    elif is_a(thing, weakref.ref):
        yield thing()
    elif is_a(thing, _SUSPENDED):
        frame = getattr(thing, "cr_frame", None) or getattr(thing, "gi_frame", None) or getattr(thing, "ag_frame", None)
        if frame is not None and _package(frame.f_globals) not in _KERNEL:
            yield frame
    elif not _is_the_kernels(type(thing)):
        yield from gc.get_referents(thing)


def _is_the_kernels(cls: type) -> bool:
    """The lab's own objects lead everywhere, too; but what its twins put into the primitives is part of these."""
    module = str(cls.__module__)
    return module.partition(".")[0] in _KERNEL and (module not in _PARTS or cls.__qualname__ == _WHOLE)


def _of_function(function: types.FunctionType) -> Iterator[Any]:
    space = _package(function.__globals__)
    if space in _KERNEL:
        return
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield from vars(function).values()
    for cell in function.__closure__ or ():
        yield from gc.get_referents(cell)
    yield from _named(function.__code__, function.__globals__)


def _named(code: types.CodeType, namespace: dict[str, Any]) -> Iterator[Any]:
    """What the code can name in its module, if that is not one of Python's."""
    if _is_closed(_package(namespace)):
        return
    for name in _names(code):
        if name in namespace:
            yield namespace[name]
        elif name in sys.modules:  # imported inside
            yield sys.modules[name]


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def variables(frame: types.FrameType) -> dict[str, Any]:
    """The variables of a function's frame, whose thread must not keep them longer for having been looked at."""
    optimised = frame.f_code.co_flags & 1  # CO_OPTIMIZED: what f_locals gives is made for us, not the namespace itself
    if not optimised and frame.f_locals is frame.f_globals:
        return {}  # of a module: what its code names is followed anyway
    found = dict(frame.f_locals)
    if optimised and sys.version_info < (3, 13):
        frame.f_locals.clear()
    return found
