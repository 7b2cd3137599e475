"""What a worker does besides answering: background work, drain, housekeeping, load."""
