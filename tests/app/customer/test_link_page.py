"""The page behind the link, over real HTTP and on both databases: whose it is, and what it changes (K6)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments import links
from services.db.models import Appointment, AppointmentStatus, AuditKind, Business, Notify, TakenTime
from services.tools_calendar import Booking, cancel_appointment, move_appointment
from tests.app.admin.cast import CLINIC, OFFICE
from tests.app.customer.site import KEYS, Site, link_in, running_site, seen_on, times_on
from tests.services.texts.world import ZONE

STRANGER = b"a-secret-of-somebody-else-0123456789"


@pytest.fixture
def booking(site: Site, phone: str) -> Booking:
    return site.book(site.some_time(), phone)


@pytest.fixture
def link(site: Site, booking: Booking) -> str:
    return site.link(booking)


def test_a_confirmation_brings_the_link_and_the_link_the_appointment(site: Site, booking: Booking, phone: str) -> None:
    sms = site.sms_to(phone)
    page = site.get(link_in(sms))
    assert page.status == 200
    assert f"{booking.start:%H:%M}–{booking.end:%H:%M}" in page.text
    assert "שיננית" in page.text
    assert phone not in page.text
    assert phone.removeprefix("+972") not in re.sub(r"\D", "", page.text)
    assert page.leads_to == ""


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("agent", ["WhatsApp/2.23.20.0", "facebookexternalhit/1.1", "TelegramBot (like TwitterBot)"])
def test_looking_at_it_changes_nothing(site: Site, booking: Booking, link: str, method: str, agent: str) -> None:
    before = site.appointment(booking)
    for path in (link, f"{link}?lang=en", f"{link}/confirm", f"{link}/cancel", f"{link}/move"):
        answer = site.get(path, method=method, User_Agent=agent)
        assert answer.status in (200, 405)
        assert answer.headers.get("Set-Cookie") is None
    after = site.appointment(booking)
    assert (after.sequence, after.status, after.updated_at) == (before.sequence, before.status, before.updated_at)
    assert site.audit_of(booking) == []


def test_the_page_gives_nothing_away(site: Site, booking: Booking, link: str) -> None:
    for path in (link, "/a/nobody-signed-this"):
        answer = site.get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert 'name="robots" content="noindex' in answer.text
        assert "<script" not in answer.text
        assert not re.search(r"<style|\sstyle=|\son\w+=|https?://", answer.text)
        title = re.search(r"<title>([^<]*)</title>", answer.text)
        assert title is not None
        assert title[1] in ("תור", "Appointment"), "a preview shows it to whoever is near"


def test_it_speaks_the_businesss_language_and_the_one_that_is_chosen(site: Site, booking: Booking, link: str) -> None:
    assert '<html lang="he" dir="rtl">' in site.get(link, Accept_Language="en").text
    page = site.get(f"{link}?lang=en", Accept_Language="he")
    assert '<html lang="en" dir="ltr">' in page.text
    assert "I am coming" in page.text
    answer = site.post(f"{link}/confirm?lang=en", {"seen": seen_on(page)})
    assert "You have confirmed" in site.get(answer.leads_to).text


def test_a_customer_confirms_and_it_is_in_the_trail(site: Site, booking: Booking, link: str) -> None:
    answer = site.act(link, "confirm")
    assert (answer.status, answer.leads_to) == (303, link)
    assert "אישרתם הגעה" in site.get(link).text
    assert site.appointment(booking).confirmed_at is not None
    (event,) = site.audit_of(booking)
    assert (event.kind, event.detail) == (AuditKind.APPOINTMENT_CONFIRMED, {"how": "link"})
    assert (event.client_address, event.business_id) == ("127.0.0.1", CLINIC)


def test_a_customer_cancels_once_and_everybody_is_told_once(
    site: Site, booking: Booking, link: str, phone: str
) -> None:
    site.choose(notify_by=Notify.WEBHOOK, webhook_url="http://127.0.0.1:9/x")
    assert site.act(link, "cancel").status == 303
    page = site.get(link)
    assert "התור בוטל" in page.text
    assert "<form" not in page.text
    assert site.appointment(booking).status is AppointmentStatus.CANCELLED
    again = site.post(f"{link}/cancel", {"seen": links.form_token(KEYS, booking.id, 0)})
    assert (again.status, "התור בוטל" in again.text) == (200, True)
    assert "דרך הקישור" in site.sms_to(phone, "בוטל").body
    assert [event.detail for event in site.audit_of(booking)] == [{"status": "cancelled", "how": "link"}]
    assert [row.payload["event"]["type"] for row in site.outbox(f"notify:cancelled:{booking.uid}")] == [
        "appointment.cancelled"
    ]
    site.book(booking.start.replace(tzinfo=None), f"{phone}")


def test_a_customer_moves_to_a_free_time_and_the_link_goes_on(
    site: Site, booking: Booking, link: str, phone: str
) -> None:
    page = site.get(f"{link}?day={booking.start:%Y-%m-%d}")
    free = times_on(page)
    assert f"{booking.start:%Y-%m-%dT%H:%M}" not in free
    target = free[-1]
    answer = site.act(link, "move", slot=target)
    assert (answer.status, "moved" in answer.leads_to) == (303, True)
    shown = site.get(answer.leads_to)
    assert "התור הועבר" in shown.text
    assert target[11:] in shown.text
    row = site.appointment(booking)
    assert f"{row.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}" == target
    sms = site.sms_to(phone, "הועבר דרך הקישור")
    assert site.get(link_in(sms)).status == 200
    assert site.act(link_in(sms), "cancel").status == 303, "the new link works, and the old one showed the same"


@pytest.mark.parametrize(
    ("hour", "minute", "days", "words"),
    [(3, 0, 0, "מחוץ לשעות"), (11, 10, 0, "תורים מתחילים כל"), (11, 0, 200, "קדימה בלבד"), (11, 0, -90, "כבר עבר")],
)
def test_a_move_follows_the_callers_rules(
    site: Site, booking: Booking, link: str, hour: int, minute: int, days: int, words: str
) -> None:
    wanted = booking.start.replace(tzinfo=None, hour=hour, minute=minute) + timedelta(days=days)
    while wanted.weekday() in (4, 5):
        wanted += timedelta(days=1)
    answer = site.act(link, "move", slot=f"{wanted:%Y-%m-%dT%H:%M}")
    assert answer.status == 409
    assert words in answer.text
    assert site.appointment(booking).sequence == 0


def test_the_notice_that_callers_must_give_holds_here(site: Site, phone: str) -> None:
    booking = site.book(site.whole_day(15), phone)
    ahead_min = round((booking.start - datetime.now(UTC)) / timedelta(minutes=1))
    site.choose(min_notice_min=ahead_min)
    try:
        wanted = booking.start.replace(tzinfo=None) - timedelta(hours=2)
        answer = site.act(site.link(booking), "move", slot=f"{wanted:%Y-%m-%dT%H:%M}")
        assert (answer.status, "מראש" in answer.text) == (409, True)
    finally:
        site.choose(min_notice_min=60)


def test_what_somebody_took_meanwhile_is_told_with_what_is_free(
    site: Site, booking: Booking, link: str, phone: str
) -> None:
    page = site.get(f"{link}?day={booking.start:%Y-%m-%d}")
    target = times_on(page)[3]
    site.book(datetime.fromisoformat(target), "+972508888888")
    answer = site.post(f"{link}/move", {"seen": seen_on(page), "slot": target})
    assert (answer.status, "כבר תפוס" in answer.text) == (409, True)
    assert target not in times_on(answer)
    assert times_on(answer)


def test_of_many_who_want_one_time_one_has_it(site: Site) -> None:
    day = site.whole_day(9)
    bookings = [site.book(day + timedelta(minutes=30 * n), f"+97250600000{n}") for n in range(6)]
    target = f"{day.replace(hour=15):%Y-%m-%dT%H:%M}"
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda each: site.act(site.link(each), "move", slot=target).status, bookings))
    assert sorted(answers) == [303, *[409] * 5]


# -- whose it is ----------------------------------------------------------------------------------------------------


def test_a_link_that_we_did_not_sign_opens_nothing(site: Site, booking: Booking, link: str) -> None:
    other = site.book(site.some_time(), "+972507777777")
    value, _, signature = link.removeprefix("/a/").partition(".")
    forged = [
        site.link(booking, keys=[STRANGER]),
        f"/a/{other.id}-{value.partition('-')[2]}.{signature}",
        f"/a/{value}999.{signature}",
        f"/a/{value}.",
        f"/a/{value}",
        f"/a/{value}.{signature[:-1]}",
        "/a/x",
        "/a/%00",
        f"/a/{'9' * 4000}.{signature}",
    ]
    for path in forged:
        answer = site.get(path)
        assert answer.status in (400, 404, 410), path
        assert "10:00" not in answer.text
        for act in ("confirm", "move", "cancel"):
            refused = site.post(f"{path}/{act}", {"seen": links.form_token(KEYS, booking.id, 0), "slot": "x"})
            assert refused.status in (400, 404, 410, 422, 429), path
    assert site.appointment(booking).sequence == site.appointment(other).sequence == 0


def test_a_form_of_one_appointment_is_none_of_another(site: Site, booking: Booking, link: str) -> None:
    """Nor is one without what the page gave it, or with what a stranger signed."""
    other = site.book(site.some_time(), "+972507777778")
    for seen in (
        seen_on(site.get(site.link(other))),
        links.form_token([STRANGER], booking.id, 0),
        "",
        "x",
        "é" * 200,
    ):
        assert site.post(f"{link}/cancel", {"seen": seen}).status == 400
    assert site.post(f"{link}/cancel", {}).status == 400
    assert site.appointment(booking).status is AppointmentStatus.BOOKED


def test_a_form_of_a_page_that_is_no_longer_true_does_nothing(site: Site, booking: Booking, link: str) -> None:
    seen = seen_on(site.get(link))
    later = booking.start.replace(tzinfo=None, hour=14)
    site.within(lambda s: move_appointment(s, appointment_id=booking.id, start=later, now=datetime.now(UTC)))
    answer = site.post(f"{link}/cancel", {"seen": seen})
    assert (answer.status, "השתנה בינתיים" in answer.text) == (409, True)
    assert "14:00" in answer.text
    assert site.appointment(booking).status is AppointmentStatus.BOOKED


def test_a_form_sent_twice_at_once_acts_once(site: Site, booking: Booking, link: str) -> None:
    seen = seen_on(site.get(link))
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda _: site.post(f"{link}/cancel", {"seen": seen}).status, range(6)))
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 409, 200}
    assert len(site.audit_of(booking)) == 1


def test_another_businesss_link_opens_that_business_and_no_other(site: Site, phone: str) -> None:
    start = site.whole_day(11)
    ours, theirs = site.book(start, phone), site.book(start, phone, name="Olga", business=OFFICE)
    page = site.get(site.link(theirs))
    assert "Olga" in page.text
    assert "Harbour" in page.text
    assert "דנה" not in page.text
    assert '<html lang="en"' in page.text
    assert site.act(site.link(theirs), "cancel").status == 303
    assert site.appointment(ours).status is AppointmentStatus.BOOKED
    assert site.appointment(theirs, OFFICE).status is AppointmentStatus.CANCELLED


def test_what_customers_may_not_change_they_cannot(site: Site, booking: Booking, link: str) -> None:
    """(L9)"""
    seen = seen_on(site.get(link))
    site.choose(may_change=False)
    try:
        page = site.get(link)
        assert "/cancel" not in page.text
        assert "/move" not in page.text
        assert site.post(f"{link}/cancel", {"seen": seen}).status == 403
        assert site.post(f"{link}/confirm", {"seen": seen}).status == 303
    finally:
        site.choose(may_change=True)
    assert site.appointment(booking).status is AppointmentStatus.BOOKED


# -- when it is over ------------------------------------------------------------------------------------------------


def test_a_link_whose_time_is_over_says_so(site: Site, booking: Booking) -> None:
    path = site.link(booking, until=datetime.now(UTC) - timedelta(hours=2))
    answer = site.get(path, Accept_Language="en")
    assert (answer.status, "does not work any more" in answer.text) == (410, True)
    assert site.post(f"{path}/cancel", {"seen": links.form_token(KEYS, booking.id, 0)}).status == 410


def test_an_appointment_that_is_over_cannot_be_changed(site: Site, booking: Booking, link: str) -> None:
    seen = seen_on(site.get(link))

    def in_the_past(s: Session) -> None:
        row = s.get_one(Appointment, booking.id)
        taken = s.get_one(TakenTime, row.taken_id)
        now = datetime.now(UTC)
        # What is taken moves first: an appointment never lies outside of it.
        for moved in (taken, row):
            moved.starts_at, moved.ends_at = now - timedelta(minutes=10), now + timedelta(minutes=20)
            s.flush()

    site.within(in_the_past)
    page = site.get(link)
    assert "כבר התחיל או עבר" in page.text
    for act in ("confirm", "cancel"):
        answer = site.post(f"{link}/{act}", {"seen": seen})
        assert (answer.status, "כבר התחיל או עבר" in answer.text) == (200, True)
    assert site.appointment(booking).sequence == 0
    site.within(lambda s: cancel_appointment(s, appointment_id=booking.id, now=datetime.now(UTC)))


@pytest.mark.parametrize("how", ["closed down", "no links any more"])
def test_a_business_that_gives_none_has_none(site: Site, booking: Booking, link: str, how: str) -> None:
    def set_active(value: bool) -> None:
        def work(s: Session) -> None:
            s.scalars(select(Business)).one().is_active = value

        site.within(work)

    if how == "closed down":
        set_active(False)
    else:
        site.choose(customer_link=False)
    try:
        assert site.get(link).status == 410
    finally:
        set_active(True)
        site.choose(customer_link=True)


# -- odd input, and too much of it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["day=0001-01-01", "day=9999-12-31", "day=x", "day=%00", "lang=xx", "lang=<script>", f"day={'9' * 3000}"]
)
def test_odd_addresses_break_nothing(site: Site, link: str, query: str) -> None:
    answer = site.get(f"{link}?{query}")
    assert answer.status in (200, 400)
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    "slot", ["", "x", "2027-13-40T99:99", "0001-01-01T00:00", "9999-12-31T23:59", "2027-03-03T10:00Z", "1" * 5000]
)
def test_odd_times_break_nothing(site: Site, booking: Booking, link: str, slot: str) -> None:
    assert site.act(link, "move", slot=slot).status in (409, 422)
    assert site.appointment(booking).sequence == 0


def test_text_of_a_caller_stays_text(site: Site, phone: str) -> None:
    booking = site.book(site.some_time(), phone, name="<b>x</b><script>alert(1)</script>")
    page = site.get(site.link(booking)).text
    assert "<script" not in page
    assert "<b>x" not in page


def test_who_tries_too_often_waits(site: Site, booking: Booking, link: str) -> None:
    """(S2)"""
    statuses = [site.get(link).status for _ in range(70)]
    assert statuses.count(200) == 60
    refused = site.get(link, Accept_Language="en")
    assert (refused.status, "Too many" in refused.text) == (429, True)


def test_one_link_cannot_be_pressed_for_ever(site: Site, booking: Booking, link: str) -> None:
    statuses = [site.post(f"{link}/cancel", {"seen": "x"}).status for _ in range(25)]
    assert statuses == [400] * 20 + [429] * 5


def test_nothing_of_links_and_numbers_stands_in_the_log(site: Site, booking: Booking, link: str, phone: str) -> None:
    """(D4)"""
    site.act(link, "confirm")
    site.post(f"{link}/cancel", {"seen": "x"})
    site.says(phone, "מילים שאיש לא יכתוב")
    log = site.server.logs()
    assert link.partition(".")[2] not in log
    assert phone not in log
    assert "מילים שאיש" not in log


def test_a_changed_key_keeps_the_links_that_are_out(site: Site, booking: Booking, link: str, tmp_path: Path) -> None:
    if site.server.database.is_sqlite:
        return
    url = site.server.database_url
    new = "another-secret-for-tests-0123456789"
    with running_site(tmp_path, url, SECRET_KEY=new, SECRET_KEY_PREVIOUS=KEYS[0].decode()) as later:
        assert later.get(link).status == 200
        assert later.act(link, "confirm").status == 303
