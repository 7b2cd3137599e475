"""The demo: a Hebrew clinic and an English office, so that a fresh installation can be called at once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.accounts.businesses import create_business
from services.accounts.demo_team import CLINIC_PEOPLE, CLINIC_SERVICES, seed_team
from services.accounts.users import create_user, find_user, grant, hash_password
from services.db.database import Database
from services.db.models import Business, Role, User
from services.db.tenancy import unscoped

CLINIC_NUMBER = "+97239990001"
OFFICE_NUMBER = "+97239990002"
OWNER_EMAIL = "owner@demo.local"
ADMIN_EMAIL = "admin@demo.local"


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A login that was just made; its password is stored nowhere else."""

    email: str
    password: str
    what: str


CLINIC_PROMPT = """\
את נועה, המזכירה הקולית של מרפאת השיניים "חיוך בריא" ברחוב הרצל 12 ברמת גן.
את מדברת בלשון נקבה, בחום ובסבלנות, בעברית יומיומית ופשוטה.

מה אנחנו עושים: בדיקה תקופתית, שיננית, סתימות, טיפולי שורש, הלבנה ויישור שיניים שקוף.
הרופאים: ד"ר מיכל לוי, רופאת שיניים כללית, וד"ר אמיר חדאד, מומחה לטיפולי שורש.

מחירים: בדיקה ראשונה 180 שקלים, שיננית 250 שקלים, הלבנה 1,200 שקלים. על טיפולים אחרים הרופאה נותנת מחיר אחרי בדיקה.
קופות חולים: אנחנו עובדים באופן פרטי, ונותנים קבלה לביטוח המשלים.
חניה: חניון ציבורי מול הבניין. יש מעלית וגישה לכיסא גלגלים.

כאב חזק, נפיחות או מכה בשן: להציע את התור הקרוב ביותר, ואם המתקשר מבקש - להעביר לצוות המרפאה.
לא נותנים ייעוץ רפואי, אבחנה או תרופות בטלפון. מי שנשמע במצב חירום - להפנות למד"א 101.
ביטול תור: עד 24 שעות לפני, בלי תשלום.

כדי לקבוע תור צריך: שם מלא, טלפון, ולאיזה טיפול.
"""

OFFICE_PROMPT = """\
You are Maya, the receptionist of Harbour Accounting, a small accounting office at 5 HaNamal Street, Haifa.
You are friendly, brief and precise.

What we do: bookkeeping for small businesses, annual tax returns, payroll, and opening or closing a business file.
The team: Daniel Harel, certified public accountant, and Ruth Cohen, tax adviser.

Prices: a first meeting of 30 minutes is free. Bookkeeping starts at 450 shekels a month. An annual return for an
employee costs from 900 shekels. Anything else is priced after the first meeting.
Meetings are at the office or by video. Please bring last year's return and an identity card.

We do not give tax advice on the telephone: an adviser does so in the meeting.
Urgent letters from the tax authority: offer the earliest meeting, or hand over to the office.

To book a meeting we need the full name, a telephone number, and what it is about.
"""

# More than a small business needs: the demo is what a load is tried on.
_LIMITS = {"max_calls_at_once": 60, "daily_minutes": 3000}

CLINIC: dict[str, Any] = {
    "language": "he",
    "enable_greeting": True,
    "greeting_text": "שלום, הגעתם למרפאת חיוך בריא, מדברת נועה. במה אפשר לעזור?",
    "transcription_keywords": ["חיוך בריא", "שיננית", "טיפול שורש", "הלבנה", "יישור שקוף", 'ד"ר לוי', 'ד"ר חדאד'],
    "opening_hours_json": {
        "sun": [["09:00", "13:00"], ["15:00", "19:00"]],
        "mon": [["09:00", "18:00"]],
        "tue": [["09:00", "13:00"], ["15:00", "19:00"]],
        "wed": [["09:00", "18:00"]],
        "thu": [["09:00", "18:00"]],
        "fri": [["08:30", "12:30"]],
        "sat": [],
    },
    "observe_holidays": True,
    "holiday_eves": "friday",
    "slot_size_min": 30,
    "min_notice_min": 60,
    "booking_window_days": 60,
    "transfer_numbers": ["+97239990011"],
    "fallback": "message",
    "caller_id_allowed": True,
    **_LIMITS,
}

OFFICE: dict[str, Any] = {
    "language": "en",
    "enable_greeting": True,
    "greeting_text": "Hello, this is Maya at Harbour Accounting. How can I help you?",
    "transcription_keywords": ["Harbour Accounting", "bookkeeping", "tax return", "payroll"],
    "opening_hours_json": {
        "sun": [["09:00", "17:00"]],
        "mon": [["09:00", "17:00"]],
        "tue": [["09:00", "17:00"]],
        "wed": [["09:00", "17:00"]],
        "thu": [["09:00", "17:00"]],
        "fri": [["09:00", "12:00"]],
        "sat": [],
    },
    "observe_holidays": True,
    "holiday_eves": "closed",
    "slot_size_min": 30,
    "min_notice_min": 120,
    "booking_window_days": 90,
    "transfer_numbers": ["+97239990012"],
    "fallback": "voicemail",
    "caller_id_allowed": True,
    **_LIMITS,
}

_DEMO = (
    ("מרפאת חיוך בריא", CLINIC_NUMBER, CLINIC_PROMPT, CLINIC),
    ("Harbour Accounting", OFFICE_NUMBER, OFFICE_PROMPT, OFFICE),
)


def seed_demo(database: Database, now: datetime | None = None, *, with_team: bool = False) -> list[DemoLogin]:
    """Fill an empty database with the demo; the logins it made, [] when there was anything already. with_team: the
    clinic has its dentists, its hygienist and their services, instead of one calendar."""
    at = now or datetime.now(UTC)
    logins = [
        DemoLogin(OWNER_EMAIL, secrets.token_urlsafe(9), "owner of both demo businesses"),
        DemoLogin(ADMIN_EMAIL, secrets.token_urlsafe(9), "installation admin"),
    ]
    if not database.read(_is_empty):
        return []
    # Hashing takes its time, and no transaction waits for it.
    hashes = {login.email: hash_password(login.password) for login in logins}
    if not database.write(lambda session: _add_people(session, hashes, at)):
        return []
    for demo in _DEMO:
        database.write(partial(_add_business, demo=demo, with_team=with_team, now=at))
    return logins


def _is_empty(session: Session) -> bool:
    with unscoped(session, "the demo is only for an installation without any business or user"):
        businesses = session.scalar(select(func.count()).select_from(Business))
    return not businesses and not session.scalar(select(func.count()).select_from(User))


def _add_people(session: Session, hashes: dict[str, str], now: datetime) -> bool:
    if not _is_empty(session):
        return False
    for email, password_hash in hashes.items():
        is_admin = email == ADMIN_EMAIL
        create_user(session, email=email, password_hash=password_hash, now=now, is_admin=is_admin, is_proved=True)
    return True


def _add_business(session: Session, demo: tuple[str, str, str, dict[str, Any]], with_team: bool, now: datetime) -> None:
    name, number, prompt, settings = demo
    business = create_business(session, name=name, numbers=[number], prompt=prompt, settings=settings, now=now)
    if with_team and number == CLINIC_NUMBER:
        seed_team(session, CLINIC_PEOPLE, CLINIC_SERVICES)
    owner = find_user(session, OWNER_EMAIL)
    if owner is not None:
        grant(session, owner, business_id=business.id, role=Role.OWNER, now=now)
