"""How often a password may be tried: counted before it is looked at, by network, by account, and by both (S2).

Whoever logged in once keeps a cookie that says so. Tries with it have a count of their own, so that a stranger who uses
up an account's tries does not lock its owner out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, TypeVar, cast

from flask import current_app, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from app.admin.auth.security import client_network, limiter
from services.accounts.users import normalise_email

V = TypeVar("V", bound=Callable[..., ResponseReturnValue])

_DEVICE_LIFE = timedelta(days=180)


def _account() -> str:
    email = normalise_email(request.form.get("email", ""))[:254]
    return _known_device(email) or f"account {email}"


def _network_and_account() -> str:
    return f"{client_network()} {normalise_email(request.form.get('email', ''))[:254]}"


_LIMITS = (
    limiter.limit("100 per hour", methods=["POST"]),
    limiter.limit("5 per minute;20 per hour", methods=["POST"], key_func=_network_and_account),
    limiter.limit("10 per 15 minutes;50 per day", methods=["POST"], key_func=_account),
)


def limit_tries(view: V) -> V:
    """Decorate the view that takes `email` and a password: beyond the limits the answer is 429."""
    limited: Any = view
    for limit in _LIMITS:
        limited = limit(limited)
    return cast(V, limited)


def forget_tries() -> None:
    """The password was right: the tries of this network at this account count no more. No other count is touched."""
    pair = _network_and_account()
    for each in limiter.current_limits:
        if pair in each.request_args:
            limiter.limiter.clear(each.limit, *each.request_args)


def know_browser(response: Response, email: str) -> Response:
    """Whoever this is has logged in: the browser is known again at this account."""
    account = normalise_email(email)
    if _known_device(account) is None:
        response.set_cookie(
            _device_cookie(),
            _signer().dumps([_short(account), token_urlsafe(9)]),
            max_age=_DEVICE_LIFE,
            path="/admin/login",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


def _known_device(email: str) -> str | None:
    """The count of the browser that asks; None when nobody has logged in to this account from it."""
    try:
        cookie = request.cookies.get(_device_cookie(), "")
        account, name = _signer().loads(cookie, max_age=int(_DEVICE_LIFE.total_seconds()))
    except (BadData, ValueError, TypeError):
        return None
    return f"device {name}" if account == _short(email) else None


def _device_cookie() -> str:
    """Its name; "__Secure-": a browser takes it over https only."""
    return "__Secure-assistant_device" if current_app.config["SESSION_COOKIE_SECURE"] else "assistant_device"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="known-device")


def _short(email: str) -> str:
    return sha256(email.encode()).hexdigest()[:32]
