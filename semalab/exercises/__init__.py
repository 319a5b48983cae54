"""Exercises: tasks for learners, judged over every schedule of small sizes, and answered in sentences and pictures."""

from semalab.exercises.check import check
from semalab.exercises.feedback import Feedback
from semalab.exercises.progress import progress

__all__ = ["Feedback", "check", "progress"]
