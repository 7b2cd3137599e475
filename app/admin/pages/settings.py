"""How the assistant talks, listens and hands over: one page per group of settings. Hours have a file of their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session, undefer
from wtforms import Form

from app.admin.auth.access import business_pages, here
from app.admin.auth.trail import changes_of, note
from app.admin.forms.personal_data import PersonalDataForm
from app.admin.forms.settings import AbilitiesForm, ConversationForm, HandoverForm, LineForm, PrivacyForm, VoiceForm
from app.admin.text.outbox_words import reason_words
from app.admin.text.owner_words import model_warning, tokens_warning
from app.admin.text.words import ANSWER_LANGUAGE_NAMES, t
from app.context import public_url, worker
from app.model import answers_with, engines_had
from services.accounts.businesses import new_secret, own_voice_of, permissions_of
from services.accounts.reach import own_country
from services.clips.jobs import clips_state, want_clips
from services.db.models import AnsweringEngine, AuditKind, Business, BusinessSettings, PersonaGender
from services.engines.catalogue import VOICES, ModelInfo, ModelKind, offered
from services.engines.google.session import VOICES as CASCADE_VOICES
from services.engines.google.session import cascade_voices
from services.engines.realtime.session import DEFAULT_VOICE
from services.privacy.retention import soon
from services.prompt.notice import usual_notice, usual_recording_notice
from services.reports.ics import renew_secret

Apply = Callable[[BusinessSettings, Form], None]


def load_settings_row(s: Session) -> BusinessSettings:
    """The settings of the session's business."""
    return s.scalars(select(BusinessSettings)).one()


@business_pages.route("/settings", methods=["GET", "POST"])
def settings() -> ResponseReturnValue:
    def apply(row: BusinessSettings, form: Form) -> None:
        row.business.name = form.name.data
        for field in form:
            if field.name != "name":
                field.populate_obj(row, field.name)

    def extra(row: BusinessSettings) -> dict[str, Any]:
        return {"answer_languages": list(ANSWER_LANGUAGE_NAMES.items()), **_clips(row)}

    return _edit(ConversationForm, "settings_conversation.html", "business.settings", apply, _with_name, extra)


@business_pages.route("/settings/abilities", methods=["GET", "POST"])
def abilities() -> ResponseReturnValue:
    return _edit(
        AbilitiesForm,
        "settings_abilities.html",
        "business.abilities",
        lambda row, form: form.populate_obj(row),
        extra=lambda row: {"may": permissions_of(row)},
    )


@business_pages.route("/settings/voice", methods=["GET", "POST"])
def voice() -> ResponseReturnValue:
    def apply(row: BusinessSettings, form: Form) -> None:
        row.persona_gender = PersonaGender(form.persona_gender.data)
        for name in ("voice", "cascade_voice", "speaking_rate_pct", "model", "transcription_model"):
            setattr(row, name, form[name].data or None)
        row.engine = AnsweringEngine(form.engine.data) if form.engine.data else None
        row.max_output_tokens = form.max_output_tokens.data

    return _edit(voice_form(), "settings_voice.html", "business.voice", apply, extra=_voice_choices)


def voice_form() -> type[VoiceForm]:
    """With what this installation can answer with."""

    class OurForm(VoiceForm):
        engines = engines_had(worker().settings, worker().cascade)

    return OurForm


@business_pages.post("/settings/clips")
def make_clips() -> ResponseReturnValue:
    """Have the recordings made although nothing changed: another try, or a first one (L7)."""
    now = datetime.now(UTC)
    here().write(lambda s: want_clips(s, now))
    flash(
        t("הקול יוכן ברקע, תוך דקה בדרך כלל.", "It is made in the background, within a minute as a rule."),
        "good",
    )
    return redirect(url_for("business.settings"))


@business_pages.route("/settings/line", methods=["GET", "POST"])
def line() -> ResponseReturnValue:
    return _edit(LineForm, "settings_line.html", "business.line", lambda row, form: form.populate_obj(row))


@business_pages.route("/settings/hand-over", methods=["GET", "POST"])
def handover() -> ResponseReturnValue:
    installed = worker().settings
    country, has_webhook = here().read(lambda s: (own_country(s), bool(load_settings_row(s).webhook_url)))

    class OurForm(HandoverForm):
        """With what the checks of this business need to know."""

        own_country = country
        installation = installed.countries
        mail = installed.smtp_url is not None
        webhook = has_webhook

    def extra(_row: BusinessSettings) -> dict[str, Any]:
        return {"own_country": country, "can_mail": OurForm.mail}

    return _edit(
        OurForm, "settings_handover.html", "business.handover", lambda row, form: form.populate_obj(row), extra=extra
    )


@business_pages.route("/settings/privacy", methods=["GET", "POST"])
def privacy() -> ResponseReturnValue:
    def apply(row: BusinessSettings, form: Form) -> None:
        form.populate_obj(row)
        row.webhook_url = form.webhook_url.data or None
        if row.webhook_url and not row.webhook_secret:
            row.webhook_secret = new_secret()

    class OurForm(PrivacyForm):
        """With what the checks need to know of the installation."""

        allow_private = not worker().settings.production
        sms_limit = worker().settings.sms_per_day
        can_text = worker().settings.twilio_account is not None and bool(sms_limit)

    def extra(row: BusinessSettings) -> dict[str, Any]:
        return {
            "feed": f"{public_url().base}/calendar/{row.ics_secret}.ics",
            "sms_limit": OurForm.sms_limit,
            "can_text": OurForm.can_text,
        }

    return _edit(OurForm, "settings_privacy.html", "business.privacy", apply, extra=extra)


@business_pages.route("/personal-data", methods=["GET", "POST"])
def personal_data() -> ResponseReturnValue:
    """What is kept of people, how long, and who else gets it; the notice at the start of a call (D1, D2)."""
    now = datetime.now(UTC)

    def apply(row: BusinessSettings, form: Form) -> None:
        form.populate_obj(row)
        for name in ("notice_text", "recording_notice_text"):
            setattr(row, name, form[name].data or None)
        row.retention_begins_at = None  # the owner has chosen
        session = object_session(row)
        assert session is not None
        with session.no_autoflush:  # the trail wants to see what is about to be written
            soon(session, now)

    def extra(row: BusinessSettings) -> dict[str, Any]:
        return {
            "usual_notice": usual_notice(row.language),
            "usual_recorded": usual_recording_notice(row.language),
            "waits_until": row.retention_begins_at if (row.retention_begins_at or now) > now else None,
            "engine": answers_with(worker().settings, worker().cascade, row.engine),
        }

    return _edit(PersonalDataForm, "personal_data.html", "business.personal_data", apply, extra=extra)


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
        else:
            return
        note(s, AuditKind.SECRET_RENEWED, which)

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
    row = here().read(_loaded)
    if request.method == "POST":
        form = form_class(request.form)
        if form.validate():
            here().write(lambda s: _apply(s, apply, form))
            flash(t("נשמר. השיחה הבאה כבר תדע.", "Saved. The next call already knows."), "good")
            return redirect(url_for(endpoint))
    else:
        form = form_class(obj=row, data=initial(row) if initial else None)
    status = 422 if form.errors else 200
    return render_template(template, form=form, row=row, **extra(row)), status


def _apply(s: Session, apply: Apply, form: Form) -> None:
    row = _loaded(s)
    before = own_voice_of(row).fingerprint
    apply(row, form)
    note_settings(s, row)
    if own_voice_of(row).fingerprint != before:
        want_clips(s, datetime.now(UTC))


def note_settings(s: Session, row: BusinessSettings) -> None:
    """Record what is about to be written of the settings; nothing where nothing changes."""
    if changes := changes_of(row) | changes_of(row.business):
        note(s, AuditKind.SETTINGS_SAVED, request.path.rpartition("/")[2], detail=changes)


def _loaded(s: Session) -> BusinessSettings:
    """With what is shown after the session: the business and, where there is one, the key of its webhook."""
    s.scalars(select(Business)).one()
    return s.scalars(select(BusinessSettings).options(undefer(BusinessSettings.webhook_secret))).one()


def _with_name(_row: BusinessSettings) -> dict[str, Any]:
    return {"name": here().name}


def _clips(row: BusinessSettings) -> dict[str, Any]:
    """How the business's own recordings stand."""
    return {"clips": here().read(lambda s: clips_state(s, row)), "reason_words": reason_words}


def _voice_choices(row: BusinessSettings) -> dict[str, Any]:
    """What may be chosen now; a value in use that is no longer offered stays choosable, with a warning."""
    installed, today = worker().settings, datetime.now(UTC).date()
    models = offered(ModelKind.REALTIME, today)
    transcribers = offered(ModelKind.TRANSCRIPTION, today)
    warnings = [
        model_warning(row.model or installed.openai_realtime_model, ModelKind.REALTIME, today),
        model_warning(row.transcription_model or installed.openai_transcription_model, ModelKind.TRANSCRIPTION, today),
        tokens_warning(row.max_output_tokens),
    ]
    had = engines_had(installed, worker().cascade)
    return {
        "engines": had,
        "usual_engine": answers_with(installed, worker().cascade, ""),
        "is_lost": row.engine is not None and row.engine not in had,
        "cascade_voices": cascade_voices(row.language),
        "usual_cascade_voice": installed.google_tts_voice or CASCADE_VOICES[row.language, row.persona_gender.value],
        "usual_rate_pct": round(installed.tts_speaking_rate * 100),
        "voices": [(voice, None) for voice in (*VOICES, *_unlisted(row.voice))],
        "default_voice": DEFAULT_VOICE,
        "models": _options(models, row.model),
        "transcribers": _options(transcribers, row.transcription_model),
        "installed": installed,
        "warnings": [each for each in warnings if each],
        **_clips(row),
    }


def _options(models: tuple[ModelInfo, ...], current: str | None) -> list[tuple[str, date | None]]:
    found = [(model.name, model.ends) for model in models]
    known = current is None or current in {name for name, _ in found}
    return found if known else [*found, (str(current), None)]


def _unlisted(voice: str | None) -> tuple[str, ...]:
    return (voice,) if voice and voice not in VOICES else ()
