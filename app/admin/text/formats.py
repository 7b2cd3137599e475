"""How figures are written on pages: dd/mm/yyyy, 24 hours, durations, money, telephone numbers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import phonenumbers

from app.admin.text.words import t
from services.appointments.customers import ERASED


def day_text(at: datetime | date, zone: ZoneInfo | None = None) -> str:
    """21/03/2027."""
    return f"{_local(at, zone):%d/%m/%Y}"


def time_text(at: datetime, zone: ZoneInfo | None = None) -> str:
    """16:05."""
    return f"{_local(at, zone):%H:%M}"


def moment_text(at: datetime, zone: ZoneInfo | None = None) -> str:
    """21/03/2027 16:05."""
    return f"{_local(at, zone):%d/%m/%Y %H:%M}"


def clock_text(seconds: float) -> str:
    """A length of time as on a player: 0:07, 12:30, 1:02:03."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{left:02d}" if hours else f"{minutes}:{left:02d}"


def milliseconds_text(value: float) -> str:
    """720 ms up to a second, 1.24 s from there on."""
    return f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.0f} ms"


def money_text(value: Decimal | float | None, sign: str) -> str:
    """₪1.24; small sums keep enough digits to say something; "–" for none."""
    if value is None:
        return "–"
    amount = Decimal(str(value))
    digits = 2 if amount == 0 or abs(amount) >= Decimal("0.1") else 4
    return f"{sign}{amount:.{digits}f}"


def phone_text(number: str) -> str:
    """An Israeli number as Israelis write it (050-123-4567), another in international form, anything else as it is."""
    if number == ERASED:
        return t("נמחק", "erased")
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    is_local = parsed.country_code == 972
    style = phonenumbers.PhoneNumberFormat.NATIONAL if is_local else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, style)


def iso_day(at: datetime | date, zone: ZoneInfo | None = None) -> str:
    """2027-03-21, as <input type="date"> and addresses want it."""
    return f"{_local(at, zone):%Y-%m-%d}"


def _local(at: datetime | date, zone: ZoneInfo | None) -> datetime | date:
    return at.astimezone(zone) if zone is not None and isinstance(at, datetime) else at
