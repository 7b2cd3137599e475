"""Everything a business owns as CSV for a spreadsheet, and its appointments as a feed for calendars (A7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from app.admin.auth.access import business_pages, here
from app.admin.auth.security import client_network, limiter
from app.admin.auth.trail import note_export
from app.admin.pages.calls import read_filter
from app.context import worker
from app.worker.page_queue import PAGES
from services.reports.calls import conditions
from services.reports.csv import Export, export
from services.reports.ics import feed

calendar_feed = Blueprint("calendar_feed", __name__)


@business_pages.get("/export/<what>.csv")
def csv_file(what: str) -> ResponseReturnValue:
    """Calls (those the list's filter finds), customers, leads or appointments; sent as it is read."""
    if what not in set(Export):
        abort(404)
    only = list(conditions(read_filter())) if what == Export.CALLS else []
    here().write(lambda s: note_export(s, f"{what}.csv"))
    body = in_turns(export(worker().database, here().business_id, Export(what), only=only))
    response = Response(body, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{what}.csv"'
    return response


@calendar_feed.get("/calendar/<secret>.ics")
def ics(secret: str) -> ResponseReturnValue:
    """For calendar apps, which cannot log in: whoever has the secret address may read it."""
    now = datetime.now(UTC)
    body = feed(worker().database, secret, now)
    if body is None:
        abort(404)
    return _send_feed(body)


@limiter.limit("60 per hour", key_func=lambda: f"{client_network()} {request.path}")
def _send_feed(body: Iterator[bytes]) -> ResponseReturnValue:
    headers = {"Cache-Control": "private"}
    return Response(in_turns(body), content_type="text/calendar; charset=utf-8", headers=headers)


def in_turns(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Each piece is made in a turn of its own: a download is as polite as so many pages."""
    source = iter(pieces)
    while True:
        with PAGES.one():
            piece = next(source, None)
        if piece is None:
            return
        yield piece
