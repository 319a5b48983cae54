"""fair-3: turns that are really taken in turn."""

from __future__ import annotations

import threading
import time
from typing import Any

from semalab.exercises.logged import STAY
from semalab.exercises.together import run_together
from semalab.exercises.trial import Trial
from semalab.run import Run


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


def wrong(run: Run) -> str | None:
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


EXERCISE = Trial(
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
    wrong=wrong,
    holds="everybody moved in turn, in every round",
)
