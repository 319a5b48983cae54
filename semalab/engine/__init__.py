"""The two clocks a program can run on: real threads and seconds, or one virtual processor and its own time."""

from semalab.engine.processor import ROW, Processor, Stuck
from semalab.engine.stop import Stop
from semalab.engine.thread import ProgramThread
from semalab.engine.virtual import VirtualProcessor
from semalab.engine.wall import WallProcessor

__all__ = ["ROW", "Processor", "ProgramThread", "Stop", "Stuck", "VirtualProcessor", "WallProcessor"]
