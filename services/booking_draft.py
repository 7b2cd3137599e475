"""What the caller has settled on so far: kept in the call's row, so that it survives a lost socket (W9). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(slots=True)
class Draft:
    """Times are wall-clock times of the business, as ISO text, "" for none."""

    wanted: bool = False  # the caller wants an appointment
    start: str = ""
    held: str = ""  # this start was told to be free
    refused: str = ""  # this start was refused, by the calendar or by the caller
    name: str = ""
    phone: str = ""  # E.164: keyed in, or the number the call comes from, by permission
    service: str = ""
    city: str = ""
    permission: str = ""  # to use the number the call comes from: asked, then refused unless `phone` is set
    confirm: str = ""  # the caller was asked whether to book, or to move to, this start
    booked_id: int = 0
    booked_start: str = ""
    cancel_id: int = 0  # the caller was asked whether to cancel this appointment
    lead: str = ""  # what the lead's row holds of this

    @property
    def wall(self) -> datetime | None:
        return datetime.fromisoformat(self.start) if self.start else None

    def booked(self, appointment_id: int, start: datetime) -> None:
        """An appointment stands at this wall-clock time; nothing is open any more."""
        self.booked_id, self.booked_start = appointment_id, start.replace(tzinfo=None).isoformat()
        self.start, self.held, self.confirm, self.refused = self.booked_start, "", "", ""

    def freed(self) -> None:
        """The appointment is cancelled; a mere yes must not bring it back."""
        self.refused = self.booked_start or self.refused
        self.booked_id, self.booked_start, self.start, self.held, self.confirm = 0, "", "", "", ""
        self.cancel_id, self.wanted = 0, False

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Self:
        """From the row; unknown or odd values of an older version are left out."""
        known = cls()
        fit = {
            name: value
            for name, value in stored.items()
            if name in cls.__slots__ and type(value) is type(getattr(known, name))
        }
        return cls(**fit)
