"""Right programs whose steps the lab has to know, or there are thousands of schedules of them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple


def _together(*bodies: Callable[[], object]) -> None:
    threads = [threading.Thread(target=body) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def all_have_come() -> None:
    come = [0, 0]
    barrier = threading.Barrier(2)

    def meet(place: int) -> None:
        come[place] = 1
        barrier.wait()
        assert come == [1, 1]

    _together(lambda: meet(0), lambda: meet(1))


def each_has_its_own() -> None:
    own = threading.local()

    def keep(number: int) -> None:
        own.number = number
        assert own.number == number

    _together(lambda: keep(1), lambda: keep(2))


def one_too_many() -> None:
    door = threading.BoundedSemaphore(1)

    def leave() -> None:
        with contextlib.suppress(ValueError):
            door.release()

    _together(leave, leave)


class Room:
    def __init__(self) -> None:
        self.lock, self.room, self.readers = threading.Lock(), threading.Semaphore(1), 0

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        with self.lock:
            self.readers += 1
            if self.readers == 1:
                self.room.acquire()
        yield
        with self.lock:
            self.readers -= 1
            if self.readers == 0:
                self.room.release()


def both_pages() -> None:
    room, pages = Room(), [0, 0]

    def read() -> None:
        with room.reading():
            assert pages[0] == pages[1]

    def write() -> None:
        with room.room:
            pages[0] += 1
            pages[1] += 1

    _together(read, read, write)


@dataclass
class Account:
    balance: int = 100
    bookings: int = 0


def booked_twice() -> None:
    account, lock = Account(), threading.Lock()

    def book() -> None:
        with lock:
            if account.balance >= 80:
                account.balance -= 80
                account.bookings += 1

    _together(book, book)
    assert (account.balance, account.bookings) == (20, 1)


class Books(NamedTuple):
    lent: int
    owner: str


def lends() -> None:
    """Attributes of a named tuple are read, and nobody changes them."""
    books, lock, lent = Books(1, "Ada"), threading.Lock(), 0

    def lend() -> None:
        nonlocal lent
        with lock:
            lent += books.lent

    _together(lend, lend)
    assert lent == 2


def looks_into_another() -> None:
    """Which tuple it is that is read, another thread decides."""
    before, after = Books(1, "Ada"), Books(2, "Ada")
    books, seen = before, 0

    def change() -> None:
        nonlocal books
        books = after

    def look() -> None:
        nonlocal seen
        seen = books.lent

    _together(change, look)
    assert seen == 2
