"""Posting an outbox webhook: signed JSON to an address the owner typed in, never to the inside of our own network.

The receiver checks `X-Assistant-Signature: t=<unix seconds>,v1=<hex>`, where v1 is HMAC-SHA256 with the business's
secret over "<t>.<body>", and drops repeats by `Idempotency-Key`.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import socket
from collections.abc import Callable
from datetime import datetime
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util import parse_url

from services.outbox import OutboxItem, SendFailed

_TIMEOUT = Timeout(connect=3.0, read=10.0)
# Worth another try although the receiver answered.
_TRY_AGAIN = {408, 425, 429}


class WebhookPost:
    """services.outbox.Sender for OutboxKind.WEBHOOK; payload: url, event (the JSON to post).

    allow_private: also plain http and addresses that are not on the open internet, for development.
    """

    def __init__(self, now: Callable[[], datetime], *, allow_private: bool = False) -> None:
        self._now = now
        self._allow_private = allow_private
        self._pool = PoolManager() if allow_private else _OpenInternet()

    def send(self, item: OutboxItem) -> None:
        """Raises SendFailed; a lost answer too, since the receiver drops repeats."""
        url = str(item.payload["url"])
        if not self._allow_private and parse_url(url).scheme != "https":
            raise SendFailed("only https addresses are posted to", retry=False)
        body = json.dumps(item.payload["event"], ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "ai-call-assistant",
            "Idempotency-Key": item.key,
            "X-Assistant-Signature": signature(item.secret or "", body, self._now()),
        }
        try:
            answer = self._pool.request(
                "POST", url, body=body, headers=headers, timeout=_TIMEOUT, retries=False, redirect=False
            )
        except HTTPError as error:
            raise SendFailed(type(error).__name__, retry=True) from error
        if not 200 <= answer.status < 300:
            again = answer.status >= 500 or answer.status in _TRY_AGAIN
            raise SendFailed(f"HTTP {answer.status}", retry=again)

    def was_sent(self, _item: OutboxItem) -> bool:
        """Sending twice is harmless: the receiver drops repeats by their key."""
        return False


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The value of X-Assistant-Signature."""
    moment = int(at.timestamp())
    return f"t={moment},v1={hmac.digest(secret.encode(), b'%d.' % moment + body, 'sha256').hex()}"


def _refuse_private(connection: HTTPConnection, opened: socket.socket) -> socket.socket:
    """The address really connected to decides, so that a name that resolves differently twice gains nothing."""
    address = ipaddress.ip_address(opened.getpeername()[0].partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    if not (mapped or address).is_global:
        opened.close()
        raise NewConnectionError(connection, "the address is not on the open internet")
    return opened


class _OpenHttp(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _refuse_private(self, super()._new_conn())


class _OpenHttps(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _refuse_private(self, super()._new_conn())


class _OpenHttpPool(HTTPConnectionPool):
    ConnectionCls = _OpenHttp


class _OpenHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _OpenHttps


class _OpenInternet(PoolManager):
    """Connections to addresses on the open internet only."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.pool_classes_by_scheme = {"http": _OpenHttpPool, "https": _OpenHttpsPool}
