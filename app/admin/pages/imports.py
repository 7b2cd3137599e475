"""Appointments from a spreadsheet: choose a file, see what would happen with each row, import in one go (K7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.auth.access import business_pages, changers_only, here, long_form
from app.admin.auth.trail import note
from app.admin.text import import_words
from app.context import worker
from services.db.models import AuditKind
from services.db.tenancy import bind_business
from services.imports.booking import Judged, State, Undo, book, look_at, parts
from services.imports.reading import (
    MOST_BYTES,
    BadFile,
    Field,
    Row,
    Sheet,
    guess,
    missing,
    rows_of,
    sheet_of,
    text_of,
)

# The text comes back with the second form: as bytes of a multipart form, with the choices beside it.
_FORM_BYTES = MOST_BYTES + 16 * 1024


@business_pages.route("/appointments/import", methods=["GET", "POST"])
@changers_only
@long_form(_FORM_BYTES)
def import_appointments() -> ResponseReturnValue:
    """First the file, then its columns and rows with what would become of each, then the import and what became."""
    if request.method == "GET":
        return render_template("import.html", problem="", words=import_words)
    try:
        text = _sent_text()
        sheet = sheet_of(text)
    except BadFile as error:
        return render_template("import.html", problem=import_words.file_words(error.code), words=import_words), 422
    columns = _chosen(sheet)
    lacks, now = missing(columns), datetime.now(UTC)
    rows = [] if lacks else rows_of(sheet, columns)
    done = request.form.get("do") == "import" and not lacks
    reminds = "reminds" in request.form
    judged = _import(rows, now, reminds=reminds) if done else _look(rows, now)
    page = render_template(
        "import_done.html" if done else "import_rows.html",
        judged=judged,
        counts=Counter(each.state for each in judged),
        states=State,
        sheet=sheet,
        text=text,
        columns=columns,
        fields=list(Field),
        lacks=lacks,
        reminds=reminds,
        words=import_words,
    )
    return page, 422 if lacks else 200


def _sent_text() -> str:
    """Of the file, or as the page gave it back. Raises BadFile."""
    file = request.files.get("file")
    data = file.read(MOST_BYTES + 1) if file is not None else b""
    if data:
        return text_of(data)
    sent = request.form.get("text", "")
    if not sent:
        raise BadFile("no_file")
    return text_of(sent.encode())


def _chosen(sheet: Sheet) -> dict[Field, int]:
    """The columns as they were chosen, or guessed where nothing was."""
    if "column-date" not in request.form:
        return guess(sheet.headings)
    sent = {field: request.form.get(f"column-{field.value}", "") for field in Field}
    return {field: int(at) for field, at in sent.items() if at in map(str, range(len(sheet.headings)))}


def _look(rows: Sequence[Row], now: datetime) -> list[Judged]:
    """Nothing is written; others may write between two parts."""
    business_id, found = here().business_id, []
    for part in parts(rows):
        try:
            here().write(partial(look_at, business_id=business_id, rows=part, now=now))
        except Undo as undone:
            found += undone.found
    return _in_order(found)


def _import(rows: Sequence[Row], now: datetime, *, reminds: bool) -> list[Judged]:
    database, business_id, found = worker().database, here().business_id, []

    def work(s: Session, part: Sequence[Row]) -> list[Judged]:
        done = book(bind_business(s, business_id), business_id, part, now, reminds=reminds)
        counts = Counter(each.state.value for each in done)
        if counts[State.BOOKED]:
            note(s, AuditKind.APPOINTMENTS_IMPORTED, detail={**counts, "reminders": reminds})
        return done

    for part in parts(rows):
        found += database.write(partial(work, part=part))
    return _in_order(found)


def _in_order(found: list[Judged]) -> list[Judged]:
    return sorted(found, key=lambda each: each.row.line)
