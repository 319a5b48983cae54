"""mutex-4: a lock for each client, where the accounts are what must not change twice at once."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def pay_in(attempt: Any, clients: int, accounts: int) -> dict[str, int]:
    """Client i changes account i modulo `accounts`. There is a lock for each client, so one for each account, too."""
    locks = [threading.Semaphore(1) for _ in range(max(clients, accounts))]
    in_use = clashes = together = 0  # in_use: a bit for each account

    def come(i: int) -> None:
        account = i % accounts

        def change() -> None:
            nonlocal in_use, clashes, together
            clashes += in_use >> account & 1
            together += in_use != 0
            in_use |= 1 << account
            time.sleep(STAY)
            in_use &= ~(1 << account)

        attempt(locks, i, account, change)

    run_together([threading.Thread(target=come, args=[i], name=f"client-{i}") for i in range(clients)])
    return {"clashes": clashes, "together": together}


def wrong(run: Run) -> str | None:
    clients, changes = run.arguments["clients"], calls(run)
    if run.result["clashes"]:
        return "two clients changed the same account at the same time, because no lock was common to them."
    if len(changes) != clients or changes.total() != clients:
        return f"{clients} clients are to change once each; {len(changes)} did, {changes.total()} times in all."
    if taken := [use.label for use in run.reading.uses.values() if use.final != 1]:
        return f"`{taken[0]}` is not 1 again when everybody has gone."
    return None


EXERCISE = Trial(
    name="mutex-4",
    kind="repair",
    task="Never two at once change one account, and different accounts are changed at the same time: which lock is it?",
    stub="""\
def attempt(locks, client, account, change):
    with locks[client]:
        change()


lab.check("mutex-4", attempt)
""",
    program=pay_in,
    takes=("locks", "client", "account", "change"),
    small=({"clients": 2, "accounts": 1}, {"clients": 2, "accounts": 2}),
    large=({"clients": 3, "accounts": 2}, {"clients": 8, "accounts": 3}),
    sized=("clients", "accounts"),
    wrong=wrong,
    seen=lambda run: ["together"] if run.result["together"] else [],
    expected={
        "together": "no account is changed twice at once, but never are two accounts changed at the same time, either:"
        " whoever comes waits for everybody. One lock for each account is enough."
    },
    holds="no account was changed by two at once, and different accounts were changed at the same time",
)
