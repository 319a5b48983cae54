"""Every schedule of a program: proved for its size, or the shortest run that breaks it."""
