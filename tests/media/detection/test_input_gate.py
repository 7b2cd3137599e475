"""Four line modes behind one interface: what is forwarded, what is replaced, what is logged (I2-I5, I9, I10, L13)."""

from __future__ import annotations

import audioop

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.audio_config import AudioConfig
from media.detection.filters import MAX_GAP_MS, GapRecovery
from media.detection.input_gate import GateResult, InputGate
from media.detection.pre_roll import PRE_ROLL_BYTES
from media.detection.soft_preprocess import SoftPreprocess
from media.detection.vad import PRESETS
from sandbox.twilio import audio
from sandbox.twilio.clips import room_sound
from services.audio import g711
from services.audio.g711 import SILENCE_FRAME
from tests.telephone_sounds import SENTENCES, SHORT_WORDS, noise, over_noise, pcm_of, tone

SIMPLE = AudioConfig()
GATE = AudioConfig(simple_mode=False)
GUARD = AudioConfig(simple_mode=False, audio_guard_enabled=True)
MUSIC = AudioConfig(simple_mode=False, audio_guard_enabled=True, music_mode_enabled=True)
VOICE = AudioConfig(simple_mode=False, voice_gate_enabled=True)
FILTERING = pytest.mark.parametrize("config", [GATE, GUARD, MUSIC, VOICE], ids=["gate", "guard", "music", "voice"])
WITH_PRE_ROLL = pytest.mark.parametrize("config", [GUARD, VOICE], ids=["guard", "voice"])
FRAMES = st.lists(st.binary(min_size=80, max_size=480), max_size=30)


def run(gate: InputGate, frames: list[bytes]) -> list[GateResult]:
    return [gate.process(frame) for frame in frames]


def texts(results: list[GateResult], begins: str) -> list[str]:
    return [line.text for r in results for line in r.logs if line.text.startswith(begins)]


def frames_of(pcm16: bytes) -> list[bytes]:
    return list(g711.frames(g711.encode(pcm16)))


@given(FRAMES)
@settings(max_examples=50)
def test_simple_mode_forwards_the_very_same_object_whatever_it_sounds_like(frames: list[bytes]) -> None:
    gate = InputGate(SIMPLE)
    for frame, result in zip(frames, run(gate, frames), strict=True):
        assert result.forward is frame
        assert not result.dropped
    assert gate.frames_dropped == 0


@given(FRAMES)
@settings(max_examples=50)
def test_a_guard_that_is_switched_on_in_simple_mode_changes_nothing(frames: list[bytes]) -> None:
    config = AudioConfig(simple_mode=True, audio_guard_enabled=True, music_mode_enabled=True)
    with_guard, without = InputGate(config), InputGate(SIMPLE)
    for frame in frames:
        guarded, plain = with_guard.process(frame), without.process(frame)
        assert guarded == plain
        assert guarded.forward is frame


@given(FRAMES)
@settings(max_examples=30)
def test_the_gate_forwards_the_sound_itself_or_as_much_silence(frames: list[bytes]) -> None:
    gate = InputGate(GATE)
    for frame, result in zip(frames, run(gate, frames), strict=True):
        assert result.forward == (b"\xff" * len(frame) if result.dropped else frame)
        assert result.dropped or result.forward is frame
    assert gate.frames_dropped == sum(1 for r in run(InputGate(GATE), frames) if r.dropped)
    assert gate.frames_in == len(frames)


@WITH_PRE_ROLL
@given(frames=FRAMES)
@settings(max_examples=30)
def test_what_passes_is_the_line_s_own_sound_in_its_order_and_all_else_is_silence(
    config: AudioConfig, frames: list[bytes]
) -> None:
    heard = b""
    for frame, result in zip(frames, run(InputGate(config), frames), strict=True):
        heard += frame
        if result.dropped:
            assert not result.forward.strip(b"\xff")
        else:
            assert heard.endswith(result.forward)
            assert result.forward.endswith(frame)
            assert len(result.forward) <= len(frame) + PRE_ROLL_BYTES


@FILTERING
def test_a_sentence_passes_whole_and_the_quiet_line_before_it_does_not(config: AudioConfig) -> None:
    results = run(InputGate(config), over_noise(pcm_of("en-sentence-vm-whichbox"), 12, lead_ms=3000, tail_ms=0))
    spoken = [r for r in results[150:] if r.rms > 200]
    assert not any(r.dropped for r in spoken)
    assert all(r.dropped for r in results[90:140])


CLIPS = st.sampled_from([*SENTENCES, *SHORT_WORDS, "en-word-second", "ru-word-digits_1n"])


@WITH_PRE_ROLL
@given(clip=CLIPS, level=st.integers(60, 2000), lead=st.integers(10, 200), hiss=st.integers(0, 12))
@settings(max_examples=60)
def test_the_first_utterance_of_a_call_loses_nothing_of_its_beginning_however_soft_it_is(
    config: AudioConfig, clip: str, level: int, lead: int, hiss: int
) -> None:
    pcm16 = pcm_of(clip, level)
    loudness = [audioop.rms(pcm16[at : at + 320], 2) for at in range(0, len(pcm16), 320)]
    first = lead + next(index for index, rms in enumerate(loudness) if rms > level / 16)
    frames = over_noise(pcm16, hiss, lead_ms=lead * 20)
    gate, heard = InputGate(config), b""
    for index, frame in enumerate(frames):
        result = gate.process(frame)
        if not result.dropped:
            heard = result.forward
            assert index + 1 - len(heard) // 160 <= first, "the line opens with the first sound of the word"
            return
    raise AssertionError("the line never opened")


@WITH_PRE_ROLL
@pytest.mark.parametrize("pause_ms", [200, 230, 260])
def test_a_pause_within_a_turn_reaches_the_model_as_it_was(config: AudioConfig, pause_ms: int) -> None:
    word = pcm_of("en-word-second")
    frames = over_noise(word + noise(pause_ms, 5) + word, 5, tail_ms=0)
    results = run(InputGate(config), frames)
    begins = next(index for index, result in enumerate(results) if not result.dropped)
    assert any(result.dropped for result in results[begins:]), "a pause long enough for the line to be silenced"
    assert b"".join(result.forward for result in results[begins + 1 :]) == b"".join(frames[begins + 1 :])


def test_what_was_withheld_while_the_model_was_to_hear_nothing_is_never_sent() -> None:
    gate = InputGate(VOICE)
    run(gate, [SILENCE_FRAME] * 100)
    gate.forget_withheld()
    spoken = frames_of(pcm_of("en-sentence-vm-whichbox"))
    opened = next(r for r in run(gate, spoken) if not r.dropped)
    assert SILENCE_FRAME * 15 not in opened.forward


@pytest.mark.parametrize("kind", ["white", "street"])
def test_the_voice_gate_silences_noise_however_loud_it_is(kind: str) -> None:
    results = run(InputGate(VOICE), list(g711.frames(audio.encode(room_sound(kind, 1000)))))
    assert sum(not r.dropped for r in results[50:]) < 0.15 * len(results)


def test_the_voice_gate_lets_a_sentence_over_loud_noise_through() -> None:
    results = run(InputGate(VOICE), over_noise(pcm_of("ru-sentence-followme_status"), 500, lead_ms=3000))
    assert sum(not r.dropped for r in results[150:300]) > 140
    assert all(r.dropped for r in results[60:120])


def test_the_gate_keeps_word_ends_for_the_hangover() -> None:
    gate = InputGate(GATE, hangover_ms=200)
    quiet, loud = frames_of(noise(2000, 10)), frames_of(noise(400, 1000))
    results = run(gate, [*quiet, *loud, *quiet])
    after = results[len(quiet) + len(loud) :]
    assert [r.dropped for r in after].index(True) == 10


def test_noise_gate_min_frames_wants_a_run_of_loud_frames_before_it_opens() -> None:
    config = AudioConfig(simple_mode=False, noise_gate_min_frames=3)
    quiet, loud = frames_of(noise(2000, 10)), frames_of(noise(400, 1000))
    after = run(InputGate(config), [*quiet, *loud])[len(quiet) :]
    assert [r.dropped for r in after[:4]] == [True, True, False, False]


def test_calibration_and_dropped_frames_are_logged_but_never_one_line_a_frame() -> None:
    results = run(InputGate(GATE), frames_of(noise(30_000, 80)))
    calibrated = texts(results, "[VAD] Calibrated noise=")
    assert len(calibrated) == 1
    floor = float(calibrated[0].split("noise=")[1].split(",")[0])
    assert calibrated[0] == f"[VAD] Calibrated noise={floor:.1f}, speech_threshold={floor + 60:.1f}"
    drops = texts(results, "[AUDIO GATE] Drop frame, rms=")
    assert 1 <= len(drops) <= 7
    assert drops[-1].endswith(f" < {floor + 60:.1f}")


def test_a_summary_comes_every_five_seconds_of_audio_at_debug() -> None:
    gate = InputGate(GUARD)
    levels = [
        line.level for r in run(gate, frames_of(noise(21_000, 10))) for line in r.logs if "frames_in=" in line.text
    ]
    assert levels == ["debug"] * 4


def test_a_simple_line_that_lost_a_frame_says_so_loudly() -> None:
    gate = InputGate(SIMPLE)
    gate.frames_dropped = 1
    summaries = [line for r in run(gate, [SILENCE_FRAME] * 251) for line in r.logs if "frames_dropped=1" in line.text]
    assert [line.level for line in summaries] == ["warning"]


def test_the_start_lines_say_which_mode_the_line_is_in() -> None:
    simple = [line.text for line in InputGate(SIMPLE).start_lines()]
    assert simple[0] == (
        "[AUDIO_MODE] simple_mode=True, audio_guard_enabled=False, music_mode_enabled=False, noise_gate_min_frames=0"
    )
    inside = "(dynamic noise floor, speech gating, music_mode, gap_recovery="
    assert simple[1] == f"[AUDIO_GUARD] Enabled=False {inside}OFF)"
    assert InputGate(GATE).start_lines()[1].text == f"[AUDIO_GUARD] Enabled=False {inside}ON)"
    assert InputGate(MUSIC).start_lines()[1].text == f"[AUDIO_GUARD] Enabled=True {inside}OFF)"


def test_missing_frames_are_filled_with_silence_on_a_gated_line_only() -> None:
    gate = InputGate(GATE)
    loud = frames_of(noise(100, 2000))
    gate.process(loud[0], 100)
    result = gate.process(loud[1], 180)  # 120, 140 and 160 never came
    assert result.gap_frames == 3
    assert result.forward == SILENCE_FRAME * 3 + loud[1]
    assert texts([result], "[AUDIO GAP]") == ["[AUDIO GAP] 3 frames (60 ms) of silence inserted before 180 ms"]
    for config in (SIMPLE, GUARD):
        other = InputGate(config)
        other.process(loud[0], 100)
        assert other.process(loud[1], 180).gap_frames == 0


@given(st.lists(st.tuples(st.integers(0, 60_000), st.sampled_from([10, 20, 60])), max_size=100))
def test_gaps_are_filled_to_at_most_the_stream_s_own_time(stamps: list[tuple[int, int]]) -> None:
    gaps = GapRecovery()
    inserted = 0
    for timestamp, length in stamps:
        missing = gaps.missing_frames(timestamp, length)
        assert 0 <= missing * 20 <= MAX_GAP_MS
        inserted += missing
    assert inserted == gaps.inserted_frames
    if stamps:
        assert inserted * 20 <= max(t for t, _ in stamps)


def test_a_stream_without_gaps_is_left_alone() -> None:
    gaps = GapRecovery()
    assert [gaps.missing_frames(20 * i, 20) for i in range(500)] == [0] * 500


def test_every_preset_works_in_every_mode() -> None:
    frames = over_noise(pcm_of("ru-word-digits_1n"), 12)
    for preset in PRESETS.values():
        for config in (SIMPLE, GATE, GUARD, MUSIC, VOICE):
            assert any(r.is_speech or r.short_answer for r in run(InputGate(config, preset), frames))


def processed(pcm16: bytes, skip_ms: int = 500) -> tuple[float, float]:
    """(RMS in, RMS out) once the filter has settled."""
    soft = SoftPreprocess()
    out = b"".join(soft.process(frame) for frame in frames_of(pcm16))
    return audioop.rms(pcm16[skip_ms * 16 :], 2), g711.rms(out[skip_ms * 8 :])


@pytest.mark.parametrize("hertz", [300, 500, 1000, 2000, 3000, 3400])
def test_soft_preprocessing_leaves_the_telephone_band_alone(hertz: float) -> None:
    before, after = processed(tone(hertz, 2000, 2000))
    assert after == pytest.approx(before, rel=0.06)  # half a decibel


def test_soft_preprocessing_takes_hum_away() -> None:
    before, after = processed(tone(50, 2000, 500))
    assert after < 0.15 * before


def test_a_very_quiet_talker_is_raised_and_a_very_loud_one_lowered_gently() -> None:
    quiet = frames_of(pcm_of("ru-sentence-followme_status", 150))
    loud = frames_of(pcm_of("ru-sentence-followme_status", 9000))
    usual = frames_of(pcm_of("ru-sentence-followme_status", 1640))
    for frames, wanted in ((quiet, (1.2, 4.5)), (loud, (0.45, 0.95)), (usual, (0.9, 1.05))):
        soft = SoftPreprocess()
        before, after = frames[200:], [soft.process(frame) for frame in frames][200:]
        ratio = g711.rms(b"".join(after)) / g711.rms(b"".join(before))
        assert wanted[0] <= ratio <= wanted[1]


@given(FRAMES)
@settings(max_examples=20)
def test_soft_preprocessing_gives_as_many_bytes_as_it_gets(frames: list[bytes]) -> None:
    gate = InputGate(SIMPLE, soft_preprocess=True)
    for frame, result in zip(frames, run(gate, frames), strict=True):
        assert len(result.forward) == len(frame)
