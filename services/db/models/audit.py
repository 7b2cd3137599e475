"""The audit trail: who did what, when, from where. Rows are added and never changed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.db.models.base import Base, Identifier, choice


class AuditKind(StrEnum):
    """What was done. At most 24 characters."""

    LOG_IN = "log_in"
    LOG_IN_REFUSED = "log_in_refused"
    CODE_REFUSED = "code_refused"
    LOG_OUT = "log_out"
    SESSION_ENDED = "session_ended"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_REFUSED = "password_refused"
    RESET_ASKED = "reset_asked"
    RESET_LINK_MADE = "reset_link_made"
    PASSWORD_RESET = "password_reset"
    FACTOR_ON = "factor_on"
    FACTOR_OFF = "factor_off"
    FACTOR_REMOVED = "factor_removed"
    CODES_RENEWED = "codes_renewed"
    ACCOUNT_MADE = "account_made"
    NAME_SAVED = "name_saved"
    INVITED = "invited"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    INVITATION_ACCEPTED = "invitation_accepted"
    INVITATION_REFUSED = "invitation_refused"
    ROLE_CHANGED = "role_changed"
    USER_REMOVED = "user_removed"
    BUSINESS_MADE = "business_made"
    NUMBER_ADDED = "number_added"
    NUMBER_REMOVED = "number_removed"
    PROMPT_SAVED = "prompt_saved"
    SETTINGS_SAVED = "settings_saved"
    RESOURCE_SAVED = "resource_saved"
    SERVICE_SAVED = "service_saved"
    CALENDAR_CONNECTED = "calendar_connected"
    CALENDAR_DISCONNECTED = "calendar_disconnected"
    SECRET_RENEWED = "secret_renewed"
    EXPORTED = "exported"
    RECORDING_HEARD = "recording_heard"
    RECORDING_DELETED = "recording_deleted"
    CUSTOMER_SAVED = "customer_saved"
    LEAD_SAVED = "lead_saved"
    APPOINTMENT_BOOKED = "appointment_booked"
    APPOINTMENTS_IMPORTED = "appointments_imported"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_STATUS = "appointment_status"
    APPOINTMENT_CONFIRMED = "appointment_confirmed"
    TEXTS_STOPPED = "texts_stopped"
    TEXTS_ALLOWED = "texts_allowed"
    CALL_ACTION = "call_action"
    TEST_CALL = "test_call"
    DATA_DELETED = "data_deleted"
    PERSON_LOOKED_UP = "person_looked_up"
    PERSON_EXPORTED = "person_exported"
    PERSON_ERASED = "person_erased"
    ERASURES_REPEATED = "erasures_repeated"


class AuditEvent(Base):
    """One act. It names people and businesses by plain numbers and words: it outlives them.

    Not tenant-owned, since log-ins belong to no business; services.audit.trail narrows every reading. Triggers of
    the database refuse UPDATE and DELETE.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_business_id_id", "business_id", "id"),
        Index("ix_audit_events_user_id_id", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    at: Mapped[datetime]
    # None: an act of a person or of the installation, not in one business.
    business_id: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    # The address of whoever did it, as it was then; for a refused log-in the one that was tried.
    actor: Mapped[str] = mapped_column(String(254))
    kind: Mapped[AuditKind] = mapped_column(choice(AuditKind))
    # What it was done to: an address, a version, the number of a call.
    subject: Mapped[str] = mapped_column(String(254), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    client_address: Mapped[str] = mapped_column(String(64), default="")
