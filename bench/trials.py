"""Many calls through real sockets: in each the caller asks, an answer plays, and the caller does something over it.

The server and the model are processes of their own; what the ear heard is coded sound, so every millisecond is known.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from bench import noise_makers
from bench.speech_corpus import DEFAULT_AUDIO, at_level, looped, to_mulaw, to_samples
from sandbox import coded_audio
from sandbox.realtime.script import Script, ScriptedAnswer, Transcript
from sandbox.twilio import audio
from sandbox.twilio.caller import Caller
from sandbox.twilio.clips import CLIP_DIRECTORIES, load_clip
from sandbox.twilio.database_world import DatabaseWorld
from sandbox.twilio.line import LineConditions
from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Scenario
from sandbox.twilio.stage import AUTH_TOKEN, PUBLIC_BASE, Engine, stage
from sandbox.twilio.steps import HangUp, Say, Step, When
from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ

QUESTION = "en-sentence-followme_no-recording.ulaw"
ANSWER_MS = 9000
SHORT_ANSWER_MS = 6000
SOUND_RMS = 80
LEVELS_DB = (0.0, -6.0, -12.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the caller does `at_ms` into the answer. `words` is what the model makes of it, "" for nothing."""

    kind: str
    sound: bytes
    words: str
    at_ms: int
    line: LineConditions = field(default_factory=LineConditions)

    @property
    def is_interruption(self) -> bool:
        return self.kind in ("sentence", "word")

    @property
    def is_turn(self) -> bool:
        """Said after the answer: a question, with or without a pause inside."""
        return self.kind in ("turn", "pause")

    @property
    def is_false_alarm(self) -> bool:
        return not self.is_interruption and not self.is_turn


@dataclass(slots=True)
class Outcome:
    trial: Trial
    result: CallResult
    stored: dict[str, Any]

    @property
    def answer_ms(self) -> int:
        return ANSWER_MS if self.trial.is_interruption else SHORT_ANSWER_MS

    @property
    def events(self) -> int:
        """Interruptions the server saw; -1 when the call did not come about."""
        return int(self.stored.get("metrics", {}).get("barge_in_events", -1))

    @property
    def valid(self) -> bool:
        """The call took place, its answer began to be heard, and the caller did what was planned."""
        began = any(event.details.get("step") == "trial" for event in self.result.events)
        return self.events >= 0 and bool(self.heard) and (began or not self.trial.sound)

    @property
    def heard(self) -> Counter[int]:
        """How often each millisecond of the answer was heard."""
        counts: Counter[int] = Counter()
        for run in coded_audio.runs(self.result.heard):
            if run.answer == 0:
                counts.update(range(run.start_ms, run.end_ms))
        return counts

    @property
    def began_ms(self) -> float:
        """When the caller did what the trial is about. Raises StopIteration for an echo, which the line does."""
        return next(e.at_ms for e in self.result.events if e.details.get("step") == "trial")

    @property
    def far_end_late(self) -> bool:
        """The simulated far end was itself too late, during the trial, to say to a frame what was heard when."""
        began = next((e.at_ms for e in self.result.events if e.details.get("step") == "trial"), 0.0)
        last = next((e.at_ms for e in reversed(self.result.events) if e.kind == "clear"), began)
        return self.result.behind_ms(began, max(last, began + 500)) > FRAME_MS

    def silent_after_ms(self) -> float | None:
        """From the caller's first sound to the last of the answer in the ear; None when it was not interrupted."""
        began = self.began_ms
        first = next(at for at in sounding(self.result.said) if at >= began - FRAME_MS)
        runs = [run for run in coded_audio.runs(self.result.heard) if run.answer == 0]
        if not runs or runs[-1].end_ms >= self.answer_ms:
            return None
        last = runs[-1]
        return last.at / BYTES_PER_MS + last.end_ms - last.start_ms - first

    def answered_after_ms(self) -> float | None:
        """From the second question's last sound to the first of its answer."""
        asked = self.began_ms
        runs = [run for run in coded_audio.runs(self.result.heard) if run.answer == 1]
        if not runs:
            return None
        first = runs[0].at / BYTES_PER_MS
        spoken = [at for at in sounding(self.result.said) if asked - FRAME_MS <= at < min(first, asked + 2500)]
        return first - spoken[-1] - FRAME_MS if spoken else None


def sounding(mulaw: bytes) -> list[int]:
    """Milliseconds at which frames with sound begin."""
    frames = range(0, len(mulaw) - FRAME_BYTES + 1, FRAME_BYTES)
    return [at // BYTES_PER_MS for at in frames if g711.rms(mulaw[at : at + FRAME_BYTES]) >= SOUND_RMS]


def interruptions(count: int, seed: int = 1) -> list[Trial]:
    """Real voices, sentences and single words, at three levels."""
    rng = random.Random(seed)
    sentences, words = clips("*-sentence-*.ulaw"), clips("*-word-*.ulaw")
    trials = []
    for number in range(count):
        kind = "word" if number % 4 == 3 else "sentence"
        sound = trimmed(rng.choice(words if kind == "word" else sentences), 2500)
        sound = g711.encode(audio.gain(g711.decode(sound), LEVELS_DB[number % len(LEVELS_DB)]))
        trials.append(Trial(kind, sound, "רגע, יש אצלכם חניה?", rng.randint(500, 4000)))
    return trials


def false_alarms(count: int, seed: int = 2) -> list[Trial]:
    """Fillers, coughs, noises, music and echo, in turn, at several levels."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    makers: list[Callable[[], Trial]] = [
        lambda: _filler(rng),
        lambda: _made("cough", noise_makers.cough(numbers), rng),
        lambda: _made("noise", noise_makers.gusts(12_000, numbers), rng),
        lambda: _made("noise", noise_makers.clatter(12_000, numbers), rng),
        lambda: _music(rng, numbers),
        lambda: _echo(rng),
    ]
    return [makers[number % len(makers)]() for number in range(count)]


def _filler(rng: random.Random) -> Trial:
    sound = trimmed(rng.choice(clips("*-word-*.ulaw")), 450)
    return Trial("filler", sound, rng.choice(["אממ", "אהה", "hmm", "эээ"]), rng.randint(500, 3000))


def _made(kind: str, samples: Any, rng: random.Random) -> Trial:
    sound = to_mulaw(at_level(samples, rng.choice([300.0, 900.0, 2500.0])))
    return Trial(kind, sound, "", rng.randint(500, 3000))


def _music(rng: random.Random, numbers: np.random.Generator) -> Trial:
    seconds = rng.choice([2, 8])
    samples = looped(to_samples(rng.choice(clips("music-*.ulaw"))), seconds * SAMPLE_RATE_HZ, numbers)
    return _made("music", samples, rng)


def _echo(rng: random.Random) -> Trial:
    line = LineConditions(echo_db=rng.choice([-10, -15, -20, -30]), echo_delay_ms=20 * rng.randint(0, 20))
    return Trial("echo", b"", "", 0, line)


def clips(pattern: str) -> list[bytes]:
    """Recordings by name, of the whole collection when it is there; silence and beeps are none."""
    places = (DEFAULT_AUDIO,) if DEFAULT_AUDIO.is_dir() else CLIP_DIRECTORIES
    found = sorted({path for place in places for path in place.glob(pattern)})
    return [path.read_bytes() for path in found if "beep" not in path.name and "silence" not in path.name]


def trimmed(sound: bytes, longest_ms: int) -> bytes:
    """Without the silence before the first sound, and no longer than this."""
    first = next(iter(sounding(sound)), 0) * BYTES_PER_MS
    return sound[first : first + longest_ms * BYTES_PER_MS]


def play(trials: Sequence[Trial], at_once: int, worker: str = "gevent", engine: Engine = "sandbox") -> list[Outcome]:
    """Every trial in a call of its own; so many on the line together."""
    environment = {"MAX_CALLS_PER_WORKER": str(2 * at_once), "LOG_LEVEL": "INFO"}
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        stage(Path(directory), environment=environment, worker=worker, engine=engine) as running,
    ):
        world = running.world()
        return asyncio.run(_play_all(trials, world, running.webhook_base, at_once))


async def _play_all(trials: Sequence[Trial], world: DatabaseWorld, base: str, at_once: int) -> list[Outcome]:
    places = asyncio.Semaphore(at_once)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def one(trial: Trial, number: int) -> Outcome:
            async with places:
                await asyncio.sleep(number % at_once * 0.05)  # not all webhooks in the same moment
                return await _call(trial, world, base, http)

        return await asyncio.gather(*(one(trial, number) for number, trial in enumerate(trials)))


async def _call(trial: Trial, world: DatabaseWorld, base: str, http: aiohttp.ClientSession) -> Outcome:
    prepared = await world.prepare(_scenario(trial))
    steps = [Step(Say(load_clip(QUESTION)), When(at_ms=400), "question")]
    if trial.is_turn:
        steps.append(Step(Say(trial.sound), When(agent_done_ms=1500), "trial"))
    elif trial.sound:
        steps.append(Step(Say(trial.sound), When(agent_speaking_ms=trial.at_ms), "trial"))
    steps.append(Step(HangUp(), When(agent_done_ms=7000 if trial.is_false_alarm else 800)))
    caller = Caller(
        base,
        frm="+972501234567",
        to=prepared.number,
        public_base=PUBLIC_BASE,
        auth_token=AUTH_TOKEN,
        steps=steps,
        line=trial.line,
        http=http,
        max_duration_s=45.0,
    )
    result = await caller.run()
    return Outcome(trial, result, await world.stored(prepared, result))


def _scenario(trial: Trial) -> Scenario:
    """The business and the model's script of one call."""
    length = ANSWER_MS if trial.is_interruption else 1000 if trial.is_turn else SHORT_ANSWER_MS
    answers = [
        ScriptedAnswer(text="זאת תשובה ארוכה מאוד על כל הטיפולים שיש אצלנו.", length_ms=length, think_ms=500),
        ScriptedAnswer(text="כן, ממש מול הבניין.", length_ms=600, think_ms=500),
    ]
    said = [
        Transcript(text="איזה טיפולים יש אצלכם?", delay_ms=150),
        *[Transcript(text=trial.words, delay_ms=150 if trial.is_turn else 300)] * 8,
    ]
    script = Script(answers=answers, transcripts=said)
    return Scenario(about="a trial", settings={"enable_greeting": False}, model=script, path=Path("trial"))
