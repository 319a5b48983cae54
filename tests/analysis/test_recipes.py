"""Everyday programs, right and wrong: nothing right is called wrong, and what is wrong under every schedule is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from programs.right import ACCUSING
from programs.right_recipes import CLAIMED, COROUTINES, RECIPES, mutex_of_morris
from programs.wrong_recipes import WRONG

import semalab as lab
from semalab.analysis.listings import Listing, Source
from semalab.analysis.permits import spent

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS_AND_SEEDS = [("virtual", 0), ("virtual", 1), ("virtual", 2), ("wall", 0)]


@pytest.mark.parametrize(("clock", "seed"), CLOCKS_AND_SEEDS)
@pytest.mark.parametrize("program", RECIPES + COROUTINES, ids=lambda program: program.__name__)
def test_a_right_program_is_not_called_wrong(program: Callable[[], Any], clock: str, seed: int) -> None:
    run = lab.record(program, clock=clock, seed=seed)
    run.trace.certify()
    assert run.standing == "", run.verdict
    said = [run.verdict, *map(str, run.claims)]
    assert not [words for words in said for word in ACCUSING if word in words.lower()]
    assert not [claim for claim in run.claims if claim.held is False]


@pytest.mark.parametrize("program", RECIPES + COROUTINES, ids=lambda program: program.__name__)
def test_nothing_in_its_picture_is_red(program: Callable[[], Any]) -> None:
    figure = lab.record(program, clock="virtual", seed=1).timeline()
    gids = {artist.get_gid() for artist in figure.findobj() if artist.get_gid()}
    assert not gids & {"alarm bar", "alarm shade", "alarm text", "title sign"}


@pytest.mark.parametrize(("clock", "seed"), CLOCKS_AND_SEEDS)
@pytest.mark.parametrize(("program", "claim"), CLAIMED, ids=lambda one: getattr(one, "__name__", str(one)))
def test_what_is_true_of_it_may_be_claimed(program: Callable[[], Any], claim: Any, clock: str, seed: int) -> None:
    run = lab.record(program, clock=clock, seed=seed, claim=claim)
    assert (run.claims[0].held, run.standing) == (True, ""), run.verdict


@pytest.mark.parametrize(("clock", "seed"), CLOCKS_AND_SEEDS)
@pytest.mark.parametrize(("program", "told"), WRONG, ids=[program.__name__ for program, _ in WRONG])
def test_a_wrong_program_is_called_wrong(program: Callable[[], Any], told: str, clock: str, seed: int) -> None:
    run = lab.record(program, clock=clock, seed=seed, raises=False)
    run.trace.certify()
    assert run.standing == "wrong" and told in run.verdict, run.verdict


def test_what_began_with_nothing_has_no_limit_of_its_own() -> None:
    run = lab.record(mutex_of_morris, clock="virtual", seed=1)
    claim = lab.limit("second")(run)
    assert (claim.held, claim.sentence) == (
        None,
        "Cannot say: `second` began with 0, and has no limit of its own",
    )


SOLD = "if tickets.acquire(blocking=False):\n    sold += 1"
TOKENS = "def call():\n    {0}.acquire()\ndef refill():\n    while not over:\n        {0}.release()"


@pytest.mark.parametrize(
    ("text", "label", "may_go"),
    [
        (SOLD, "tickets", True),
        ("tickets.acquire(timeout=1)", "tickets", True),
        ("tickets.acquire()", "tickets", False),
        (f"{SOLD}\ntickets.acquire()", "tickets", False),
        (f"{SOLD}\nwith tickets: pass", "tickets", False),
        (SOLD, "seats", False),
        (TOKENS.format("tokens"), "tokens", True),
        (TOKENS.format("self.tokens"), "tokens", True),
        (TOKENS.format("buckets[n].tokens"), "tokens (2)", True),
        (TOKENS.format("buckets[n]"), "buckets[1]", True),
        ("def call():\n    tokens.acquire()\n    Timer(1, tokens.release).start()", "tokens", True),
        ("def call():\n    tokens.acquire()\n    tokens.release()", "tokens", False),
        (TOKENS.format("tokens") + "\ndef visit():\n    with tokens: pass", "tokens", False),
        ("    def call():\n        if tokens.acquire(False): go()", "tokens", True),
        ("%timeit tokens.acquire(False)", "tokens", False),
        ("", "tokens", False),
    ],
)
def test_what_the_text_tells_of_permits_that_nobody_gave_back(text: str, label: str, may_go: bool) -> None:
    source = Source((Listing("cell", 1, tuple(text.splitlines())),))
    assert spent([label], source) == ({label} if may_go else set())
