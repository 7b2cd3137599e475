"""When sound over an answer makes a candidate, and what becomes of it."""

from __future__ import annotations

import pytest

from media.conversation.barge_in import BargeIn, BargeInDecision, BargeInSettings
from media.detection.input_gate import InputGate
from media.detection.listener import VoiceListener
from sandbox.twilio import audio
from sandbox.twilio.clips import load_clip
from services.audio.g711 import FRAME_BYTES

GRACE = BargeInSettings().grace_frames


def speaking() -> BargeIn:
    """An answer whose grace is over."""
    barge_in = BargeIn()
    for _ in range(GRACE):
        barge_in.frame(False, False)
    return barge_in


def feed(barge_in: BargeIn, frames: int, *, loud: bool, voice: bool, musical: bool = False) -> list[BargeInDecision]:
    decided = [barge_in.frame(loud, voice, musical) for _ in range(frames)]
    return [decision for decision in decided if decision is not None]


def played(sound: bytes) -> list[BargeInDecision]:
    """What is decided while a recording sounds over an answer, through the gate and the listener of a call; the
    model takes it for speech and no words come of it."""
    gate = InputGate()
    listener, barge_in = VoiceListener(gate, now=lambda: 0.0), speaking()
    decided = []
    for at in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES):
        frame = sound[at : at + FRAME_BYTES]
        heard = listener.hear(frame, gate.process(frame))
        barge_in.words_expected = barge_in.held
        decided.append(barge_in.frame(heard.loud, heard.voice, heard.musical))
    return [decision for decision in decided if decision is not None]


def test_a_voice_makes_a_candidate_after_the_voice_window() -> None:
    barge_in = speaking()
    assert feed(barge_in, 9, loud=True, voice=True) == []
    assert feed(barge_in, 1, loud=True, voice=True) == [BargeInDecision.HOLD]


def test_the_closure_of_a_consonant_is_part_of_the_word_and_a_longer_dip_is_not() -> None:
    barge_in = speaking()
    feed(barge_in, 6, loud=True, voice=True)
    feed(barge_in, 3, loud=False, voice=False)
    assert feed(barge_in, 1, loud=True, voice=True) == [BargeInDecision.HOLD]
    barge_in = speaking()
    feed(barge_in, 6, loud=True, voice=True)
    feed(barge_in, 5, loud=False, voice=False)
    assert feed(barge_in, 3, loud=True, voice=True) == []
    assert feed(barge_in, 1, loud=True, voice=True) == [BargeInDecision.HOLD]


def test_clatter_does_not_add_up_its_pauses() -> None:
    barge_in = speaking()
    for _ in range(4):
        feed(barge_in, 1, loud=True, voice=False)
        feed(barge_in, 3, loud=False, voice=False)
    assert not barge_in.held


def test_noise_makes_no_candidate_however_long_it_is_loud() -> None:
    assert feed(speaking(), 500, loud=True, voice=False) == []


def test_a_voice_out_of_noise_makes_a_candidate_within_the_voice_window() -> None:
    barge_in = speaking()
    feed(barge_in, 300, loud=True, voice=False)
    assert feed(barge_in, 10, loud=True, voice=True) == [BargeInDecision.HOLD]


def test_an_answer_held_for_a_voice_goes_on_while_noise_goes_on() -> None:
    barge_in = speaking()
    feed(barge_in, 10, loud=True, voice=True)
    assert feed(barge_in, BargeInSettings().window_frames, loud=True, voice=False) == [BargeInDecision.RESUME]


def test_a_sentence_whose_words_are_on_their_way_is_never_talked_into() -> None:
    barge_in = speaking()
    feed(barge_in, 10, loud=True, voice=True)
    barge_in.words_expected = True
    for _ in range(5):  # every other syllable too soft to tell, and a breath between the words
        assert feed(barge_in, 16, loud=True, voice=True) == []
        assert feed(barge_in, 15, loud=False, voice=False) == []
    assert barge_in.words(valid=True) is BargeInDecision.INTERRUPT


def test_speech_that_simply_goes_on_interrupts() -> None:
    barge_in = speaking()
    feed(barge_in, 10, loud=True, voice=True)
    assert feed(barge_in, BargeInSettings().sustained_frames, loud=True, voice=True) == [BargeInDecision.INTERRUPT]


def test_music_that_is_like_a_voice_does_not_end_an_answer_by_going_on() -> None:
    barge_in = speaking()
    feed(barge_in, 10, loud=True, voice=True)
    decided = []
    for _ in range(60):
        decided += feed(barge_in, 4, loud=True, voice=True)
        decided += feed(barge_in, 1, loud=True, voice=False, musical=True)
    assert BargeInDecision.INTERRUPT not in decided


@pytest.mark.parametrize("gain_db", [-12, 0, 12])
def test_recorded_music_never_ends_an_answer(gain_db: int) -> None:
    music = audio.encode(audio.gain(audio.decode(load_clip("music-macroform-the_simplicity.ulaw")), gain_db))
    assert BargeInDecision.INTERRUPT not in played(music)


@pytest.mark.parametrize("sentence", ["en-sentence-vm-leavemsg.ulaw", "ru-sentence-followme_status.ulaw"])
def test_a_recorded_monologue_ends_an_answer_without_words(sentence: str) -> None:
    assert BargeInDecision.INTERRUPT in played(load_clip(sentence) * 4)
