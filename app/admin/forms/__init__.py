"""Forms and their limits."""
