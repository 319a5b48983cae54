"""The exercises, one in each module: its task, its stub, the program it is judged in, and what must hold.

A new one is a module named after it (`mutex_6`) that defines EXERCISE: a `Prediction`, whose answer is read from a run,
or a `Trial`, whose attempt is put into a program. Nothing else needs to know of it but its tests: at least two right
attempts in `tests/exercise_solutions.py`, and six wrong ones with their reasons in `tests/exercise_mutants.py`.
"""
