"""The conversation of one call: states, turns, barge-in, answers, the end."""
