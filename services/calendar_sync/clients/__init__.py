"""The calendars of others, over their own protocols."""
