"""Pages for the customers of businesses, who have no log-in: behind a signed link in a message (K6)."""
