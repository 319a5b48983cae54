"""From raw rows to what they show: trace, reading, claims, verdict, and what was true after each event."""
