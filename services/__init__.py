"""The business and the outside world: database, policy, calendar, prompt, model clients."""
