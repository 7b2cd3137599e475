"""The first page of a business: today in figures, two weeks in a plot, what comes next, and whether all is well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.access import business_pages, here
from app.admin.model_words import model_warning
from app.admin.words import t
from app.context import worker
from services import reports_home
from services.model_catalogue import REALTIME, TRANSCRIPTION
from services.models import Appointment, BusinessNumber, BusinessSettings


@dataclass(frozen=True, slots=True)
class Health:
    """One line of the state of things: kind is good, warn or bad."""

    kind: str
    text: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class HomeFacts:
    today: reports_home.Today
    days: Sequence[reports_home.DayCount]
    coming: Sequence[Appointment]
    numbers: Sequence[BusinessNumber]
    settings: BusinessSettings


@business_pages.get("/")
def home() -> ResponseReturnValue:
    now = datetime.now(UTC)
    facts = here().read(lambda s: _facts(s, now))
    return render_template("home.html", facts=facts, health=_health(facts, now), now=now)


def _facts(s: Session, now: datetime) -> HomeFacts:
    zone = here().zone
    return HomeFacts(
        today=reports_home.today(s, zone, now),
        days=reports_home.last_days(s, zone, now),
        coming=reports_home.next_appointments(s, now),
        numbers=reports_home.numbers(s),
        settings=s.scalars(select(BusinessSettings)).one(),
    )


def _health(facts: HomeFacts, now: datetime) -> list[Health]:
    """Number, model, answers and hand-over in words. (The database answered: the page is here.)"""
    settings = worker().settings
    lines = [_number_health(facts), *_model_health(facts.settings, now)]
    if not facts.settings.ai_prompt.get("calls", "").strip():
        text = t("העוזר עדיין לא יודע דבר על העסק.", "The assistant does not know anything about the business yet.")
        lines.append(Health("bad", text, "business.prompt"))
    if not facts.settings.transfer_numbers:
        text = t("אין מספר להעברת שיחות לאדם.", "There is no number to hand calls over to a person.")
        lines.append(Health("warn", text, "business.handover"))
    if settings.twilio_auth_token is None:
        text = t(
            "בדיקת החתימות של Twilio כבויה: מצב פיתוח בלבד.",
            "Twilio's signatures are not checked: for development only.",
        )
        lines.append(Health("warn", text))
    lines.append(Health("good", t("מסד הנתונים עונה.", "The database answers.")))
    return lines


def _number_health(facts: HomeFacts) -> Health:
    if not facts.numbers:
        return Health("bad", t("אין מספר טלפון מחובר.", "No telephone number is connected."), "business.numbers")
    if worker().settings.public_base_url is None:
        text = t(
            "יש מספר, אך Twilio לא יכול להגיע לכאן: PUBLIC_BASE_URL לא הוגדר. שיחות ניסיון מהדפדפן עובדות.",
            "There is a number, but Twilio cannot reach this server: PUBLIC_BASE_URL is not set. "
            "Test calls from the browser work.",
        )
        return Health("warn", text, "business.numbers")
    return Health("good", t("המספר מחובר.", "The number is connected."), "business.numbers")


def _model_health(settings: BusinessSettings, now: datetime) -> list[Health]:
    installed = worker().settings
    if installed.engine == "sandbox":
        text = t(
            "המודל הוא המודל המובנה לניסיונות. לשיחות אמיתיות צריך OPENAI_API_KEY.",
            "The model is the built-in one for trying things out. Real calls need OPENAI_API_KEY.",
        )
        return [Health("warn", text, "business.voice")]
    today = now.date()
    warnings = [
        model_warning(settings.model or installed.openai_realtime_model, REALTIME, today),
        model_warning(settings.transcription_model or installed.openai_transcription_model, TRANSCRIPTION, today),
    ]
    found = [Health("warn", each, "business.voice") for each in warnings if each]
    return found or [Health("good", t("המודל מוכן.", "The model is ready."), "business.voice")]
