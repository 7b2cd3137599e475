"""Voice messages: what a caller said after the tone. Twilio records it; its sound is fetched and kept here (L10).

Every function runs in the transaction of the calling code, bound to the call's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, undefer

from services.db.models import Call, MessageStatus, OutboxKind, VoiceMessage
from services.db.tenancy import SessionRows, bind_business
from services.outbox.outbox import enqueue


def add_message(session: Session, call: Call, recording_sid: str, seconds: int, now: datetime) -> bool:
    """Note a message and have its sound fetched; False when it is known already. Twilio tells of it twice."""
    values = {
        "call_id": call.id,
        "recording_sid": recording_sid,
        "seconds": seconds,
        "status": MessageStatus.WAITING,
        "created_at": now,
    }
    rows = SessionRows(session)
    if not rows.insert_missing(VoiceMessage, values, key=["call_id", "recording_sid"]):
        return False
    enqueue(
        session,
        kind=OutboxKind.RECORDING,
        key=f"recording:{recording_sid}",
        payload={"recording_sid": recording_sid},
        now=now,
    )
    return True


def messages_of(session: Session, call_id: int) -> Sequence[VoiceMessage]:
    """A call's messages without their sound, oldest first."""
    query = select(VoiceMessage).where(VoiceMessage.call_id == call_id).order_by(VoiceMessage.id)
    return session.scalars(query).all()


def message_sound(session: Session, message_id: int) -> bytes | None:
    """8 kHz mu-law of a message of this business; None when it is not here."""
    query = select(VoiceMessage).where(VoiceMessage.id == message_id).options(undefer(VoiceMessage.sound))
    found = session.scalars(query).one_or_none()
    return None if found is None else found.sound


def keep_sound(session: Session, business_id: int, recording_sid: str, sound: bytes) -> None:
    """Store what was fetched, unless the message was deleted meanwhile."""
    bind_business(session, business_id)
    session.execute(
        update(VoiceMessage)
        .where(VoiceMessage.recording_sid == recording_sid, VoiceMessage.status == MessageStatus.WAITING)
        .values(status=MessageStatus.KEPT, sound=sound)
        .execution_options(synchronize_session=False)
    )


def delete_messages(session: Session, call_id: int) -> None:
    """Forget the sound of a call's messages; that they were left stays known."""
    session.execute(
        update(VoiceMessage)
        .where(VoiceMessage.call_id == call_id)
        .values(status=MessageStatus.DELETED, sound=None)
        .execution_options(synchronize_session=False)
    )
