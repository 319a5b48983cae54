"""A run step by step: a virtual processor on which every step of every thread is chosen."""

from semalab.log.schedule import Schedule
from semalab.stepping.footprint import Follow, Footprint, Guide, Location, Operation, StepMark, footprint, independent
from semalab.stepping.granularity import Settings
from semalab.stepping.operand_values import Items
from semalab.stepping.pool import Pool
from semalab.stepping.processor import SteppingProcessor
from semalab.stepping.watch import Watch, watch
from semalab.stepping.yield_points import announce

__all__ = [
    "Follow",
    "Footprint",
    "Guide",
    "Items",
    "Location",
    "Operation",
    "Pool",
    "Settings",
    "StepMark",
    "SteppingProcessor",
    "Watch",
    "announce",
    "following",
    "footprint",
    "independent",
    "stepper",
]


def stepper(settings: Settings, pool: Pool, timeout: float) -> SteppingProcessor:
    """A processor that makes a point of all that its settings ask for; its twins must be announced to it."""
    processor = SteppingProcessor(settings, pool, timeout)
    if settings.watched:
        processor.watch = watch(processor)
    return processor


def following(schedule: Schedule, timeout: float) -> SteppingProcessor:
    """A processor for one run, which repeats the one with this schedule."""
    processor = stepper(Settings.of(schedule), Pool(), timeout)
    processor.guide = Follow(schedule.choices, schedule.unfinished)
    return processor
