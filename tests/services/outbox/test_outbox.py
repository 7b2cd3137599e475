"""Messages that leave the house: one per booking, whoever sends, whatever breaks; on both databases."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.twilio.rest import Fault
from services import tools_calendar as calendar
from services.db.database import Database
from services.db.models import BusinessSettings, OutboxKind, OutboxMessage, OutboxStatus
from services.db.tenancy import bind_business
from services.outbox.outbox import MAX_ATTEMPTS, STALE, OutboxItem, OutcomeUnknown, SendFailed, enqueue
from services.outbox.sms import TwilioSms, twilio_client
from services.outbox.webhook import WebhookPost, signature
from services.tools_calendar import Booking
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import drain
from tests.twilio_api import ACCOUNT, TOKEN, fake_twilio

TEN = datetime(2027, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))


class Recorder:
    """A sender that keeps what it was given; `answers` are raised, one per send."""

    def __init__(self, *answers: Exception, arrived: bool | None = False) -> None:
        self.sent: list[OutboxItem] = []
        self.answers = list(answers)
        self.arrived = arrived
        self.asked = 0

    def send(self, item: OutboxItem) -> None:
        self.sent.append(item)
        if self.answers:
            raise self.answers.pop(0)

    def was_sent(self, _item: OutboxItem) -> bool | None:
        self.asked += 1
        return self.arrived


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def in_clinic(cast: Cast, fn: Callable[[Session], Any]) -> Any:
    def run(session: Session) -> Any:
        bind_business(session, cast.clinic.id)
        return fn(session)

    return cast.database.write(run)


def put(cast: Cast, key: str, kind: OutboxKind = OutboxKind.SMS, **payload: Any) -> bool:
    return bool(in_clinic(cast, lambda s: enqueue(s, kind=kind, key=key, payload=payload, now=NOW)))


def rows(cast: Cast) -> list[OutboxMessage]:
    return list(in_clinic(cast, lambda s: s.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()))


def states(cast: Cast) -> list[str]:
    return [row.status.value for row in rows(cast)]


def test_a_key_is_written_once(cast: Cast) -> None:
    assert put(cast, "k", body="first")
    assert not put(cast, "k", body="second")
    assert [row.payload for row in rows(cast)] == [{"body": "first"}]


def test_what_is_due_is_sent_once_by_many_workers(cast: Cast, clock: Clock) -> None:
    for number in range(12):
        put(cast, f"k{number}")
    sender = Recorder()
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: drain(cast.database, {OutboxKind.SMS: sender}, clock), range(8)))
    assert sum(taken) == 12
    assert sorted(item.key for item in sender.sent) == sorted(f"k{number}" for number in range(12))
    assert set(states(cast)) == {"sent"}


def test_a_kind_nobody_can_send_stays(cast: Cast, clock: Clock) -> None:
    put(cast, "k", kind=OutboxKind.WEBHOOK)
    assert drain(cast.database, {OutboxKind.SMS: Recorder()}, clock) == 0
    assert states(cast) == ["pending"]


def test_a_failure_is_tried_again_later_and_later_and_then_given_up(cast: Cast, clock: Clock) -> None:
    put(cast, "k")
    sender = Recorder(*[SendFailed("down", retry=True) for _ in range(MAX_ATTEMPTS)])
    pauses = []
    while rows(cast)[0].status is OutboxStatus.PENDING:
        assert drain(cast.database, {OutboxKind.SMS: sender}, clock) == 1
        row = rows(cast)[0]
        pauses.append(row.next_try_at - clock.now)
        assert drain(cast.database, {OutboxKind.SMS: sender}, clock) == 0, "not before its time"
        clock.now = row.next_try_at
    assert len(sender.sent) == MAX_ATTEMPTS
    assert pauses == sorted(pauses)
    assert (rows(cast)[0].status, rows(cast)[0].last_error) == (OutboxStatus.FAILED, "down")


def test_what_could_not_be_sent_for_a_day_is_not_sent_any_more(cast: Cast, clock: Clock) -> None:
    put(cast, "k")
    clock.now += timedelta(days=1, seconds=1)
    sender = Recorder()
    drain(cast.database, {OutboxKind.SMS: sender}, clock)
    assert (sender.sent, states(cast)) == ([], ["failed"])


def test_a_refusal_is_not_tried_again(cast: Cast, clock: Clock) -> None:
    put(cast, "k")
    drain(cast.database, {OutboxKind.SMS: Recorder(SendFailed("no such number", retry=False))}, clock)
    assert states(cast) == ["failed"]


@pytest.mark.parametrize(("arrived", "sends", "state"), [(True, 1, "sent"), (False, 2, "sent"), (None, 1, "failed")])
def test_a_lost_answer_is_looked_up_before_anything_is_sent_again(
    cast: Cast, clock: Clock, arrived: bool | None, sends: int, state: str
) -> None:
    put(cast, "k")
    sender = Recorder(OutcomeUnknown("timeout"), arrived=arrived)
    drain(cast.database, {OutboxKind.SMS: sender}, clock)
    assert states(cast) == ["sending"]
    clock.now += STALE
    assert drain(cast.database, {OutboxKind.SMS: sender}, clock) == 0, "someone may still be at it"
    clock.now += timedelta(seconds=1)
    drain(cast.database, {OutboxKind.SMS: sender}, clock)
    assert (len(sender.sent), sender.asked, states(cast)) == (sends, 1, [state])


def test_a_worker_that_died_while_sending_is_succeeded_by_one_that_asks_first(cast: Cast, clock: Clock) -> None:
    class Died(BaseException):
        pass

    class Dying(Recorder):
        def send(self, item: OutboxItem) -> None:
            super().send(item)
            raise Died

    put(cast, "k")
    with pytest.raises(Died):
        drain(cast.database, {OutboxKind.SMS: Dying()}, clock)
    clock.now += STALE + timedelta(seconds=1)
    successor = Recorder(arrived=True)
    drain(cast.database, {OutboxKind.SMS: successor}, clock)
    assert (successor.sent, states(cast)) == ([], ["sent"])


# -- one confirmation per booking -----------------------------------------------------------------------------


def confirmations_on(cast: Cast, language: str = "he", *, customer_link: bool = True) -> None:
    def change(session: Session) -> None:
        settings = session.scalars(select(BusinessSettings)).one()
        settings.sms_confirmation, settings.language, settings.customer_link = True, language, customer_link

    in_clinic(cast, change)


def book(cast: Cast, start: datetime = TEN) -> Booking:
    result = cast.database.write(
        lambda s: calendar.create_appointment_from_realtime(
            s, call_id=cast.clinic_call.id, start=start, phone="+972501234567", name="דנה", now=NOW
        )
    )
    assert result.booking is not None
    return result.booking


def test_no_confirmation_unless_the_business_wants_it(cast: Cast) -> None:
    book(cast)
    assert rows(cast) == []


@pytest.mark.parametrize(
    ("language", "body", "call_us", "link_words"),
    [
        (
            "he",
            "שלום דנה, נקבע לך תור בClinic: יום שלישי, 2 במרץ בשעה 10:00.",
            " לשינוי או ביטול אפשר להתקשר אלינו.",
            "לאישור, שינוי או ביטול:",
        ),
        (
            "en",
            "Hello דנה, your appointment at Clinic is booked: Tuesday, 2 March at 10:00.",
            " To change or cancel it, please call us.",
            "To confirm, change or cancel:",
        ),
    ],
)
@pytest.mark.parametrize("has_link", [True, False])
def test_a_booking_is_confirmed_once_in_the_businesss_language(
    cast: Cast, language: str, body: str, call_us: str, link_words: str, has_link: bool
) -> None:
    """With a link to the appointment, or the advice to call (K6)."""
    confirmations_on(cast, language, customer_link=has_link)
    booking = book(cast)
    book(cast)
    (row,) = rows(cast)
    payload = dict(row.payload)
    about = {"uid": booking.uid, "starts_at": TEN.astimezone(UTC).isoformat(), "status": "booked"}
    until = (booking.end.astimezone(UTC) + timedelta(days=7)).isoformat()
    link = {"link": {"appointment": booking.id, "until": until, "words": link_words}} if has_link else {}
    text = body if has_link else body + call_us
    assert payload == {"to": "+972501234567", "from": "+97231110001", "body": text, "about": about, **link}


def test_a_time_that_no_longer_holds_is_not_confirmed(cast: Cast, clock: Clock) -> None:
    confirmations_on(cast)
    sender = Recorder()
    booking = book(cast)
    in_clinic(
        cast,
        lambda s: calendar.move_appointment(
            s, appointment_id=booking.id, start=TEN + timedelta(hours=1), now=NOW, call_id=cast.clinic_call.id
        ),
    )
    drain(cast.database, {OutboxKind.SMS: sender}, clock)
    (sent,) = sender.sent
    assert "11:00" in sent.payload["body"]
    assert states(cast) == ["dropped", "sent"]


def test_a_cancelled_booking_is_not_confirmed(cast: Cast, clock: Clock) -> None:
    confirmations_on(cast)
    booking = book(cast)
    in_clinic(cast, lambda s: calendar.cancel_appointment(s, appointment_id=booking.id, now=NOW))
    assert drain(cast.database, {OutboxKind.SMS: Recorder()}, clock) == 0
    assert states(cast) == ["dropped"]


# -- SMS through Twilio's API ---------------------------------------------------------------------------------


def sms_item(body: str = "hello", attempts: int = 1, to: str = "+972501234567") -> OutboxItem:
    payload = {"to": to, "from": "+97231110001", "body": body}
    return OutboxItem(1, 1, OutboxKind.SMS, "k", payload, attempts, datetime.now(UTC), None, False)


def test_an_sms_reaches_twilio() -> None:
    with fake_twilio() as rest:
        TwilioSms(twilio_client(ACCOUNT, TOKEN, rest.base)).send(sms_item("שלום"))
        (message,) = rest.messages
    assert (message.to, message.sender, message.body) == ("+972501234567", "+97231110001", "שלום")


@pytest.mark.parametrize(("status", "retry"), [(429, True), (400, False)])
def test_what_twilio_refuses_was_not_sent(status: int, retry: bool) -> None:
    with fake_twilio() as rest:
        rest.faults.append(Fault("error", status=status))
        with pytest.raises(SendFailed) as caught:
            TwilioSms(twilio_client(ACCOUNT, TOKEN, rest.base)).send(sms_item())
    assert caught.value.retry is retry


@pytest.mark.parametrize("fault", [Fault("lost_answer"), Fault("error", status=503)])
def test_an_answer_that_says_nothing_is_looked_up_at_twilio(fault: Fault) -> None:
    with fake_twilio() as rest:
        sender = TwilioSms(twilio_client(ACCOUNT, TOKEN, rest.base))
        rest.faults.append(fault)
        with pytest.raises(OutcomeUnknown):
            sender.send(sms_item())
        assert sender.was_sent(sms_item()) is (fault.kind == "lost_answer")
        assert sender.was_sent(sms_item("another text")) is False
        rest.faults.append(Fault("error", status=500))
        with pytest.raises(OutcomeUnknown):
            sender.was_sent(sms_item())


def test_twilio_out_of_reach_is_tried_again() -> None:
    with pytest.raises(SendFailed) as caught:
        TwilioSms(twilio_client(ACCOUNT, TOKEN, "http://127.0.0.1:1")).send(sms_item())
    assert caught.value.retry


def test_one_sms_per_booking_although_answers_are_lost_and_workers_race(cast: Cast) -> None:
    confirmations_on(cast)
    book(cast)
    clock = Clock()
    clock.now = datetime.now(UTC)

    def date_today(session: Session) -> None:
        """The API's messages carry today's date, the booking here was made in another year."""
        row = session.scalars(select(OutboxMessage)).one()
        row.created_at = row.next_try_at = clock.now

    in_clinic(cast, date_today)
    with fake_twilio() as rest:
        rest.faults.extend([Fault("error", status=429), Fault("lost_answer")])
        senders = {OutboxKind.SMS: TwilioSms(twilio_client(ACCOUNT, TOKEN, rest.base))}
        with ThreadPoolExecutor(4) as threads:
            for _ in range(4):
                list(threads.map(lambda _: drain(cast.database, senders, clock), range(4)))
                clock.now += timedelta(hours=1)
        assert len(rest.messages) == 1
    assert states(cast) == ["sent"]


# -- webhooks -------------------------------------------------------------------------------------------------


class Receiver(ThreadingHTTPServer):
    """A Zapier-like receiver; `statuses` are answered one per request, then 200."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Not to the test's output."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def hook_item(url: str) -> OutboxItem:
    payload = {"url": url, "event": {"type": "call.ended", "summary": "נקבע תור"}}
    return OutboxItem(1, 1, OutboxKind.WEBHOOK, "webhook:call:CA1", payload, 1, NOW, "s3cret", False)


def test_a_webhook_is_signed_and_named_so_that_repeats_can_be_dropped(receiver: Receiver) -> None:
    WebhookPost(lambda: NOW, allow_private=True).send(hook_item(receiver.url))
    ((headers, body),) = receiver.received
    assert json.loads(body) == {"type": "call.ended", "summary": "נקבע תור"}
    assert headers["Idempotency-Key"] == "webhook:call:CA1"
    assert headers["X-Assistant-Signature"] == signature("s3cret", body, NOW)
    assert signature("other", body, NOW) != signature("s3cret", body, NOW)


@pytest.mark.parametrize(("status", "retry"), [(500, True), (429, True), (404, False), (302, False)])
def test_a_webhook_that_is_not_taken_is_tried_again_where_that_may_help(
    receiver: Receiver, status: int, retry: bool
) -> None:
    receiver.statuses.append(status)
    with pytest.raises(SendFailed) as caught:
        WebhookPost(lambda: NOW, allow_private=True).send(hook_item(receiver.url))
    assert caught.value.retry is retry
    assert len(receiver.received) == 1, "a redirect is not followed"


def test_a_webhook_to_our_own_network_is_never_posted(receiver: Receiver) -> None:
    port = receiver.server_address[1]
    for url in (f"https://127.0.0.1:{port}/", f"https://localhost:{port}/", f"https://[::ffff:127.0.0.1]:{port}/"):
        with pytest.raises(SendFailed):
            WebhookPost(lambda: NOW).send(hook_item(url))
    with pytest.raises(SendFailed) as caught:
        WebhookPost(lambda: NOW).send(hook_item(receiver.url))
    assert not caught.value.retry, "plain http is refused for good"
    assert receiver.received == []


def test_a_lost_webhook_answer_is_simply_repeated(database: Database) -> None:
    with pytest.raises(SendFailed) as caught:
        WebhookPost(lambda: NOW, allow_private=True).send(hook_item("http://127.0.0.1:1/"))
    assert caught.value.retry
    assert WebhookPost(lambda: NOW).was_sent(hook_item("")) is False
