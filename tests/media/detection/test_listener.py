"""What barge-in hears: recorded voices near and far, noise and music, through the listener as a call has it."""

from __future__ import annotations

from media.detection.input_gate import InputGate
from media.detection.listener import InboundFrame, VoiceListener
from sandbox.twilio import audio
from sandbox.twilio.clips import load_clip, room_sound
from services.audio.g711 import FRAME_BYTES, SILENCE_FRAME

SENTENCE = "en-sentence-vm-whichbox.ulaw"


def heard(listener: VoiceListener, gate: InputGate, mulaw: bytes) -> list[InboundFrame]:
    frames = [mulaw[at : at + FRAME_BYTES] for at in range(0, len(mulaw) - FRAME_BYTES + 1, FRAME_BYTES)]
    return [listener.hear(frame, gate.process(frame)) for frame in frames]


def line() -> tuple[VoiceListener, InputGate]:
    gate = InputGate()
    listener = VoiceListener(gate, now=lambda: 0.0)
    heard(listener, gate, SILENCE_FRAME * 75)
    return listener, gate


def voices(frames: list[InboundFrame]) -> int:
    return sum(frame.voice for frame in frames)


def test_a_sentence_is_a_voice_from_its_first_syllable() -> None:
    frames = heard(*line(), load_clip(SENTENCE))
    loud = [frame.voice for frame in frames if frame.loud]
    assert sum(loud) > 0.7 * len(loud)
    assert sum(loud[:10]) >= 4


def test_noise_and_music_are_hardly_ever_a_voice() -> None:
    for kind in ("white", "street", "music"):
        frames = heard(*line(), audio.encode(room_sound(kind, 500)))
        assert voices(frames) < 0.15 * len(frames), kind


def test_steady_noise_becomes_the_floor_of_the_line() -> None:
    listener, gate = line()
    hiss = audio.encode(audio.white_noise(300))
    heard(listener, gate, hiss)
    assert not any(frame.loud for frame in heard(listener, gate, hiss))


def test_people_far_softer_than_the_caller_are_no_voice() -> None:
    listener, gate = line()
    heard(listener, gate, load_clip(SENTENCE))
    far = audio.encode(audio.gain(audio.decode(load_clip(SENTENCE)), -26))
    assert voices(heard(listener, gate, far)) == 0


def test_a_soft_caller_is_a_voice_on_a_quiet_line() -> None:
    soft = audio.encode(audio.gain(audio.decode(load_clip(SENTENCE)), -12))
    assert voices(heard(*line(), soft)) > 60


def test_the_agents_own_voice_come_back_is_not_loud_and_the_caller_over_it_is() -> None:
    gate, clock = InputGate(), [0.0]
    listener = VoiceListener(gate, now=lambda: clock[0])
    heard(listener, gate, SILENCE_FRAME * 75)
    agent = load_clip("ru-sentence-followme_status.ulaw")
    back = SILENCE_FRAME * 10 + audio.encode(audio.gain(audio.decode(agent), -15))
    caller = SILENCE_FRAME * 200 + load_clip(SENTENCE)
    verdicts = []
    for n in range(330):
        clock[0] = 1.5 + n * 0.02
        listener.played(clock[0], agent[n * FRAME_BYTES : (n + 1) * FRAME_BYTES])
        echo, own = (sound[n * FRAME_BYTES : (n + 1) * FRAME_BYTES] for sound in (back, caller))
        verdicts += heard(listener, gate, audio.encode(audio.mix(audio.decode(echo), audio.decode(own))))
    assert voices(verdicts[40:200]) <= 5
    assert voices(verdicts[200:]) > 60
