"""Is it Twilio who asks? Checked before any webhook runs and before a websocket is accepted (SPEC W3).

Twilio signs the URL that it was given, so the check is made against PUBLIC_BASE_URL and never against what a proxy made
of the request. The websocket upgrade is signed too: over the wss URL, with no parameters, with or without a trailing
slash, and with or without the port.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import structlog
from flask import Request, abort, request
from twilio.request_validator import RequestValidator

from app.context import public_url, worker
from app.public_url import MEDIA_PATH, PublicUrl
from app.telemetry import prometheus
from app.telephony.browser_call import may_open_socket
from app.worker.connections import vouch_for

log = structlog.get_logger(__name__)

# Of those that nobody signs, these are answered even when strangers crowd in: a caller may wait for the sentence.
_NEVER_TURNED_AWAY = ("health", "clips")
PREVIEW_PATH = "/webhook/incoming_call_preview"  # has no effect and shows no secret: a person looks at it
# A WhatsApp message has up to 4096 letters, of which one of Hebrew takes six characters in a form, a picture twelve.
_LONG_FORMS = {"/webhook/incoming_sms": 64 * 1024}


def check_signatures() -> None:
    """Before-request hook: 403 for a webhook or an upgrade that Twilio did not sign."""
    token = worker().settings.twilio_auth_token
    if not _must_be_signed(request.path):
        if worker().connections.crowded and request.blueprint not in _NEVER_TURNED_AWAY:
            abort(503)
        return
    if request.path in _LONG_FORMS:
        request.max_content_length = _LONG_FORMS[request.path]
    if token is None:  # development: everybody is believed
        vouch_for(request.environ)
        return
    # Without a signature nothing of the body is read: who sends it slowly holds up nobody.
    signed = "X-Twilio-Signature" in request.headers
    if (signed and is_genuine(request, public_url(), token.get_secret_value())) or _is_test_call():
        vouch_for(request.environ)
    else:
        prometheus.REFUSED.labels("signature").inc()
        log.warning("refused: the signature is wrong or missing", path=request.path)
        abort(403)


def is_genuine(request: Request, public: PublicUrl, auth_token: str) -> bool:
    """Whether X-Twilio-Signature fits the request and the public address."""
    signature = request.headers.get("X-Twilio-Signature", "")
    validator = RequestValidator(auth_token)
    if request.path.rstrip("/") == MEDIA_PATH:
        return any(validator.validate(url, {}, signature) for url in _media_urls(public))
    url = public.base + request.path
    if request.query_string:
        url += "?" + request.query_string.decode("latin-1")
    return bool(validator.validate(url, request.form, signature))


def _must_be_signed(path: str) -> bool:
    return path.rstrip("/") == MEDIA_PATH or (path.startswith("/webhook/") and path != PREVIEW_PATH)


def _is_test_call() -> bool:
    """The one upgrade that Twilio does not sign: the telephone in our own page."""
    return request.path.rstrip("/") == MEDIA_PATH and may_open_socket(request)


def _media_urls(public: PublicUrl) -> Iterator[str]:
    """Every spelling of the media URL that Twilio may have signed. (The validator adds port 80 to wss by itself.)"""
    parts = urlsplit(public.media)
    hosts = {parts.netloc, parts.hostname or ""}
    if parts.port is None:
        hosts.add(f"{parts.netloc}:443")
    for host in sorted(hosts):
        yield f"wss://{host}{parts.path}"
        yield f"wss://{host}{parts.path}/"
