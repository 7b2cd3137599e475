"""What Twilio asks by HTTP for the load generator's calls, signed where the server wants that."""

from __future__ import annotations

import asyncio
import hmac
import os
import re
import urllib.parse
from base64 import b64encode
from dataclasses import dataclass

MEDIA_PATH = "/ws/twilio-media"
ACCOUNT = "AC" + "0" * 32
ANSWER_WITHIN_S = 20.0  # Twilio waits for 15


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`auth_token` and `public_base`: what requests are signed with, and the address they are signed for; or ""."""

    port: int
    number: str
    public_base: str = ""
    auth_token: str = ""

    async def ring(self, call_sid: str, caller: str) -> dict[str, str] | None:
        """A new call: the parameters of the stream that it is given, None when it is given something else."""
        form = {"CallSid": call_sid, "AccountSid": ACCOUNT, "CallStatus": "ringing", "Direction": "inbound"}
        form |= {"From": caller, "To": self.number, "ApiVersion": "2010-04-01"}
        _status, twiml = await self._post("/webhook/incoming_call", form)
        return dict(re.findall(r'<Parameter name="(\w+)" value="([^"]*)"', twiml)) if "<Stream" in twiml else None

    async def status(self, call_sid: str, status: str = "in-progress") -> None:
        """Raises ValueError when it is not taken."""
        answered, _ = await self._post("/webhook/call_status", {"CallSid": call_sid, "CallStatus": status})
        if answered != 204:
            raise ValueError(f"a status webhook was answered with {answered}")

    def upgrade_headers(self) -> list[tuple[str, str]]:
        """Of the media socket."""
        return self._signed(self.public_base.replace("https://", "wss://") + MEDIA_PATH, {})

    async def _post(self, path: str, form: dict[str, str]) -> tuple[int, str]:
        """Raises OSError and TimeoutError."""
        body = urllib.parse.urlencode(form)
        head = [("Host", "localhost"), ("Connection", "close"), ("Content-Length", str(len(body)))]
        head += [("Content-Type", "application/x-www-form-urlencoded"), *self._signed(self.public_base + path, form)]
        lines = "\r\n".join(f"{name}: {value}" for name, value in head)
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(f"POST {path} HTTP/1.1\r\n{lines}\r\n\r\n{body}".encode())
                answer = (await reader.read()).decode("utf-8", "replace")
            finally:
                writer.close()
        status = re.match(r"HTTP/1\.1 (\d{3}) ", answer)
        if status is None:
            raise ConnectionError(f"no answer: {answer[:80]!r}")
        return int(status[1]), answer.partition("\r\n\r\n")[2]

    def _signed(self, url: str, form: dict[str, str]) -> list[tuple[str, str]]:
        if not self.auth_token:
            return []
        signed = url + "".join(name + value for name, value in sorted(form.items()))
        digest = hmac.digest(self.auth_token.encode(), signed.encode(), "sha1")
        return [("X-Twilio-Signature", b64encode(digest).decode())]


def new_call_sid() -> str:
    return f"CA{os.urandom(16).hex()}"
