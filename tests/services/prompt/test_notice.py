"""What is said at the start of a call about the assistant and the recording (D2)."""

from __future__ import annotations

import pytest

from services.prompt.notice import notice_text


@pytest.mark.parametrize(
    ("language", "words"), [("he", "מוקלטת"), ("en", "recorded"), ("ar", "مسجَّلة"), ("ru", "записывается")]
)
def test_every_language_of_the_product_has_its_sentences(language: str, words: str) -> None:
    both = notice_text(language, is_recorded=True, own=None, own_recorded=None)
    alone = notice_text(language, is_recorded=False, own=None, own_recorded=None)
    assert both.startswith(alone)
    assert words in both
    assert words not in alone


def test_a_businesss_own_words_stand_for_the_usual_ones_each_by_itself() -> None:
    assert (
        notice_text("en", is_recorded=True, own="A machine.", own_recorded=None) == "A machine. The call is recorded."
    )
    assert notice_text("fr", is_recorded=True, own=None, own_recorded="Taped.").endswith("intelligence. Taped.")
