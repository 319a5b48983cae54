"""Programs that wait for signals; run as a script, it records one of them and prints what came of it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

import semalab as lab


def killed(number: int) -> threading.Timer:
    """Somebody sends the process a signal, soon."""
    sends = threading.Timer(0.05, os.kill, (os.getpid(), number))
    sends.start()
    return sends


def waits_for_one_in_a_thread() -> bool:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    gate = threading.Semaphore(0)
    got: list[Any] = []

    def wait() -> None:
        got.append(signal.sigwait({signal.SIGUSR1}))
        gate.release()

    waiter = threading.Thread(target=wait)
    waiter.start()
    sends = killed(signal.SIGUSR1)
    for thread in (waiter, sends):
        thread.join()
    gate.acquire()
    return got == [signal.SIGUSR1]


def waits_for_one_of_its_own_thread() -> bool:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    got: list[Any] = []
    waiter = threading.Thread(target=lambda: got.append(signal.sigwait({signal.SIGUSR1})))
    waiter.start()
    signal.pthread_kill(waiter.ident, signal.SIGUSR1)  # type: ignore[arg-type]
    waiter.join()
    return got == [signal.SIGUSR1]


def waits_for_an_alarm() -> bool:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    return signal.sigwait({signal.SIGALRM}) == signal.SIGALRM


def pauses() -> bool:
    signal.signal(signal.SIGUSR1, lambda *args: None)
    sends = killed(signal.SIGUSR1)
    signal.pause()
    sends.join()
    return True


def pauses_until_one_raises() -> bool:
    def give_up(*args: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGUSR1, give_up)
    sends = killed(signal.SIGUSR1)
    try:
        signal.pause()
    except TimeoutError:
        sends.join()
        return True
    return False


def leaves_one_that_nobody_fetches() -> bool:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, 60)
    os.kill(os.getpid(), signal.SIGUSR1)
    return True


def fetches_one_that_has_come() -> bool:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    os.kill(os.getpid(), signal.SIGUSR1)
    return signal.sigwait({signal.SIGUSR1}) == signal.SIGUSR1


def state() -> tuple[Any, ...]:
    """What the process does with signals."""
    handlers = [signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGUSR1)]
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return handlers, blocked, signal.sigpending(), signal.getitimer(signal.ITIMER_REAL)


if __name__ == "__main__":
    before = state()
    run = lab.record(globals()[sys.argv[1]], clock=sys.argv[2])
    told = {"result": "got it" if run.result else run.result, "stopped": run.stopped and str(run.stopped)}
    print(json.dumps({**told, "as_before": state() == before}))
