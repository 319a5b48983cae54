"""The programs whose proofs have bars, in processor seconds: plain `threading`, no name of the lab in them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from programs.explored import counting, passing, together

import semalab as lab


def ordered(threads: int) -> None:
    """Philosophers who take the lower fork first."""
    forks = [threading.Semaphore(1) for _ in range(threads)]

    def dine(place: int) -> None:
        first, second = sorted((place, (place + 1) % threads))
        with forks[first], forks[second]:
            pass

    workers = [threading.Thread(target=dine, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def turnstile(threads: int) -> None:
    mutex, gate, come = threading.Semaphore(1), threading.Semaphore(0), 0

    def work() -> None:
        nonlocal come
        with mutex:
            come += 1
            if come == threads:
                gate.release()
        gate.acquire()
        gate.release()

    together(*[work] * threads)


def reusable(threads: int) -> None:
    """Two rounds of the barrier with two turnstiles."""
    mutex, first, second, come = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(1), 0

    def work() -> None:
        nonlocal come
        for _ in range(2):
            with mutex:
                come += 1
                if come == threads:
                    second.acquire()
                    first.release()
            first.acquire()
            first.release()
            with mutex:
                come -= 1
                if come == 0:
                    first.acquire()
                    second.release()
            second.acquire()
            second.release()

    together(*[work] * threads)


def handing_over(producers: int, consumers: int) -> None:
    items, room, mutex = threading.Semaphore(0), threading.Semaphore(2), threading.Semaphore(1)
    buffer: list[int] = []

    def produce() -> None:
        for number in range(1):
            room.acquire()
            with mutex:
                buffer.append(number)
            items.release()

    def consume() -> None:
        for _ in range(1):
            items.acquire()
            with mutex:
                buffer.pop(0)
            room.release()

    together(*[produce] * producers, *[consume] * consumers)


def reading(readers: int, writers: int) -> None:
    room, mutex, inside = threading.Semaphore(1), threading.Semaphore(1), 0
    pages, seen = [0], []

    def read() -> None:
        nonlocal inside
        with mutex:
            inside += 1
            if inside == 1:
                room.acquire()
        seen.append(pages[0])
        with mutex:
            inside -= 1
            if inside == 0:
                room.release()

    def write() -> None:
        with room:
            pages[0] += 1

    together(*[read] * readers, *[write] * writers)


def molecule() -> None:
    """One molecule of water: two of hydrogen, one of oxygen."""
    mutex, bond = threading.Semaphore(1), threading.Barrier(3)
    oxygen, hydrogen = threading.Semaphore(0), threading.Semaphore(0)
    oxygens = hydrogens = 0

    def bind() -> bool:
        nonlocal oxygens, hydrogens
        if hydrogens < 2 or oxygens < 1:
            return False
        hydrogen.release(2)
        oxygen.release()
        hydrogens, oxygens = hydrogens - 2, oxygens - 1
        return True

    def of_oxygen() -> None:
        nonlocal oxygens
        mutex.acquire()
        oxygens += 1
        if not bind():
            mutex.release()
        oxygen.acquire()
        bond.wait()
        mutex.release()

    def of_hydrogen() -> None:
        nonlocal hydrogens
        mutex.acquire()
        hydrogens += 1
        if not bind():
            mutex.release()
        hydrogen.acquire()
        bond.wait()

    together(of_hydrogen, of_hydrogen, of_oxygen)


def barbershop(customers: int) -> None:
    mutex, arrived, called = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(0)
    seated, done, waiting = threading.Semaphore(0), threading.Semaphore(0), 0

    def visit() -> None:
        nonlocal waiting
        with mutex:
            waiting += 1
        arrived.release()
        called.acquire()
        seated.release()
        done.acquire()
        with mutex:
            waiting -= 1

    def cut() -> None:
        for _ in range(customers):
            arrived.acquire()
            called.release()
            seated.acquire()
            done.release()

    together(cut, *[visit] * customers)


def savages(guests: int) -> None:
    mutex, empty, full, servings = threading.Semaphore(1), threading.Semaphore(0), threading.Semaphore(0), 0

    def cook() -> None:
        for _ in range(guests // 2):
            empty.acquire()
            full.release()

    def dine() -> None:
        nonlocal servings
        with mutex:
            if servings == 0:
                empty.release()
                full.acquire()
                servings = 2
            servings -= 1

    together(cook, *[dine] * guests)


class Bar(NamedTuple):
    """A program, how it is explored, and the processor seconds within which it has to be proved."""

    what: str
    program: Callable[..., Any]
    how: dict[str, Any]
    seconds: float


BARS = (
    Bar("with S(2): pass, 4 threads", passing, {"threads": 4, "initial": 2}, 0.1),
    Bar("with S(2): pass, 8 threads", passing, {"threads": 8, "initial": 2}, 1),
    Bar("with S(2): pass, 16 threads, at most 2", passing, {"threads": 16, "initial": 2, "check": lab.at_most(2)}, 5),
    Bar("with S(1): x += 1, 8 threads", counting, {"threads": 8, "initial": 1, "granularity": "bytecode"}, 0.5),
    Bar("with S(1): x += 1, 16 threads", counting, {"threads": 16, "initial": 1, "granularity": "bytecode"}, 2),
    Bar("6 philosophers in order", ordered, {"threads": 6}, 0.3),
    Bar("8 philosophers in order", ordered, {"threads": 8}, 2),
    Bar("barrier with a turnstile, 6 threads", turnstile, {"threads": 6}, 1),
    Bar("barrier with a turnstile, 8 threads", turnstile, {"threads": 8}, 4),
    Bar("reusable barrier, 2 threads", reusable, {"threads": 2}, 1),
    Bar("reusable barrier, 3 threads", reusable, {"threads": 3}, 5),
    Bar("2 producers, 2 consumers", handing_over, {"producers": 2, "consumers": 2}, 0.3),
    Bar("3 producers, 3 consumers", handing_over, {"producers": 3, "consumers": 3}, 5),
    Bar("3 readers, 1 writer", reading, {"readers": 3, "writers": 1}, 1),
    Bar("4 readers, 1 writer", reading, {"readers": 4, "writers": 1}, 5),
    Bar("a molecule of water", molecule, {}, 10),
    Bar("barbershop, 3 customers", barbershop, {"customers": 3}, 10),
    Bar("4 savages", savages, {"guests": 4}, 10),
)
