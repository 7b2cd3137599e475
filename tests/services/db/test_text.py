"""Text and JSON from anywhere: what is kept is what PostgreSQL can hold, and nothing else is lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.db.text import storable_json, storable_text

ANY = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY, inner, max_size=4),
    max_leaves=15,
)


@given(ANY, st.none() | st.integers(0, 70))
def test_any_text_becomes_one_that_can_be_stored(text: str, limit: int | None) -> None:
    kept = storable_text(text, limit)
    assert "\0" not in kept
    kept.encode("utf-8")
    assert limit is None or len(kept) <= limit
    if limit is None:
        expected = "".join("?" if "\ud800" <= sign <= "\udfff" else sign for sign in text if sign != "\0")
        assert kept == expected


@given(JSON)
def test_any_json_becomes_one_that_can_be_stored(value: Any) -> None:
    text = json.dumps(storable_json(value), ensure_ascii=False)
    text.encode("utf-8")
    assert "\\u0000" not in text.replace("\\\\", "")
