"""Right programs are not told broken: without a claim, wrong is only what is wrong whatever was meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from programs.right import ACCUSING, PROGRAMS

import semalab as lab
from semalab.log.trace import SEMAPHORES

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_right_program_is_told_neutrally(program: Callable[[], None], seed: int) -> None:
    run = lab.record(program, clock="virtual", seed=seed)
    run.trace.certify()
    assert run.standing == "", run.verdict
    said = [run.verdict, *map(str, run.claims)]
    assert not [words for words in said for word in ACCUSING if word in words.lower()]
    assert not [claim for claim in run.claims if claim.held is False]
    for label, use in run.reading.uses.items():
        if use.primitive.kind in SEMAPHORES and use.final >= use.primitive.initial:
            ended = set(run.trace.threads) - set(run.reading.unended)
            assert not [s for s in run.reading.hold_spans(label) if s.last is None and s.thread in ended]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_nothing_in_the_picture_of_a_right_program_is_red(program: Callable[[], None]) -> None:
    figure = lab.record(program, clock="virtual", seed=1).timeline()
    gids = {artist.get_gid() for artist in figure.findobj() if artist.get_gid()}
    assert not gids & {"alarm bar", "alarm shade", "alarm text", "title sign"}
