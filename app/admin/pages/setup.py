"""The way from an empty business to the first test call, as a list that ticks itself off."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, here
from app.admin.pages.settings import load_settings_row
from app.admin.text.words import t
from app.context import public_url, worker
from app.operators import may_look_inside
from services.db.models import BusinessNumber, Call, Membership


@dataclass(frozen=True, slots=True)
class Step:
    """`detail`: what to do, or what there is. `optional` steps do not hold up the end."""

    title: str
    detail: str
    endpoint: str
    is_done: bool
    optional: bool = False


@business_pages.get("/setup")
def setup() -> ResponseReturnValue:
    steps = here().read(_steps)
    webhook = public_url().webhook("incoming_call")
    status = public_url().webhook("call_status")
    has_public_url = worker().settings.public_base_url is not None
    return render_template(
        "setup.html",
        steps=steps,
        webhook=webhook,
        status=status,
        has_public_url=has_public_url,
        may_preview=may_look_inside(),
    )


def _steps(s: Session) -> list[Step]:
    row = load_settings_row(s)
    numbers = s.scalar(select(func.count(BusinessNumber.id))) or 0
    people = s.scalar(select(func.count(Membership.id))) or 0
    tests = s.scalar(select(func.count(Call.id)).where(Call.is_test)) or 0
    has_hours = any(row.opening_hours_json.get(day) for day in row.opening_hours_json)
    return [
        Step(
            t("לספר לעוזר על העסק", "Tell the assistant about the business"),
            t("מי הוא, מה העסק עושה, מחירים, ומה חשוב לשאול.", "Who it is, what you do, prices, what to ask."),
            "business.prompt",
            bool(row.ai_prompt.get("calls", "").strip()),
        ),
        Step(
            t("שעות פתיחה", "Opening hours"),
            t("רק בתוכן נקבעים תורים.", "Appointments are made within them only."),
            "business.hours",
            has_hours,
        ),
        Step(
            t("ברכת פתיחה", "Greeting"),
            t("המשפט הראשון שהמתקשר שומע.", "The first sentence a caller hears."),
            "business.settings",
            row.enable_greeting and bool(row.greeting_text),
            optional=True,
        ),
        Step(
            t("מספר להעברה לאדם", "A number to hand over to"),
            t("כשהמתקשר מבקש אדם, או כשהעוזר לא זמין.", "When a caller asks for a person, or the assistant is away."),
            "business.handover",
            bool(row.transfer_numbers),
            optional=not row.may_transfer,
        ),
        Step(
            t("שיחת ניסיון מהדפדפן", "A test call from the browser"),
            t("מדברים עם העוזר, קוטעים אותו, קובעים תור.", "Talk to it, interrupt it, book an appointment."),
            "business.phone",
            tests > 0,
        ),
        Step(
            t("מספר טלפון", "A telephone number"),
            t("המספר ב-Twilio, עם הכתובות שלמטה.", "The number at Twilio, with the addresses below."),
            "business.numbers",
            numbers > 0,
        ),
        Step(
            t("עוד אנשים", "More people"),
            t("מי עוד רואה שיחות ותורים.", "Who else sees calls and appointments."),
            "business.users",
            people > 1,
            optional=True,
        ),
    ]
