"""counter-4: a value that was read is an old value."""

from __future__ import annotations

import threading
from typing import Any

from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


def hand_out(attempt: Any, guests: int, coupons: int) -> dict[str, int]:
    left = threading.Semaphore(coupons)
    said_yes = said_no = 0

    def come() -> None:
        nonlocal said_yes, said_no
        answer = attempt(left)
        print("has a coupon" if answer is True else "has none")
        said_yes += answer is True
        said_no += answer is False

    run_together([threading.Thread(target=come, name=f"guest-{i}") for i in range(guests)])
    return {"yes": said_yes, "no": said_no}


def wrong(run: Run) -> str | None:
    guests, coupons, counted = run.arguments["guests"], run.arguments["coupons"], run.result
    left, taken = run.reading.uses["left"].final, run.reading.uses["left"].acquires
    if counted["yes"] + counted["no"] < guests:
        return "return True for a coupon and False for none; a guest was given neither."
    if counted["yes"] > coupons:
        have = "there was one" if coupons == 1 else f"there were {coupons}"
        return f"{counted['yes']} guests were told that they have a coupon, but {have}."
    if left != coupons - counted["yes"] or taken != counted["yes"]:
        return f"{counted['yes']} of {coupons} coupons were handed out, and yet `left` says that {left} are left."
    if counted["yes"] < min(guests, coupons):
        return f"a guest went away without a coupon while {left} were left."
    return None


EXERCISE = Trial(
    name="counter-4",
    kind="repair",
    task="Each guest gets a coupon while there are any and is sent away after that, and nobody waits for one.",
    stub="""\
def attempt(left):
    if left._value == 0:
        return False
    left.acquire()
    return True


lab.check("counter-4", attempt)
""",
    program=hand_out,
    takes=("left",),
    small=({"guests": 2, "coupons": 1}, {"guests": 3, "coupons": 2}),
    large=({"guests": 12, "coupons": 7},),
    sized=("guests", "coupons"),
    wrong=wrong,
    holds="every coupon was handed out once, and nobody waited for one",
)
