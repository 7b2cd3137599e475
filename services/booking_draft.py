"""What the caller has settled on so far: kept in the call's row, so that it survives a lost socket (W9). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self


@dataclass(slots=True)
class Draft:
    """Times are wall-clock times of the business, as ISO text. `wanted`: the caller wants an appointment."""

    wanted: bool = False
    start: str = ""
    refused: str = ""  # this start was refused, and the caller was told why
    name: str = ""
    phone: str = ""  # E.164, keyed in
    booked_id: int = 0
    booked_start: str = ""
    cancel_id: int = 0  # the caller was asked whether to cancel this appointment

    @property
    def wall(self) -> datetime | None:
        return datetime.fromisoformat(self.start) if self.start else None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

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
