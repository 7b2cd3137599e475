"""What an agent's own words state as done (S7)."""
