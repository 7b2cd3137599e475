"""What a database can store: PostgreSQL takes neither NUL in text and JSON nor lone surrogates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def storable_text(text: str, limit: int | None = None) -> str:
    """The text without NUL, lone surrogates replaced by "?", cut to `limit` characters."""
    if text.isascii() and "\x00" not in text:
        return text[:limit]
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    return clean if limit is None else clean[:limit]


def storable_json(value: Any) -> Any:
    """A JSON value with every text in it made storable; keys too."""
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, (dict, Mapping)):  # a dict is seen to be one ten times as fast as to be a Mapping
        return {storable_text(str(key)): storable_json(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable_json(inner) for inner in value]
    return value
