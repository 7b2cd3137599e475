"""The list of calls with its filters and export, and the page of one call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BufferedReader
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wsgi import FileWrapper

from app.admin.auth.access import business_pages, here, required
from app.admin.auth.trail import note, note_listening
from app.admin.pages.why import read_day
from app.admin.templating import fragment
from app.admin.text.call_story import tell, waveform
from app.admin.text.words import t
from app.context import worker
from app.http_rules import small_number
from services.calls.recordings import Recording, delete_recording, recording_of, sound_of
from services.calls.voice_messages import delete_messages, message_sound
from services.calls.wav import RecordingWav, mono_wav
from services.db.models import AuditKind
from services.db.tenancy import bind_business
from services.reports.calls import CallDetail, CallFilter, call_detail, call_page, call_seconds, transfer_of
from services.reports.home import local_midnight

RESULTS = ("booked", "not_booked", "interrupted", "live")
KINDS = ("real", "test")
_SENT_AT_ONCE = 1 << 16  # bytes of a recording: two seconds


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
    kept = here().read(lambda s: _kept(s, found))
    story = tell(found, seconds, kept.length_ms if kept else 0)
    wave = waveform(kept, story.length_ms) if kept else None
    return render_template(
        "call.html",
        found=found,
        story=story,
        seconds=seconds,
        recording=kept,
        wave=wave,
        transfer=transfer_of(found.call),
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
    """The call's sound, or the part of it that is asked for; read from the database as it is sent."""
    kept = required(here().read(lambda s: _kept(s, _found(s, call_id))))
    here().write(lambda s: note_listening(s, call_id))
    database, business_id = worker().database, here().business_id

    def sound(chunk_id: int) -> tuple[bytes, bytes] | None:
        return database.read(lambda s: sound_of(bind_business(s, business_id), chunk_id))

    wav = RecordingWav(kept, sound)
    response = Response(FileWrapper(BufferedReader(wav), _SENT_AT_ONCE), mimetype="audio/wav", direct_passthrough=True)
    response.content_length = wav.length
    return response.make_conditional(request.environ, accept_ranges=True, complete_length=wav.length)


@business_pages.post("/calls/<int:call_id>/recording/delete")
def delete_sound(call_id: int) -> ResponseReturnValue:
    """Only the sound goes: a caller may ask for that."""

    def work(s: Session) -> None:
        _found(s, call_id)
        delete_recording(s, call_id)
        delete_messages(s, call_id)
        note(s, AuditKind.RECORDING_DELETED, call_id)

    here().write(work)
    flash(t("ההקלטה נמחקה.", "The recording was deleted."), "good")
    return redirect(url_for("business.call", call_id=call_id))


@business_pages.get("/calls/<int:call_id>/messages/<int:number>")
def voice_message(call_id: int, number: int) -> ResponseReturnValue:
    """The sound of a voice message; `number` counts a call's messages from 1."""

    def find(s: Session) -> bytes | None:
        messages = _found(s, call_id).messages
        return message_sound(s, messages[number - 1].id) if 1 <= number <= len(messages) else None

    wav = mono_wav(required(here().read(find)))
    return Response(wav, mimetype="audio/wav").make_conditional(
        request.environ, accept_ranges=True, complete_length=len(wav)
    )


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
    return min(max(request.args.get("page", 1, type=small_number), 1), 100_000)


def _kept(s: Session, found: CallDetail) -> Recording | None:
    """The recording once the call is over; before that it still grows."""
    return recording_of(s, found.call.id) if found.call.ended_at else None


def _found(s: Session, call_id: int) -> CallDetail:
    return required(call_detail(s, call_id))
