"""A call's rows from the first webhook to what it came to."""
