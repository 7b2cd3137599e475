"""What the assistant knows: the business's prompt, its versions, and the finished text as the model gets it (P4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.admin.auth.access import account, business_pages, here, long_form, required, viewers_too
from app.admin.auth.trail import note
from app.admin.forms.fields import stripped
from app.admin.pages.settings import load_settings_row
from app.admin.text.diff import diff_lines
from app.admin.text.words import t
from app.http_rules import small_number
from services.accounts.businesses import permissions_of, policy_of, save_prompt
from services.accounts.catalogue import catalogue_of
from services.db.models import AuditKind, BusinessSettings, PromptVersion, User
from services.language.persona import languages_of
from services.realtime_prompt_builder import PromptInputs, PromptLayer, prompt_layers

TEXT_LIMIT = 12_000
FORM_BYTES = TEXT_LIMIT * 6 * 2  # six characters a letter, and room to say politely that a text is too long
# Beyond this a prompt costs more than it brings: every answer of the model reads all of it.
TEXT_ADVICE = 4_000
VERSIONS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Editor:
    """The text in use, its newest version, the versions before it, and who wrote them."""

    text: str
    newest: int
    versions: Sequence[PromptVersion]
    authors: Mapping[int, str]
    layers: Sequence[PromptLayer]


@business_pages.get("/prompt")
def prompt() -> ResponseReturnValue:
    return _editor_page()


@business_pages.post("/prompt")
@long_form(FORM_BYTES)
def save_prompt_text() -> ResponseReturnValue:
    """A new version, unless somebody saved one since this editor was opened."""
    text, remark = stripped(request.form.get("text")), stripped(request.form.get("note"))[:200]
    base = request.form.get("base", type=small_number)
    if not text or len(text) > TEXT_LIMIT:
        problem = t("צריך טקסט של עד {n} תווים.", "A text of at most {n} characters is needed.", n=TEXT_LIMIT)
        return _editor_page(text=text, remark=remark, problem=problem), 422
    now, author_id = datetime.now(UTC), account().id

    def save(s: Session) -> int | None:
        row = load_settings_row(s)
        if newest_number(s) != base:
            return None
        if row.ai_prompt.get("calls", "") == text:
            return base
        return _saved(s, text, remark, author_id, now)

    saved = here().write(save)
    if saved is None:
        problem = t(
            "בינתיים נשמרה גרסה חדשה יותר. הטקסט שלכם כאן; השוו ושמרו שוב.",
            "A newer version was saved meanwhile. Your text is still here; compare and save again.",
        )
        return _editor_page(text=text, remark=remark, problem=problem), 409
    flash(t("גרסה {n} בשימוש מהשיחה הבאה.", "Version {n} is used from the next call on.", n=saved), "good")
    return redirect(url_for("business.prompt"))


@business_pages.post("/prompt/preview")
@long_form(FORM_BYTES)
@viewers_too
def prompt_preview() -> ResponseReturnValue:
    """The finished prompt for a text that is not saved: a fragment of the page."""
    text, now = stripped(request.form.get("text"))[:TEXT_LIMIT], datetime.now(UTC)
    layers = here().read(lambda s: finished_layers(s, load_settings_row(s), text, now))
    return render_template("prompt_layers.html", layers=layers)


@business_pages.get("/prompt/versions/<int:number>")
def prompt_version(number: int) -> ResponseReturnValue:
    version, authors = here().read(lambda s: _version(s, number))
    return render_template("prompt_version.html", version=version, authors=authors)


@business_pages.get("/prompt/diff")
def prompt_diff() -> ResponseReturnValue:
    """What changed from version `a` to version `b`; without them, what the last edit changed."""

    def find(s: Session) -> tuple[PromptVersion, PromptVersion, Sequence[PromptVersion], Mapping[int, str]]:
        newest = newest_number(s)
        b = request.args.get("b", newest, type=small_number)
        a = request.args.get("a", max(1, b - 1), type=small_number)
        versions = _versions(s)
        return _version(s, a)[0], _version(s, b)[0], versions, _authors(s, versions)

    old, new, versions, authors = here().read(find)
    lines = diff_lines(old.text, new.text)
    return render_template("prompt_diff.html", old=old, new=new, lines=lines, versions=versions, authors=authors)


@business_pages.post("/prompt/versions/<int:number>/restore")
def restore_prompt(number: int) -> ResponseReturnValue:
    """The text of an older version, as a new one."""
    now, author_id = datetime.now(UTC), account().id
    remark = t("שחזור של גרסה {n}", "Version {n} restored", n=number)

    def save(s: Session) -> int:
        old, _ = _version(s, number)
        return _saved(s, old.text, remark, author_id, now)

    made = here().write(save)
    flash(t("גרסה {n} שוחזרה כגרסה {m}.", "Version {n} was restored as version {m}.", n=number, m=made), "good")
    return redirect(url_for("business.prompt"))


def finished_layers(s: Session, row: BusinessSettings, text: str, now: datetime) -> tuple[PromptLayer, ...]:
    """The layers a call would get now, from a caller whose number is known but who is not."""
    inputs = PromptInputs(
        business_prompt=text,
        policy=policy_of(row),
        language=row.language,
        gender=row.persona_gender.value,
        answer_languages=languages_of(row.language, row.answer_languages),
        may=permissions_of(row),
        can_dial=bool(row.transfer_numbers),
        confirms_by_sms=row.sms_confirmation,
        use_caller_number=row.caller_id_allowed,
        known_number=True,
        catalogue=catalogue_of(s),
    )
    return prompt_layers(inputs, now)


def newest_number(s: Session) -> int:
    """The number of the version in use; 0 when there is none."""
    return s.scalar(select(func.max(PromptVersion.number))) or 0


def _saved(s: Session, text: str, remark: str, author_id: int, now: datetime) -> int:
    """The number of the version that was made."""
    made = save_prompt(s, text=text, author_id=author_id, now=now, note=remark).number
    note(s, AuditKind.PROMPT_SAVED, made)
    return made


def _editor_page(text: str | None = None, remark: str = "", problem: str = "") -> str:
    now = datetime.now(UTC)
    found = here().read(lambda s: _load_editor(s, text, now))
    return render_template(
        "prompt.html", editor=found, note=remark, problem=problem, limit=TEXT_LIMIT, advice=TEXT_ADVICE
    )


def _load_editor(s: Session, text: str | None, now: datetime) -> Editor:
    row, versions = load_settings_row(s), _versions(s)
    shown = str(row.ai_prompt.get("calls", "")) if text is None else text
    return Editor(shown, newest_number(s), versions, _authors(s, versions), finished_layers(s, row, shown, now))


def _versions(s: Session) -> Sequence[PromptVersion]:
    return s.scalars(select(PromptVersion).order_by(PromptVersion.number.desc()).limit(VERSIONS_SHOWN)).all()


def _version(s: Session, number: int) -> tuple[PromptVersion, Mapping[int, str]]:
    version = required(s.scalars(select(PromptVersion).where(PromptVersion.number == number)).one_or_none())
    return version, _authors(s, [version])


def _authors(s: Session, versions: Sequence[PromptVersion]) -> Mapping[int, str]:
    """Names by user id. A version's author may have left the business: the name stays."""
    ids = {each.author_id for each in versions if each.author_id is not None}
    return {
        row.id: row.name or row.email
        for row in s.execute(select(User.id, User.name, User.email).where(User.id.in_(ids)))
    }
