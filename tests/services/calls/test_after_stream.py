"""A call ends with its transfer or its message, and the record tells what became of them (L10); on both databases."""

from __future__ import annotations

import io
import socketserver
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.audio import g711
from services.calls import lifecycle
from services.calls.events import save_answer_language
from services.calls.recording_fetch import RecordingFetch, read_wav
from services.calls.routing import Route, message_recorded, route_onward
from services.calls.voice_messages import message_sound, messages_of
from services.calls.wav import mono_wav
from services.calls.wrap_up import RESULT_TIMEOUT
from services.db.models import (
    BusinessSettings,
    Call,
    CallStatus,
    MessageStatus,
    NextStep,
    Notify,
    OutboxKind,
    OutboxMessage,
    PersonaGender,
    VoiceMessage,
)
from services.db.tenancy import SessionRows, bind_business
from services.language.persona import Persona
from services.outbox.email import SmtpEmail
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import drain, tidy
from tests.twilio_api import ACCOUNT, TOKEN, fake_twilio

PERSON = "+97231119999"
SOON = NOW + timedelta(seconds=30)
LATER = SOON + timedelta(seconds=5)
RECORDING = {"RecordingSid": "RE1", "RecordingUrl": "https://api.twilio.com/x/RE1", "RecordingDuration": "7"}


def change(cast: Cast, **values: Any) -> None:
    def work(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        settings = session.scalars(select(BusinessSettings)).one()
        for name, value in values.items():
            setattr(settings, name, value)

    cast.database.write(work)


def hand_over(cast: Cast, step: NextStep = NextStep.DIAL) -> None:
    """The stream has ended; a person is to be dialled, or a message to be taken."""
    change(cast, transfer_numbers=[PERSON])

    def work(session: Session) -> None:
        lifecycle.set_next_step(session, cast.clinic_call.id, step, PERSON if step is NextStep.DIAL else None)
        lifecycle.finish_call(session, cast.clinic_call.id, end_reason="hand_over", metrics={}, now=NOW)

    cast.database.write(work)


def ask(cast: Cast, now: datetime = SOON, **form: str) -> Route:
    """What Twilio asks /webhook/resume_call."""
    return cast.database.write(lambda s: route_onward(s, "CA-clinic", form, now, frozenset({"IL"})))


def over(cast: Cast, now: datetime = SOON) -> None:
    cast.database.write(lambda s: lifecycle.set_call_status(s, "CA-clinic", "completed", now) and None)


def row(cast: Cast) -> Call:
    call = cast.database.read(lambda s: lifecycle.find_call(s, "CA-clinic"))
    assert call is not None
    return call


def queued(cast: Cast) -> dict[str, OutboxMessage]:
    def read(session: Session) -> dict[str, OutboxMessage]:
        bind_business(session, cast.clinic.id)
        return {each.key: each for each in session.scalars(select(OutboxMessage))}

    return cast.database.read(read)


def message_of(cast: Cast) -> VoiceMessage:
    def read(session: Session) -> VoiceMessage:
        bind_business(session, cast.clinic.id)
        (found,) = messages_of(session, cast.clinic_call.id)
        return found

    return cast.database.read(read)


def test_a_transferred_call_goes_on_until_the_transfer_is_over(cast: Cast) -> None:
    change(cast, webhook_url="https://hooks.example/x")
    hand_over(cast)
    assert (row(cast).status, row(cast).ended_at) == (CallStatus.LIVE, None)
    assert ask(cast).step is NextStep.DIAL
    done = tidy(cast.database, NOW + timedelta(hours=1))
    assert not done["wrap up"], "nothing is told before it is over"
    assert ask(cast, LATER, DialCallStatus="completed", DialCallDuration="42").step is NextStep.HANG_UP
    assert (row(cast).status, row(cast).ended_at) == (CallStatus.ENDED, LATER)
    tidy(cast.database, LATER)
    event = queued(cast)["webhook:call:CA-clinic"].payload["event"]
    assert event["outcome"]["result"] == "handed_over"
    assert event["outcome"]["transfer"] == {
        "number": PERSON,
        "answered": True,
        "status": "completed",
        "seconds": 42,
    }
    assert event["outcome"]["duration_s"] == 35
    assert row(cast).summary == f"השיחה הועברה אל {PERSON} ונענתה."


def test_nobody_answers_and_the_caller_leaves_a_message(cast: Cast) -> None:
    change(cast, webhook_url="https://hooks.example/x", language="en")
    cast.database.write(lambda s: setattr(lifecycle.bind_call(s, cast.clinic_call.id), "language", "en"))
    hand_over(cast)
    assert ask(cast, DialCallStatus="no-answer").step is NextStep.VOICEMAIL
    assert row(cast).ended_at is None, "the caller is still there, and speaks"
    assert ask(cast, LATER, **RECORDING).step is NextStep.THANKS
    assert ask(cast, LATER, **RECORDING).step is NextStep.THANKS, "a repeat gets the same"
    over(cast, LATER)
    tidy(cast.database, LATER, "https://calls.example")
    stored = row(cast)
    assert (stored.ended_at, stored.end_reason) == (LATER, "hand_over")
    assert stored.summary == "The caller left a voice message (7 s). The caller wanted a person and nobody answered."
    event = queued(cast)["webhook:call:CA-clinic"].payload["event"]
    assert (event["outcome"]["result"], event["outcome"]["messages"]) == ("message", [{"seconds": 7}])
    assert event["call"]["page"] == f"https://calls.example/admin/b/{cast.clinic.id}/calls/{stored.id}"
    assert queued(cast)["recording:RE1"].kind is OutboxKind.RECORDING


def test_a_caller_who_hangs_up_while_leaving_a_message_left_it(cast: Cast) -> None:
    """Twilio's report that the call is over may come first: the summary waits for the message."""
    hand_over(cast, NextStep.VOICEMAIL)
    over(cast)
    assert row(cast).ended_at == SOON
    assert not tidy(cast.database, SOON)
    ask(cast, LATER, CallStatus="completed", Digits="hangup", **RECORDING)
    assert tidy(cast.database, LATER) == {"wrap up": 1}
    assert row(cast).outcome["result"] == "message"


def test_no_message_and_no_word_of_it_is_a_missed_caller(cast: Cast) -> None:
    hand_over(cast, NextStep.VOICEMAIL)
    over(cast)
    assert tidy(cast.database, SOON + RESULT_TIMEOUT + timedelta(seconds=1)) == {"wrap up": 1}
    assert row(cast).outcome["result"] == "missed_transfer"


def test_a_message_that_is_told_of_late_changes_the_summary(cast: Cast) -> None:
    change(cast, webhook_url="https://hooks.example/x", notify_by=Notify.WEBHOOK)
    hand_over(cast, NextStep.VOICEMAIL)
    over(cast)
    late = SOON + RESULT_TIMEOUT + timedelta(minutes=1)
    tidy(cast.database, late)

    def told(session: Session) -> None:
        call = lifecycle.find_call(session, "CA-clinic")
        assert call is not None
        message_recorded(session, call, RECORDING, late)

    cast.database.write(told)
    tidy(cast.database, late)
    assert row(cast).outcome["result"] == "message"
    kinds = {
        key: message.payload["event"]["type"] for key, message in queued(cast).items() if "event" in message.payload
    }
    assert kinds == {
        "webhook:call:CA-clinic": "call.ended",
        "notify:missed_transfer:CA-clinic": "call.missed_transfer",
        "notify:message:CA-clinic": "call.message",
    }


@pytest.mark.parametrize("number", ["+449098790000", "+88216123456", "+252612345678", "+97231118888"])
def test_a_number_that_must_not_be_dialled_is_not_dialled(cast: Cast, number: str) -> None:
    """It got into the row, or left the list, after it was checked (S6)."""
    hand_over(cast)
    listed = [number] if number != "+97231118888" else [PERSON]
    change(cast, transfer_numbers=listed)
    cast.database.write(lambda s: setattr(lifecycle.bind_call(s, cast.clinic_call.id), "next_number", number))
    assert ask(cast).step is NextStep.VOICEMAIL
    assert row(cast).transfer_status == "refused"
    assert ask(cast, **RECORDING).step is NextStep.THANKS
    tidy(cast.database, LATER)
    assert row(cast).outcome["transfer"]["answered"] is False


# -- telling the owner ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "kind", "to"),
    [
        ({"notify_by": Notify.SMS, "notify_phone": PERSON}, OutboxKind.SMS, PERSON),
        ({"notify_by": Notify.EMAIL, "notify_email": "o@x.example"}, OutboxKind.EMAIL, "o@x.example"),
        ({"notify_by": Notify.OFF}, None, None),
        ({"notify_by": Notify.SMS, "notify_phone": None}, None, None),
    ],
)
@pytest.mark.parametrize("left", [True, False])
def test_the_owner_is_told_once_in_the_way_he_chose(
    cast: Cast, settings: dict[str, Any], kind: OutboxKind | None, to: str | None, left: bool
) -> None:
    change(cast, language="en", **settings)
    hand_over(cast)
    ask(cast, DialCallStatus="busy")
    if left:
        ask(cast, **RECORDING)
    over(cast)
    tidy(cast.database, SOON + RESULT_TIMEOUT * 2)
    told = [message for key, message in queued(cast).items() if key.startswith("notify:")]
    if kind is None:
        assert told == []
        return
    (message,) = told
    assert (message.kind, message.payload["to"]) == (kind, to)
    assert ("voice message" if left else "nobody answered") in message.payload["body"]
    assert "+972501234567" in message.payload["body"]


def test_an_answered_transfer_and_a_test_call_tell_nobody(cast: Cast) -> None:
    change(cast, notify_by=Notify.SMS, notify_phone=PERSON)
    hand_over(cast)
    ask(cast, DialCallStatus="completed")
    tidy(cast.database, LATER)
    assert queued(cast) == {}


class MailServer(socketserver.ThreadingTCPServer):
    """An SMTP server that takes everything, or answers one command as it is told."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, answers: dict[str, str]) -> None:
        super().__init__(("0.0.0.0", 0), MailHandler)
        self.answers = answers
        self.mails: list[str] = []


class MailHandler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, MailServer)
        self.say("220 ready")
        while line := self.rfile.readline().decode().strip():
            command = line[:4].upper()
            if command in self.server.answers:
                self.say(self.server.answers[command])
            elif command == "DATA":
                self.say("354 go on")
                text = ""
                while (part := self.rfile.readline().decode()) != ".\r\n":
                    text += part
                self.server.mails.append(text)
                self.say(self.server.answers.get("end", "250 taken"))
            else:
                self.say("250 ok")

    def say(self, text: str) -> None:
        if not text:
            self.connection.close()
            return
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def mail_server(**answers: str) -> Iterator[MailServer]:
    with MailServer(answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def mail(cast: Cast, server: MailServer, host: str = "127.0.0.1") -> str:
    """Send one notification; its row's state and reason."""
    change(cast, notify_by=Notify.EMAIL, notify_email="o@x.example")
    hand_over(cast)
    ask(cast, DialCallStatus="busy")
    over(cast)
    now = SOON + RESULT_TIMEOUT * 2
    tidy(cast.database, now)
    sender = SmtpEmail(f"smtp://{host}:{server.server_address[1]}", "calls@our.example", lambda _link: "")
    drain(cast.database, {OutboxKind.EMAIL: sender}, lambda: now)
    (row,) = queued(cast).values()
    return f"{row.status.value} {row.last_error}".strip()


def test_a_notification_goes_out_by_mail(cast: Cast) -> None:
    with mail_server() as server:
        assert mail(cast, server) == "sent"
    (text,) = server.mails
    assert "To: o@x.example" in text
    assert "calls@our.example" in text


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({"RCPT": "550 nobody here"}, "failed SMTP 550"),
        ({"RCPT": "450 later"}, "pending SMTP 450"),
        ({"end": "554 no"}, "failed SMTP 554"),
        ({"QUIT": "500 no goodbye"}, "sent"),
    ],
)
def test_what_a_mail_server_says_decides_what_becomes_of_a_mail(
    cast: Cast, answers: dict[str, str], state: str
) -> None:
    with mail_server(**answers) as server:
        assert mail(cast, server) == state


def test_nothing_is_sent_without_tls_but_on_this_machine(cast: Cast) -> None:
    """The same server by another name of this machine: an address of it that is not the loop's own."""
    with mail_server() as server:
        assert mail(cast, server, "127.0.0.2").startswith("pending the mail server refuses us")
    assert server.mails == []


# -- the message's sound -------------------------------------------------------------------------------------


def wav(rate: int = 8000, channels: int = 1, seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"\x10\x20" * int(rate * seconds) * channels)
    return file.getvalue()


def leave_message(cast: Cast) -> None:
    hand_over(cast, NextStep.VOICEMAIL)
    ask(cast, **RECORDING)


def test_a_message_is_fetched_with_our_key_when_twilio_has_it_and_kept(cast: Cast) -> None:
    leave_message(cast)
    assert message_of(cast).status is MessageStatus.WAITING
    with fake_twilio() as rest:
        fetch = {OutboxKind.RECORDING: RecordingFetch(cast.database, ACCOUNT, TOKEN, rest.base)}
        drain(cast.database, fetch, lambda: SOON)
        assert queued(cast)["recording:RE1"].last_error == "HTTP 404", "not ready yet"
        rest.recordings["RE1"] = wav()
        drain(cast.database, fetch, lambda: SOON + timedelta(minutes=1))
    message = message_of(cast)
    assert message.status is MessageStatus.KEPT
    sound = cast.database.read(
        lambda s: message_sound(bind_business(s, cast.clinic.id), message.id),
    )
    assert sound is not None
    assert len(sound) == 8000
    assert g711.decode(sound) == mono_wav(sound)[44:]
    other = cast.database.read(lambda s: message_sound(bind_business(s, cast.office.id), message.id))
    assert other is None


@pytest.mark.parametrize(("token", "body", "reason"), [("wrong", wav(), "HTTP 401"), (TOKEN, b"hello", "no sound")])
def test_what_cannot_be_fetched_is_set_aside_with_its_reason(cast: Cast, token: str, body: bytes, reason: str) -> None:
    leave_message(cast)
    with fake_twilio() as rest:
        rest.recordings["RE1"] = body
        fetch = RecordingFetch(cast.database, ACCOUNT, token, rest.base)
        drain(cast.database, {OutboxKind.RECORDING: fetch}, lambda: SOON)
    row = queued(cast)["recording:RE1"]
    assert row.status.value == "failed"
    assert row.last_error.startswith(reason)


def test_a_message_goes_in_time_and_one_that_was_deleted_stays_so(cast: Cast) -> None:
    leave_message(cast)
    change(cast, recording_retention_days=30)
    tidy(cast.database, LATER)
    assert not tidy(cast.database, SOON + timedelta(days=29))["delete what is too old"]
    assert tidy(cast.database, SOON + timedelta(days=31))["delete what is too old"] == 1
    with fake_twilio() as rest:
        rest.recordings["RE1"] = wav()
        drain(
            cast.database,
            {OutboxKind.RECORDING: RecordingFetch(cast.database, ACCOUNT, TOKEN, rest.base)},
            lambda: SOON + timedelta(hours=1),
        )

    def count(session: Session) -> int:
        return len(messages_of(bind_business(session, cast.clinic.id), cast.clinic_call.id))

    assert cast.database.read(count) == 0


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (8000, 2), (16000, 1), (44100, 2)])
def test_any_linear_wav_becomes_our_sound(rate: int, channels: int) -> None:
    assert len(read_wav(wav(rate, channels))) == pytest.approx(8000, abs=2)


def test_a_transfer_that_nobody_answers_ends_with_a_sentence_where_no_messages_are_taken(cast: Cast) -> None:
    """(L9)"""
    change(cast, may_take_messages=False)
    hand_over(cast)
    assert ask(cast).step is NextStep.DIAL
    assert ask(cast, LATER, DialCallStatus="no-answer").step is NextStep.MESSAGE
    call = row(cast)
    assert (call.status, call.ended_at, call.message_status) == (CallStatus.ENDED, LATER, None)
    assert call.transfer_status == "no-answer"


def test_what_is_heard_after_the_stream_is_in_the_callers_language_and_the_personas_gender(cast: Cast) -> None:
    change(cast, persona_gender=PersonaGender.MALE, answer_languages=["ru"])

    def keep(session: Session) -> None:
        rows = SessionRows(bind_business(session, cast.clinic.id))
        save_answer_language(rows, cast.clinic_call.id, "ru")

    cast.database.write(keep)
    hand_over(cast)
    assert ask(cast).persona == Persona("ru", "male")
    assert ask(cast, LATER, DialCallStatus="busy").persona == Persona("ru", "male")
    assert ask(cast, LATER, **RECORDING).persona == Persona("ru", "male")
    assert row(cast).language == "he", "the business's own stays what its owner reads"
