"""Logs, metrics and which build this is."""
