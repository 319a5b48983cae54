"""What the tests record and explore, and attempts at the exercises: a module of programs a kind, with no test in it."""
