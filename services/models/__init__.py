"""The mapped classes. Import them from here; which file a class lives in is an inner matter."""

from services.models.base import Base, TenantOwned, UtcDateTime
from services.models.business import (
    BargeIn,
    BargeInAction,
    Business,
    BusinessNumber,
    BusinessSettings,
    Endpointing,
    Fallback,
    LineMode,
    PromptVersion,
    VadPreset,
)
from services.models.calendar import (
    ACTIVE_APPOINTMENT,
    Appointment,
    AppointmentStatus,
    Customer,
    Lead,
    LeadStatus,
    SlotHold,
)
from services.models.calls import Call, CallEvent, CallStatus, NextStep, RecordingChunk, ServerEvent, Turn, TurnRole
from services.models.limits import LimitCount
from services.models.outbox import OutboxKind, OutboxMessage, OutboxStatus
from services.models.people import Membership, Role, User

__all__ = [
    "ACTIVE_APPOINTMENT",
    "Appointment",
    "AppointmentStatus",
    "BargeIn",
    "BargeInAction",
    "Base",
    "Business",
    "BusinessNumber",
    "BusinessSettings",
    "Call",
    "CallEvent",
    "CallStatus",
    "Customer",
    "Endpointing",
    "Fallback",
    "Lead",
    "LeadStatus",
    "LimitCount",
    "LineMode",
    "Membership",
    "NextStep",
    "OutboxKind",
    "OutboxMessage",
    "OutboxStatus",
    "PromptVersion",
    "RecordingChunk",
    "Role",
    "ServerEvent",
    "SlotHold",
    "TenantOwned",
    "Turn",
    "TurnRole",
    "User",
    "UtcDateTime",
    "VadPreset",
]
