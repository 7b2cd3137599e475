"""The voice and the languages of a session (C2, C7)."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from services.appointments.team import add_resource, add_service
from services.calls.context import CallContext
from services.calls.lifecycle import load_call_context
from services.db.tenancy import bind_business
from services.engines.google.session import (
    CascadeDefaults,
    Voice,
    cascade_config,
    is_voice,
    language_names,
    voices_of,
)
from tests.services.db.fixtures import NOW, Cast

USUAL = CascadeDefaults("gpt-6-luna")


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("שלום, במה אפשר לעזור?", "he-IL-Wavenet-A"),
        ("Hello, how can I help?", "en-US-Wavenet-F"),
        ("Здравствуйте", "ru-RU-Wavenet-A"),
        ("مرحبا", "ar-XA-Wavenet-A"),
        ("Dr. Cohen קיבלה אותך לתור ב-10:30", "he-IL-Wavenet-A"),
        ("10:30", "he-IL-Wavenet-A"),
    ],
)
def test_a_text_is_read_by_the_voice_of_its_script(text: str, voice: str) -> None:
    assert voices_of("he", "female", "", USUAL).for_text(text) == Voice(voice, 0.95)


def test_the_business_s_own_voice_comes_before_the_installation_s_and_another_provider_s_is_none() -> None:
    installed = CascadeDefaults("m", voice="he-IL-Wavenet-C")
    assert voices_of("he", "male", "marin", installed).for_text("שלום").name == "he-IL-Wavenet-C"
    chosen = voices_of("he", "male", "he-IL-Chirp3-HD-Kore", installed).for_text("שלום")
    assert (chosen.name, chosen.language, chosen.streams) == ("he-IL-Chirp3-HD-Kore", "he-IL", True)


def test_the_recogniser_expects_the_business_s_people_services_and_own_words(cast: Cast) -> None:
    """(C2)"""

    def with_a_team(session: Session) -> CallContext:
        bind_business(session, cast.clinic.id)
        levi = add_resource(session, name="ד״ר לוי", called=["מיכל"])
        add_service(session, name="ניקוי אבנית", called=["שיננית"], length_min=30, given_by=[levi.id])
        return load_call_context(session, cast.clinic_call.id)

    phrases = cascade_config(cast.database.write(with_a_team), USUAL, NOW).recognition.phrases
    assert {"ד״ר לוי", "מיכל", "ניקוי אבנית", "שיננית"} <= set(phrases)
    assert len(phrases) == len(set(phrases))


def test_a_name_is_a_voice_by_its_shape() -> None:
    assert is_voice("en-US-Standard-C")
    others = ("", "marin", "en-US", "xx-YY-Wavenet-A", "he-il-Wavenet-A", "he-IL-Wavenet-A x", "he-IL--")
    assert not any(is_voice(name) for name in others)


def test_hebrew_goes_by_two_names_and_a_setting_s_comes_first() -> None:
    assert language_names("he", USUAL) == ("he-IL", "iw-IL")
    assert language_names("he", CascadeDefaults("m", stt_language="iw-IL")) == ("iw-IL", "he-IL")
