"""The sandbox's voice and ears: what is said is sound at a telephone's level, and is heard again."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.places import DATA, ROOT

if not os.environ.get("CI"):  # there the wheels must be present
    pytest.importorskip("moonshine_voice", reason="requirements-sandbox.txt is not installed")

from sandbox.speech import say, say_as_agent
from sandbox.speech.clips import KnownClips
from sandbox.speech.english_ears import recognise_english
from sandbox.speech.mulaw import from_mulaw, resample, to_mulaw

RECORDED = [DATA / "audio", ROOT.parent / "shared" / "audio"]
SILENCE = b"\xff"
HEBREW = [
    "שלום, אני רוצה לקבוע תור",
    "שלום, אני רוצה לקבוע פגישה",
    "מחר בארבע אחר הצהריים",
    "מחר בחמש אחר הצהריים",
    "קוראים לי דני כהן",
    "כן, בבקשה",
    "לא",
]


@pytest.fixture(autouse=True)
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KnownClips:
    """A clip folder of this test's own, with the Hebrew sentences in it."""
    monkeypatch.setenv("SANDBOX_CLIPS", str(tmp_path))
    say.cache_clear()
    for sentence in HEBREW:
        say(sentence, "he")
    return KnownClips(tmp_path)


def on_a_line(sound: bytes, *, gain: float = 1.0, noise_rms: float = 0.0, shift: int = 0) -> bytes:
    """The sound as it arrives: silence around it, any alignment, another level, noise."""
    silent = np.zeros(2400 + shift, np.float32)
    samples = np.concatenate([silent, from_mulaw(sound) * np.float32(gain), np.zeros(4800, np.float32)])
    noise = np.random.default_rng(1).standard_normal(len(samples), dtype=np.float32)
    return to_mulaw(samples + noise * np.float32(noise_rms / 32768))


def recorded(name: str) -> bytes:
    """A recorded English sentence, from the project's own clips or the shared ones beside the clone."""
    for folder in RECORDED:
        if (folder / name).is_file():
            return (folder / name).read_bytes()
    if os.environ.get("CI"):
        pytest.fail(f"no recording {name} in {', '.join(map(str, RECORDED))}")
    pytest.skip(f"no recording {name}")


@pytest.mark.parametrize(("text", "language"), [("Good morning, how are you?", "en"), ("שלום, מה שלומך?", "he")])
def test_a_sentence_is_spoken_at_the_level_of_a_telephone_voice(text: str, language: str) -> None:
    samples = from_mulaw(say(text, language))
    voiced = samples[np.abs(samples) > 0.005]
    assert 0.5 < len(samples) / 8000 < 5
    assert 900 < float(np.sqrt(np.mean(voiced**2))) * 32768 < 2000
    assert say_as_agent(text, language) != say(text, language)


def test_the_agents_voice_is_never_taken_for_a_known_caller(clips: KnownClips) -> None:
    assert clips.recognise(on_a_line(say_as_agent("במה אפשר לעזור היום?", "he"))) == []


@pytest.mark.parametrize("sentence", HEBREW)
@pytest.mark.parametrize(
    "line", [{}, {"gain": 0.3, "shift": 57}, {"gain": 1.5, "shift": 131}, {"noise_rms": 200.0}], ids=str
)
def test_a_known_clip_is_recognised_on_any_line(clips: KnownClips, sentence: str, line: dict[str, float]) -> None:
    heard = clips.recognise(on_a_line(say(sentence, "he"), **line))  # type: ignore[arg-type]
    assert [part.text for part in heard] == [sentence]
    assert heard[0].language == "he"


def test_two_clips_in_one_turn_are_both_recognised(clips: KnownClips) -> None:
    sound = say(HEBREW[5], "he") + SILENCE * 2400 + say(HEBREW[2], "he")
    assert [part.text for part in clips.recognise(on_a_line(sound))] == [HEBREW[5], HEBREW[2]]


def test_of_a_cut_clip_only_the_words_that_were_said_are_recognised(clips: KnownClips) -> None:
    sound = say(HEBREW[0], "he")
    [part] = clips.recognise(on_a_line(sound[: len(sound) * 6 // 10]))
    assert HEBREW[0].startswith(part.text)
    assert part.text != HEBREW[0]


@pytest.mark.parametrize("name", ["en-sentence-vm-leavemsg.ulaw", "music-macroform-cold_day.ulaw"])
def test_other_sound_is_no_known_clip(clips: KnownClips, name: str) -> None:
    assert clips.recognise(recorded(name)[:80_000]) == []
    assert clips.recognise(SILENCE * 16000) == []
    assert clips.recognise(b"") == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("en-sentence-vm-leavemsg.ulaw", "press five to leave a message"),
        ("en-sentence-vm-whichbox.ulaw", "to leave a message please enter a mailbox number"),
        ("en-sentence-vm-nobodyavail.ulaw", "nobody is available to take your call at the moment"),
    ],
)
def test_recorded_telephone_english_is_really_heard(name: str, words: str) -> None:
    heard = recognise_english(recorded(name))
    assert "".join(letter for letter in heard.lower() if letter.isalpha() or letter == " ") == words


def test_silence_has_no_words() -> None:
    assert recognise_english(SILENCE * 16000) == ""


@pytest.mark.parametrize(("from_hz", "to_hz"), [(22050, 8000), (8000, 16000), (8000, 24000)])
def test_resampling_keeps_a_tone_and_cuts_what_the_new_rate_cannot_carry(from_hz: int, to_hz: int) -> None:
    times = np.arange(from_hz) / from_hz
    tone = np.sin(2 * np.pi * 1000 * times).astype(np.float32)
    made = resample(tone, from_hz, to_hz)
    assert len(made) == to_hz
    wanted = np.sin(2 * np.pi * 1000 * np.arange(to_hz) / to_hz)
    assert float(np.abs(made - wanted)[200:-200].max()) < 0.02
    if to_hz < from_hz:
        high = resample(np.sin(2 * np.pi * 6000 * times).astype(np.float32), from_hz, to_hz)
        assert float(np.abs(high)[200:-200].max()) < 0.02
