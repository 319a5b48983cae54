"""mutex-2: a question asked outside of the critical section."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def sell_tickets(attempt: Any, buyers: int, tickets: int) -> dict[str, int]:
    mutex = threading.Semaphore(1)
    left = tickets
    least = tickets
    said_yes = said_no = 0

    def read() -> int:
        time.sleep(STAY)
        print(f"reads {left}")
        return left

    def write(number: int) -> None:
        nonlocal left, least
        time.sleep(STAY)
        print(f"writes {number}")
        left = int(number)
        least = min(least, left)

    def buy() -> None:
        nonlocal said_yes, said_no
        answer = attempt(mutex, read, write)
        if answer is True:
            said_yes += 1
        elif answer is False:
            said_no += 1

    buying = [threading.Thread(target=buy, name=f"buyer-{i}") for i in range(buyers)]
    run_together(buying)
    return {"left": left, "least": least, "yes": said_yes, "no": said_no}


def wrong(run: Run) -> str | None:
    size, counted = run.arguments, run.result
    buyers, tickets = size["buyers"], size["tickets"]
    if counted["least"] < 0:
        return f"more tickets were sold than there are: {counted['least']} are left."
    if (asked := len(calls(run))) < buyers:
        return f"only {asked} of {buyers} buyers looked how many tickets are left."
    if counted["yes"] + counted["no"] < buyers:
        return "return True for a ticket and False for none; a buyer was given neither."
    if counted["yes"] > tickets:
        have = "there was one" if tickets == 1 else f"there were {tickets}"
        return f"{counted['yes']} buyers were told that they have a ticket, but {have}."
    if counted["left"] != tickets - counted["yes"]:
        return f"{counted['yes']} of {tickets} tickets were sold, and yet {counted['left']} are said to be left."
    if counted["yes"] < min(buyers, tickets):
        return f"a buyer went away without a ticket while {counted['left']} were left."
    value = run.reading.uses["mutex"].final
    if value != 1:
        return f"`mutex` must be 1 again when everybody has gone, and is {value}."
    return None


EXERCISE = Trial(
    name="mutex-2",
    kind="repair",
    task="Never sell a ticket that is not there: whatever happens between looking and selling must happen alone.",
    stub="""\
def attempt(mutex, read, write):
    if read() == 0:
        return False
    with mutex:
        write(read() - 1)
    return True


lab.check("mutex-2", attempt)
""",
    program=sell_tickets,
    takes=("mutex", "read", "write"),
    small=({"buyers": 2, "tickets": 1}, {"buyers": 3, "tickets": 2}),
    large=({"buyers": 12, "tickets": 7},),
    sized=("buyers", "tickets"),
    wrong=wrong,
    holds="nobody looks or sells while another one does, and no ticket is sold twice",
)
