"""Sending an outbox e-mail through the installation's SMTP server.

payload: to, subject, body (plain text). Where `link` is given, "{link}" in the body becomes the address that
`make_link` makes of it, at the moment of sending: a link that opens an account never lies in the outbox.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlsplit

from services.outbox.outbox import OutboxItem, OutcomeUnknown, SendFailed

_TIMEOUT_S = 10.0
_NAME = "Call Assistant"
# Without TLS a password and what is written could be read on the way; on the same machine there is no way.
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class SmtpEmail:
    """services.outbox.outbox.Sender for OutboxKind.EMAIL.

    url: smtps://USER:PASSWORD@HOST (TLS from the first byte) or smtp://… (STARTTLS, but on this machine);
    sender: the address in From.
    """

    def __init__(self, url: str, sender: str, make_link: Callable[[Mapping[str, Any]], str]) -> None:
        self._url = urlsplit(url)
        self._sender = sender
        self._make_link = make_link
        # Made once: reading the certificate authorities takes tens of milliseconds.
        self._tls = ssl.create_default_context()

    def send(self, item: OutboxItem) -> None:
        """Raises SendFailed when the server certainly did not take it, OutcomeUnknown when it may have."""
        message = self._message(item)
        try:
            server = self._connect()
            try:
                server.send_message(message)
            finally:
                server.close()  # without QUIT: a refused goodbye must not look like a refused message
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise SendFailed(f"SMTP {codes[0]}", retry=all(code < 500 for code in codes)) from error
        except smtplib.SMTPResponseException as error:
            raise SendFailed(f"SMTP {error.smtp_code}", retry=error.smtp_code < 500) from error
        except (smtplib.SMTPException, OSError) as error:
            raise OutcomeUnknown(type(error).__name__) from error

    def was_sent(self, _item: OutboxItem) -> bool:
        """A second copy does no harm: it has the same Message-ID and the same link."""
        return False

    def _connect(self) -> smtplib.SMTP:
        try:
            server = self._open()
        except (smtplib.SMTPException, OSError) as error:
            raise SendFailed(f"the mail server cannot be reached: {type(error).__name__}", retry=True) from error
        try:
            if not isinstance(server, smtplib.SMTP_SSL) and self._url.hostname not in _THIS_MACHINE:
                server.starttls(context=self._tls)
            if self._url.username:
                server.login(unquote(self._url.username), unquote(self._url.password or ""))
        except (smtplib.SMTPException, OSError) as error:
            server.close()
            raise SendFailed(f"the mail server refuses us: {type(error).__name__}", retry=True) from error
        return server

    def _open(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_S, context=self._tls)
        return smtplib.SMTP(host, port or 587, timeout=_TIMEOUT_S)

    def _message(self, item: OutboxItem) -> EmailMessage:
        payload = item.payload
        body = str(payload["body"])
        if "link" in payload:
            body = body.replace("{link}", self._make_link(payload["link"]))
        message = EmailMessage()
        try:
            message["From"] = Address(_NAME, addr_spec=self._sender)
            message["To"] = Address(addr_spec=str(payload["to"]))
            message["Subject"] = " ".join(str(payload["subject"]).split())
        except (ValueError, IndexError, MessageError) as error:  # which one depends on the Python
            raise SendFailed("the address cannot be written to", retry=False) from error
        message["Date"] = format_datetime(item.created_at)
        message["Message-ID"] = f"<{sha256(item.key.encode()).hexdigest()[:32]}@{self._sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        return message
