"""The calls a server knows: which requests belong together, and which script, ears and voice they have."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.google.answers import ScriptedAnswers
from sandbox.google.ears import CodedEars, Ears, Hears, RealEars, ScriptedHearing
from sandbox.google.record import CallRecord
from sandbox.google.script import GoogleConduct, GoogleFault, Place
from sandbox.google.utterances import StreamSound
from sandbox.realtime.script import Script
from sandbox.realtime.script_queue import ScriptQueue

KEY_IN_METADATA = "x-goog-request-reason"
KEY_IN_CHAT = "prompt_cache_key"

_KEPT_CALLS = 2_000
_KNOWN_WITHIN_S = 1.0
_PLAIN = Script()


@dataclass(slots=True)
class GoogleOptions:
    """recogniser: what really hears, for calls that no script is for; None: they get a plain script.
    conduct: of those calls. keeps_replies: whether records keep what the recogniser said.
    """

    recogniser: Hears | None = None
    conduct: GoogleConduct = field(default_factory=GoogleConduct)
    keeps_replies: bool = True


class GoogleCall:
    """One call's part in the services. Its requests find each other by `record.key`."""

    def __init__(self, key: str, script: Script | None, options: GoogleOptions) -> None:
        self.record = CallRecord(key)
        self._options = options
        self._recogniser = options.recogniser
        self._counts: dict[Place, int] = {}
        self._use(script)

    @property
    def is_scripted(self) -> bool:
        """Whether a script says what is heard and answered; else it is really done."""
        return self._script is not None

    @property
    def has_own_script(self) -> bool:
        """Whether one was given for this call."""
        return self._script is not None and self._script is not _PLAIN

    def give(self, script: Script) -> None:
        """A script that was found by what a later request told."""
        self._use(script)

    def count(self, place: Place) -> int:
        """The number of the next stream or request of a service, from 0."""
        number = self._counts.get(place, 0)
        self._counts[place] = number + 1
        return number

    def faults(self, place: Place, number: int) -> list[GoogleFault]:
        """What goes wrong in this request, the earliest first."""
        found = [fault for fault in self.conduct.faults if fault.hits(place, number)]
        return sorted(found, key=lambda fault: fault.after_ms)

    def ears(self, sound: StreamSound, language_code: str) -> Ears:
        """Those of a new recognition stream."""
        if self.conduct.coded_words is not None:
            return CodedEars(sound, self.conduct.coded_words)
        if self._script is None and self._recogniser is not None:
            return RealEars(self._recogniser, sound, language_of(language_code))
        return self._hearing.ears(sound)

    def _use(self, script: Script | None) -> None:
        self._script = script if script is not None or self._recogniser is not None else _PLAIN
        self.conduct = script.google if script is not None else self._options.conduct
        self.record.match = (script.match or "") if script is not None else ""
        self.answers = ScriptedAnswers(self._script or _PLAIN)
        self._hearing = ScriptedHearing(self._script or _PLAIN, self.conduct)


class Calls:
    """All calls of a server, in its event loop. `records` may be read from any thread."""

    def __init__(self, queue: ScriptQueue, options: GoogleOptions) -> None:
        self.records: list[CallRecord] = []
        self.options = options
        self._queue = queue
        self._calls: dict[str, GoogleCall] = {}
        self._added = asyncio.Condition()

    async def of(self, key: str, told: str) -> GoogleCall:
        """The call of a request that tells something of its business (phrases, or a prompt)."""
        call = self._calls.get(key)
        if call is None:
            return await self._add(key, told)
        if not call.has_own_script and (script := self._queue.for_session(told)):
            call.give(script)
        return call

    async def known(self, key: str) -> GoogleCall:
        """The call of a request that tells nothing: another one that tells more may be just arriving."""
        try:
            async with asyncio.timeout(_KNOWN_WITHIN_S), self._added:
                await self._added.wait_for(lambda: key in self._calls)
        except TimeoutError:
            return self._calls.get(key) or await self._add(key, "")
        return self._calls[key]

    async def _add(self, key: str, told: str) -> GoogleCall:
        call = GoogleCall(key, self._queue.for_session(told), self.options)
        self._calls[key] = call
        self.records.append(call.record)
        for old in self.records[:-_KEPT_CALLS]:
            self._calls.pop(old.key, None)
        del self.records[:-_KEPT_CALLS]
        async with self._added:
            self._added.notify_all()
        return call


def key_of(metadata: Iterable[Any]) -> str:
    """The id a gRPC request carries; "" when it carries none."""
    return str(dict(metadata).get(KEY_IN_METADATA, ""))


def language_of(code: str) -> str:
    """ISO 639-1 of a language code: he for he-IL and for Google's own iw-IL."""
    language = code.partition("-")[0]
    return {"iw": "he"}.get(language, language)
