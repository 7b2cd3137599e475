"""References that are measured beside us, each in an environment of its own, never in ours."""
