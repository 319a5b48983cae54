"""classic-3: what a customer does in a barber's shop with few chairs."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY, calls
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


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


def wrong(run: Run) -> str | None:
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


def unasked(run: Run) -> str | None:
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


EXERCISE = Trial(
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
    wrong=wrong,
    unasked=unasked,
    holds="nobody is cut before the barber is ready, nobody waits without a chair, and every chair is given back",
)
