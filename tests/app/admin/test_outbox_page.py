"""What goes out, on its page; whom may be called and written to, and where summaries go, in the forms (S3, S6, S2)."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.context import Worker
from services.db.models import BusinessSettings, Call, OutboxMessage, OutboxStatus
from services.db.tenancy import bind_business
from tests.app.admin.cast import CLINIC, OFFICE, OWNER, VIEWER
from tests.app.admin.fixtures import Admin

HOME = f"/admin/b/{CLINIC}/"
LIMITS = {"max_call_minutes": "15", "silence_prompt_s": "8", "max_silence_prompts": "3", "fallback": "message"}


def settings_of(admin: Admin) -> BusinessSettings:
    return admin.database.read(lambda s: bind_business(s, CLINIC).scalars(select(BusinessSettings)).one())


def state_of(admin: Admin, business: int = CLINIC) -> OutboxStatus:
    rows = admin.clinic if business == CLINIC else admin.office
    return admin.database.read(lambda s: bind_business(s, business).get_one(OutboxMessage, rows.message_id).status)


def set_reason(admin: Admin, reason: str) -> None:
    def work(session: Session) -> None:
        bind_business(session, CLINIC).get_one(OutboxMessage, admin.clinic.message_id).last_error = reason

    admin.database.write(work)


def in_production(admin: Admin) -> None:
    """From now on the app believes to be an installation that is open to the world."""
    worker: Worker = admin.app.extensions["assistant"]
    settings = worker.settings.model_copy(update={"app_env": "production"})
    admin.app.extensions["assistant"] = dataclasses.replace(worker, settings=settings)


@pytest.mark.parametrize(
    ("language", "state", "reason"),
    [("he", "הונחה בצד", "המדינה אינה ברשימת המדינות"), ("en", "set aside", "the country is not on the list")],
)
def test_what_was_set_aside_stands_there_with_its_reason(admin: Admin, language: str, state: str, reason: str) -> None:
    set_reason(admin, "foreign_number")
    visitor = admin.visitor(OWNER, language)
    page = visitor.get(f"{HOME}outbox?status=failed").text
    assert state in page
    assert reason in page
    assert "outbox" in visitor.get(HOME).text, "the first page leads there"
    assert visitor.get(f"{HOME}outbox?status=sent").text.count("<tr>") == 0


def test_it_is_tried_again_by_those_who_may(admin: Admin) -> None:
    path = f"{HOME}outbox/{admin.clinic.message_id}/again"
    assert admin.visitor(VIEWER).post(path).status_code == 403
    assert "Try again" not in admin.visitor(VIEWER).get(f"{HOME}outbox").text
    assert admin.visitor(OWNER).post(f"{HOME}outbox/{admin.office.message_id}/again").status_code == 404
    assert (state_of(admin), state_of(admin, OFFICE)) == (OutboxStatus.FAILED, OutboxStatus.FAILED)
    visitor = admin.visitor(OWNER)
    assert visitor.post(path).status_code == 302
    assert state_of(admin) is not OutboxStatus.FAILED
    assert "It is being tried again" in visitor.get(f"{HOME}outbox").text


def test_a_row_that_cannot_be_read_breaks_no_page(admin: Admin) -> None:
    def spoil(session: Session) -> None:
        row = bind_business(session, CLINIC).get_one(OutboxMessage, admin.clinic.message_id)
        row.payload = ["no", "mapping"]  # type: ignore[assignment]

    admin.database.write(spoil)
    assert admin.visitor(OWNER).get(f"{HOME}outbox").status_code == 200


# -- where summaries go ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://[::1", "This is no address"),
        ("https://a:99999999/", "This is no address"),
        ("https://", "This is no address"),
        ("http://hooks.example.com/", "is not encrypted"),
        ("https://127.0.0.1/", "not on the open internet"),
        ("https://[::ffff:10.0.0.1]/", "not on the open internet"),
        ("https://[64:ff9b::a9fe:a9fe]/", "not on the open internet"),
        ("https://[2002:7f00:1::]/", "not on the open internet"),
    ],
)
def test_an_address_that_cannot_be_posted_to_is_refused_in_clear_words(admin: Admin, address: str, words: str) -> None:
    visitor = admin.visitor(OWNER)
    in_production(admin)
    answer = visitor.post(f"{HOME}settings/privacy", webhook_url=address)
    assert answer.status_code == 422
    assert words in answer.text
    assert settings_of(admin).webhook_url is None


def test_development_takes_a_receiver_on_this_machine(admin: Admin) -> None:
    admin.visitor(OWNER).post(f"{HOME}settings/privacy", webhook_url="http://127.0.0.1:8000/")
    assert settings_of(admin).webhook_url == "http://127.0.0.1:8000/"


@pytest.mark.parametrize("wanted", ["http://[::1", "//[", "/admin/\\evil"])
def test_a_wish_to_go_to_no_address_leads_home_after_the_log_in(admin: Admin, wanted: str) -> None:
    visitor = admin.visitor()
    answer = visitor.log_in(OWNER, "a good long password", next=wanted)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_a_socket_from_a_page_of_no_address_is_refused(admin: Admin) -> None:
    headers = {"Origin": "http://[::1", "Connection": "Upgrade", "Upgrade": "websocket"}
    answer = admin.visitor(OWNER).client.get("/ws/twilio-media?call=BROWSER1&token=x", headers=headers)
    assert answer.status_code == 403


# -- whom to call and write to --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+449098790000", "is not a telephone number"),
        ("+88216123456", "is not a telephone number"),
        ("+870773111632", "is not a telephone number"),
        ("1-700-123-456", "is not a telephone number"),
        ("1-900-123-456", "is not a telephone number"),
        ("+252612345678", "is not dialled"),
        ("+12125551234", "is not dialled"),
    ],
)
def test_calls_are_not_transferred_to_costly_or_foreign_numbers(admin: Admin, number: str, words: str) -> None:
    answer = admin.visitor(OWNER).post(f"{HOME}settings/hand-over", transfer_numbers=number, **LIMITS)
    assert answer.status_code == 422
    assert words in answer.text
    assert number not in settings_of(admin).transfer_numbers


def test_a_chosen_country_may_be_called_within_what_the_installation_allows(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    fields = {**LIMITS, "transfer_numbers": "+12125551234\n03-999 0011", "dial_countries": "il, us"}
    assert visitor.post(f"{HOME}settings/hand-over", **fields).status_code == 302
    assert settings_of(admin).dial_countries == ["IL", "US"]
    assert settings_of(admin).transfer_numbers == ["+12125551234", "+97239990011"]
    page = visitor.get(f"{HOME}settings/hand-over").text
    assert 'value="IL, US"' in page
    for code, words in (("SO", "not allowed on this installation"), ("XX", "not the code of a country")):
        answer = visitor.post(f"{HOME}settings/hand-over", **{**fields, "dial_countries": f"IL, US, {code}"})
        assert answer.status_code == 422
        assert words in answer.text


def test_a_premium_number_is_no_customers(admin: Admin) -> None:
    answer = admin.visitor(OWNER).post(
        f"{HOME}appointments/new", phone="+449098790000", name="x", start="2027-03-02T10:00"
    )
    assert "is not a telephone number" in answer.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"notify_by": "sms", "notify_phone": "050-123-4567"}, "from the list of transfer numbers"),
        ({"notify_by": "email", "notify_email": "o@x.example"}, "No mail server"),
        ({"notify_by": "webhook"}, "address for call summaries is needed first"),
        ({"notify_by": "pigeon"}, "Choose one of the options"),
    ],
)
def test_a_notification_that_could_not_arrive_is_refused(admin: Admin, form: dict[str, str], words: str) -> None:
    fields = {**LIMITS, "transfer_numbers": "03-999 0011", **form}
    answer = admin.visitor(OWNER).post(f"{HOME}settings/hand-over", **fields)
    assert answer.status_code == 422
    assert words in answer.text


def test_the_owner_chooses_how_to_hear_of_messages(admin: Admin) -> None:
    fields = {**LIMITS, "transfer_numbers": "03-999 0011", "notify_by": "sms", "notify_phone": "03-9990011"}
    visitor = admin.visitor(OWNER)
    assert visitor.post(f"{HOME}settings/hand-over", **fields).status_code == 302
    saved = settings_of(admin)
    assert (saved.notify_by, saved.notify_phone) == ("sms", "+97239990011")
    assert 'value="sms" checked' in visitor.get(f"{HOME}settings/hand-over").text


@pytest.mark.parametrize(("said", "status"), [("0", 302), ("100", 302), ("", 302), ("101", 422), ("-1", 422)])
def test_an_owner_may_lower_the_daily_sms_and_not_raise_them(admin: Admin, said: str, status: int) -> None:
    answer = admin.visitor(OWNER).post(f"{HOME}settings/privacy", sms_per_day=said)
    assert answer.status_code == status
    assert settings_of(admin).sms_per_day == (int(said) if said and status == 302 else None)


@pytest.mark.parametrize(("chosen", "status"), [("open", 302), ("name", 302), ("code", 422), ("anything", 422)])
def test_an_owner_chooses_what_opens_an_appointment_and_no_code_where_no_sms_goes(
    admin: Admin, chosen: str, status: int
) -> None:
    visitor = admin.visitor(OWNER)
    answer = visitor.post(f"{HOME}settings/privacy", caller_id_trust=chosen)
    assert answer.status_code == status
    assert settings_of(admin).caller_id_trust == (chosen if status == 302 else "name")
    if status == 302:
        assert f'value="{chosen}" checked' in visitor.get(f"{HOME}settings/privacy").text


# -- voice messages -------------------------------------------------------------------------------------------


def test_a_message_is_heard_on_the_calls_page_until_it_is_deleted(admin: Admin) -> None:
    visitor, path = admin.visitor(OWNER), f"{HOME}calls/{admin.clinic.call_id}"
    page = visitor.get(path).text
    assert f"{path}/messages/1" in page
    sound = visitor.get(f"{path}/messages/1")
    assert (sound.status_code, sound.mimetype, len(sound.data)) == (200, "audio/wav", 44 + 32_000)
    part = visitor.client.get(f"{path}/messages/1", headers={"Range": "bytes=44-143"})
    assert (part.status_code, len(part.data)) == (206, 100)
    assert visitor.get(f"{path}/messages/2").status_code == 404
    assert visitor.get(f"{path}/messages/0").status_code == 404
    visitor.post(f"{path}/recording/delete")
    assert visitor.get(f"{path}/messages/1").status_code == 404
    assert "The sound was deleted" in visitor.get(path).text


@pytest.mark.parametrize(("status", "words"), [("completed", "transferred"), ("no-answer", "nobody answered")])
def test_the_list_and_the_call_tell_whether_anybody_answered(admin: Admin, status: str, words: str) -> None:
    def transfer(session: Session) -> None:
        call = bind_business(session, CLINIC).get_one(Call, admin.clinic.call_id)
        call.transfer_status, call.next_number = status, "+97239990011"

    admin.database.write(transfer)
    visitor = admin.visitor(OWNER)
    assert words in visitor.get(f"{HOME}calls").text
    page = visitor.get(f"{HOME}calls/{admin.clinic.call_id}").text
    assert ("nobody answered" in page) is (status == "no-answer")
    assert "03-999-0011" in page
