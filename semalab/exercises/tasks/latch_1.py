"""latch-1: three threads, two latches, one word."""

from __future__ import annotations

import threading

from semalab.exercises.answers import Answer, Prediction
from semalab.run import Run


def spell() -> None:
    first, second = threading.Semaphore(0), threading.Semaphore(0)

    def say_n() -> None:
        second.acquire()
        print("N")

    def say_o() -> None:
        print("O")
        first.release()

    def say_w() -> None:
        first.acquire()
        print("W")
        second.release()

    for say in (say_n, say_o, say_w):
        threading.Thread(target=say, name=say.__name__).start()


def word(run: Run) -> str:
    return "".join(run.output.split())


def because() -> dict[Answer, str]:
    started = "".join(name[-1].upper() for name in EXERCISE.run().trace.threads[1:])
    return {
        started: "In this order they are started. But who is started first waits at `second`.",
        word(EXERCISE.run())[::-1]: "That is the order from behind. Who waits for nobody?",
        "ONW": "`say_n` waits for `second`. Who releases it, and what has that thread printed before?",
        "": "Nothing would be printed if all three waited. Does `say_o` wait?",
    }


EXERCISE = Prediction(
    name="latch-1",
    task="Three threads print a letter each, and two latches say in which order: which word comes out?",
    stub="""\
answer = ...  # three letters in quotes

lab.check("latch-1", answer)
""",
    program=spell,
    read=word,
    asked="a word in quotes",
    because=because,
    otherwise="Each thread prints its letter once. Begin with the thread that waits for nobody.",
    shows="`say_o` waits for nobody, `say_w` for `first`, `say_n` for `second`: no other order is possible.",
)
