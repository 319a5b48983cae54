"""The exercises of the lesson on fair or fast."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.judging import STAY, calls, is_call, run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


# fair-1: how many get in before their patience ends.
def lose_patience(guests: int, patience: float) -> None:
    door = threading.Semaphore(1)

    def visit() -> None:
        if door.acquire(timeout=patience):
            time.sleep(0.01)
            door.release()

    for i in range(guests):
        threading.Thread(target=visit, name=f"guest-{i}").start()


def got_in(run: Run) -> int:
    return run.reading.uses["door"].acquires


def because_1() -> dict[Answer, str]:
    right = got_in(FAIR_1.run())
    return {
        FAIR_1.arguments["guests"]: "The last of them would have to wait for 40 milliseconds.",
        right - 1: "Who waits for 20 milliseconds has not waited too long.",
        right + 1: "Who would get in after 30 milliseconds has gone by then.",
        1: "So it would be with `blocking=False`: nobody would wait at all.",
        0: "The first one finds the permit there.",
    }


FAIR_1 = Prediction(
    name="fair-1",
    task="Five guests at a Semaphore(1), each waits 25 ms at most and stays for 10 ms: how many get in?",
    stub="""\
answer = ...  # guests who get in

lab.check("fair-1", answer)
""",
    program=lose_patience,
    arguments={"guests": 5, "patience": 0.025},
    read=got_in,
    asked="a whole number of guests",
    because=because_1,
    otherwise="At which moment is the door free for the second guest, for the third, for the fourth?",
    shows="They get in after 0, 10 and 20 ms, whoever they are. The others give up after 25 ms.",
)


# fair-2: what to do when a wait has ended without a permit.
def wait_at_the_door(attempt: Any, guests: int, patience: int) -> dict[str, int]:
    """patience: in milliseconds. The first guest meets an error inside."""
    door = threading.Semaphore(1)
    inside = most = visits = raised = errors = said_yes = said_no = 0

    def come(i: int) -> None:
        nonlocal errors, said_yes, said_no

        def visit() -> None:
            nonlocal inside, most, visits, raised
            visits += 1
            inside += 1
            most = max(most, inside)
            time.sleep(STAY)
            inside -= 1
            if i == 0:
                raised += 1
                raise ValueError("the lamp fell down")

        try:
            answer = attempt(door, patience / 1000, visit)
        except ValueError:
            errors += 1
        else:
            said_yes += answer is True
            said_no += answer is False

    coming = [threading.Thread(target=come, args=[i], name=f"guest-{i}") for i in range(guests)]
    run_together(coming)
    return {"most": most, "visits": visits, "raised": raised, "errors": errors, "yes": said_yes, "no": said_no}


def wrong_2(run: Run) -> str | None:
    guests, counted = run.arguments["guests"], run.result
    if counted["most"] > 1:
        return f"{counted['most']} guests were inside at once: one of them had no permit."
    left = run.reading.uses["door"].final
    if left != 1:
        what = "a permit is lost" if left < 1 else "a permit came back that nobody had"
        return f"{what}: `door` began with 1 and ended with {left}."
    if counted["errors"] < counted["raised"]:
        return "an error got lost: what `visit()` raises is to reach whoever called `attempt`."
    if counted["yes"] + counted["no"] + counted["raised"] < guests:
        return "return True after a visit and False without one; a guest was given neither."
    if (visited := counted["visits"] - counted["raised"]) != counted["yes"]:
        told = "True without a visit" if counted["yes"] > visited else "False after a visit"
        return f"return True after a visit and False without one; a guest was told {told}."
    if counted["no"] > sum(event.kind == "refuse" for event in run.trace.of("door")):
        return "a guest was turned away who had not waited in vain."
    return None


def unasked_2(run: Run) -> str | None:
    guests, patience = run.arguments["guests"], run.arguments["patience"]
    in_time = min(guests, 1 + patience // round(STAY * 1000))
    if run.result["visits"] < in_time:
        return f"a guest gave up too early: with {patience} ms of patience, {in_time} get in one after the other."
    if run.result["visits"] > in_time:
        return f"a guest waited longer than {patience} ms: `acquire(timeout=patience)` gives up then."
    return None


FAIR_2 = Trial(
    name="fair-2",
    kind="repair",
    task="Who has waited too long goes away: return False then, and True after a visit; visit() may raise.",
    stub="""\
def attempt(door, patience, visit):
    door.acquire(timeout=patience)
    visit()
    door.release()
    return True


lab.check("fair-2", attempt)
""",
    program=wait_at_the_door,
    takes=("door", "patience", "visit"),
    small=({"guests": 2, "patience": 1000}, {"guests": 3, "patience": 15}),
    large=({"guests": 8, "patience": 35},),
    sized=("guests",),
    wrong=wrong_2,
    unasked=unasked_2,
    holds="nobody is inside without a permit, and no permit is lost or invented",
)


# fair-3: turns that are really taken in turn.
def play_a_round(attempt: Any, players: int, rounds: int) -> dict[str, int]:
    turns = [threading.Semaphore(1 if i == 0 else 0) for i in range(players)]
    moves = out_of_turn = moving = most = 0

    def sit(i: int) -> None:
        def move() -> None:
            nonlocal moves, out_of_turn, moving, most
            print("moves")
            out_of_turn += moves % players != i
            moves += 1
            moving += 1
            most = max(most, moving)
            time.sleep(STAY)
            moving -= 1

        attempt(turns, i, rounds, move)

    sitting = [threading.Thread(target=sit, args=[i], name=f"player-{i}") for i in range(players)]
    run_together(sitting)
    return {"moves": moves, "out of turn": out_of_turn, "most": most}


def wrong_3(run: Run) -> str | None:
    players, rounds, counted = run.arguments["players"], run.arguments["rounds"], run.result
    if counted["out of turn"]:
        return "a player moved whose turn it was not."
    if counted["most"] > 1:
        return "a player moved while the one before was still moving: give the turn on after `move()`."
    if counted["moves"] != players * rounds:
        asked = f"{players * rounds} times in all, each in every round"
        return f"{players} players are to move {asked}; moves made: {counted['moves']}."
    if sum(use.final for use in run.reading.uses.values() if use.label.startswith("turns[")) != 1:
        return "in the end there must be one permit, as in the beginning: who takes a turn gives one on."
    return None


FAIR_3 = Trial(
    name="fair-3",
    kind="build",
    task="turns[i] is player i's semaphore, and only turns[0] begins at 1: everybody moves `rounds` times, in turn.",
    stub="""\
def attempt(turns, i, rounds, move):
    pass  # your program


lab.check("fair-3", attempt)
""",
    program=play_a_round,
    takes=("turns", "i", "rounds", "move"),
    small=({"players": 2, "rounds": 1}, {"players": 2, "rounds": 2}, {"players": 3, "rounds": 2}),
    large=({"players": 7, "rounds": 3},),
    sized=("players", "rounds"),
    wrong=wrong_3,
    holds="everybody moved in turn, in every round",
)


# fair-4: two permits at once, of which everybody may have the first.
PAIR = 2  # seats that a couple needs


def ride_in_pairs(attempt: Any, couples: int, places: int) -> dict[str, int]:
    seats, mutex = threading.Semaphore(places), threading.Semaphore(1)
    riding = most = 0

    def ride() -> None:
        nonlocal riding, most
        riding += 1
        most = max(most, riding)
        time.sleep(STAY)
        riding -= 1

    run_together(
        [threading.Thread(target=attempt, args=[seats, mutex, ride], name=f"couple-{i}") for i in range(couples)]
    )
    return {"most": most}


def wrong_4(run: Run) -> str | None:
    couples, places, rides = run.arguments["couples"], run.arguments["places"], calls(run)
    if (problem := _too_few(run)) is not None:
        return problem
    if len(rides) != couples or rides.total() != couples:
        return f"{couples} couples are to ride once each; {len(rides)} did, {rides.total()} times in all."
    left = run.reading.uses["seats"].final
    if left != places:
        what = "a seat is lost" if left < places else "a seat too many came back"
        return f"{what}: `seats` began with {places} and ended with {left}."
    if (value := run.reading.uses["mutex"].final) != 1:
        return f"`mutex` must be 1 again when everybody has gone, and is {value}."
    return None


def _too_few(run: Run) -> str | None:
    """That somebody rode without two permits in hand."""
    held = dict.fromkeys(run.trace.threads, 0)
    for event in run.trace.events:
        if event.primitive == "seats":
            held[event.thread] += {"acquire": 1, "release": -event.amount}.get(event.kind, 0)
        elif is_call(event) and held[event.thread] < PAIR:
            have = "1 permit" if held[event.thread] == 1 else "no permit"
            return f"a couple rode with {have} for `seats` in hand, and needs two until the ride is over."
    return None


FAIR_4 = Trial(
    name="fair-4",
    kind="repair",
    task="Every couple rides on two seats, however many come at once: nobody waits with half of what it needs.",
    stub="""\
def attempt(seats, mutex, ride):
    seats.acquire()
    seats.acquire()
    ride()
    seats.release(2)


lab.check("fair-4", attempt)
""",
    program=ride_in_pairs,
    takes=("seats", "mutex", "ride"),
    small=({"couples": 2, "places": 2}, {"couples": 2, "places": 4}),
    large=({"couples": 7, "places": 5},),
    sized=("couples", "places"),
    wrong=wrong_4,
    seen=lambda run: ["together"] if run.result["most"] > 1 else [],
    expected={
        "together": "every couple rides, but never two at the same time, though there are seats for both:"
        " give `mutex` back before the ride."
    },
    holds="every couple rides on two seats, and no schedule ends in a deadlock",
)


EXERCISES = (FAIR_1, FAIR_2, FAIR_3, FAIR_4)
