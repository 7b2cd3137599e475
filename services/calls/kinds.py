"""The words that stand in a call's rows for what happened in it. Pure."""

from __future__ import annotations

from enum import StrEnum


class CallEventKind(StrEnum):
    """A step on the call's time line. stream-…: Twilio's own words; others of its are kept as they are."""

    BARGE_IN_CANDIDATE = "barge_in_candidate"
    BARGE_IN_RESUMED = "barge_in_resumed"
    BARGE_IN = "barge_in"
    KEYS = "keys"
    ONE_MOMENT = "one_moment"
    HAND_OVER = "hand_over"
    NO_TRANSFER = "no_transfer"
    LANGUAGE = "language"
    # A time was asked for that nobody has free.
    TURNED_AWAY = "turned_away"
    FALLBACK = "fallback"
    DIAL_ENDED = "dial_ended"
    TRANSFER_REFUSED = "transfer_refused"
    VOICEMAIL = "voicemail"
    STREAM_STARTED = "stream-started"
    STREAM_STOPPED = "stream-stopped"
    STREAM_ERROR = "stream-error"


class ServerEventKind(StrEnum):
    """A [SERVER] message to the model, or a claim the honesty guard caught."""

    SLOT_AVAILABLE = "slot_available"
    SLOT_UNAVAILABLE = "slot_unavailable"
    NEED_PHONE = "need_phone"
    NEED_NAME = "need_name"
    NEED_DATETIME = "need_datetime"
    NEED_SERVICE = "need_service"
    NEED_PERSON = "need_person"
    NEED_CODE = "need_code"
    PHONE_NOTED = "phone_noted"
    CONFIRM_BOOKING = "confirm_booking"
    CONFIRM_MOVE = "confirm_move"
    CONFIRM_CANCEL = "confirm_cancel"
    EXISTING_APPOINTMENT = "existing_appointment"
    LEAD_NOTED = "lead_noted"
    NOT_OFFERED = "not_offered"
    CONFIRM_TRANSFER = "confirm_transfer"
    APPOINTMENT_CREATED = "appointment_created"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    ERROR = "error"
    FALSE_CLAIM = "false_claim"


class RequestedAction(StrEnum):
    """What somebody in the live view asks of a call. The live call takes it once."""

    END = "end"
    HAND_OVER = "hand_over"
