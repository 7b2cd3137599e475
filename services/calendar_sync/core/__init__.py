"""What the calendars of others say and what follows from it: read, built and decided without I/O."""
