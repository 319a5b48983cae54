"""The exercises, a module for each lesson: of each its task, its stub, the program it is judged in, and what must hold.

A new one stands in its lesson's module and in its EXERCISES: a `Prediction`, whose answer is read from a run, or a
`Trial`, whose attempt is put into a program. Nothing else needs to know of it but its tests: at least two right
attempts in `tests/programs/exercise_solutions.py`, and six wrong ones with their reasons beside them, in
`exercise_mutants.py`.
"""
