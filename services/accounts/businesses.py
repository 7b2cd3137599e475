"""Creating a business, reading its rules, and the versions of its prompt."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.db.models import Business, BusinessNumber, BusinessSettings, PromptVersion, Resource
from services.db.tenancy import bind_business, unscoped
from services.language.persona import Persona
from services.policy.permissions import Permissions
from services.policy.settings import Policy, PolicyError, build_policy
from services.prompt.notice import notice_text
from services.prompt.own_voice import OwnVoice
from services.prompt.sentences import FIRST_GREETING, sentence

log = logging.getLogger(__name__)


def new_secret() -> str:
    """An unguessable text for a URL or a one-time token."""
    return secrets.token_urlsafe(24)


def create_business(
    session: Session, *, name: str, numbers: list[str], prompt: str, settings: Mapping[str, Any], now: datetime
) -> Business:
    """A business with its settings (columns of BusinessSettings), its numbers and version 1 of its prompt.

    It has one resource, without a name, and greets its callers unless the settings say otherwise (L6). The session
    serves it from then on.
    """
    greeting = sentence(FIRST_GREETING, Persona(settings.get("language", "he"))).format(business=name)
    with unscoped(session, "a business that does not exist yet cannot be the session's"):
        business = Business(name=name, created_at=now)
        business.settings = BusinessSettings(
            **{"enable_greeting": True, "greeting_text": greeting, **settings}, ics_secret=new_secret()
        )
        session.add(business)
        session.flush()
    bind_business(session, business.id)
    session.add(Resource())  # the calendar is somebody's, as long as nobody is named
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


def permissions_of(settings: BusinessSettings) -> Permissions:
    """What the assistant may do, as a value."""
    return Permissions(
        book=settings.may_book,
        change=settings.may_change,
        take_leads=settings.may_take_leads,
        take_messages=settings.may_take_messages,
        transfer=settings.may_transfer,
        send_sms=settings.may_send_sms,
    )


def persona_of(settings: BusinessSettings) -> Persona:
    """As whom the assistant speaks, in the business's own language."""
    return Persona(settings.language, settings.persona_gender.value)


def notice_of(settings: BusinessSettings) -> str:
    """What is said before the greeting (D2); "" where nothing is."""
    if not settings.speak_notice:
        return ""
    return notice_text(
        settings.language,
        is_recorded=settings.keep_recordings,
        own=settings.notice_text,
        own_recorded=settings.recording_notice_text,
    )


def own_voice_of(settings: BusinessSettings) -> OwnVoice:
    """What the business has recorded, as its settings are now."""
    greeting = settings.greeting_text if settings.enable_greeting else ""
    return OwnVoice(
        persona_of(settings),
        settings.voice or "",
        settings.model or "",
        greeting,
        notice_of(settings),
        engine=settings.engine or "",
        cascade_voice=settings.cascade_voice or "",
        rate_pct=settings.speaking_rate_pct,
    )


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
