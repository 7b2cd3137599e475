"""Fetching a voice message from Twilio and keeping it here, where its owner listens to it (L10).

Twilio names a message before its sound is ready: until then it answers 404, and the fetch is tried again.
"""

from __future__ import annotations

import audioop
import base64
import io
import wave
from functools import partial
from typing import Any
from urllib.parse import urljoin

from services.audio import g711
from services.audio.g711 import PCM_WIDTH, SAMPLE_RATE_HZ
from services.calls.voice_messages import keep_sound
from services.db.database import Database
from services.outbox.bounded_http import BoundedHttp, HttpAnswer, RequestFailed
from services.outbox.open_internet import BadAddress
from services.outbox.outbox import OutboxItem, SendFailed

TWILIO_API = "https://api.twilio.com"
DEADLINE_S = 30.0
# Two minutes of 16-bit sound at 8 kHz are 1.9 MB; more than twice that is no message of ours.
_MAX_BYTES = 4_000_000
_REDIRECTS = 2
_RATES_HZ = range(4_000, 192_001)  # a few samples a second would become gigabytes at ours


class RecordingFetch:
    """services.outbox.outbox.Sender for OutboxKind.RECORDING; payload: recording_sid.

    base_url: another server that speaks Twilio's API, for tests and the sandbox; then plain http is taken too.
    """

    def __init__(self, database: Database, account_sid: str, auth_token: str, base_url: str = TWILIO_API) -> None:
        self._database = database
        self._http = BoundedHttp(deadline_s=DEADLINE_S, allow_private=base_url != TWILIO_API)
        self._folder = f"{base_url}/2010-04-01/Accounts/{account_sid}/Recordings"
        credentials = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}", "User-Agent": "ai-call-assistant"}

    def send(self, item: OutboxItem) -> None:
        """Fetch it and keep it. Raises SendFailed."""
        recording_sid = str(item.payload["recording_sid"])
        try:
            answer = self._get(f"{self._folder}/{recording_sid}.wav")
        except (RequestFailed, BadAddress) as error:
            raise SendFailed(str(error), retry=True) from error
        if answer.status != 200:
            again = answer.status in (404, 429) or answer.status >= 500
            raise SendFailed(f"HTTP {answer.status}", retry=again)
        try:
            sound = read_wav(answer.body)
        except (wave.Error, EOFError, audioop.error) as error:
            raise SendFailed("no sound that can be read", retry=False) from error
        self._database.write(
            partial(keep_sound, business_id=item.business_id, recording_sid=recording_sid, sound=sound)
        )

    def was_sent(self, _item: OutboxItem) -> bool:
        """Fetching twice is harmless."""
        return False

    def _get(self, url: str) -> HttpAnswer:
        headers: dict[str, str] = dict(self._headers)
        for _ in range(_REDIRECTS):
            answer = self._http.request("GET", url, headers=headers, keep_bytes=_MAX_BYTES)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            # To Twilio's store, whose addresses carry their own signature: our key is for its API only.
            url = urljoin(url, _header(answer, "Location"))
            headers.pop("Authorization", None)
        return self._http.request("GET", url, headers=headers, keep_bytes=_MAX_BYTES)


def _header(answer: HttpAnswer, name: str) -> str:
    return next((value for key, value in answer.headers.items() if key.lower() == name.lower()), "")


def read_wav(data: bytes) -> bytes:
    """8 kHz mu-law of a WAV file of linear sound, its channels mixed. Raises wave.Error, EOFError, audioop.error."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            sound = file.readframes(file.getnframes())
    except RuntimeError as error:  # of a file whose parts say that they are longer than it
        raise wave.Error("its parts do not fit into it") from error
    if rate not in _RATES_HZ:
        raise wave.Error("a rate that no sound has")
    if width == 1:
        sound = audioop.bias(sound, 1, -128)  # a WAV file's bytes have no sign
    sound = audioop.lin2lin(sound, width, PCM_WIDTH)
    if channels == 2:
        sound = audioop.tomono(sound, PCM_WIDTH, 0.5, 0.5)
    elif channels != 1:
        raise wave.Error("more than two channels")
    if rate != SAMPLE_RATE_HZ:
        converted: tuple[bytes, Any] = audioop.ratecv(sound, PCM_WIDTH, 1, rate, SAMPLE_RATE_HZ, None)
        sound = converted[0]
    return g711.encode(sound)
