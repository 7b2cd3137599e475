"""Creating a business, reading its rules, and the versions of its prompt."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.models import Business, BusinessNumber, BusinessSettings, PromptVersion
from services.policy_settings import Policy, PolicyError, build_policy
from services.tenancy import Tenant, unscoped

log = logging.getLogger(__name__)


def new_secret() -> str:
    """An unguessable text for a URL or a one-time token."""
    return secrets.token_urlsafe(24)


def create_business(
    session: Session, *, name: str, numbers: list[str], prompt: str, settings: Mapping[str, Any], now: datetime
) -> Business:
    """A business with its settings (columns of BusinessSettings), its numbers and version 1 of its prompt.

    The session serves it from then on.
    """
    with unscoped(session, "a business that does not exist yet cannot be the session's"):
        business = Business(name=name, created_at=now)
        business.settings = BusinessSettings(**settings, ics_secret=new_secret())
        session.add(business)
        session.flush()
    Tenant(session, business.id)
    session.add_all(BusinessNumber(e164=number, created_at=now) for number in numbers)
    save_prompt(session, text=prompt, author_id=None, now=now)
    return business


def save_prompt(session: Session, *, text: str, author_id: int | None, now: datetime, note: str = "") -> PromptVersion:
    """Make `text` the prompt of the session's business; every edit is a new version, a restore too."""
    settings = session.scalars(select(BusinessSettings).with_for_update()).one()
    newest = session.scalar(select(func.max(PromptVersion.number))) or 0
    version = PromptVersion(number=newest + 1, text=text, author_id=author_id, note=note, created_at=now)
    settings.ai_prompt = {**settings.ai_prompt, "calls": text}
    session.add(version)
    session.flush()
    return version


def policy_of(settings: BusinessSettings) -> Policy:
    """The calendar's rules as a value. Rules that cannot be read book nothing: a business that is never open."""
    names = (
        "timezone",
        "opening_hours_json",
        "closed_dates",
        "observe_holidays",
        "holiday_eves",
        "slot_size_min",
        "min_notice_min",
        "booking_window_days",
    )
    try:
        return build_policy({name: getattr(settings, name) for name in names})
    except PolicyError as error:
        log.warning("[POLICY] business %d cannot book: %s", settings.business_id, error)
        return build_policy({})
