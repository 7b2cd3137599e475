"""Posting an outbox webhook: signed JSON to an address the owner typed in, never to the inside of our own network.

The receiver checks `X-Assistant-Signature: t=<unix seconds>,v1=<hex>`, where v1 is HMAC-SHA256 with the business's
secret over "<t>.<body>", and drops repeats by `Idempotency-Key`. Of its answer only the status is read.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import datetime

from services.outbox.bounded_http import BoundedHttp, RequestFailed
from services.outbox.open_internet import BadAddress
from services.outbox.outbox import OutboxItem, SendFailed

DEADLINE_S = 10.0
# Worth another try although the receiver answered.
_TRY_AGAIN = {408, 425, 429}


class WebhookPost:
    """services.outbox.outbox.Sender for OutboxKind.WEBHOOK; payload: url, event (the JSON to post).

    allow_private: also plain http and addresses that are not on the open internet, for development.
    """

    def __init__(
        self, now: Callable[[], datetime], *, allow_private: bool = False, deadline_s: float = DEADLINE_S
    ) -> None:
        self._now = now
        self._http = BoundedHttp(deadline_s=deadline_s, allow_private=allow_private)

    def send(self, item: OutboxItem) -> None:
        """Raises SendFailed; a lost answer too, since the receiver drops repeats."""
        body = json.dumps(item.payload["event"], ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "ai-call-assistant",
            "Idempotency-Key": item.key,
            "X-Assistant-Signature": signature(item.secret or "", body, self._now()),
        }
        try:
            answer = self._http.request("POST", str(item.payload["url"]), headers=headers, body=body)
        except BadAddress as error:
            # A name may lead elsewhere tomorrow; what is written in the address itself stays wrong.
            raise SendFailed(error.code, retry=error.code == "private_address") from error
        except RequestFailed as error:
            raise SendFailed(str(error), retry=True) from error
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
