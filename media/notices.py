"""Recorded sentences that need no model: mu-law files, one per language, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

CLIPS = Path(__file__).parent / "clips"


@cache
def notice(name: str, language: str) -> bytes:
    """Raw 8 kHz mu-law in the business's language, else in English. Raises FileNotFoundError for an unknown name."""
    path = CLIPS / language / f"{name}.ulaw"
    return (path if path.exists() else CLIPS / "en" / f"{name}.ulaw").read_bytes()
