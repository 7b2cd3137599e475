"""A mail server that takes every message and keeps it: enough of SMTP (RFC 5321) for the standard library's client."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box: MailServer = self.server  # type: ignore[assignment]
        self._say("220 ready")
        while line := self.rfile.readline():
            word = line.split(None, 1)[0].upper().decode() if line.strip() else ""
            if word == "DATA":
                self._say("354 go on")
                box.take(self._body())
                if box.hangs_up_after_data:
                    return
                self._say("250 kept")
            elif word == "RCPT" and box.refuses:
                self._say(box.refuses)
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)


class MailServer(socketserver.ThreadingTCPServer):
    """`refuses`: what it says to every recipient, such as "550 nobody here"."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 0), _Talk)
        self.mails: list[EmailMessage] = []
        self.refuses = ""
        self.hangs_up_after_data = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def take(self, raw: bytes) -> None:
        self.mails.append(message_from_bytes(raw, policy=policy.default))  # type: ignore[arg-type]

    def link_to(self, address: str) -> str:
        """The path of the link in the newest mail to this address; "" when there is none."""
        for mail in reversed(self.mails):
            if str(mail["To"]) == address:
                found = re.search(r"https?://[^/\s]+(/admin/\S+)", mail.get_content())
                return found[1] if found else ""
        return ""


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
