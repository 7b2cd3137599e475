"""The media socket: from the upgrade to `run_call`, one handler thread per call."""

from __future__ import annotations

import simple_websocket
import structlog
from flask import Flask, request
from flask_sock import Sock

from app.context import worker
from app.public_url import MEDIA_PATH
from app.telephony.call_deps import WorkerDeps
from media.media_ws_ai import run_call
from media.twilio.pace_clock import PaceClock
from media.twilio.socket import decline_compression, server_options, twilio_socket

log = structlog.get_logger(__name__)


def register_media_route(app: Flask) -> None:
    """Serve MEDIA_PATH, with and without a trailing slash. Register after the signature check: that answers first."""
    lean = app.extensions["assistant"].settings.lean_sockets
    app.config["SOCK_SERVER_OPTIONS"] = server_options(buffered=lean)
    clock = PaceClock()
    sock = Sock(app)

    @sock.route(f"{MEDIA_PATH}/", strict_slashes=False)
    def media_socket(server: simple_websocket.Server) -> None:
        me = worker()
        structlog.contextvars.clear_contextvars()
        try:
            with (
                me.live_calls.slot() as slot,
                twilio_socket(server, buffered=lean, on_keepalive=_log_keepalive) as socket,
            ):
                # A draining worker carries what reaches it in its last second and hands it on like the others:
                # refused, the caller would come back to the same worker until all resumes are used up.
                run_call(socket, WorkerDeps(me, clock, slot))
        except Exception:  # outermost level of this thread: nothing of one call may reach another
            log.exception("media socket failed")

    @app.before_request
    def no_compression() -> None:
        if request.path.rstrip("/") == MEDIA_PATH:
            decline_compression(request.environ)


def _log_keepalive() -> None:
    log.info("WS_KEEPALIVE")
