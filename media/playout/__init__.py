"""What the caller hears: queue, pacing and what was really heard."""
