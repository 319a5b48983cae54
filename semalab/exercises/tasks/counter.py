"""The exercises of the lesson on the counter."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.judging import STAY, calls, run_together
from semalab.exercises.trial import Trial
from semalab.log.excerpt import written
from semalab.run import Run


# counter-1: what is left of a value that several threads raise and lower.
def bring_and_take(initial: int, bring: int) -> int:
    boxes = threading.Semaphore(initial)

    threads = [threading.Thread(target=boxes.release, args=[bring], name=f"bringer-{i}") for i in range(3)]
    threads += [threading.Thread(target=boxes.acquire, name=f"taker-{i}") for i in range(4)]
    run_together(threads)
    return boxes._value


def value(run: Run) -> int:
    return int(run.result)


def because_1() -> dict[Answer, str]:
    given = COUNTER_1.arguments
    return {
        value(COUNTER_1.run(bring=1, initial=given["initial"])): "`release(2)` adds 2, not 1.",
        value(COUNTER_1.run(initial=4)) - 4: "So it would be with nothing there at the start. The value begins at 2.",
        given["initial"] + 3 * given["bring"]: "So many were there or brought. Four threads take one each.",
        value(COUNTER_1.run()) + 2: "Count again what is brought: three threads, two each.",
    }


COUNTER_1 = Prediction(
    name="counter-1",
    task="A semaphore starts at 2, three threads release(2), four threads acquire() once: what is its value then?",
    stub="""\
answer = ...  # the value when all threads have ended

lab.check("counter-1", answer)
""",
    program=bring_and_take,
    arguments={"initial": 2, "bring": 2},
    read=value,
    asked="a whole number",
    because=because_1,
    otherwise="Begin with the value at the start, add what is released, take away what is acquired.",
    shows="2 at the start, 3 × 2 released, 4 acquired: in whatever order the threads run, no step is lost.",
)


# counter-2: a counter that is read while others still count.
def count_votes(attempt: Any, clerks: int, votes: int) -> Any:
    """Clerk i counts `votes` + i."""
    counter = threading.Semaphore(0)

    def count(i: int) -> None:
        time.sleep(STAY)
        for _ in range(votes + i):
            counter.release()

    counting = [threading.Thread(target=count, args=[i], name=f"clerk-{i}") for i in range(clerks)]
    return attempt(counter, counting)


def together(run: Run) -> bool:
    """Whether two clerks were there at once."""
    there = 0
    for event in run.trace.events:
        if event.thread != "main" and event.kind in ("start", "end"):
            there += 1 if event.kind == "start" else -1
            if there > 1:
                return True
    return False


def wrong_2(run: Run) -> str | None:
    clerks, votes = run.arguments["clerks"], run.arguments["votes"]
    all_votes = sum(votes + i for i in range(clerks))
    counting = calls(run)
    if "main" in counting:
        return "a clerk must count in a thread of its own: call `start()`, not `run()`."
    if len(counting) < clerks:
        return f"only {len(counting)} of {clerks} clerks were started."
    if type(run.result) is not int:
        return f"return the number that was counted; yours is {written(run.result, 40)}."
    use = run.reading.uses["counter"]
    if use.acquires or use.final != all_votes:
        return f"the count itself was changed: {all_votes} votes were cast, and the counter says {use.final}."
    if run.result != all_votes:
        less = "somebody was still counting" if run.result < all_votes else "nobody counts so far"
        return f"{run.result} was returned and {all_votes} votes were cast: {less}."
    return None


COUNTER_2 = Trial(
    name="counter-2",
    kind="repair",
    task="Start all clerks, who count with counter.release(), and return the exact count of all of them.",
    stub="""\
def attempt(counter, clerks):
    for clerk in clerks:
        clerk.start()
    return counter._value


lab.check("counter-2", attempt)
""",
    program=count_votes,
    takes=("counter", "clerks"),
    small=({"clerks": 2, "votes": 2}, {"clerks": 3, "votes": 1}),
    large=({"clerks": 20, "votes": 9},),
    sized=("clerks",),
    wrong=wrong_2,
    seen=lambda run: ["together"] if together(run) else [],
    expected={"together": "the count is right, but the clerks came one after another: start all, then join all."},
    holds="nothing was lost, and nobody was still counting when the number was read",
)


# counter-3: go on as soon as enough jobs are done, without asking.
def bake(attempt: Any, cakes: int, enough: int) -> dict[str, int]:
    """The cakes beyond `enough` go into the oven when `attempt` has come to its end."""
    done, oven = threading.Semaphore(0), threading.Semaphore(0)
    finished = 0

    def work(i: int) -> None:
        nonlocal finished
        if i >= enough:
            oven.acquire()
        time.sleep(STAY)
        print("a cake is done")
        finished += 1
        done.release()

    working = [threading.Thread(target=work, args=[i], name=f"baker-{i}") for i in range(cakes)]
    for thread in working:
        thread.start()
    attempt(done, enough)
    in_time = finished
    oven.release(cakes)
    for thread in working:
        thread.join()
    return {"finished": in_time}


def wrong_3(run: Run) -> str | None:
    enough, cakes = run.arguments["enough"], run.arguments["cakes"]
    finished, use = run.result["finished"], run.reading.uses["done"]
    if finished < enough:
        return f"`attempt` came to its end when {finished} of {enough} cakes were done."
    if use.releases > cakes:
        return "a cake was counted that nobody has baked: only the bakers release."
    return None


def unasked_3(run: Run) -> str | None:
    enough, use = run.arguments["enough"], run.reading.uses["done"]
    if use.acquires < enough:
        return (
            f"it waited long enough, but without taking what was counted: {use.acquires} of {enough} permits were"
            " acquired. `acquire()` waits by itself, nobody has to ask again and again."
        )
    return None


COUNTER_3 = Trial(
    name="counter-3",
    kind="build",
    task="Each baker calls done.release() when a cake is done: come to an end as soon as `enough` of them are.",
    stub="""\
def attempt(done, enough):
    pass  # your program


lab.check("counter-3", attempt)
""",
    program=bake,
    takes=("done", "enough"),
    small=({"cakes": 2, "enough": 1}, {"cakes": 3, "enough": 2}),
    large=({"cakes": 15, "enough": 9},),
    sized=("cakes",),
    wrong=wrong_3,
    unasked=unasked_3,
    holds="`attempt` goes on as soon as enough is done, and not before",
)


# counter-4: a value that was read is an old value.
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


def wrong_4(run: Run) -> str | None:
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


def unasked_4(run: Run) -> str | None:
    if any(event.kind == "block" for event in run.trace.of("left")):
        return "a guest waited for a coupon, and should have been sent away: ask for the permit without waiting."
    return None


COUNTER_4 = Trial(
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
    wrong=wrong_4,
    unasked=unasked_4,
    holds="every coupon was handed out once, and nobody waited for one",
)


EXERCISES = (COUNTER_1, COUNTER_2, COUNTER_3, COUNTER_4)
