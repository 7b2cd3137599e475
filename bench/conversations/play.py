"""Plays one dialogue: a caller who says the author's turns and then answers what the server asks, until nothing is
asked any more; then the line is looked at, the caller hangs up and the rows are read."""

from __future__ import annotations

import asyncio
import audioop
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import aiohttp

from bench.conversations.brain import CallsBySession
from bench.conversations.businesses import Businesses, Prepared, Rows
from bench.conversations.dialogue import Dialogue, Turn
from bench.conversations.facts import Fact
from bench.conversations.judge import Outcome, State, judge
from bench.conversations.live import LiveCall
from sandbox.twilio.caller import Caller
from sandbox.twilio.clips import load_clip
from sandbox.twilio.result import CallResult
from sandbox.twilio.stage import AUTH_TOKEN, PUBLIC_BASE, Stage
from sandbox.twilio.steps import Keys, Say
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES
from services.calls.end_reasons import MODEL_UNREACHABLE
from services.db.database import DatabaseUnavailable

EXTRA_TURNS = 8
QUIET_S = 0.7  # the agent has finished
NO_ANSWER_S = 3.5  # … or says nothing to this
NO_ANSWER_TO_KEYS_S = 6.0  # a number without # ends by a pause
PAUSE_S = 2.5  # after the last word, before the line is looked at; less than the silence the product asks about
STUCK_S = 45.0
WRAP_UP_S = 20.0
LONGEST_CALL_S = 300.0
LATE_MS = 1000.0  # a caller so far behind its clock speaks and hears at the wrong moments
_POLL_S = 0.04
_MS_PER_WORD, _SHORTEST_MS, _LONGEST_MS = 130, 450, 1600
_SENTENCES = ("en-sentence-vm-leavemsg.ulaw", "en-sentence-followme_no-recording.ulaw", "en-sentence-vm-whichbox.ulaw")
_VOICED_RMS = 500


class NotPlayed(Exception):
    """The dialogue could not be played to its end, for a reason that is not the product's decision."""


@dataclass(slots=True)
class Played:
    """What came of a dialogue. `problem`: why it could not be played, "" when it was."""

    dialogue: Dialogue
    complaints: list[str] = field(default_factory=list)
    problem: str = ""
    state: State = "open"
    turns_said: int = 0
    facts: list[Fact] = field(default_factory=list)
    rows: Rows | None = None
    story: list[str] = field(default_factory=list)
    late_ms: float = 0.0
    seconds: float = 0.0

    @property
    def right(self) -> bool:
        return not self.problem and not self.complaints


class Player:
    """Plays dialogues on one installation, any number at once."""

    def __init__(self, running: Stage, calls_by_session: CallsBySession, http: aiohttp.ClientSession) -> None:
        self._running = running
        self._calls_by_session = calls_by_session
        self._http = http
        self._businesses = Businesses(running.database)

    async def play(self, dialogue: Dialogue, places: asyncio.Semaphore) -> Played:
        """One call, inside one of `places`; its rows are waited for outside. Raises nothing for what goes wrong."""
        played = Played(dialogue)
        loop = asyncio.get_running_loop()
        try:
            async with places:
                began_s = loop.time()
                prepared = await asyncio.to_thread(self._businesses.prepare, dialogue)
                call = LiveCall(dialogue)
                self._calls_by_session.expect(prepared.match, call)
                result = await self._call(call, prepared, played)
                played.seconds = loop.time() - began_s
            played.rows = await self._settled(prepared, result.call_sid)
            _check(call, result, played)
        except (NotPlayed, DatabaseUnavailable) as reason:
            played.problem = str(reason)
            return played
        played.complaints = judge(
            dialogue,
            Outcome(
                played.state,
                played.turns_said,
                played.facts,
                prepared.own,
                prepared.taken,
                played.rows.appointments,
                played.rows.leads,
                recorded="Record" in result.verbs,
            ),
        )
        return played

    async def _call(self, call: LiveCall, prepared: Prepared, played: Played) -> CallResult:
        caller = Caller(
            self._running.webhook_base,
            frm=prepared.caller,
            to=prepared.number,
            public_base=PUBLIC_BASE,
            auth_token=AUTH_TOKEN,
            http=self._http,
            on_event=call.on_event,
            on_frame=call.on_frame,
            keep_audio=False,
            verb_time_scale=0.1,
            max_duration_s=LONGEST_CALL_S,
        )
        running = asyncio.get_running_loop().create_task(caller.run())
        began_s = asyncio.get_running_loop().time()
        try:
            await _Driver(call, caller, running).talk()
            played.state = "open" if call.streaming else _state(caller.result)
        finally:
            if not running.done():
                caller.hang_up()
            await running
            played.turns_said, played.facts = call.turns_said, call.facts
            played.story = _story(call, caller.result, began_s)
            late = (ms for stream in caller.result.streams for _, ms in stream.late_ticks)
            played.late_ms = max(late, default=0.0)
            self._calls_by_session.forget(prepared.match)
        return caller.result

    async def _settled(self, prepared: Prepared, call_sid: str) -> Rows:
        """The rows once the call is wrapped up. Raises NotPlayed when it is not in time."""
        deadline = asyncio.get_running_loop().time() + WRAP_UP_S
        while True:
            rows = await asyncio.to_thread(self._businesses.read, prepared, call_sid)
            if rows.wrapped_up:
                return rows
            if asyncio.get_running_loop().time() > deadline:
                raise NotPlayed(f"the call was not wrapped up within {WRAP_UP_S:.0f} s: {rows.row}")
            await asyncio.sleep(0.5)


class _Driver:
    """What the caller does, from the greeting to the end."""

    def __init__(self, call: LiveCall, caller: Caller, running: asyncio.Task[CallResult]) -> None:
        self._call = call
        self._caller = caller
        self._running = running
        self._loop = asyncio.get_running_loop()

    async def talk(self) -> None:
        """Raises NotPlayed."""
        call = self._call
        await self._until(lambda: call.streamed, "no media stream")
        await self._agent_done(NO_ANSWER_S)
        while (turn := call.next_turn) is not None and not await self._over():
            call.turns_said += 1
            await self._do(turn)
        for _ in range(EXTRA_TURNS):
            due = call.answer_due()
            if due is None or await self._over():
                break
            call.answered.add(due[0])
            await self._do(due[2])
        if not await self._over():
            await asyncio.sleep(PAUSE_S)
            await self._over()

    async def _do(self, turn: Turn) -> None:
        """One turn, and the agent's answer to it."""
        call, phone = self._call, self._caller.phone
        if turn.keys is not None:
            call.note(f"caller keys  {turn.keys}")
            phone.start(Keys(turn.keys, round(turn.keys_pause_s * 1000)))
        else:
            assert turn.says is not None
            call.note(f"caller       {turn.says}")
            call.unheard.append(turn.says)
            phone.start(Say(speech(len(turn.says.split())), turn.says))
        await self._until(lambda: not phone.busy, "the caller never finished")
        patience_s = NO_ANSWER_TO_KEYS_S if turn.keys and not turn.keys.endswith("#") else NO_ANSWER_S
        await self._agent_done(patience_s)
        if call.unheard and call.streaming:
            raise NotPlayed(f"the model never heard {call.unheard[0]!r}")

    async def _agent_done(self, patience_s: float) -> None:
        """Until the agent has spoken and is quiet, or says nothing for so long, or the stream is over."""
        began_s = self._loop.time()

        def done() -> bool:
            now_s, spoke_s = self._loop.time(), self._call.agent_spoke_s
            if self._call.model_busy or now_s - spoke_s < QUIET_S:
                return False
            return spoke_s > began_s or now_s - began_s > patience_s

        await self._until(done, "the agent never stopped")

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        """Returns as well when the stream or the call is over. Raises NotPlayed after STUCK_S."""
        deadline = self._loop.time() + STUCK_S
        while not condition() and not self._running.done() and (self._call.streaming or not self._call.streamed):
            if self._loop.time() > deadline:
                raise NotPlayed(f"{what} within {STUCK_S:.0f} s")
            await asyncio.sleep(_POLL_S)

    async def _over(self) -> bool:
        """Whether the conversation is over. Between two streams it is not: a lost one is followed by another."""
        while not self._call.streaming and not self._running.done():
            await asyncio.wait({self._running}, timeout=_POLL_S)
        return not self._call.streaming


def _state(result: CallResult) -> State:
    """What became of a call that our side did not end."""
    if "Dial" in result.verbs:
        return "transferred"
    if "Record" in result.verbs:
        return "message"
    return "turned away" if result.spoken_by_twiml else "ended"


def _check(call: LiveCall, result: CallResult, played: Played) -> None:
    """Raises NotPlayed when what was seen cannot be judged."""
    if played.late_ms > LATE_MS:
        raise NotPlayed(f"the machine was too busy: the caller was {played.late_ms:.0f} ms behind its clock")
    if played.rows is not None and played.rows.row.get("end_reason") == MODEL_UNREACHABLE:
        raise NotPlayed("the machine was too busy: the product believed the model to be away")
    if not result.streams or result.error:
        raise NotPlayed(result.error or "no media stream")
    if result.ended_by == "time_limit":
        raise NotPlayed(f"longer than {LONGEST_CALL_S:.0f} s")
    if result.protocol_violations:
        raise NotPlayed(f"the server broke Twilio's protocol: {result.protocol_violations[0]}")
    if not call.records:
        raise NotPlayed("the model never got a session")
    unreadable = next((fact for fact in call.facts if fact.is_unreadable), None)
    if unreadable is not None:
        raise NotPlayed(f"a time is offered that the judge cannot read: {unreadable.text}")


def _story(call: LiveCall, result: CallResult, began_s: float) -> list[str]:
    """Everything that was said, told and asked for, in order of time, as lines."""
    lines = list(call.story)
    for record in call.records:
        for seen in list(record.received):
            for line in _asked_of_model(seen.event):
                lines.append((seen.at_s, line))
        for seen in list(record.sent):
            if seen.event["type"] == "response.output_audio_transcript.done":
                lines.append((seen.at_s, f"agent        {seen.event['transcript']}"))
            elif seen.event["type"] == "conversation.item.input_audio_transcription.completed":
                lines.append((seen.at_s, f"  heard      {seen.event['transcript']}"))
    story = [f"{at_s - began_s:6.1f} s  {line}" for at_s, line in sorted(lines)]
    return [*story, f"   verbs: {' '.join(result.verbs)}; ended by {result.ended_by}"]


def _asked_of_model(event: dict[str, object]) -> list[str]:
    kind = event.get("type")
    if kind == "conversation.item.create":
        item = event["item"]
        assert isinstance(item, dict)
        return [f"  told       {' '.join(str(part.get('text', '')) for part in item.get('content', []))}"]
    if kind == "response.create":
        response = event.get("response")
        own = response.get("instructions") if isinstance(response, dict) else None
        return [f"  asked      for an answer{f': {own}' if own else ''}"]
    if kind in ("response.cancel", "conversation.item.delete", "conversation.item.truncate"):
        return [f"  asked      {kind}"]
    return []


def speech(words: int) -> bytes:
    """A voice without pauses, as long as so many words take."""
    length_ms = min(_LONGEST_MS, max(_SHORTEST_MS, words * _MS_PER_WORD))
    return _voice()[: length_ms * BYTES_PER_MS]


@cache
def _voice() -> bytes:
    """Recorded sentences, only what is loud in them."""
    sound = b"".join(load_clip(name) for name in _SENTENCES)
    frames = (sound[at : at + FRAME_BYTES] for at in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES))
    voiced = b"".join(frame for frame in frames if audioop.rms(audioop.ulaw2lin(frame, 2), 2) >= _VOICED_RMS)
    return voiced * (1 + _LONGEST_MS * BYTES_PER_MS // len(voiced))
