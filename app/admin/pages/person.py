"""One person by telephone number: everything that is kept, as a zip, and erased (D3). The number is in no address."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import account, business_pages, changers_only, here, outside_its_turn, required
from app.admin.auth.trail import note
from app.admin.pages.exports import in_turns
from app.admin.text.person_words import kind_words, receipt_text
from app.admin.text.words import t
from app.context import worker
from services.db.models import AuditKind, Erasure
from services.privacy.erasure import ComingAppointments, StillCalling, Who, erase_person, erase_sound, receipts
from services.privacy.export import exported_calls, person_zip
from services.privacy.person import Person, find_person, read_number

_RECEIPTS = 20
_COMING = {"cancel": False, "keep": True}


@business_pages.route("/personal-data/person", methods=["GET", "POST"])
@changers_only
def person() -> ResponseReturnValue:
    """Find everything under a number."""
    if request.method == "GET":
        return _page(None)
    found = _asked_for()
    if found is None:
        return _page(None, problem=t("זה אינו מספר טלפון.", "This is not a telephone number.")), 422
    here().write(lambda s: note(s, AuditKind.PERSON_LOOKED_UP))
    return _page(found)


@business_pages.post("/personal-data/person/export")
@changers_only
def export_person() -> ResponseReturnValue:
    """Everything under a number as a zip, made as it is sent."""
    found = required(_asked_for())
    now, place = datetime.now(UTC), here()
    index = render_template(
        "person_index.html", found=found, calls=exported_calls(found, place.zone), kind_words=kind_words, now=now
    )
    place.write(lambda s: note(s, AuditKind.PERSON_EXPORTED, detail=dict(found.counts)))
    body = in_turns(person_zip(worker().database, place.business_id, found, index, place.zone, now))
    response = Response(body, mimetype="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="person.zip"'
    return response


@business_pages.post("/personal-data/person/erase")
@changers_only
def erase() -> ResponseReturnValue:
    """Everything under a number goes, once; the receipt is a page of its own."""
    found = required(_asked_for())
    if "sure" not in request.form:
        return _page(found, problem=t("סמנו שזה מה שאתם רוצים.", "Tick that this is what you want.")), 422
    coming = _COMING.get(request.form.get("coming", ""))
    try:
        receipt = _erase(found.number, coming)
    except ComingAppointments:
        words = "בחרו מה יהיה עם התורים שעוד יבואו.", "Choose what becomes of the appointments that are coming."
        return _page(found, problem=t(*words)), 422
    except StillCalling:
        words = (
            "יש שיחה של המספר הזה שעדיין נמשכת. נסו שוב בעוד דקה אחרי שתסתיים.",
            "A call of this number is still going on. Try again a minute after its end.",
        )
        return _page(found, problem=t(*words)), 409
    flash(t("נמחק.", "Erased."), "good")
    return redirect(url_for("business.receipt", erasure_id=receipt.id))


@business_pages.get("/personal-data/receipts/<int:erasure_id>")
@changers_only
def receipt(erasure_id: int) -> ResponseReturnValue:
    found = _receipt(erasure_id)
    return render_template("receipt.html", found=found, kind_words=kind_words)


@business_pages.get("/personal-data/receipts/<int:erasure_id>.txt")
@changers_only
def receipt_file(erasure_id: int) -> ResponseReturnValue:
    """The receipt to hand over: it says what, when and by whom, and not who it was about."""
    text = receipt_text(_receipt(erasure_id), here().name, here().zone)
    response = Response(text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="erasure-{erasure_id}.txt"'
    return response


def _erase(number: str, keeps_coming: bool | None) -> Erasure:
    """Sound first, while other pages have their turns; then everything else with its receipt."""
    now, place = datetime.now(UTC), here()
    database, who = worker().database, Who(account().id, account().email)
    if place.read(lambda s: bool(find_person(s, number, now).coming)) and keeps_coming is None:
        raise ComingAppointments
    recorded = outside_its_turn(lambda: erase_sound(database, place.business_id, number, now))

    def work(s: Session) -> Erasure:
        made = erase_person(s, number, worker().keys, who, now, keeps_coming=keeps_coming, recorded=recorded)
        if made.erased_at == now:
            note(s, AuditKind.PERSON_ERASED, made.id, detail=dict(made.counts))
        return made

    return place.write(work)


def _asked_for() -> Person | None:
    """Who the form names; None when what was written is no number."""
    number, now = read_number(request.form.get("phone", "")[:40]), datetime.now(UTC)
    return None if number is None else here().read(lambda s: find_person(s, number, now))


def _receipt(erasure_id: int) -> Erasure:
    return required(here().read(lambda s: s.get(Erasure, erasure_id)))


def _page(found: Person | None, problem: str = "") -> str:
    made = here().read(lambda s: receipts(s, _RECEIPTS))
    return render_template("person.html", found=found, problem=problem, receipts=made, kind_words=kind_words)
