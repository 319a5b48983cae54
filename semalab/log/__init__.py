"""What happened: events in their order, and what may stand in them. Knows nothing of threads, clocks or pictures."""
