"""The first page of a business: today in figures, two weeks in a plot, what comes next, and whether all is well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, here
from app.admin.text.owner_words import model_warning
from app.admin.text.words import t
from app.context import worker
from app.model import answers_with
from app.settings import Settings
from services.calls.end_reasons import MODEL_UNREACHABLE
from services.db.models import AnsweringEngine, Appointment, BusinessNumber, BusinessSettings, OutboxStatus
from services.engines.catalogue import ModelKind
from services.engines.google.credentials import INSECURE
from services.reports import home as reports_home
from services.reports.outbox import outbox_counts


@dataclass(frozen=True, slots=True)
class Health:
    """One line of the state of things: in order, worth a look, or in the way of calls."""

    kind: Literal["good", "warn", "bad"]
    text: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class HomeFacts:
    today: reports_home.Today
    days: Sequence[reports_home.DayCount]
    coming: Sequence[Appointment]
    numbers: Sequence[BusinessNumber]
    settings: BusinessSettings
    set_aside: int  # messages that could not be sent
    unanswered: int  # calls of the last day to which no model could be had


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
        set_aside=outbox_counts(s).get(OutboxStatus.FAILED, 0),
        unanswered=reports_home.ended_as(s, MODEL_UNREACHABLE, since=now - timedelta(days=1)),
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
    if facts.unanswered:
        text = t(
            "ב-24 השעות האחרונות {n} שיחות לא הגיעו למודל. אם זה נמשך: המפתח של המנוע, המכסה או השירות עצמו.",
            "{n} calls of the last 24 hours could not reach the model. If it goes on: the engine's key, its quota, or "
            "the service itself.",
            n=facts.unanswered,
        )
        lines.append(Health("bad", text, "business.voice"))
    if facts.set_aside:
        text = t("יש הודעות שלא נשלחו.", "There are messages that could not be sent.")
        lines.append(Health("warn", text, "business.outbox"))
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
    engine = answers_with(installed, worker().cascade, settings.engine)
    if installed.engine == "sandbox" and engine == AnsweringEngine.OPENAI:
        text = t(
            "המודל הוא המודל המובנה לניסיונות. לשיחות אמיתיות צריך OPENAI_API_KEY.",
            "The model is the built-in one for trying things out. Real calls need OPENAI_API_KEY.",
        )
        return [Health("warn", text, "business.voice")]
    if engine == AnsweringEngine.GOOGLE and str(installed.google_speech_endpoint).startswith(INSECURE):
        text = t(
            "זיהוי הדיבור והקול הם המובנים לניסיונות. לשיחות אמיתיות צריך חשבון של Google.",
            "Recogniser and voice are the built-in ones for trying things out. Real calls need an account with Google.",
        )
        return [Health("warn", text, "business.voice")]
    today = now.date()
    if engine == AnsweringEngine.GOOGLE:
        warnings = [model_warning(installed.openai_chat_model, ModelKind.TEXT, today)]
    else:
        warnings = _realtime_warnings(settings, installed, today)
    found = [Health("warn", each, "business.voice") for each in warnings if each]
    return found or [Health("good", t("המודל מוכן.", "The model is ready."), "business.voice")]


def _realtime_warnings(settings: BusinessSettings, installed: Settings, today: date) -> list[str]:
    return [
        model_warning(settings.model or installed.openai_realtime_model, ModelKind.REALTIME, today),
        model_warning(
            settings.transcription_model or installed.openai_transcription_model, ModelKind.TRANSCRIPTION, today
        ),
    ]
