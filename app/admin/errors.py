"""What a visitor sees when something is not there, not allowed, too often, or not possible right now."""

from __future__ import annotations

import structlog
from flask import Flask, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.admin.auth.access import admin_pages, business_pages
from app.admin.auth.security import add_headers
from app.admin.text.words import t
from app.worker.native_thread import Busy
from services.db.database import DatabaseUnavailable

log = structlog.get_logger(__name__)


def set_up_errors(app: Flask) -> None:
    """Pages for errors under /admin/; elsewhere Flask's own answers stay."""

    @app.errorhandler(404)
    def not_found(error: HTTPException) -> ResponseReturnValue:
        if not request.path.startswith("/admin/"):
            return error
        return add_headers(make_response(_page(404)))  # an address of no blueprint has no hooks either


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code in (401, 403, 429):
        who = current_user.id if current_user.is_authenticated else 0
        log.info("refused", status=error.code, path=request.path, user_id=who)
    return _page(error.code or 500)


def _forged(_error: CSRFError) -> ResponseReturnValue:
    log.info("refused: no valid CSRF token", path=request.path)
    return _page(400)


def _no_database(_error: DatabaseUnavailable) -> ResponseReturnValue:
    log.error("the database is not available", path=request.path)
    return _page(503)


def _busy(_error: Busy) -> ResponseReturnValue:
    log.warning("refused: too many passwords to look at", path=request.path)
    return _page(429)


def _page(code: int) -> ResponseReturnValue:
    title, text = _words(code)
    return render_template("error.html", code=code, title=title, text=text), code


def _words(code: int) -> tuple[str, str]:
    known = {
        400: (
            t("הטופס לא התקבל", "The form was not accepted"),
            t(
                "ייתכן שהדף היה פתוח זמן רב. חזרו אחורה, רעננו ונסו שוב.",
                "The page may have been open for too long. Go back, reload it and try again.",
            ),
        ),
        401: (t("צריך להיכנס מחדש", "Please log in again"), t("החיבור הסתיים.", "Your session has ended.")),
        403: (
            t("אין הרשאה", "Not allowed"),
            t("החשבון הזה רשאי לצפות בלבד.", "This account may look but not change."),
        ),
        404: (
            t("הדף לא נמצא", "Page not found"),
            t("אין כאן דבר בכתובת הזו, או שאינו שייך לכם.", "There is nothing at this address, or it is not yours."),
        ),
        413: (t("הטופס גדול מדי", "The form is too large"), t("קצרו את הטקסט ונסו שוב.", "Shorten it and try again.")),
        429: (
            t("יותר מדי ניסיונות", "Too many tries"),
            t("חכו כמה דקות ונסו שוב.", "Wait a few minutes and try again."),
        ),
        503: (
            t("לא זמין כרגע", "Not available right now"),
            t("מסד הנתונים אינו עונה. נסו שוב בעוד רגע.", "The database does not answer. Try again in a moment."),
        ),
    }
    return known.get(code, (t("משהו השתבש", "Something went wrong"), t("נסו שוב.", "Please try again.")))


for _blueprint in (admin_pages, business_pages):
    for _code in (400, 401, 403, 404, 405, 413, 429):
        _blueprint.register_error_handler(_code, _http_error)
    _blueprint.register_error_handler(CSRFError, _forged)
    _blueprint.register_error_handler(DatabaseUnavailable, _no_database)
    _blueprint.register_error_handler(Busy, _busy)
