"""Commands for a shell: `python -m app.commands.…`."""
