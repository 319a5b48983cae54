"""mutex-5: make the locks, as many as there are things to guard."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def open_the_bank(attempt: Any, clients: int, accounts: int) -> dict[str, Any]:
    """Client i changes account i modulo `accounts`, through the function that `attempt` has made."""
    in_use = clashes = together = 0  # in_use: a bit for each account
    alone = attempt(accounts)
    if not callable(alone):
        return {"given": type(alone).__name__}

    def come(i: int) -> None:
        account = i % accounts

        def change() -> None:
            nonlocal in_use, clashes, together
            clashes += in_use >> account & 1
            together += in_use != 0
            in_use |= 1 << account
            time.sleep(STAY)
            in_use &= ~(1 << account)

        alone(account, change)

    run_together([threading.Thread(target=come, args=[i], name=f"client-{i}") for i in range(clients)])
    return {"given": "", "clashes": clashes, "together": together}


def wrong(run: Run) -> str | None:
    clients, changes, counted = run.arguments["clients"], calls(run), run.result
    if counted["given"]:
        return f"return a function that takes an account and a change; `attempt` returned a {counted['given']}."
    if counted["clashes"]:
        return "two clients changed the same account at the same time."
    if len(changes) != clients or changes.total() != clients:
        return f"{clients} clients are to change once each; {len(changes)} did, {changes.total()} times in all."
    return None


EXERCISE = Trial(
    name="mutex-5",
    kind="build",
    task="Return a function that calls change(), never two at once for one account, and else at the same time.",
    stub="""\
def attempt(accounts):
    pass  # make what guards them, and return a function of (account, change)


lab.check("mutex-5", attempt)
""",
    program=open_the_bank,
    takes=("accounts",),
    small=({"clients": 2, "accounts": 1}, {"clients": 2, "accounts": 2}),
    large=({"clients": 3, "accounts": 2}, {"clients": 8, "accounts": 3}),
    sized=("clients", "accounts"),
    wrong=wrong,
    seen=lambda run: ["together"] if run.result.get("together") else [],
    expected={
        "together": "no account is changed twice at once, but never are two accounts changed at the same time, either:"
        " one lock guards them all."
    },
    holds="no account was changed by two at once, and different accounts were changed at the same time",
)
