"""Exercises: tasks for learners, judged over every schedule of small sizes, and answered in sentences and pictures."""

from semalab.exercises.done import check, progress
from semalab.exercises.feedback import Feedback

__all__ = ["Feedback", "check", "progress"]
