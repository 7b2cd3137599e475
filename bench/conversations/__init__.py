"""Whole dialogues of other authors, played on the real stack and judged by rows and TwiML (see README.md)."""
