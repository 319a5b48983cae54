"""What is true after each event of a run: who runs, waits and holds, every value, and where each thread stands.

>>> moments = moments_of(run.reading, run.printed)
>>> moments[12].sentence
'worker-3 acquires `semaphore`: 1 → 0; 4 wait'
"""

from __future__ import annotations

from semalab.moments.change import Change, State
from semalab.moments.moments import Moment, Moments, Step, moments_of, sentence_of

__all__ = ["Change", "Moment", "Moments", "State", "Step", "moments_of", "sentence_of"]
