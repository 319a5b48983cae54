"""The exercises, one in each module: its task, its stub, the program it is judged in, and what must hold."""
