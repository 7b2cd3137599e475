"""A message from a customer's telephone: taken once, acted on, answered, and passed on to the owner (K6).

Every function runs in the transaction of the calling code.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.accounts.reach import why_no_sms
from services.appointments.confirmations import in_language
from services.audit.trail import Act, record
from services.calls.lifecycle import find_business_by_number
from services.db.limit_counts import count
from services.db.models import (
    Appointment,
    AppointmentStatus,
    AuditKind,
    Business,
    Channel,
    Customer,
    IncomingText,
    OutboxKind,
    StoppedNumber,
    TextOutcome,
)
from services.db.tenancy import SessionRows, bind_business
from services.db.text import storable_text
from services.language.text import one_line
from services.outbox.gates import within_daily
from services.outbox.outbox import enqueue
from services.outbox.owner import Notice, tell_owner
from services.policy.words import slot_words
from services.texts.acts import ACTOR, Hand, cancel, confirm, event_of, is_coming, short_name, to_change
from services.texts.reading import Wish, is_twilios_word, read_wish
from services.texts.told import Told, last_told
from services.texts.words import Reply, reply_words

TEXT_LIMIT = 4096
# Of one number. What is more is not kept, but for answers; the owner and the sender hear of fewer.
TEXTS_A_DAY, NOTICES_AN_HOUR, REPLIES_AN_HOUR = 200, 20, 20
# Two machines that answer each other stop after one round.
_THANKS_EVERY = timedelta(hours=12)
_TOLD_OWNER = {TextOutcome.PASSED_ON, TextOutcome.OVER, TextOutcome.GONE}
_WROTE = {"he": "{business}: הודעה מ{who}: {text}", "en": "{business}: {who} wrote: {text}"}
_SHOWN_CHARACTERS = 300  # of a message, in a notice


@dataclass(frozen=True, slots=True)
class Message:
    """sender, to: E.164, sender "" when it is no number. twilio_says: its field OptOutType."""

    sid: str
    sender: str
    to: str
    text: str
    channel: Channel = Channel.SMS
    media_count: int = 0
    twilio_says: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """What the operator allows to any business, and the address of the admin pages ("" when it is not known)."""

    countries: Collection[str]
    sms_per_day: int
    pages: str = ""


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of it. told: what the reply is about."""

    outcome: TextOutcome
    reply: Reply
    appointment: Appointment | None = None


def receive(session: Session, message: Message, installation: Installation, now: datetime) -> str:
    """Take a message; what it is answered with, "" for nothing. The same message again gets the same answer."""
    business = find_business_by_number(session, message.to)
    if business is None:
        return ""
    bind_business(session, business.id)
    wish = read_wish(message.text, message.twilio_says)
    if wish is Wish.TEXT and _counted(session, "texts", message, timedelta(days=1), now) > TEXTS_A_DAY:
        return ""
    is_new = SessionRows(session).insert_missing(IncomingText, _first_values(message, now), key=["message_sid"])
    row = session.scalars(select(IncomingText).where(IncomingText.message_sid == message.sid)).one_or_none()
    if row is None or not is_new:
        return "" if row is None else row.reply
    # Before: who stops is told so once. After: so is who begins again.
    may_reply = _may_reply(session, business, message, installation)
    done = _act(session, business, message, wish, installation, now)
    if done.outcome is TextOutcome.ALLOWED:
        may_reply = _may_reply(session, business, message, installation)
    row.outcome = done.outcome
    if done.appointment is not None:
        row.appointment_id, row.told_starts_at = done.appointment.id, done.appointment.starts_at
    if done.outcome in _TOLD_OWNER:
        _tell_owner(session, business, message, done, installation, now)
    if may_reply and _is_answered(session, message, done, now):
        within = within_daily(session, business.settings, installation.sms_per_day, now)
        row.reply = _words(business, done) if within else ""
    return row.reply


def queue_reply(session: Session, message: Message, reply: str, now: datetime) -> None:
    """Send an answer that came too late for the request which brought the message."""
    business = find_business_by_number(session, message.to)
    if business is None or not reply:
        return
    bind_business(session, business.id)
    payload = {"to": message.sender, "from": message.to, "body": reply}
    if message.channel is Channel.WHATSAPP:
        payload |= {"channel": message.channel.value, "whatsapp_from": message.to}
    enqueue(session, kind=OutboxKind.SMS, key=f"reply:{message.sid}", payload=payload, now=now)


def _first_values(message: Message, now: datetime) -> dict[str, Any]:
    return {
        "message_sid": message.sid,
        "phone": message.sender,
        "channel": message.channel,
        "text": storable_text(message.text, TEXT_LIMIT),
        "media_count": message.media_count,
        "outcome": TextOutcome.PASSED_ON,
        "reply": "",
        "received_at": now,
    }


def _act(
    session: Session, business: Business, message: Message, wish: Wish, installation: Installation, now: datetime
) -> _Done:
    if wish is Wish.START or message.twilio_says.upper() == "START":
        _allow(session, message, now)
    if wish is Wish.START:
        return _Done(TextOutcome.ALLOWED, Reply.ALLOWED)
    told = last_told(session, message.sender, now) if message.sender else None
    # There is nothing to cancel, and Twilio takes the word for the end of all messages.
    is_stop = wish is Wish.STOP or (told is None and _is_cancel_for_twilio(message, wish))
    if is_stop or message.twilio_says.upper() == "STOP":
        _stop(session, message, now)
    if is_stop:
        return _Done(TextOutcome.STOPPED, Reply.STOPPED)
    if told is not None and wish in (Wish.CONFIRM, Wish.CANCEL):
        hand = Hand(message.channel.value, installation.pages)
        return _answer(session, business, told, wish, hand, now)
    return _passed_on(told, now)


def _answer(session: Session, business: Business, told: Told, wish: Wish, hand: Hand, now: datetime) -> _Done:
    """An answer to a message about an appointment, which is looked at again with its calendar locked."""
    appointment = to_change(session, told.appointment.id)
    if appointment.status is AppointmentStatus.CANCELLED:
        outcome = TextOutcome.ALREADY if wish is Wish.CANCEL else TextOutcome.GONE
        return _Done(outcome, Reply.CANCELLED_BEFORE, appointment)
    if not is_coming(appointment, now):
        return _Done(TextOutcome.OVER, Reply.OVER, appointment)
    if appointment.starts_at != told.starts_at:
        return _Done(TextOutcome.ASKED_AGAIN, Reply.ASKED_AGAIN, appointment)
    if wish is Wish.CONFIRM:
        is_new = confirm(session, appointment, hand, now)
        return _Done(TextOutcome.CONFIRMED if is_new else TextOutcome.ALREADY, Reply.CONFIRMED, appointment)
    if not business.settings.may_change:
        return _Done(TextOutcome.PASSED_ON, Reply.NOT_BY_MESSAGE, appointment)
    cancel(session, appointment, hand, now)
    return _Done(TextOutcome.CANCELLED, Reply.CANCELLED, appointment)


def _passed_on(told: Told | None, now: datetime) -> _Done:
    if told is not None and told.asked and is_coming(told.appointment, now):
        return _Done(TextOutcome.PASSED_ON, Reply.PASSED_ON_STILL_ASKED, told.appointment)
    return _Done(TextOutcome.PASSED_ON, Reply.PASSED_ON)


def _is_cancel_for_twilio(message: Message, wish: Wish) -> bool:
    return wish is Wish.CANCEL and message.channel is Channel.SMS and is_twilios_word(message.text)


def _may_reply(session: Session, business: Business, message: Message, installation: Installation) -> bool:
    settings = business.settings
    return settings.may_send_sms and not why_no_sms(session, settings, message.sender, installation.countries)


def _is_answered(session: Session, message: Message, done: _Done, now: datetime) -> bool:
    """Whether an answer makes sense, and is not one too many."""
    if done.outcome in (TextOutcome.STOPPED, TextOutcome.ALLOWED):
        by_twilio = message.channel is Channel.SMS and (is_twilios_word(message.text) or bool(message.twilio_says))
        return not by_twilio
    if done.reply in (Reply.PASSED_ON, Reply.PASSED_ON_STILL_ASKED):
        return _counted(session, "thanks", message, _THANKS_EVERY, now) == 1
    return _counted(session, "replies", message, timedelta(hours=1), now) <= REPLIES_AN_HOUR


def _words(business: Business, done: _Done) -> str:
    settings, slot = business.settings, ""
    if done.appointment is not None:
        local = done.appointment.starts_at.astimezone(ZoneInfo(settings.timezone))
        slot = slot_words(local, "he" if settings.language == "he" else "en")
    may_cancel = settings.may_change
    return reply_words(done.reply, settings.language, business=business.name, slot=slot, may_cancel=may_cancel)


def _tell_owner(
    session: Session, business: Business, message: Message, done: _Done, installation: Installation, now: datetime
) -> None:
    if _counted(session, "notices", message, timedelta(hours=1), now) > NOTICES_AN_HOUR:
        return
    name = session.scalars(select(Customer.name).where(Customer.phone == message.sender)).one_or_none() or ""
    who = " ".join(part for part in (one_line(name, 40), message.sender) if part)
    said = " ".join(message.text.split()) or f"({message.media_count} 📎)"
    words = in_language(_WROTE, business.settings)
    text = words.format(business=short_name(business), who=who or "?", text=said[:_SHOWN_CHARACTERS])
    link = f" {installation.pages}/admin/b/{business.id}/texts" if installation.pages else ""
    told = {
        "from": message.sender,
        "name": name,
        "body": message.text,
        "channel": message.channel.value,
        "outcome": done.outcome.value,
    }
    notice = Notice(
        f"notify:text:{message.sid}", text + link, event_of(business, "text.received", {"text": told}), message.to
    )
    tell_owner(session, business.settings, notice, now)


def _stop(session: Session, message: Message, now: datetime) -> None:
    if message.sender:
        values = {"phone": message.sender, "stopped_at": now}
        if SessionRows(session).insert_missing(StoppedNumber, values, key=["business_id", "phone"]):
            _record(session, AuditKind.TEXTS_STOPPED, message, now)


def _allow(session: Session, message: Message, now: datetime) -> None:
    gone = delete(StoppedNumber).where(StoppedNumber.phone == message.sender).returning(StoppedNumber.id)
    if session.execute(gone.execution_options(synchronize_session=False)).all():
        _record(session, AuditKind.TEXTS_ALLOWED, message, now)


def _record(session: Session, kind: AuditKind, message: Message, now: datetime) -> None:
    """Without the number: what is kept of a person stands in one place only."""
    row = session.scalars(select(IncomingText).where(IncomingText.message_sid == message.sid)).one()
    act = Act(kind, now, ACTOR, business_id=row.business_id, subject=str(row.id), detail={"how": message.channel.value})
    record(session, act)


def _counted(session: Session, what: str, message: Message, lasts: timedelta, now: datetime) -> int:
    return count(session, f"{what}:{message.to}:{message.sender}", amount=1, lasts=lasts, now=now)
