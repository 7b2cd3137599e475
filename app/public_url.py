"""The address Twilio knows us by: what goes into TwiML and what its signatures are computed over. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MEDIA_PATH = "/ws/twilio-media"


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """`base` is scheme and host (and perhaps a path) without a trailing slash."""

    base: str

    def webhook(self, name: str) -> str:
        return f"{self.base}/webhook/{name}"

    @property
    def calendar_push(self) -> str:
        """Where Google tells of changes (app/telephony/calendar_push.py)."""
        return f"{self.base}/calendars/google"

    def clip(self, language: str, gender: str, name: str) -> str:
        """Where a recorded sentence is fetched from (app/telephony/clips.py)."""
        return f"{self.base}/clips/{language}/{gender}/{name}.wav"

    @property
    def media(self) -> str:
        """Twilio takes nothing but wss, whatever we are served over."""
        return f"wss://{self.base.partition('://')[2]}{MEDIA_PATH}"
