"""The audit trail: of a business for its owners, of the installation for its administrators; with a filter, as CSV."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.admin.auth.access import account, admin_pages, admins_only, business_pages, changers_only, here
from app.admin.auth.trail import note_export
from app.admin.pages.calls import page_number
from app.admin.pages.exports import in_turns
from app.admin.pages.why import read_day
from app.admin.templating import zone
from app.admin.text.audit_words import kind_words
from app.context import worker
from services.audit.trail import AuditFilter, audit_csv, audit_rows
from services.db.models import AuditKind
from services.reports.home import local_midnight
from services.reports.people import PAGE_ROWS, Page

_FILTERS = ("kind", "q", "since", "until")


@business_pages.get("/trail")
@changers_only
def trail() -> ResponseReturnValue:
    return _page(here().business_id, "business.trail", "business.trail_csv")


@business_pages.get("/trail.csv")
@changers_only
def trail_csv() -> ResponseReturnValue:
    return _csv(here().business_id)


@admin_pages.get("/trail")
@admins_only
def whole_trail() -> ResponseReturnValue:
    return _page(None, "admin.whole_trail", "admin.whole_trail_csv")


@admin_pages.get("/trail.csv")
@admins_only
def whole_trail_csv() -> ResponseReturnValue:
    return _csv(None)


def _page(business_id: int | None, endpoint: str, csv_endpoint: str) -> str:
    wanted, number = _filter(zone()), page_number()
    query = partial(audit_rows, business_id=business_id, wanted=wanted)
    found = worker().database.read(partial(query, limit=PAGE_ROWS + 1, skip=(number - 1) * PAGE_ROWS))
    chosen: dict[str, Any] = {
        key: value for key, value in request.args.items() if key in ("kind", "q", "since", "until") and value
    }

    def page_url(number: int) -> str:
        return url_for(endpoint, **chosen, page=number)

    return render_template(
        "trail.html",
        page=Page(found[:PAGE_ROWS], number, len(found) > PAGE_ROWS),
        chosen=chosen,
        page_url=page_url,
        here_url=url_for(endpoint),
        csv_url=url_for(csv_endpoint, **chosen),
        names=account().businesses,
        kinds=sorted(((kind, kind_words(kind)) for kind in AuditKind), key=lambda pair: pair[1]),
    )


def _csv(business_id: int | None) -> ResponseReturnValue:
    """Taking the trail away is an act in it."""
    worker().database.write(lambda s: note_export(s, "trail.csv"))
    body = in_turns(audit_csv(worker().database, business_id, _filter(zone()), zone()))
    response = Response(body, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="trail.csv"'
    return response


def _filter(local: ZoneInfo) -> AuditFilter:
    """The filter in the address; what cannot be read does not narrow."""
    since, until = read_day(request.args.get("since")), read_day(request.args.get("until"))
    kind = request.args.get("kind", "")
    return AuditFilter(
        kind=AuditKind(kind) if kind in set(AuditKind) else None,
        text=request.args.get("q", "").strip()[:80],
        since=local_midnight(since, local) if since else None,
        until=local_midnight(until + timedelta(days=1), local) if until else None,
    )
