"""What the pages do: settings, prompt versions, calls and their search, live calls, exports."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from app.admin.text.audit_words import _NAMES
from services.calls.lifecycle import open_call
from services.db.models import Business, BusinessSettings, Call, PromptVersion
from services.db.tenancy import bind_business
from tests.app.admin.cast import ADMIN, CLINIC, NOW, OFFICE, OWNER, Visitor
from tests.app.admin.fixtures import Admin

HOME = f"/admin/b/{CLINIC}/"


def settings_of(admin: Admin, business: int = CLINIC) -> BusinessSettings:
    query = select(BusinessSettings).options(undefer(BusinessSettings.webhook_secret))
    return admin.database.read(lambda s: bind_business(s, business).scalars(query).one())


def versions_of(admin: Admin) -> list[PromptVersion]:
    query = select(PromptVersion).order_by(PromptVersion.number)
    return admin.database.read(lambda s: list(bind_business(s, CLINIC).scalars(query)))


# -- settings ------------------------------------------------------------------------------------------------

HOURS = {
    "timezone": "Asia/Jerusalem",
    "holiday_eves": "friday",
    "slot_size_min": "30",
    "min_notice_min": "60",
    "booking_window_days": "60",
}


def test_the_greeting_is_saved(admin: Admin) -> None:
    admin.visitor(OWNER).post(
        f"{HOME}settings",
        name="Clinic",
        language="he",
        enable_greeting="y",
        greeting_text="שלום!",
        transcription_keywords="one\ntwo\n\none",
    )
    saved = settings_of(admin)
    assert (saved.greeting_text, saved.enable_greeting, saved.transcription_keywords) == ("שלום!", True, ["one", "two"])
    assert admin.database.read(lambda s: bind_business(s, CLINIC).scalars(select(Business.name)).one()) == "Clinic"


def test_a_greeting_that_is_on_must_say_something(admin: Admin) -> None:
    answer = admin.visitor(OWNER).post(f"{HOME}settings", name="Clinic", language="he", enable_greeting="y")
    assert answer.status_code == 422
    assert "Write the greeting" in answer.text


def test_hours_with_several_ranges_and_sloppy_times_are_saved(admin: Admin) -> None:
    answer = admin.visitor(OWNER).post(
        f"{HOME}settings/hours",
        **HOURS,
        **{
            "sun-open": ["16:00", "9", ""],
            "sun-close": ["1930", "13", ""],
            "thu-open": ["20:00"],
            "thu-close": ["02:00"],
            "closed-date": ["2027-05-01", "", "2027-01-01"],
        },
    )
    assert answer.status_code == 302
    saved = settings_of(admin)
    assert saved.opening_hours_json["sun"] == [["09:00", "13:00"], ["16:00", "19:30"]]
    assert saved.opening_hours_json["thu"] == [["20:00", "02:00"]]
    assert saved.opening_hours_json["mon"] == []
    assert saved.closed_dates == ["2027-01-01", "2027-05-01"]
    assert saved.observe_holidays is False


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sun-open": ["09:00", "12:00"], "sun-close": ["13:00", "15:00"]}, "two ranges overlap"),
        ({"sun-open": ["25:00"], "sun-close": ["26:00"]}, "not a time"),
        ({"sun-open": ["09:00"], "sun-close": [""]}, "not a time"),
        ({"closed-date": ["01/05/2027"]}, "not a date"),
        ({"slot_size_min": "0"}, "outside the accepted limits"),
        ({"slot_size_min": "many"}, "must be a whole number"),
        ({"timezone": "Mars/Olympus"}, "unknown time zone"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_the_reason(admin: Admin, changes: dict[str, object], words: str) -> None:
    before = settings_of(admin).opening_hours_json
    answer = admin.visitor(OWNER).post(f"{HOME}settings/hours", **{**HOURS, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert settings_of(admin).opening_hours_json == before


@pytest.mark.parametrize(
    ("page", "form", "words"),
    [
        ("hand-over", {"transfer_numbers": "not a number", "fallback": "message"}, "is not a telephone number"),
        ("hand-over", {"transfer_numbers": "", "fallback": "forward"}, "needs at least one number"),
        ("line", {"barge_in": "loudly"}, "Choose one of the options"),
        ("line", {"eagerness": "at once"}, "Choose one of the options"),
        ("voice", {"max_output_tokens": "199"}, "A whole number from 200 to 600"),
        ("voice", {"max_output_tokens": "601"}, "A whole number from 200 to 600"),
        ("privacy", {"webhook_url": "ftp://x", "recording_retention_days": "30"}, "begins with https://"),
    ],
)
def test_settings_that_make_no_sense_are_refused_beside_the_field(
    admin: Admin, page: str, form: dict[str, str], words: str
) -> None:
    answer = admin.visitor(OWNER).post(f"{HOME}settings/{page}", **form)
    assert answer.status_code == 422
    assert words in answer.text


SWITCHES = (
    "may_book", "may_change", "may_take_leads", "may_take_messages", "may_transfer", "may_send_sms",
    "greet_known_callers",
)  # fmt: skip


def test_what_the_assistant_does_is_switched_on_a_page_of_its_own(admin: Admin) -> None:
    """(L9)"""
    visitor = admin.visitor(OWNER)
    assert all(getattr(settings_of(admin), name) for name in SWITCHES)
    visitor.post(f"{HOME}settings/abilities", may_take_leads="y", may_take_messages="y")
    saved = settings_of(admin)
    assert [name for name in SWITCHES if getattr(saved, name)] == ["may_take_leads", "may_take_messages"]


def test_a_business_that_switches_everything_off_is_told_what_that_means(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}settings/abilities", may_send_sms="y")
    assert "only answers questions" in visitor.get(f"{HOME}settings/abilities").text
    assert "transfers no calls" in visitor.get(f"{HOME}settings/hand-over").text
    assert "לא נקבעים כאן בטלפון" in visitor.get(f"{HOME}prompt").text


@pytest.mark.parametrize(
    ("numbers", "messages", "words"),
    [
        ([], "y", "asked to leave a recorded message"),
        ([], "", "told that it is not possible"),
        (["+97239990011"], "y", ""),
    ],
)
def test_a_transfer_without_a_number_is_pointed_out(
    admin: Admin, numbers: list[str], messages: str, words: str
) -> None:
    def change(s: Session) -> None:
        row = bind_business(s, CLINIC).scalars(select(BusinessSettings)).one()
        row.transfer_numbers, row.may_take_messages = numbers, bool(messages)

    admin.database.write(change)
    page = admin.visitor(OWNER).get(f"{HOME}settings/abilities").text
    assert ("Add a number" in page) is bool(words)
    assert words in page


def test_a_confirmation_that_no_sms_carries_is_pointed_out(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}settings/privacy", sms_confirmation="y", recording_retention_days="30")
    assert "Not sent" not in visitor.get(f"{HOME}settings/privacy").text
    visitor.post(f"{HOME}settings/abilities", may_book="y")
    assert "Not sent" in visitor.get(f"{HOME}settings/privacy").text


@pytest.mark.parametrize(("tokens", "words"), [("240", "many answers are cut"), ("300", ""), ("500", "go on for long")])
def test_an_unusual_length_of_answers_is_saved_with_a_warning(admin: Admin, tokens: str, words: str) -> None:
    """(R2)"""
    visitor = admin.visitor(OWNER)
    assert visitor.post(f"{HOME}settings/voice", max_output_tokens=tokens).status_code == 302
    assert settings_of(admin).max_output_tokens == int(tokens)
    page = visitor.get(f"{HOME}settings/voice").text
    assert ("is recommended.</span>" in page) is bool(words)
    assert words in page


def test_the_models_patience_and_noise_reduction_are_saved(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    line = {"barge_in": "two_phase", "barge_in_action": "hold", "line_mode": "simple", "vad_preset": "voice"}
    visitor.post(
        f"{HOME}settings/line", **line, endpointing="semantic_vad", eagerness="low", noise_reduction="far_field"
    )
    saved = settings_of(admin)
    assert (saved.eagerness, saved.noise_reduction) == ("low", "far_field")


@pytest.mark.parametrize(("language", "words"), [("he", "הגעתם אל Garage"), ("en", "you have reached Garage")])
def test_a_new_business_greets_its_callers(admin: Admin, language: str, words: str) -> None:
    """(L6)"""
    made = admin.visitor(ADMIN).post("/admin/businesses/new", name="Garage", language=language, number="")
    saved = settings_of(admin, int(made.headers["Location"].split("/")[3]))
    assert saved.enable_greeting
    assert words in saved.greeting_text


def test_every_setting_has_a_name_in_the_audit_trail() -> None:
    inner = {"id", "business_id", "ai_prompt"}
    assert set(BusinessSettings.__table__.columns.keys()) - inner <= set(_NAMES)


LINE = {
    "barge_in": "two_phase",
    "barge_in_action": "hold",
    "line_mode": "voice",
    "vad_preset": "voice",
    "endpointing": "server_vad",
}


def test_a_noisy_line_gets_the_voice_gate_and_soft_preprocessing_and_back(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    for choice, soft in (("voice", True), ("simple", False)):
        owner.post(
            f"{HOME}settings/line", **{**LINE, "line_mode": choice}, **({"soft_preprocess": "y"} if soft else {})
        )
        saved = settings_of(admin)
        assert (saved.line_mode, saved.soft_preprocess) == (choice, soft)
    refused = owner.post(f"{HOME}settings/line", **{**LINE, "line_mode": "loud"})
    assert refused.status_code == 422
    assert settings_of(admin).line_mode == "simple"


def test_transfer_numbers_are_kept_as_they_are_dialled_abroad(admin: Admin) -> None:
    limits = {"max_call_minutes": "15", "silence_prompt_s": "8", "max_silence_prompts": "3"}
    admin.visitor(OWNER).post(
        f"{HOME}settings/hand-over", transfer_numbers="03-999 0011\n+972 50-123-4567", fallback="forward", **limits
    )
    assert settings_of(admin).transfer_numbers == ["+97239990011", "+972501234567"]


def test_a_summary_address_gets_a_key_and_secrets_can_be_replaced(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}settings/privacy", webhook_url="https://hooks.example.com/x")
    first = settings_of(admin)
    assert first.webhook_secret
    for which in ("webhook", "feed"):
        visitor.post(f"{HOME}settings/privacy/new-secret", which=which)
    second = settings_of(admin)
    assert second.webhook_secret != first.webhook_secret
    assert second.ics_secret != first.ics_secret


def test_a_retired_model_is_shown_with_its_end_and_successor(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    answer = visitor.post(
        f"{HOME}settings/voice", voice="cedar", model="gpt-4o-realtime-preview", transcription_model=""
    )
    assert answer.status_code == 302
    page = visitor.get(f"{HOME}settings/voice").text
    assert "The model gpt-4o-realtime-preview was retired on 07/05/2026; gpt-realtime-2.1 is used instead." in page
    assert settings_of(admin).transcription_model is None


# -- prompt --------------------------------------------------------------------------------------------------


def test_every_save_is_a_version_with_its_author_and_the_newest_is_used(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}prompt", text="You are Noa.", note="shorter", base="1")
    newest = versions_of(admin)[-1]
    assert (newest.number, newest.text, newest.note) == (2, "You are Noa.", "shorter")
    assert newest.author_id == admin.people[OWNER]
    assert settings_of(admin).ai_prompt["calls"] == "You are Noa."
    assert "Olga" in visitor.get(f"{HOME}prompt").text


def test_saving_the_same_text_makes_no_version(admin: Admin) -> None:
    text = settings_of(admin).ai_prompt["calls"].strip()
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}prompt", text=text + " x", base="1")
    visitor.post(f"{HOME}prompt", text=text + " x", base="2")
    assert len(versions_of(admin)) == 2


def test_two_people_editing_at_once_lose_no_words(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}prompt", text="the first", base="1")
    answer = visitor.post(f"{HOME}prompt", text="the second", base="1")
    assert answer.status_code == 409
    assert "A newer version was saved meanwhile" in answer.text
    assert "the second" in answer.text
    assert settings_of(admin).ai_prompt["calls"] == "the first"


def test_the_difference_of_two_versions_marks_words(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}prompt", text="You are Noa.\nA check costs 180 shekels.", base="1")
    visitor.post(f"{HOME}prompt", text="You are Noa.\nA check costs 200 shekels.", base="2")
    page = visitor.get(f"{HOME}prompt/diff?a=2&b=3").text
    assert "<del>180</del>" in page
    assert "<ins>200</ins>" in page


def test_restoring_makes_the_old_text_a_new_version(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    original = versions_of(admin)[0].text
    visitor.post(f"{HOME}prompt", text="something else", base="1")
    visitor.post(f"{HOME}prompt/versions/1/restore")
    assert [each.text for each in versions_of(admin)] == [original, "something else", original]
    assert settings_of(admin).ai_prompt["calls"] == original


@pytest.mark.parametrize("text", ["", "x" * 12_001])
def test_an_empty_or_endless_prompt_is_refused(admin: Admin, text: str) -> None:
    answer = admin.visitor(OWNER).post(f"{HOME}prompt", text=text, base="1")
    assert answer.status_code == 422
    assert len(versions_of(admin)) == 1


def test_the_preview_is_the_whole_prompt_with_hours_and_date(admin: Admin) -> None:
    page = admin.visitor(OWNER).post(f"{HOME}prompt/preview", text="אני נועה מהבדיקה").text
    assert "אני נועה מהבדיקה" in page
    assert "09:00–17:00" in page
    assert f"{NOW:%Y}" in page
    assert versions_of(admin)[-1].number == 1


# -- calls ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("", True),
        ("q=hello", True),
        ("q=4561", True),
        ("q=050-123-4561", True),
        ("q=nothing+of+the+kind", False),
        ("q=%25", False),
        ("kind=real", False),
        ("kind=test", True),
        ("result=interrupted", True),
        ("result=booked", False),
        ("result=not_booked", True),
        ("result=live", False),
        ("since=2001-01-01&until=2001-12-31", False),
        ("since=2001-01-01", True),
        ("since=nonsense&page=x", True),
        ("page=9999", False),
        ("page=99999999999", True),
    ],
)
def test_the_list_finds_what_the_filter_says(admin: Admin, query: str, is_found: bool) -> None:
    page = admin.visitor(OWNER).get(f"{HOME}calls?{query}")
    assert page.status_code == 200
    assert (f"/calls/{admin.clinic.call_id}" in page.text) is is_found


def test_a_calls_page_greys_what_was_not_heard_and_says_why_it_ended(admin: Admin) -> None:
    page = admin.visitor(OWNER).get(f"{HOME}calls/{admin.clinic.call_id}").text
    assert re.search(r'<del class="unheard"[^>]*>.*hello</del>', page)
    assert "interrupted here" in page
    assert "the caller hung up" in page
    assert "The caller interrupted the assistant" in page
    assert "[SERVER]" in page
    assert "700 ms" in page


def test_a_call_without_a_recording_has_no_player(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    assert visitor.get(f"{HOME}calls/{admin.clinic.call_id}/recording").status_code == 404
    assert f'calls/{admin.clinic.call_id}/recording"' not in visitor.get(f"{HOME}calls/{admin.clinic.call_id}").text


def live_call(admin: Admin) -> Call:
    def work(s: Session) -> Call:
        return open_call(
            s,
            business_id=CLINIC,
            call_sid="CAlive",
            caller="+972501112222",
            dialled="+97239990001",
            now=datetime.now(UTC),
        )

    return admin.database.write(work)


def test_the_live_view_shows_calls_in_progress_and_is_sent_once(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    assert "No calls right now" in visitor.get(f"{HOME}live").text
    live_call(admin)
    first = visitor.get(f"{HOME}live/calls")
    assert "050-111-2222" in first.text
    again = visitor.client.get(f"{HOME}live/calls", headers={"If-None-Match": first.headers["ETag"]})
    # The page carries a fresh token only where there is a form; the rest is the same.
    assert again.status_code in (200, 304)


@pytest.mark.parametrize(("action", "stored"), [("end", "end"), ("hand-over", "hand_over")])
def test_a_live_call_is_asked_to_end_or_to_hand_over(admin: Admin, action: str, stored: str) -> None:
    call = live_call(admin)
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}live/{call.id}/{action}")
    asked = admin.database.read(lambda s: bind_business(s, CLINIC).get_one(Call, call.id).requested_action)
    assert asked == stored
    assert visitor.post(f"{HOME}live/{call.id}/explode").status_code == 404


def test_a_call_that_is_over_cannot_be_ended(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}live/{admin.clinic.call_id}/end")
    assert "The call is over already." in visitor.get(f"{HOME}live").text


# -- exports -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["calls", "customers", "leads", "appointments"])
def test_a_businesss_rows_come_as_csv(admin: Admin, what: str) -> None:
    answer = admin.visitor(OWNER).get(f"{HOME}export/{what}.csv")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith("\ufeff".encode())
    assert len(answer.text.strip().splitlines()) == 2
    assert "attachment" in answer.headers["Content-Disposition"]


def test_the_calls_export_holds_what_the_list_shows(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    assert len(visitor.get(f"{HOME}export/calls.csv?kind=real").text.strip().splitlines()) == 1
    assert len(visitor.get(f"{HOME}export/calls.csv?q=hello").text.strip().splitlines()) == 2
    assert visitor.get(f"{HOME}export/passwords.csv").status_code == 404


def test_the_calendar_feed_needs_its_secret_and_no_log_in(admin: Admin) -> None:
    secret = settings_of(admin).ics_secret
    visitor = Visitor(admin.app)
    answer = visitor.get(f"/calendar/{secret}.ics")
    assert answer.mimetype == "text/calendar"
    assert "BEGIN:VEVENT" in answer.text
    assert visitor.get("/calendar/guess.ics").status_code == 404


# -- home and why --------------------------------------------------------------------------------------------


def test_home_counts_todays_real_calls_and_names_what_is_missing(admin: Admin) -> None:
    live_call(admin)
    visitor = admin.visitor(OWNER)
    page = visitor.get(HOME).text
    assert re.search(r"Calls today</dt><dd><bdi[^>]*>1</bdi>", page)
    assert "The model is the built-in one" in page
    page = admin.visitor(OWNER).get(f"{HOME}setup").text
    assert "https://phone.example.com/webhook/incoming_call" in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("time=03:00", "is outside the opening hours"),
        ("time=09:10", "Appointments start every"),
        ("time=09:00", "is already taken"),
        ("time=14:00", "The time is free"),
    ],
)
def test_why_not_says_which_rule_refused(admin: Admin, query: str, words: str) -> None:
    from tests.app.admin.cast import next_weekday

    page = admin.visitor(OWNER).get(f"{HOME}why?day={next_weekday(9):%Y-%m-%d}&{query}").text
    assert words in page


def test_why_not_explains_the_past_and_the_far_future(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    far = NOW + timedelta(days=200)
    assert "is already over" in visitor.get(f"{HOME}why?day=2020-01-05&time=10:00").text
    assert "at most" in visitor.get(f"{HOME}why?day={far:%Y-%m-%d}&time=10:00").text
    for nonsense in ("day=0001-01-01&time=10:00", "day=9999-12-31&time=10:00", "day=x&time=99:99"):
        assert visitor.get(f"{HOME}why?{nonsense}").status_code == 200


def test_an_address_of_no_page_is_a_page_that_says_so(admin: Admin) -> None:
    answer = admin.visitor(OWNER).get("/admin/no/such/page")
    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_the_other_business_is_untouched_by_all_of_it(admin: Admin) -> None:
    before = settings_of(admin, OFFICE).ai_prompt
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}prompt", text="mine only", base="1")
    assert settings_of(admin, OFFICE).ai_prompt == before
