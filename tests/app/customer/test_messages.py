"""Messages from customers over real HTTP, signed as Twilio signs and as forgers do, on both databases (K6)."""

from __future__ import annotations

import sqlite3
import urllib.parse
from contextlib import closing
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from sandbox.twilio.texting import PATH, message_form, new_message_sid
from services.db.models import AppointmentStatus, IncomingText, OutboxKind, TextOutcome
from services.outbox.outbox import enqueue
from services.tools_calendar import Booking
from tests.app.customer.site import Site
from tests.serving import CLINIC as CLINIC_NUMBER
from tests.serving import OFFICE as OFFICE_NUMBER
from tests.serving import PUBLIC_BASE, sign, wait_until

LONGEST_WHATSAPP = "א" * 4096


def texts_of(site: Site, phone: str) -> list[IncomingText]:
    query = select(IncomingText).where(IncomingText.phone == phone).order_by(IncomingText.id)
    return site.within(lambda s: list(s.scalars(query).all()))


@pytest.fixture
def booking(site: Site, phone: str) -> Booking:
    """Its confirmation was sent."""
    booking = site.book(site.some_time(), phone)
    site.sms_to(phone)
    wait_until(lambda: [row.status.value for row in site.outbox(f"sms:{booking.uid}")] == ["sent"])
    return booking


def test_two_frees_the_time_and_is_answered_in_twiml(site: Site, booking: Booking, phone: str) -> None:
    answer = site.says(phone, "2")
    (reply,) = answer.replies
    assert "בוטל" in reply
    assert ElementTree.fromstring(answer.document).tag == "Response"
    assert site.appointment(booking).status is AppointmentStatus.CANCELLED
    assert len(site.twilio.sms_to(phone)) == 1, "the confirmation; what was cancelled stands in the reply"
    site.book(booking.start.replace(tzinfo=None), "+972501010101")


def test_one_confirms(site: Site, booking: Booking, phone: str) -> None:
    assert "אושר" in site.says(phone, "1️⃣").replies[0]
    assert site.appointment(booking).confirmed_at is not None


@pytest.mark.parametrize("signature", ["forged", "missing"])
def test_who_is_not_twilio_changes_nothing(site: Site, booking: Booking, phone: str, signature: str) -> None:
    answer = site.says(phone, "2", signature=signature)
    assert (answer.status, answer.replies) == (403, ())
    assert site.appointment(booking).status is AppointmentStatus.BOOKED
    assert texts_of(site, phone) == []


def test_a_signature_is_for_its_words(site: Site, booking: Booking, phone: str) -> None:
    form = message_form(frm=phone, to=CLINIC_NUMBER, body="1")
    signature = sign(PUBLIC_BASE + PATH, form)
    for changed in ({"Body": "2"}, {"From": "+972509999999"}, {"To": OFFICE_NUMBER}, {"MessageSid": "SMother"}):
        assert site.server.post(PATH, {**form, **changed}, signature=signature).status == 403
    assert site.server.post("/webhook/message_status", form, signature=signature).status == 403
    assert texts_of(site, phone) == []


def test_a_request_that_is_played_again_does_nothing_twice(site: Site, booking: Booking, phone: str) -> None:
    sid = new_message_sid()
    first = site.says(phone, "2", sid=sid)
    site.book(booking.start.replace(tzinfo=None), phone)
    again = [site.says(phone, "2", sid=sid) for _ in range(3)]
    assert {each.document for each in again} == {first.document}
    assert len(texts_of(site, phone)) == 1


@pytest.mark.parametrize("field", ["MessageSid", "From", "To"])
def test_a_form_without_what_it_needs_is_refused(site: Site, phone: str, field: str) -> None:
    form = message_form(frm=phone, to=CLINIC_NUMBER, body="1")
    assert site.server.post(PATH, {**form, field: ""}).status == 400
    assert texts_of(site, phone) == []


def test_a_number_of_nobodys_gets_an_empty_answer(site: Site, phone: str) -> None:
    answer = site.says(phone, "1", to="+97239999999")
    assert (answer.status, answer.replies) == (200, ())


def test_the_longest_message_of_whatsapp_arrives_whole(site: Site, booking: Booking, phone: str) -> None:
    assert site.says(phone, LONGEST_WHATSAPP, channel="whatsapp", media=1).status == 200
    (row,) = texts_of(site, phone)
    assert (row.text, row.outcome, row.media_count) == (LONGEST_WHATSAPP, TextOutcome.PASSED_ON, 1)


def test_a_longer_form_is_refused(site: Site, phone: str) -> None:
    """(S1)"""
    assert site.says(phone, "א" * 12_000).status == 413
    assert texts_of(site, phone) == []


@pytest.mark.parametrize(
    "body", ["\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "\u202e1", "<script>", "%00"]
)
def test_odd_words_break_nothing(site: Site, phone: str, body: str) -> None:
    assert site.says(phone, body).status in (200, 400)


def test_what_whatsapp_could_not_deliver_is_told_and_goes_as_an_sms(site: Site, phone: str) -> None:
    """The message stands in the outbox as one that was sent."""
    booking = site.book(site.some_time(), phone)
    site.sms_to(phone)
    payload = {
        "to": phone,
        "from": CLINIC_NUMBER,
        "body": "hello by whatsapp",
        "channel": "whatsapp",
        "whatsapp_from": CLINIC_NUMBER,
    }
    key, now = f"remind:{booking.uid}:x", datetime.now(UTC)
    site.within(lambda s: enqueue(s, kind=OutboxKind.SMS, key=key, payload=payload, now=now))
    sent = wait_until(lambda: next(iter(site.twilio.sms_to(f"whatsapp:{phone}")), None))
    assert sent is not None
    path = urllib.parse.urlsplit(sent.status_url)
    assert f"{path.scheme}://{path.netloc}" == PUBLIC_BASE
    form = {"MessageSid": sent.sid, "To": sent.to, "From": sent.sender, "ErrorCode": "63016"}
    where = f"{path.path}?{path.query}"
    for status in ("sent", "failed", "failed"):
        assert site.server.post(where, {**form, "MessageStatus": status}).status == 204
    assert site.sms_to(phone, "by whatsapp").sender == CLINIC_NUMBER
    assert len([sms for sms in site.twilio.sms_to(phone) if "by whatsapp" in sms.body]) == 1
    assert site.server.post(where, {**form, "MessageStatus": "failed"}, signature="x").status == 403


@pytest.mark.slow
def test_a_message_that_comes_while_the_database_is_away_is_not_lost(site: Site, booking: Booking, phone: str) -> None:
    """Its answer follows as a message."""
    if not site.server.database.is_sqlite:
        return
    with closing(sqlite3.connect(str(site.server.database.url.database), isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        answer = site.says(phone, "2")
        holder.execute("ROLLBACK")
    assert (answer.status, answer.replies) == (200, ())
    wait_until(lambda: site.appointment(booking).status is AppointmentStatus.CANCELLED)
    assert "בוטל" in site.sms_to(phone, "בוטל").body
    assert [row.outcome for row in texts_of(site, phone)] == [TextOutcome.CANCELLED]
