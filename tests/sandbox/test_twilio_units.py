"""The pure parts of the simulated caller: when a step is due, which messages and TwiML pass, sounds and files."""

from __future__ import annotations

import audioop
import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.twilio import audio
from sandbox.twilio.clips import noise
from sandbox.twilio.line import LineConditions
from sandbox.twilio.messages import Clear, Mark, Media, Violation, parse_message
from sandbox.twilio.phone import Phone
from sandbox.twilio.scenario import Sound
from sandbox.twilio.steps import Actor, Background, GaveUp, Keys, Say, Step, When
from sandbox.twilio.twiml import TwimlError, parse_twiml
from services.audio import g711
from services.audio.g711 import FRAME_BYTES, SILENCE_FRAME

SAY = Say(b"\x30" * 800, "hello")  # 100 ms


def due_at(step: Step, loud_from: int, loud_to: int, *, before: Step | None = None, limit_ms: int = 5000) -> int | None:
    """When the step begins, if the agent is loud from one frame time to another."""
    actor = Actor([before, step] if before else [step])
    for now in range(0, limit_ms, 20):
        if step in actor.advance(now, agent_loud=loud_from <= now < loud_to, busy=False):
            return now
    return None


def test_a_step_without_a_trigger_is_due_at_once_and_after_ms_delays_it() -> None:
    assert due_at(Step(SAY), 0, 0) == 0
    assert due_at(Step(SAY, When(after_ms=100)), 0, 0) == 100


def test_agent_done_waits_for_speech_and_then_for_silence() -> None:
    assert due_at(Step(SAY, When(agent_done_ms=300)), 200, 600) == 880
    assert due_at(Step(SAY, When(agent_done_ms=300)), 0, 0) is None


def test_agent_speaking_counts_from_the_first_sound() -> None:
    assert due_at(Step(SAY, When(agent_speaking_ms=200)), 400, 2000) == 580


def test_silence_counts_when_neither_is_heard() -> None:
    assert due_at(Step(SAY, When(silence_ms=500)), 0, 1000) == 1480


def test_a_timed_step_does_not_wait_for_its_turn() -> None:
    waiting = Step(SAY, When(agent_done_ms=300, patience_ms=60_000))
    assert due_at(Step(Keys("1"), When(at_ms=1000)), 0, 0, before=waiting) == 1000


def test_the_next_step_waits_while_this_one_is_spoken() -> None:
    actor = Actor([Step(SAY), Step(Keys("1"))])
    assert actor.advance(0, agent_loud=False, busy=False) == [Step(SAY)]
    assert actor.advance(20, agent_loud=False, busy=True) == []
    assert actor.advance(40, agent_loud=False, busy=False) == [Step(Keys("1"))]
    assert actor.done


def test_patience_has_an_end() -> None:
    actor = Actor([Step(SAY, When(agent_done_ms=100, patience_ms=200))])
    for now in range(0, 200, 20):
        assert actor.advance(now, agent_loud=False, busy=False) == []
    with pytest.raises(GaveUp, match="agent"):
        actor.advance(200, agent_loud=False, busy=False)


def test_a_step_has_only_one_trigger() -> None:
    with pytest.raises(ValueError, match="one trigger"):
        When(at_ms=1, silence_ms=1)


def test_the_phone_speaks_in_frames_and_falls_silent() -> None:
    phone = Phone([Step(Say(b"\x30" * 200))], LineConditions())
    frames = [phone.tick(SILENCE_FRAME)[0] for _ in range(3)]
    assert frames == [b"\x30" * 160, b"\x30" * 40 + SILENCE_FRAME[:120], SILENCE_FRAME]
    assert bytes(phone.said) == b"".join(frames)


def test_keys_are_pressed_one_by_one() -> None:
    phone = Phone([Step(Keys("12", gap_ms=60))], LineConditions())
    assert [phone.tick(SILENCE_FRAME)[1] for _ in range(5)] == ["1", None, None, "2", None]


def test_background_sound_surrounds_speech_until_it_is_switched_off() -> None:
    line = LineConditions(background=audio.white_noise(500, length_ms=40))
    phone = Phone([Step(Background(on=False), When(at_ms=40))], line)
    levels = [g711.rms(phone.tick(SILENCE_FRAME)[0]) for _ in range(4)]
    assert min(levels[:2]) > 300
    assert levels[2:] == [0, 0]


def test_lines_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="frame_ms"):
        LineConditions(frame_ms=25)
    with pytest.raises(ValueError, match="background"):
        LineConditions(background=b"\0\0")


@pytest.mark.parametrize(
    ("message", "parsed"),
    [
        ({"event": "media", "streamSid": "MZ1", "media": {"payload": "//8="}}, Media(b"\xff\xff")),
        ({"event": "mark", "streamSid": "MZ1", "mark": {"name": "a"}}, Mark("a")),
        ({"event": "clear", "streamSid": "MZ1"}, Clear()),
    ],
)
def test_exactly_the_three_documented_messages_pass(message: dict[str, Any], parsed: object) -> None:
    assert parse_message(json.dumps(message).encode(), "MZ1") == parsed
    assert isinstance(parse_message(json.dumps({**message, "more": 1}).encode(), "MZ1"), Violation)
    assert isinstance(parse_message(json.dumps(message).encode(), "MZ2"), Violation)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["media", "mark", "clear", "MZ1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["event", "streamSid", "media", "mark", "payload", "name"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_message_makes_the_check_raise(data: bytes) -> None:
    assert isinstance(parse_message(data, "MZ1"), Media | Mark | Clear | Violation)


@given(st.text(max_size=80) | st.text(alphabet="<>/ResponseConnectStream =\"'", max_size=80))
def test_twiml_is_read_or_refused(text: str) -> None:
    try:
        parse_twiml(text)
    except TwimlError:
        pass


def test_twiml_names_are_case_sensitive_and_unknown_verbs_are_skipped() -> None:
    document = parse_twiml("<Response><say>a</say><Say>b</Say></Response>")
    assert [verb.text for verb in document.verbs] == ["b"]
    assert document.warnings == ("12200: unknown verb <say>",)


def test_parameters_longer_than_twilio_takes_are_warned_of() -> None:
    stream = f'<Stream url="wss://a/b"><Parameter name="t" value="{"x" * 499}"/></Stream>'
    assert "500" in parse_twiml(f"<Response><Connect>{stream}</Connect></Response>").warnings[0]


def test_wav_files_of_both_formats_become_mulaw(tmp_path: Path) -> None:
    tone = g711.encode(audio.white_noise(1000, length_ms=20))
    header = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 7, 1, 8000, 8000, 1, 8)
    odd_chunk = b"note" + struct.pack("<I", 3) + b"abc\0"
    mulaw_file = tmp_path / "mulaw.wav"
    mulaw_file.write_bytes(header + odd_chunk + b"data" + struct.pack("<I", len(tone)) + tone)
    assert audio.read_clip(mulaw_file) == tone
    pcm = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    data = audioop.ulaw2lin(tone, 2)
    wav = b"RIFF\0\0\0\0WAVEfmt " + pcm + b"data" + struct.pack("<I", len(data)) + data
    assert audio.wav_to_mulaw(wav) == tone
    with pytest.raises(ValueError, match="44100"):
        audio.wav_to_mulaw(wav.replace(struct.pack("<I", 8000), struct.pack("<I", 44100)))
    with pytest.raises(ValueError, match="without data"):
        audio.wav_to_mulaw(wav[:30])


@pytest.mark.parametrize("kind", ["white", "cough", "laughter", "tone"])
def test_noises_have_their_level_and_are_the_same_every_time(kind: Any) -> None:
    sound = Sound(kind=kind, ms=400, rms=1200)
    made = noise(sound)
    assert len(made) == 400 * 8
    assert 900 < g711.rms(made) < 1500
    assert made == noise(sound)


def test_mixing_and_levels_are_what_they_say() -> None:
    loud = audio.white_noise(2000, length_ms=500)
    assert 180 < audioop.rms(audio.gain(loud, -20), 2) < 220
    assert 480 < audioop.rms(audio.at_level(loud, 500), 2) < 520
    clips = [g711.encode(loud[: 2 * FRAME_BYTES * n]) for n in (5, 7)]
    assert 280 < audioop.rms(audio.babble(clips, 300, length_ms=1000), 2) < 320
