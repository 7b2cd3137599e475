"""Languages, gender and the greeting's sound on the settings pages (L7, L11, L12), in Hebrew and English."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.businesses import own_voice_of
from services.db.models import BusinessSettings, OutboxKind, OutboxMessage, OutboxStatus
from services.db.tenancy import bind_business
from tests.app.admin.cast import CLINIC, OWNER, VIEWER
from tests.app.admin.fixtures import Admin

SETTINGS = f"/admin/b/{CLINIC}/settings"
FORM = {"name": "Clinic", "language": "he", "enable_greeting": "y", "greeting_text": "שלום!"}
STATES = {
    "missing": ("The sound was not made yet", "הקול עוד לא הוכן"),
    "making": ("The sound is being made", "הקול בהכנה"),
    "failed": ("The sound could not be made", "הקול לא הוכן"),
    "ready": ("The sound is ready", "הקול מוכן"),
}


def in_clinic(admin: Admin, work: object) -> object:
    def run(session: Session) -> object:
        bind_business(session, CLINIC)
        return work(session, session.scalars(select(BusinessSettings)).one())  # type: ignore[operator]

    return admin.database.write(run)


def jobs(admin: Admin) -> list[OutboxStatus]:
    query = select(OutboxMessage.status).where(OutboxMessage.kind == OutboxKind.CLIPS).order_by(OutboxMessage.id)
    return in_clinic(admin, lambda s, _row: list(s.scalars(query)))  # type: ignore[return-value]


def set_job(admin: Admin, status: OutboxStatus, reason: str = "") -> None:
    def work(session: Session, _row: BusinessSettings) -> None:
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.CLIPS)).one()
        message.status, message.last_error = status, reason

    in_clinic(admin, work)


def test_ticked_languages_and_the_gender_are_saved_and_shown(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(SETTINGS, **FORM, answer_languages=["en", "ru"])
    visitor.post(f"{SETTINGS}/voice", voice="cedar", model="", transcription_model="", persona_gender="male")
    saved = in_clinic(admin, lambda _s, row: (row.answer_languages, row.persona_gender.value))
    assert saved == (["en", "ru"], "male")
    page = visitor.get(SETTINGS).text
    assert 'value="ru" checked' in page
    assert 'value="ar" checked' not in page
    assert 'value="male" checked' in visitor.get(f"{SETTINGS}/voice").text
    prompt = visitor.get(f"/admin/b/{CLINIC}/prompt").text
    assert "בלשון זכר" in prompt
    assert "עברית, אנגלית או רוסית" in prompt


@pytest.mark.parametrize(
    ("page", "field"), [("", {**FORM, "answer_languages": "fr"}), ("/voice", {"persona_gender": "other"})]
)
def test_what_is_no_language_or_gender_is_refused(admin: Admin, page: str, field: dict[str, str]) -> None:
    assert admin.visitor(OWNER).post(f"{SETTINGS}{page}", **field).status_code == 422


def test_saving_what_changes_the_sound_asks_for_new_sound_and_nothing_else_does(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(SETTINGS, **FORM)
    assert jobs(admin) == [OutboxStatus.PENDING]
    visitor.post(SETTINGS, **{**FORM, "name": "Another name"})
    visitor.post(f"{SETTINGS}/line", barge_in="off", barge_in_action="hold", line_mode="simple", vad_preset="voice")
    assert jobs(admin) == [OutboxStatus.PENDING]
    visitor.post(f"{SETTINGS}/voice", voice="cedar", model="", transcription_model="")
    assert jobs(admin) == [OutboxStatus.DROPPED, OutboxStatus.PENDING]


@pytest.mark.parametrize("language", ["en", "he"])
def test_the_page_says_how_the_sound_stands(admin: Admin, language: str) -> None:
    visitor = admin.visitor(OWNER, language)

    def shown() -> list[str]:
        pages = [visitor.get(f"{SETTINGS}{page}").text for page in ("", "/voice")]
        return [state for state, words in STATES.items() if all(words[language == "he"] in page for page in pages)]

    assert shown() == ["missing"]
    visitor.post(f"{SETTINGS}/clips")
    assert shown() == ["making"]
    set_job(admin, OutboxStatus.FAILED, "model_away")
    assert shown() == ["failed"]
    why = {"en": "the model could not be reached", "he": "המודל לא היה זמין"}[language]
    assert why in visitor.get(SETTINGS).text
    in_clinic(admin, lambda _s, row: setattr(row, "clips_made_of", own_voice_of(row).fingerprint))
    assert shown() == ["ready"]


def test_a_try_that_failed_is_repeated_by_a_button_that_viewers_do_not_have(admin: Admin) -> None:
    owner, viewer = admin.visitor(OWNER), admin.visitor(VIEWER)
    owner.post(f"{SETTINGS}/clips")
    set_job(admin, OutboxStatus.FAILED, "not_spoken")
    assert 'form="make-clips"' in owner.get(SETTINGS).text
    assert 'form="make-clips"' not in viewer.get(SETTINGS).text
    assert owner.post(f"{SETTINGS}/clips").status_code == 302
    assert jobs(admin) == [OutboxStatus.FAILED, OutboxStatus.PENDING]


def test_the_job_is_listed_among_what_the_business_does_in_the_background(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{SETTINGS}/clips")
    assert "The greeting’s sound" in visitor.get(f"/admin/b/{CLINIC}/outbox").text.replace("&#39;", "’")
