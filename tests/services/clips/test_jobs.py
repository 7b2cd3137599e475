"""A business's recordings are made when what they say or who says it changes (L7), once, on both databases."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.calls.lifecycle import load_call_context
from services.clips.jobs import ClipsJob, ClipsStatus, clips_state, want_clips
from services.clips.recorder import Recorder
from services.db.models import BusinessSettings, OutboxKind, PersonaGender
from services.db.tenancy import bind_business
from services.engines import interface as e
from services.engines.realtime.protocol import SessionConfig
from services.engines.realtime.session import SessionDefaults
from services.outbox.outbox import MAX_ATTEMPTS
from services.prompt.own_voice import OwnVoice
from tests.services.db.fixtures import NOW, Cast
from tests.services.outbox.rounds import drain

DEFAULTS = SessionDefaults("gpt-realtime-2.1", "gpt-transcribe")
GREETING = "שלום, הגעתם למרפאה."


class Voice:
    """A model that says what it is told; its sound are the words themselves. `away`: how many sessions it refuses."""

    def __init__(self, away: int = 0, status: str = "completed") -> None:
        self.said: list[tuple[str, str]] = []  # (voice, words)
        self.away = away
        self.status = status
        self.before: Callable[[], None] = lambda: None
        self.lock = threading.Lock()

    def session(self, config: SessionConfig, _voice: OwnVoice) -> Any:
        return _Session(self, config)


class _Session:
    def __init__(self, voice: Voice, config: SessionConfig) -> None:
        self._voice, self._config, self._sound = voice, config, b""

    def connect(self) -> None:
        with self._voice.lock:
            self._voice.away -= 1
            if self._voice.away >= 0:
                raise e.EngineUnavailable("connect")

    def say(self, words: str) -> None:
        self._voice.before()
        with self._voice.lock:
            self._voice.said.append((self._config.voice, words))
        self._sound = sound_of(words)

    def events(self) -> Iterator[e.EngineEvent]:
        yield e.AudioDelta("r", "i", base64.b64encode(self._sound).decode())
        yield e.ResponseDone("r", self._voice.status)

    def close(self) -> None:
        pass


def sound_of(words: str) -> bytes:
    return words.encode() * 400


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def change(cast: Cast, **settings: object) -> None:
    """What saving a form does: the columns and, in the same transaction, the job."""

    def work(session: Session) -> None:
        bind_business(session, cast.clinic.id)
        row = session.scalars(select(BusinessSettings)).one()
        for name, value in settings.items():
            setattr(row, name, value)
        want_clips(session, NOW)

    cast.database.write(work)


def state(cast: Cast) -> tuple[ClipsStatus, str]:
    def read(session: Session) -> tuple[ClipsStatus, str]:
        bind_business(session, cast.clinic.id)
        found = clips_state(session, session.scalars(select(BusinessSettings)).one())
        return found.status, found.reason

    return cast.database.read(read)


def heard(cast: Cast) -> bytes | None:
    """The greeting's sound as the next call would play it."""
    return cast.database.read(lambda s: load_call_context(s, cast.clinic_call.id)).greeting_clip


def round_of(cast: Cast, voice: Voice, clock: Callable[[], datetime] = lambda: NOW) -> int:
    recorder = Recorder(cast.database, DEFAULTS, voice.session, clock)
    return drain(cast.database, {OutboxKind.CLIPS: ClipsJob(recorder)}, clock)


def greeting(**changes: object) -> dict[str, object]:
    return {"enable_greeting": True, "greeting_text": GREETING, **changes}


def test_saving_the_greeting_makes_its_sound_and_the_next_call_plays_it(cast: Cast) -> None:
    voice = Voice()
    assert state(cast) == (ClipsStatus.MISSING, "")
    change(cast, **greeting(voice="cedar"))
    assert state(cast) == (ClipsStatus.MAKING, "")
    assert heard(cast) is None
    round_of(cast, voice)
    assert state(cast) == (ClipsStatus.READY, "")
    assert heard(cast) == sound_of(GREETING)
    assert voice.said[-1] == ("cedar", GREETING)


@pytest.mark.parametrize(
    "changed",
    [
        {"greeting_text": "שלום שלום"},
        {"voice": "marin"},
        {"model": "gpt-realtime-2.1-mini"},
        {"language": "en"},
        {"persona_gender": PersonaGender.MALE},
    ],
)
def test_what_changes_the_sound_silences_the_old_one_until_the_new_is_there(
    cast: Cast, changed: dict[str, object]
) -> None:
    voice = Voice()
    change(cast, **greeting())
    round_of(cast, voice)
    change(cast, **changed)
    assert heard(cast) is None
    assert state(cast)[0] is ClipsStatus.MAKING
    round_of(cast, voice)
    assert heard(cast) is not None
    assert len(voice.said) == 6


def test_what_does_not_change_the_sound_keeps_it(cast: Cast) -> None:
    voice = Voice()
    change(cast, **greeting())
    round_of(cast, voice)
    change(cast, max_call_minutes=5)
    assert heard(cast) == sound_of(GREETING)
    round_of(cast, voice)
    assert len(voice.said) == 3, "the job finds it there"


def test_many_workers_make_the_sound_of_a_change_once(cast: Cast) -> None:
    voice = Voice()
    change(cast, **greeting())
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: round_of(cast, voice), range(8))) == 1
    assert sorted(words for _, words in voice.said) == sorted({words for _, words in voice.said})
    assert heard(cast) == sound_of(GREETING)


def test_several_changes_before_the_job_runs_are_one_job_for_the_last(cast: Cast) -> None:
    voice = Voice()
    for text in ("אחת", "שתיים", GREETING):
        change(cast, **greeting(greeting_text=text))
    assert round_of(cast, voice) == 1
    assert heard(cast) == sound_of(GREETING)


def test_a_change_while_the_sound_is_being_made_throws_that_sound_away(cast: Cast) -> None:
    voice, changed = Voice(), threading.Event()

    def change_once() -> None:
        if not changed.is_set():
            changed.set()
            change(cast, greeting_text="חדש")

    voice.before = change_once
    change(cast, **greeting())
    round_of(cast, voice)
    assert heard(cast) == sound_of("חדש")
    assert state(cast) == (ClipsStatus.READY, "")


def test_a_model_that_is_away_is_asked_again_and_the_page_says_why(cast: Cast) -> None:
    voice, clock = Voice(away=1), Clock()
    change(cast, **greeting())
    round_of(cast, voice, clock)
    assert state(cast) == (ClipsStatus.MAKING, "model_away")
    assert round_of(cast, voice, clock) == 0, "not before its pause is over"
    clock.now += timedelta(minutes=1)
    round_of(cast, voice, clock)
    assert state(cast) == (ClipsStatus.READY, "")


def test_what_fails_again_and_again_is_set_aside_until_somebody_asks(cast: Cast) -> None:
    voice, clock = Voice(status="failed"), Clock()
    change(cast, **greeting())
    for _ in range(MAX_ATTEMPTS):
        round_of(cast, voice, clock)
        clock.now += timedelta(hours=1)
    assert state(cast) == (ClipsStatus.FAILED, "not_spoken")
    voice.status = "completed"
    assert round_of(cast, voice, clock) == 0
    change(cast)
    assert state(cast) == (ClipsStatus.MAKING, "")
    round_of(cast, voice, clock)
    assert heard(cast) == sound_of(GREETING)


def test_one_business_that_cannot_be_recorded_holds_up_no_other(cast: Cast) -> None:
    change(cast, **greeting(model="gpt-realtime-2.1"))
    voice = Voice(away=1)
    cast.database.write(lambda s: want_clips(bind_business(s, cast.office.id), NOW))
    assert round_of(cast, voice) == 2
    assert state(cast)[0] is ClipsStatus.MAKING
    assert voice.said, "the other's sentences were said"


def test_without_a_greeting_only_the_sentences_for_trouble_are_made(cast: Cast) -> None:
    voice = Voice()
    change(cast, enable_greeting=False, greeting_text="x")
    round_of(cast, voice)
    assert [words for _, words in voice.said] == ["רק רגע.", "סליחה, יש לנו תקלה. רק רגע."]
    assert heard(cast) is None
