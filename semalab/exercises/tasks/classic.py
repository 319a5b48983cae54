"""The exercises of the lesson on the classic problems."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.exercise import Answer, Prediction
from semalab.exercises.judging import STAY, calls, is_call, run_together
from semalab.exercises.trial import Trial
from semalab.run import Run

# classic-1: how many dishes are cooked before somebody carries one away.
LATE = 0.1  # seconds until the waiter comes


def cook_ahead(dishes: int, places: int) -> None:
    room, ready = threading.Semaphore(places), threading.Semaphore(0)

    def cook() -> None:
        for _ in range(dishes):
            time.sleep(0.01)
            print("is cooked")
            room.acquire()
            ready.release()

    def carry() -> None:
        time.sleep(LATE)
        for _ in range(dishes):
            ready.acquire()
            room.release()

    threading.Thread(target=cook, name="cook").start()
    threading.Thread(target=carry, name="waiter").start()


def cooked_by_then(run: Run) -> int:
    return sum(event.kind == "print" and event.time < LATE * 1e9 for event in run.trace.events)


def because_1() -> dict[Answer, str]:
    dishes, places = CLASSIC_1.arguments["dishes"], CLASSIC_1.arguments["places"]
    return {
        places: "So many stand on the counter. What does the cook have in hand when it is full?",
        dishes: "Nobody takes one away yet: can all of them stand on the counter?",
        places - 1: "The value of `room` begins at the number of free places.",
        1: "The cook only waits when no place is free.",
        0: "The cook does not wait for the waiter before a dish is cooked.",
    }


CLASSIC_1 = Prediction(
    name="classic-1",
    task="Eight dishes, a counter with three places, a late waiter: how many are cooked when the waiter comes?",
    stub="""\
answer = ...  # dishes that are cooked when the waiter comes

lab.check("classic-1", answer)
""",
    program=cook_ahead,
    arguments={"dishes": 8, "places": 3},
    read=cooked_by_then,
    asked="a whole number of dishes",
    because=because_1,
    otherwise="Go through the cook's loop with `room` at 3, 2, 1, 0: at which line does the cook stand then?",
    shows="Three dishes stand on the counter. The fourth is cooked, and the cook waits for a place with it in hand.",
)


# classic-2: the last one out switches the light off, while the next one comes.
def light_the_hall(attempt: Any, visitors: int) -> dict[str, Any]:
    mutex = threading.Semaphore(1)
    inside = came = went = looked = dark = most = looking = 0
    burns = False

    def come() -> bool:
        nonlocal inside, came
        came += 1
        inside += 1
        return inside == 1

    def go() -> bool:
        nonlocal inside, went
        went += 1
        inside -= 1
        return inside == 0

    def light(on: Any) -> None:
        nonlocal burns
        time.sleep(STAY)
        print("light", "on" if on else "off")
        burns = bool(on)

    def look() -> None:
        nonlocal looked, dark, looking, most
        looked += 1
        looking += 1
        most = max(most, looking)
        dark += not burns
        time.sleep(STAY)
        dark += not burns
        looking -= 1

    def visit() -> None:
        attempt(mutex, come, go, light, look)

    visiting = [threading.Thread(target=visit, name=f"visitor-{i}") for i in range(visitors)]
    run_together(visiting)
    return {"came": came, "went": went, "looked": looked, "dark": dark, "burns": burns, "most": most}


def wrong_2(run: Run) -> str | None:
    visitors, counted = run.arguments["visitors"], run.result
    if counted["dark"]:
        return "a visitor stood in the dark."
    if counted["looked"] < visitors:
        return f"only {counted['looked']} of {visitors} visitors have looked."
    if counted["came"] != visitors or counted["went"] != visitors:
        return "each visitor must call `come()` once and `go()` once: nobody knows who is in the hall otherwise."
    if counted["burns"]:
        return "everybody has gone, and the light still burns."
    if run.reading.uses["mutex"].final != 1:
        return f"`mutex` must be 1 again when everybody has gone, and is {run.reading.uses['mutex'].final}."
    return None


def seen(run: Run) -> list[str]:
    return ["together"] if run.result["most"] > 1 else []


CLASSIC_2 = Trial(
    name="classic-2",
    kind="repair",
    task="The first one in switches the light on, the last one out switches it off, and nobody stands in the dark.",
    stub="""\
def attempt(mutex, come, go, light, look):
    with mutex:
        if come():  # True for the first one in
            light(True)
    look()
    if go():  # True for the last one out
        light(False)


lab.check("classic-2", attempt)
""",
    program=light_the_hall,
    takes=("mutex", "come", "go", "light", "look"),
    small=({"visitors": 2}, {"visitors": 3}),
    large=({"visitors": 8},),
    sized=("visitors",),
    wrong=wrong_2,
    seen=seen,
    expected={
        "together": "nobody stands in the dark, but one visitor at a time looks: keep `mutex` to come and to go only."
    },
    holds="the light burns while anybody is in the hall, and is off when all have gone",
)


# classic-3: what a customer does in a barber's shop with few chairs.
def open_the_shop(attempt: Any, customers: int, chairs: int) -> dict[str, int]:
    free_chairs = threading.Semaphore(chairs)
    customer = threading.Semaphore(0)
    barber = threading.Semaphore(0)
    finished = threading.Semaphore(0)
    called = cuts = early = most = cutting = said_yes = said_no = 0
    closed = False

    def cut_hair() -> None:
        nonlocal called
        while True:
            customer.acquire()
            if closed:
                return
            called += 1
            barber.release()
            finished.acquire()

    def get_hair_cut() -> None:
        nonlocal cuts, early, most, cutting
        cuts += 1
        early += cuts > called
        cutting += 1
        most = max(most, cutting)
        time.sleep(STAY)
        cutting -= 1
        finished.release()

    def come() -> None:
        nonlocal said_yes, said_no
        answer = attempt(free_chairs, customer, barber, get_hair_cut)
        if answer is True:
            said_yes += 1
        elif answer is False:
            said_no += 1

    working = threading.Thread(target=cut_hair, name="barber")
    coming = [threading.Thread(target=come, name=f"customer-{i}") for i in range(customers)]
    working.start()
    run_together(coming)
    closed = True
    customer.release()
    working.join()
    return {"cuts": cuts, "early": early, "most": most, "yes": said_yes, "no": said_no, "called": called}


def wrong_3(run: Run) -> str | None:
    customers, chairs, counted = run.arguments["customers"], run.arguments["chairs"], run.result
    if counted["early"] or counted["most"] > 1:
        return "a customer sat down to be cut before the barber was ready: wait for `barber`."
    if counted["yes"] + counted["no"] < customers:
        return "return True with short hair and False with long; a customer was given neither."
    if counted["cuts"] != counted["yes"] or set(calls(run).values()) - {1}:
        return f"{counted['yes']} customers were told True, but the barber cut {counted['cuts']} times."
    if counted["no"] > sum(event.kind == "refuse" for event in run.trace.of("free_chairs")):
        return "a customer went away who never asked for a chair."
    if counted["called"] != counted["cuts"]:
        return f"the barber was woken {counted['called']} times for {counted['cuts']} customers."
    left = run.reading.uses["free_chairs"].final
    if left != chairs:
        what = "a chair is lost" if left < chairs else "a chair too many came back"
        return f"{what}: `free_chairs` began with {chairs} and ended with {left}."
    return None


def unasked_3(run: Run) -> str | None:
    if any(event.kind == "block" for event in run.trace.of("free_chairs")):
        return "a customer waited for a chair, and should have gone away: ask for it without waiting."
    sitting: set[str] = set()
    cut: set[str] = set()
    for event in run.trace.events:
        if event.primitive == "free_chairs" and event.kind in {"acquire", "release"}:
            (sitting.add if event.kind == "acquire" else sitting.discard)(event.thread)
        if (event.primitive, event.kind) == ("barber", "acquire") and event.thread not in sitting | cut:
            return "a customer waits for the barber without a chair: keep it until the barber is ready."
        if event.kind == "sleep" and event.line is None:
            cut.add(event.thread)
            if event.thread in sitting:
                return "a customer keeps the chair during the haircut: give it back as soon as the barber is ready."
    return None


CLASSIC_3 = Trial(
    name="classic-3",
    kind="build",
    task="Find a chair or go away; wake the barber, wait until the barber is ready, leave the chair, get a haircut.",
    stub="""\
def attempt(free_chairs, customer, barber, get_hair_cut):
    pass  # your program


lab.check("classic-3", attempt)
""",
    program=open_the_shop,
    takes=("free_chairs", "customer", "barber", "get_hair_cut"),
    small=({"customers": 2, "chairs": 1},),
    large=({"customers": 3, "chairs": 2}, {"customers": 9, "chairs": 3}),
    sized=("customers", "chairs"),
    wrong=wrong_3,
    unasked=unasked_3,
    holds="nobody is cut before the barber is ready, nobody waits without a chair, and every chair is given back",
)


# classic-4: a bridge with one lane, and a lock too few.
def cross_the_bridge(attempt: Any, cars: int, sides: int) -> dict[str, int]:
    """With two sides, every second car comes from the other one."""
    mutexes, bridge = [threading.Semaphore(1), threading.Semaphore(1)], threading.Semaphore(1)
    left = right = came = 0  # under way from either side
    lane = clashes = most = 0  # lane: how many drive there, those from the right below zero

    def come_left() -> bool:
        nonlocal left
        left += 1
        return left == 1

    def go_left() -> bool:
        nonlocal left, came
        left -= 1
        came += 1
        return left == 0

    def come_right() -> bool:
        nonlocal right
        right += 1
        return right == 1

    def go_right() -> bool:
        nonlocal right, came
        right -= 1
        came += 1
        return right == 0

    def cross_left() -> None:
        nonlocal lane, clashes, most
        clashes += lane < 0
        lane += 1
        most = max(most, lane)
        time.sleep(STAY)
        lane -= 1

    def cross_right() -> None:
        nonlocal lane, clashes, most
        clashes += lane > 0
        lane -= 1
        most = max(most, -lane)
        time.sleep(STAY)
        lane += 1

    # No function or list of a car's own: it would count as state, and ten times as many schedules would differ.
    from_left = (0, mutexes, bridge, come_left, go_left, cross_left)
    from_right = (1, mutexes, bridge, come_right, go_right, cross_right)
    handed = [from_right if i % sides else from_left for i in range(cars)]
    run_together([threading.Thread(target=attempt, args=handed[i], name=f"car-{i}") for i in range(cars)])
    return {"clashes": clashes, "most": most, "came": came, "left": left + right}


def wrong_4(run: Run) -> str | None:
    cars, counted, crossed = run.arguments["cars"], run.result, calls(run)
    if counted["clashes"]:
        return "two cars met on the bridge."
    if len(crossed) != cars or crossed.total() != cars:
        return f"{cars} cars are to cross once each; {len(crossed)} did, {crossed.total()} times in all."
    if counted["came"] != cars or counted["left"]:
        return "each car must call `come()` once and `go()` once: nobody knows how many are under way otherwise."
    if taken := [use.label for use in run.reading.uses.values() if use.final != 1]:
        return f"`{taken[0]}` is not 1 again when all cars have crossed."
    return None


def unasked_4(run: Run) -> str | None:
    """That a car drove while nobody had the bridge, though it met no other."""
    held = 0
    for event in run.trace.events:
        if event.primitive == "bridge":
            held += {"acquire": 1, "release": -event.amount}.get(event.kind, 0)
        elif is_call(event) and held < 1:
            return "a car crossed while nobody of its side had acquired `bridge`."
    return None


CLASSIC_4 = Trial(
    name="classic-4",
    kind="repair",
    task="Cars from one side cross together, never against those from the other, and nobody is stuck at the bridge.",
    stub="""\
def attempt(side, mutexes, bridge, come, go, cross):
    with mutexes[0]:
        if come():  # True for the first one of its side
            bridge.acquire()
    cross()
    with mutexes[0]:
        if go():  # True for the last one of its side
            bridge.release()


lab.check("classic-4", attempt)
""",
    program=cross_the_bridge,
    takes=("side", "mutexes", "bridge", "come", "go", "cross"),
    small=({"cars": 2, "sides": 2}, {"cars": 2, "sides": 1}),
    large=({"cars": 3, "sides": 2}, {"cars": 8, "sides": 2}),
    sized=("cars", "sides"),
    wrong=wrong_4,
    unasked=unasked_4,
    seen=lambda run: ["together"] if run.result["most"] > 1 else [],
    expected={"together": "no two cars meet, but one car at a time crosses: let those of one side cross together."},
    holds="no two cars met, those of one side crossed together, and no schedule ends in a deadlock",
)


EXERCISES = (CLASSIC_1, CLASSIC_2, CLASSIC_3, CLASSIC_4)
