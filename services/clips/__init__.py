"""A business's own recordings: the sentences that are heard at once, spoken by its model beforehand (L7)."""
