"""The exercises of the lesson on the mutex."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.judging import STAY, calls, instead, run_together, semaphores, waits
from semalab.exercises.trial import Trial
from semalab.run import Run


# mutex-1: how many stand in a room whose keys have multiplied.
def leave_keys_behind(guests: int, stray: int) -> int:
    key = threading.Semaphore(1)
    inside = most = 0

    def visit() -> None:
        nonlocal inside, most
        time.sleep(0.01)
        with key:
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    def be_careless() -> None:
        for _ in range(stray):
            key.release()

    threads = [threading.Thread(target=visit, name=f"guest-{i}") for i in range(guests)]
    threads.append(threading.Thread(target=be_careless, name="careless"))
    run_together(threads)
    return most


def most_inside(run: Run) -> int:
    return int(run.result)


def because_1() -> dict[Answer, str]:
    return {
        most_inside(MUTEX_1.run(stray=0)): "That would be so if every release belonged to an acquire.",
        MUTEX_1.arguments["stray"]: "There are that many stray keys, and there is the first one, too.",
        MUTEX_1.arguments["guests"]: "So many would like to go in. Are there as many keys?",
        0: "The key is there from the start, and every guest gives it back: somebody does get in.",
    }


MUTEX_1 = Prediction(
    name="mutex-1",
    task="A mutex starts at 1, a careless thread releases it twice, then five guests want in: how many are in at once?",
    stub="""\
answer = ...  # the most guests inside at the same moment

lab.check("mutex-1", answer)
""",
    program=leave_keys_behind,
    arguments={"guests": 5, "stray": 2},
    read=most_inside,
    asked="a whole number of guests",
    because=because_1,
    otherwise="Follow the value: what is it when the first guest comes, and what does each guest do to it?",
    shows="Every stray release is one more key, for good: 1 + 2 guests fit in. Nothing reported it.",
)


# mutex-2: a question asked outside of the critical section.
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


def wrong_2(run: Run) -> str | None:
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


MUTEX_2 = Trial(
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
    wrong=wrong_2,
    holds="nobody looks or sells while another one does, and no ticket is sold twice",
)


# mutex-3: a whole program in which guests go in one by one.
def open_the_room(attempt: Any, guests: int) -> dict[str, int]:
    inside = most = left = 0

    def visit() -> None:
        nonlocal inside, most, left
        print("is in")
        inside += 1
        most = max(most, inside)
        time.sleep(STAY)
        inside -= 1
        left += 1

    attempt(guests, visit)
    return {"most": most, "left": left}


def wrong_3(run: Run) -> str | None:
    guests, visits = run.arguments["guests"], calls(run)
    if "main" in visits:
        return "main called `visit()` itself: start a thread for each guest."
    if run.result["most"] > 1:
        return f"{run.result['most']} guests were in the room at once."
    if len(visits) != guests or sum(visits.values()) != guests:
        return f"{guests} guests are to come in once each; {len(visits)} came, {sum(visits.values())} times in all."
    if run.result["left"] < guests:
        return "`attempt` came to its end while guests were still there: wait for every thread with `join()`."
    return None


def unasked_3(run: Run) -> str | None:
    if (what := instead(run)) is not None:
        return f"it works with {what}, and here the door is to be a `threading.Semaphore`."
    if not semaphores(run):
        return "nobody acquired a semaphore: what keeps the guests apart?"
    return None


MUTEX_3 = Trial(
    name="mutex-3",
    kind="build",
    task="Start a thread for each guest, let them all call visit(), one at a time, and wait until all have left.",
    stub="""\
def attempt(guests, visit):
    pass  # your program


lab.check("mutex-3", attempt)
""",
    program=open_the_room,
    takes=("guests", "visit"),
    small=({"guests": 2}, {"guests": 3}),
    large=({"guests": 12},),
    sized=("guests",),
    wrong=wrong_3,
    unasked=unasked_3,
    seen=lambda run: ["a wait"] if waits(run) else [],
    expected={"a wait": "no guest ever had to wait at the semaphore. Start all threads before you join the first."},
    holds="never two guests were in the room at once",
)


# mutex-4: a lock for each client, where the accounts are what must not change twice at once.
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


def wrong_4(run: Run) -> str | None:
    clients, changes = run.arguments["clients"], calls(run)
    if run.result["clashes"]:
        return "two clients changed the same account at the same time, because no lock was common to them."
    if len(changes) != clients or changes.total() != clients:
        return f"{clients} clients are to change once each; {len(changes)} did, {changes.total()} times in all."
    if taken := [use.label for use in run.reading.uses.values() if use.final != 1]:
        return f"`{taken[0]}` is not 1 again when everybody has gone."
    return None


MUTEX_4 = Trial(
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
    wrong=wrong_4,
    seen=lambda run: ["together"] if run.result["together"] else [],
    expected={
        "together": "no account is changed twice at once, but never are two accounts changed at the same time, either:"
        " whoever comes waits for everybody. One lock for each account is enough."
    },
    holds="no account was changed by two at once, and different accounts were changed at the same time",
)


# mutex-5: make the locks, as many as there are things to guard.
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


def wrong_5(run: Run) -> str | None:
    clients, changes, counted = run.arguments["clients"], calls(run), run.result
    if counted["given"]:
        return f"return a function that takes an account and a change; `attempt` returned a {counted['given']}."
    if counted["clashes"]:
        return "two clients changed the same account at the same time."
    if len(changes) != clients or changes.total() != clients:
        return f"{clients} clients are to change once each; {len(changes)} did, {changes.total()} times in all."
    return None


MUTEX_5 = Trial(
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
    closely=True,
    wrong=wrong_5,
    seen=lambda run: ["together"] if run.result.get("together") else [],
    expected={
        "together": "no account is changed twice at once, but never are two accounts changed at the same time, either:"
        " one lock guards them all."
    },
    holds="no account was changed by two at once, and different accounts were changed at the same time",
)


EXERCISES = (MUTEX_1, MUTEX_2, MUTEX_3, MUTEX_4, MUTEX_5)
