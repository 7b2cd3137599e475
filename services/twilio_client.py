"""Twilio's REST API through its own client: with a timeout, and without its log of every request."""

from __future__ import annotations

import logging

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

TIMEOUT_S = 8.0

# The client writes numbers and texts of messages to its log at INFO.
_SILENT = logging.getLogger("services.twilio_client.requests")
_SILENT.setLevel(logging.CRITICAL)


def twilio_client(account_sid: str, auth_token: str, base_url: str | None = None) -> Client:
    """A client of one account. base_url: another server that speaks the API, for tests and the sandbox."""
    client = Client(account_sid, auth_token, http_client=TwilioHttpClient(timeout=TIMEOUT_S, logger=_SILENT))
    if base_url is not None:
        client.api.base_url = base_url
    return client
