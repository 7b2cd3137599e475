"""How the assistant talks, listens and hands over: one page per group of settings. Hours have a file of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Form

from app.admin.access import business_pages, here
from app.admin.model_words import model_warning
from app.admin.settings_forms import ConversationForm, HandoverForm, LineForm, PrivacyForm, VoiceForm
from app.admin.words import t
from app.context import public_url, worker
from services.businesses import new_secret
from services.ics_feed import renew_secret
from services.model_catalogue import REALTIME, TRANSCRIPTION, VOICES, ModelInfo, offered
from services.models import Business, BusinessSettings
from services.session_settings import DEFAULT_VOICE

Apply = Callable[[BusinessSettings, Form], None]


def load_settings_row(s: Session) -> BusinessSettings:
    """The settings of the session's business."""
    return s.scalars(select(BusinessSettings)).one()


@business_pages.route("/settings", methods=["GET", "POST"])
def settings() -> ResponseReturnValue:
    def apply(row: BusinessSettings, form: Form) -> None:
        if row.greeting_text != form.greeting_text.data:
            row.greeting_clip = None  # it speaks the old words
        if row.language != form.language.data:
            row.one_moment_clip = row.trouble_clip = None
        row.business.name = form.name.data
        for field in form:
            if field.name != "name":
                field.populate_obj(row, field.name)

    return _edit(ConversationForm, "settings_conversation.html", "business.settings", apply, _with_name)


@business_pages.route("/settings/voice", methods=["GET", "POST"])
def voice() -> ResponseReturnValue:
    def apply(row: BusinessSettings, form: Form) -> None:
        if (row.voice or "") != form.voice.data:
            row.greeting_clip = row.one_moment_clip = row.trouble_clip = None
        for name in ("voice", "model", "transcription_model"):
            setattr(row, name, form[name].data or None)

    return _edit(VoiceForm, "settings_voice.html", "business.voice", apply, extra=_voice_choices)


@business_pages.route("/settings/line", methods=["GET", "POST"])
def line() -> ResponseReturnValue:
    return _edit(LineForm, "settings_line.html", "business.line", lambda row, form: form.populate_obj(row))


@business_pages.route("/settings/hand-over", methods=["GET", "POST"])
def handover() -> ResponseReturnValue:
    return _edit(HandoverForm, "settings_handover.html", "business.handover", lambda row, form: form.populate_obj(row))


@business_pages.route("/settings/privacy", methods=["GET", "POST"])
def privacy() -> ResponseReturnValue:
    def apply(row: BusinessSettings, form: Form) -> None:
        form.populate_obj(row)
        row.webhook_url = form.webhook_url.data or None
        if row.webhook_url and not row.webhook_secret:
            row.webhook_secret = new_secret()

    def feed(row: BusinessSettings) -> dict[str, Any]:
        return {"feed": f"{public_url().base}/calendar/{row.ics_secret}.ics"}

    return _edit(PrivacyForm, "settings_privacy.html", "business.privacy", apply, extra=feed)


@business_pages.post("/settings/privacy/new-secret")
def new_secrets() -> ResponseReturnValue:
    """A new address for the calendar feed, or a new key for the webhook: the old one stops working at once."""
    which = request.form.get("which")

    def work(s: Session) -> None:
        row = load_settings_row(s)
        if which == "feed":
            renew_secret(s)
        elif which == "webhook" and row.webhook_secret:
            row.webhook_secret = new_secret()

    here().write(work)
    flash(t("הוחלף. הישן כבר לא תקף.", "Replaced. The old one no longer works."), "good")
    return redirect(url_for("business.privacy"))


def _edit(
    form_class: type[Form],
    template: str,
    endpoint: str,
    apply: Apply,
    initial: Callable[[BusinessSettings], dict[str, Any]] | None = None,
    extra: Callable[[BusinessSettings], dict[str, Any]] = lambda _row: {},
) -> ResponseReturnValue:
    """Show a form of settings, or save what was sent."""
    if request.method == "POST":
        form = form_class(request.form)
        if form.validate():
            here().write(lambda s: apply(load_settings_row(s), form))
            flash(t("נשמר. השיחה הבאה כבר תדע.", "Saved. The next call already knows."), "good")
            return redirect(url_for(endpoint))
        row = here().read(load_settings_row)
    else:
        row = here().read(_loaded)
        form = form_class(obj=row, data=initial(row) if initial else None)
    status = 422 if form.errors else 200
    return render_template(template, form=form, row=row, **extra(row)), status


def _loaded(s: Session) -> BusinessSettings:
    row = load_settings_row(s)
    s.scalars(select(Business)).one()  # so that row.business is there after the session
    return row


def _with_name(_row: BusinessSettings) -> dict[str, Any]:
    return {"name": here().name}


def _voice_choices(row: BusinessSettings) -> dict[str, Any]:
    """What may be chosen now; a value in use that is no longer offered stays choosable, with a warning."""
    installed, today = worker().settings, datetime.now(UTC).date()
    models = offered(REALTIME, today)
    transcribers = offered(TRANSCRIPTION, today)
    warnings = [
        model_warning(row.model or installed.openai_realtime_model, REALTIME, today),
        model_warning(row.transcription_model or installed.openai_transcription_model, TRANSCRIPTION, today),
    ]
    return {
        "voices": [(voice, None) for voice in (*VOICES, *_unlisted(row.voice))],
        "default_voice": DEFAULT_VOICE,
        "models": _options(models, row.model),
        "transcribers": _options(transcribers, row.transcription_model),
        "installed": installed,
        "warnings": [each for each in warnings if each],
    }


def _options(models: tuple[ModelInfo, ...], current: str | None) -> list[tuple[str, date | None]]:
    found = [(model.name, model.ends) for model in models]
    known = current is None or current in {name for name, _ in found}
    return found if known else [*found, (str(current), None)]


def _unlisted(voice: str | None) -> tuple[str, ...]:
    return (voice,) if voice and voice not in VOICES else ()
