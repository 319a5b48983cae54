"""The two clocks a program can run on: real threads and seconds, or one virtual processor and its own time."""

from semalab.engine.carrier import system
from semalab.engine.foreign import Foreign
from semalab.engine.interpreter import current_frames
from semalab.engine.processor import Processor
from semalab.engine.scheduler import Replayed, Scheduler, Seeded
from semalab.engine.thread import Inside, ProgramThread, Stop, Stuck, Subject
from semalab.engine.virtual import VirtualProcessor
from semalab.engine.wall import WallProcessor
from semalab.log.columns import ROW, count, rows, times

__all__ = [
    "ROW",
    "Foreign",
    "Inside",
    "Processor",
    "ProgramThread",
    "Replayed",
    "Scheduler",
    "Seeded",
    "Stop",
    "Stuck",
    "Subject",
    "VirtualProcessor",
    "WallProcessor",
    "count",
    "current_frames",
    "rows",
    "system",
    "times",
]
