"""The list of calls with its filters and export, and the page of one call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import abort, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.admin.access import business_pages, here, required
from app.admin.call_story import tell
from app.admin.fragments import fragment
from app.admin.why import read_day
from app.settings import VAR
from services.reports_calls import CallDetail, CallFilter, call_detail, call_page, call_seconds
from services.reports_home import local_midnight

RECORDINGS = VAR / "recordings"
RESULTS = ("booked", "not_booked", "interrupted", "live")
KINDS = ("real", "test")


@business_pages.get("/calls")
def calls() -> ResponseReturnValue:
    wanted, number, now = read_filter(), page_number(), datetime.now(UTC)
    page = here().read(lambda s: call_page(s, wanted, number, now))
    chosen: dict[str, Any] = {key: value for key, value in request.args.items() if key != "page" and value}

    def page_url(number: int) -> str:
        return url_for("business.calls", **chosen, page=number)

    return render_template("calls.html", page=page, chosen=chosen, page_url=page_url)


@business_pages.get("/calls/<int:call_id>")
def call(call_id: int) -> ResponseReturnValue:
    now = datetime.now(UTC)
    found = here().read(lambda s: _found(s, call_id))
    seconds = call_seconds(found.call, now)
    return render_template(
        "call.html",
        found=found,
        story=tell(found, seconds),
        seconds=seconds,
        has_recording=recording_path(found.call.recording) is not None,
    )


@business_pages.get("/calls/<int:call_id>/story")
def call_story(call_id: int) -> ResponseReturnValue:
    """The transcript so far, as a fragment: the pages that watch a call ask for it again and again."""
    now = datetime.now(UTC)
    found = here().read(lambda s: _found(s, call_id))
    body = render_template("call_story.html", found=found, story=tell(found, call_seconds(found.call, now)))
    response = fragment(body)
    response.headers["X-Call-Live"] = "no" if found.call.ended_at else "yes"
    return response


@business_pages.get("/calls/<int:call_id>/recording")
def recording(call_id: int) -> ResponseReturnValue:
    found = here().read(lambda s: _found(s, call_id))
    path = recording_path(found.call.recording)
    if path is None:
        abort(404)
    return send_file(path, conditional=True, max_age=0)


def recording_path(address: str | None) -> Path | None:
    """The kept recording's file; None when there is none (any more), or its address leads elsewhere."""
    if not address:
        return None
    path = (RECORDINGS / address).resolve()
    return path if path.is_file() and path.is_relative_to(RECORDINGS.resolve()) else None


def read_filter() -> CallFilter:
    """The filter in the address; what cannot be read does not narrow."""
    zone = here().zone
    since, until = read_day(request.args.get("since")), read_day(request.args.get("until"))
    result, kind = request.args.get("result", ""), request.args.get("kind", "")
    return CallFilter(
        since=local_midnight(since, zone) if since else None,
        until=local_midnight(until + timedelta(days=1), zone) if until else None,
        result=result if result in RESULTS else "",
        kind=kind if kind in KINDS else "",
        text=request.args.get("q", "").strip()[:80],
    )


def page_number() -> int:
    """The page asked for, from 1."""
    return min(max(request.args.get("page", 1, type=int), 1), 100_000)


def _found(s: Session, call_id: int) -> CallDetail:
    return required(call_detail(s, call_id))
