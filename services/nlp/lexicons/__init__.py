"""Words of dates, times and names, as tables."""
