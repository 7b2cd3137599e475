"""A business's booking rules: settings, opening hours, and both in words. Pure."""
