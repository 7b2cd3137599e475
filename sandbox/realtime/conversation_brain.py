"""The brain that really hears and speaks, from wheels alone.

Words come from Moonshine for English and, for callers whose sound was synthesised here, from the known clip;
the log says each time which way. Unknown sound in a Hebrew session stays untranscribed: there is no offline
recogniser for Hebrew. What it says is decided by a few rules (`responder`), spoken by espeak-ng. Recognition
and speech run in worker threads (the libraries release the interpreter), so the event loop and with it every
other call goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sandbox.realtime.brain import HeardTurn, Hearing, Piece, Plan, Question, energy_detector
from sandbox.realtime.briefing import Briefing, read_briefing
from sandbox.realtime.detector import Detector
from sandbox.realtime.responder import Said, reply, say_as_told
from sandbox.realtime.session_config import SessionConfig
from sandbox.realtime.wire import Event
from sandbox.speech import SpeechUnavailable, say_as_agent
from sandbox.speech.clips import KnownClips
from sandbox.speech.english_ears import recognise_english
from services.audio.g711 import BYTES_PER_MS, SAMPLE_RATE_HZ, silence

log = logging.getLogger("sandbox.hearing")

_THINKING_S = 0.25  # a model's usual time to its first sound
_LONGEST_WAIT_S = 4.0
_NO_HEBREW = "hebrew_recognition_unavailable"


class Recogniser:
    """What all sessions of a server share: worker threads and the known clips."""

    def __init__(self, clips: KnownClips) -> None:
        self.pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="sandbox-speech")
        self._clips = clips

    def warm_up(self) -> None:
        """Load the recogniser's model now, so that the first caller does not wait for it."""
        self.pool.submit(recognise_english, silence(SAMPLE_RATE_HZ))

    def guess(self, sound: bytes, language: str) -> str:
        """The words that seem to be in an utterance that still goes on, "" for none. Runs in a worker thread."""
        known = " ".join(part.text for part in self._clips.recognise(sound))
        return known or (recognise_english(sound) if language == "en" else "")

    def hear(self, sound: bytes, language: str) -> Hearing:
        """The words in a turn of a session in this language. Runs in a worker thread."""
        seconds = len(sound) / BYTES_PER_MS / 1000
        known = self._clips.recognise(sound)
        if known:
            text = " ".join(part.text for part in known)
            log.info("%.1f s heard by the known clip, correlation %.2f", seconds, min(part.score for part in known))
        elif language == "en":
            text = recognise_english(sound)
            log.info("%.1f s heard by Moonshine, %d words", seconds, len(text.split()))
        else:
            log.info("%.1f s not heard: no known clip, and there is no offline recogniser for Hebrew", seconds)
            return Hearing("", failed=_NO_HEBREW)
        log.debug("caller: %s", text)
        return Hearing(text)


class ConversationBrain:
    """One session's mind: hears each turn once, answers by rules."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._loop = asyncio.get_running_loop()
        self._briefing: Briefing = read_briefing("")
        self._hearing: dict[str, asyncio.Task[Hearing]] = {}
        self._answers: set[asyncio.Task[None]] = set()

    def configured(self, config: SessionConfig) -> None:
        """See Brain."""
        self._briefing = read_briefing(config.instructions)

    def detector(self, turn_detection: Event) -> Detector:
        """See Brain."""
        return energy_detector(turn_detection)

    def transcribe(self, turn: HeardTurn, deliver: Callable[[Hearing], None]) -> None:
        """See Brain."""

        async def hear() -> Hearing:
            heard = await self._loop.run_in_executor(
                self._recogniser.pool, self._recogniser.hear, turn.sound, self._briefing.language
            )
            deliver(heard)
            return heard

        self._hearing[turn.item_id] = self._loop.create_task(hear())

    def answer(self, question: Question, deliver: Callable[[Plan], None]) -> None:
        """See Brain."""
        task = self._loop.create_task(self._answer(question, deliver))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def close(self) -> None:
        """See Brain."""
        for task in (*self._hearing.values(), *self._answers):
            task.cancel()

    async def _answer(self, question: Question, deliver: Callable[[Plan], None]) -> None:
        began = self._loop.time()
        conversation = [said for item in question.items if (said := await self._said(item.id, item.role, item.text))]
        if question.own_instructions:
            text = say_as_told(question.instructions, self._briefing, conversation)
        else:
            text = reply(self._briefing, conversation)
        log.debug("answer: %s", text)
        try:
            sound = await self._loop.run_in_executor(self._recogniser.pool, say_as_agent, text, self._briefing.language)
        except SpeechUnavailable as exc:
            log.error("no speech: %s", exc)
            deliver(Plan((), status="failed", error_code="server_error", end_ms=0))
            return
        left_s = max(0.0, _THINKING_S - (self._loop.time() - began))
        deliver(Plan((Piece(text, sound),), think_ms=left_s * 1000))

    async def _said(self, item_id: str, role: str, text: str) -> Said | None:
        """An item as the responder sees it; a turn that is still being recognised is waited for."""
        hearing = self._hearing.get(item_id)
        if hearing and not hearing.done():
            await asyncio.wait([hearing], timeout=_LONGEST_WAIT_S)
        if hearing and hearing.done() and not hearing.cancelled() and hearing.exception() is None:
            text = hearing.result().text
        return Said(role, text) if role else None
