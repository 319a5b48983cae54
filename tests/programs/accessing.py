"""Functions whose bytecode differs from one Python to the next, though they touch the same things."""

from typing import Any

count = 0
box: Any = None


def guarded(lock: Any) -> None:
    with lock:
        pass
    with box.lock as inside:
        box.value = inside


def counted(lock: Any) -> None:
    global count
    lock.acquire()
    count += 1
    count = count - 1
    lock.release()


def subscripts(items: Any, key: Any) -> Any:
    items[0] += 1
    first = items[0]
    items["last"] = first
    del items["last"]
    return items[key]


def conditions(items: Any, lock: Any) -> None:
    if items:
        pass
    if not items:
        pass
    if count > 3 and lock.acquire(timeout=1):
        pass
    if box is None or key_of(items) == 1:
        pass


def key_of(items: Any) -> Any:
    assert items
    return len(items) + 1


def loops(items: Any, more: Any) -> None:
    for number in range(3):
        box.value = number
    for item in items:
        more.append(item)


def taken_apart(items: Any, more: Any) -> Any:
    first, second = items
    slice_ = items[1:2]
    return f"{more} {first!r} {second} {slice_}"


def numbers(value: Any, others: Any) -> Any:
    return -value + ~value - +value * others[1]


def matched(items: Any) -> Any:
    match items:
        case [first, _]:
            return first
        case box.value:
            return 2
        case int():
            return 3
    return None


def delegated(items: Any) -> Any:
    yield from items


PROGRAMS = (guarded, counted, subscripts, conditions, key_of, loops, taken_apart, numbers, matched, delegated)
