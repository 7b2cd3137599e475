"""Sending an outbox message through Twilio, as an SMS or by WhatsApp, and finding out whether an interrupted try went
through.

payload: to, from (both E.164), body. Where `link` is given, its words and the address that `make_link` makes of it
stand below the body, made at the moment of sending: no copy of a link lies in the outbox. With channel "whatsapp" the
message goes out from `whatsapp_from`, by the approved `template` with its `variables` where there is one; what WhatsApp
does not take goes as an SMS.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from requests import ConnectionError as RequestsConnectionError
from requests import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from services.outbox.outbox import OutboxItem, OutcomeUnknown, SendFailed

TIMEOUT_S = 8.0
WHATSAPP = "whatsapp"
PREFIX = f"{WHATSAPP}:"

# The client writes numbers and texts of messages to its log at INFO.
_SILENT = logging.getLogger("services.outbox.sms.requests")
_SILENT.setLevel(logging.CRITICAL)
# Twilio's clock and ours need not agree to the second.
_CLOCK_SLACK = timedelta(minutes=2)
_LOOK_AT = 50

Message = dict[str, Any]


def twilio_client(account_sid: str, auth_token: str, base_url: str | None = None) -> Client:
    """A client of one account. base_url: another server that speaks the API, for tests and the sandbox."""
    client = Client(account_sid, auth_token, http_client=TwilioHttpClient(timeout=TIMEOUT_S, logger=_SILENT))
    if base_url is not None:
        client.api.base_url = base_url
    return client


class TwilioSms:
    """services.outbox.outbox.Sender for OutboxKind.SMS.

    make_link: the address of a payload's link. status_url: where Twilio tells what became of a WhatsApp message, which
    it takes first and refuses later; "" where it cannot reach us.
    """

    def __init__(
        self, client: Client, make_link: Callable[[Mapping[str, Any]], str] | None = None, status_url: str = ""
    ) -> None:
        self._client = client
        self._make_link = make_link
        self._status_url = status_url

    def send(self, item: OutboxItem) -> None:
        """Deliver it to Twilio. Raises SendFailed when it certainly was not, OutcomeUnknown when it may have been."""
        *others, last = self._messages(item)
        for message in others:
            try:
                self._create(message)
            except SendFailed as error:
                if error.retry:
                    raise
            else:
                return
        self._create(last)

    def was_sent(self, item: OutboxItem) -> bool:
        """Whether Twilio has a message to this number with this text. Raises OutcomeUnknown when it cannot be asked."""
        return any(self._is_known(message, item) for message in self._messages(item))

    def _is_known(self, message: Message, item: OutboxItem) -> bool:
        """Of a template Twilio shows the text that it made of it: any message from there since then is ours."""
        since = item.created_at - _CLOCK_SLACK
        try:
            known = self._client.messages.list(to=message["to"], from_=message["from_"], limit=_LOOK_AT)
        except (TwilioException, RequestException) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return any(
            each.body == message.get("body", each.body) and (each.date_created is None or each.date_created >= since)
            for each in known
        )

    def _messages(self, item: OutboxItem) -> Iterator[Message]:
        """Arguments of `messages.create`, for each way in which it may go, the best first."""
        payload = item.payload
        link = self._link(payload)
        body = "\n".join([str(payload["body"]), *([f"{payload['link']['words']} {link}"] if link else [])])
        if payload.get("channel") == WHATSAPP:
            status = {"status_callback": f"{self._status_url}?message={item.id}"} if self._status_url else {}
            ways = {"to": f"{PREFIX}{payload['to']}", "from_": f"{PREFIX}{payload['whatsapp_from']}", **status}
            yield {**ways, **(_template(payload, link) if "template" in payload else {"body": body})}
        yield {"to": payload["to"], "from_": payload["from"], "body": body}

    def _link(self, payload: Mapping[str, Any]) -> str:
        return self._make_link(payload["link"]) if self._make_link is not None and "link" in payload else ""

    def _create(self, message: Message) -> None:
        try:
            self._client.messages.create(**message)
        except TwilioRestException as error:
            if error.status >= 500:
                raise OutcomeUnknown(f"HTTP {error.status}") from error
            raise SendFailed(f"Twilio error {error.code}", retry=error.status == 429) from error
        except RequestException as error:
            if _never_connected(error):
                raise SendFailed("Twilio cannot be reached", retry=True) from error
            raise OutcomeUnknown(type(error).__name__) from error


def _template(payload: Mapping[str, Any], link: str) -> Message:
    """1: the business, 2: the time, 3: the link. WhatsApp takes no empty variable."""
    variables = {**payload["variables"], "3": link or "-"}
    return {"content_sid": payload["template"], "content_variables": json.dumps(variables, ensure_ascii=False)}


def _never_connected(error: RequestException) -> bool:
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, RequestsConnectionError) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
