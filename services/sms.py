"""Sending an outbox SMS through Twilio, and finding out whether an interrupted try went through."""

from __future__ import annotations

from datetime import timedelta

from requests import ConnectionError as RequestsConnectionError
from requests import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from urllib3.exceptions import MaxRetryError, NewConnectionError

from services.outbox import OutboxItem, OutcomeUnknown, SendFailed

# Twilio's clock and ours need not agree to the second.
_CLOCK_SLACK = timedelta(minutes=2)
_LOOK_AT = 50


class TwilioSms:
    """services.outbox.Sender for OutboxKind.SMS; payload: to, from (both E.164), body."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def send(self, item: OutboxItem) -> None:
        """Deliver it to Twilio. Raises SendFailed when it certainly was not, OutcomeUnknown when it may have been."""
        payload = item.payload
        try:
            self._client.messages.create(to=payload["to"], from_=payload["from"], body=payload["body"])
        except TwilioRestException as error:
            if error.status >= 500:
                raise OutcomeUnknown(f"HTTP {error.status}") from error
            raise SendFailed(f"Twilio error {error.code}", retry=error.status == 429) from error
        except RequestException as error:
            if _never_connected(error):
                raise SendFailed("Twilio cannot be reached", retry=True) from error
            raise OutcomeUnknown(type(error).__name__) from error

    def was_sent(self, item: OutboxItem) -> bool:
        """Whether Twilio has a message to this number with this text. Raises OutcomeUnknown when it cannot be asked."""
        payload, since = item.payload, item.created_at - _CLOCK_SLACK
        try:
            known = self._client.messages.list(to=payload["to"], from_=payload["from"], limit=_LOOK_AT)
        except (TwilioException, RequestException) as error:
            raise OutcomeUnknown(type(error).__name__) from error
        return any(
            message.body == payload["body"] and (message.date_created is None or message.date_created >= since)
            for message in known
        )


def _never_connected(error: RequestException) -> bool:
    if isinstance(error, ConnectTimeout):
        return True
    cause = error.args[0] if isinstance(error, RequestsConnectionError) and error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
