"""Everything a business owns as CSV for a spreadsheet, and its appointments as a feed for calendars (A7)."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from app.admin.access import business_pages, here
from app.admin.calls import read_filter
from app.context import worker
from services.csv_export import Export, export
from services.ics_feed import feed
from services.reports_calls import conditions

calendar_feed = Blueprint("calendar_feed", __name__)


@business_pages.get("/export/<what>.csv")
def csv_file(what: str) -> ResponseReturnValue:
    """Calls (those the list's filter finds), customers, leads or appointments; sent as it is read."""
    if what not in set(Export):
        abort(404)
    only = list(conditions(read_filter())) if what == Export.CALLS else []
    body = export(worker().database, here().business_id, Export(what), only=only)
    response = Response(body, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{what}.csv"'
    return response


@calendar_feed.get("/calendar/<secret>.ics")
def ics(secret: str) -> ResponseReturnValue:
    """For calendar apps, which cannot log in: whoever has the secret address may read it."""
    now = datetime.now(UTC)
    body = worker().database.read(lambda s: feed(s, secret, now))
    if body is None:
        abort(404)
    return Response(body, content_type="text/calendar; charset=utf-8", headers={"Cache-Control": "private"})
