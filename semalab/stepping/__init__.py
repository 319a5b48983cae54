"""A run step by step: a virtual processor on which every step of every thread is chosen."""

from semalab.stepping.entrances import announce
from semalab.stepping.footprint import Footprint, Location, footprint, independent
from semalab.stepping.guide import Follow, Guide, Mark, Operation
from semalab.stepping.pool import Pool
from semalab.stepping.processor import SteppingProcessor
from semalab.stepping.settings import Settings
from semalab.stepping.watch import Watch
from semalab.twins import Twins

__all__ = [
    "Follow",
    "Footprint",
    "Guide",
    "Location",
    "Mark",
    "Operation",
    "Pool",
    "Settings",
    "SteppingProcessor",
    "Watch",
    "footprint",
    "independent",
    "step_by_step",
]


def step_by_step(processor: SteppingProcessor, twins: Twins) -> None:
    """Make the points of a processor's settings: at the twins' operations and, if they ask for it, in the code."""
    announce(twins, processor)
    if processor.settings.watched:
        processor.watch = Watch(processor)
