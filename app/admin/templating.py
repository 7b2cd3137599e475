"""What every template may use: words, formats, the business and account of the page, addresses of static files."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, request, url_for
from markupsafe import Markup, escape

from app.admin.auth.access import account, here
from app.admin.text import audit_words, formats, owner_words
from app.admin.text.words import LANGUAGE_NAMES, count_words, direction, language, t
from services.appointments.customers import ERASED
from services.policy.words import ENGLISH_DAYS, HEBREW_DAYS, date_words, weekday_words

# Where no business is open yet.
_USUAL_ZONE = ZoneInfo("Asia/Jerusalem")


def set_up_templates(app: Flask) -> None:
    """Register globals; static files get addresses that change with their content, so they may be kept for good."""
    versions: dict[str, str] = {}
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["with_numbers"] = with_numbers
    app.jinja_env.globals.update(
        t=t,
        count_words=count_words,
        language=language,
        direction=direction,
        LANGUAGE_NAMES=LANGUAGE_NAMES,
        account=account,
        here=here,
        in_business=in_business,
        zone=zone,
        day_words=day_words,
        weekday_short=weekday_short,
        end_words=owner_words.end_words,
        event_words=owner_words.event_words,
        transfer_words=owner_words.transfer_words,
        server_words=owner_words.server_words,
        ERASED=ERASED,
        latency_words=owner_words.latency_words,
        status_words=owner_words.status_words,
        lead_words=owner_words.lead_words,
        kind_words=audit_words.kind_words,
        is_refusal=audit_words.is_refusal,
        detail_name=audit_words.detail_name,
        detail_words=audit_words.detail_words,
        asset=partial(_asset, Path(str(app.static_folder)), versions),
        **{name: getattr(formats, name) for name in _FORMATS},
    )


def with_numbers(text: str) -> Markup:
    """The text, escaped, its telephone numbers kept left to right: in Hebrew their plus would jump to the other end."""
    return Markup(_NUMBER.sub(r'<bdi dir="ltr">\g<0></bdi>', str(escape(text))))


_NUMBER = re.compile(r"\+\d{7,15}")
_FORMATS = (
    "day_text",
    "time_text",
    "moment_text",
    "clock_text",
    "milliseconds_text",
    "money_text",
    "phone_text",
    "iso_day",
)


def in_business() -> bool:
    """Whether the page belongs to one business."""
    return "here" in g


def day_words(day: date, *, short: bool = False) -> str:
    """A date in words: "Tuesday, 3 March"; short: "today", "tomorrow", else "Tuesday 03/03"."""
    if not short:
        return date_words(day, language())
    away = (day - datetime.now(zone()).date()).days
    if away in (0, 1):
        return (t("היום", "today"), t("מחר", "tomorrow"))[away]
    return f"{weekday_words(day, language())} \u2066{day:%d/%m}\u2069"  # the figures read left to right


def weekday_short(day: date) -> str:
    """The weekday's name, without "day" in Hebrew."""
    return (HEBREW_DAYS if language() == "he" else ENGLISH_DAYS)[day.weekday()]


def zone() -> ZoneInfo:
    """The zone in which the page tells time."""
    return here().zone if in_business() else _USUAL_ZONE


def _asset(folder: Path, versions: dict[str, str], name: str) -> str:
    if name not in versions:
        versions[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]
    return url_for("static", filename=name, v=versions[name])


def fragment(body: str) -> Response:
    """The HTML, or 304 when the asker has it already."""
    response = Response(body, mimetype="text/html")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
