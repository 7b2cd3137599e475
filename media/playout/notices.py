"""Recorded sentences that need no model: mu-law files, one for each language and gender, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from services.language.persona import Persona

CLIPS = Path(__file__).parent / "clips"


@cache
def notice(name: str, persona: Persona) -> bytes:
    """Raw 8 kHz mu-law as this persona says it, in English for a language without clips. Raises FileNotFoundError for
    an unknown name."""
    path = CLIPS / persona.language / persona.gender / f"{name}.ulaw"
    return (path if path.exists() else CLIPS / "en" / persona.gender / f"{name}.ulaw").read_bytes()
