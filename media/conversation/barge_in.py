"""Barge-in: every decision about it, and nothing else (B2-B5). Frames and words in, decisions out.

Phase A, sound: enough loud frames, some of them a voice, while the agent is audible make a candidate; the agent
falls silent (HOLD). Noise, music and coughs make none however loud they are.
Phase B, words: a valid transcript, or speech that simply goes on, means the caller wants the floor (INTERRUPT);
a filler, a cough, noise or nothing means the answer goes on where it stopped (RESUME). Without words nothing but
clear speech counts: more than half of it a voice, and no held notes.

Pure: one call of `frame` is 20 ms of audio; there is no other time here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from services.audio.g711 import FRAME_MS

Strategy = Literal["two_phase", "immediate", "off"]


class BargeInDecision(StrEnum):
    HOLD = "hold"
    INTERRUPT = "interrupt"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class BargeInSettings:
    """Lengths in frames of 20 ms. Defaults are the ones of SPEC B2, B3, B5."""

    strategy: Strategy = "two_phase"
    voice_frames: int = 10  # loud frames that make a candidate (BARGE_IN_VOICE_FRAMES)
    grace_frames: int = (
        250 // FRAME_MS + 1
    )  # start of an answer in which no sound makes a candidate: an echo may be the first
    voice_share: float = 0.3  # of the last voice_frames loud frames that must be like speech for a candidate
    gap_frames: int = 6  # a pause this long inside the voice window starts the count again
    dip_frames: int = 3  # one this long or shorter is part of the word (the closure of a "t" or "k") and counts too
    window_frames: int = 1200 // FRAME_MS  # wait this long for words, then resume if it is silent
    words_frames: int = 2600 // FRAME_MS  # … but this long while a transcript is on its way
    words_quiet_frames: int = 1600 // FRAME_MS  # … and then at least so long after the last voice
    noise_frames: int = 4500 // FRAME_MS  # held so long and still neither words nor speech: it is the line, resume
    words_noise_frames: int = 6000 // FRAME_MS  # … when a transcript is on its way
    # Speech that goes on this long after the candidate confirms, if so much of it is like speech and no more is like
    # music. Words are sooner for anything but a monologue, and the agent is silent meanwhile. In four seconds of 600
    # recorded monologues nearly all had a voice in 55 % or more (the least 52 %) and held notes in 2 % or less; no
    # music had both.
    sustained_frames: int = 4000 // FRAME_MS
    speech_share: float = 0.55
    music_share: float = 0.03
    quiet_frames: int = 200 // FRAME_MS  # no voice for so long before resuming, so that we never resume into a word
    lockout_frames: int = 500 // FRAME_MS  # after a false alarm nothing is a candidate for so long
    wary_factor: int = 2  # and later candidates in the same answer need this many times the frames


class BargeIn:
    """Decides for one answer after another. Call `answer_begins`, then `frame` per inbound frame."""

    __slots__ = (
        "_age",
        "_gap",
        "_held_for",
        "_lockout",
        "_loud",
        "_musical",
        "_quiet",
        "_recent",
        "_speechlike",
        "_wary",
        "held",
        "settings",
        "words_expected",
    )

    def __init__(self, settings: BargeInSettings | None = None) -> None:
        self.settings = settings or BargeInSettings()
        self.held = False
        self.words_expected = False  # the model heard speech begin; its transcript is on its way
        self.answer_begins()

    def answer_begins(self) -> None:
        """The first sound of an answer is on its way to the caller."""
        self.held = False
        self.words_expected = False
        self._age = 0
        self._wary = False
        self._lockout = 0
        self._restart_count()

    def _restart_count(self) -> None:
        self._loud = 0
        self._recent = 0  # one bit for each of the last loud frames: was it like speech?
        self._gap = 0
        self._held_for = 0
        self._quiet = 0
        self._speechlike = 0
        self._musical = 0

    def frame(self, loud: bool, speechlike: bool, musical: bool = False) -> BargeInDecision | None:
        """One inbound frame while the agent is audible or held. `loud`: above the line's noise and not our own
        echo; `speechlike`: the detector takes it for a voice; `musical`: a note is held."""
        self._age += 1
        if self.held:
            return self._frame_while_held(loud, speechlike, musical)
        return self._frame_while_speaking(loud, speechlike)

    def _frame_while_speaking(self, loud: bool, speechlike: bool) -> BargeInDecision | None:
        s = self.settings
        if s.strategy == "off" or self._age <= s.grace_frames:
            return None
        if self._lockout:
            self._lockout -= 1
            return None
        if not loud:
            self._gap += 1
            if self._gap >= s.gap_frames:
                self._restart_count()
            return None
        if self._voiced and self._gap <= s.dip_frames:
            self._loud += self._gap
        self._gap = 0
        self._loud += 1
        self._recent = (self._recent << 1 | speechlike) & ((1 << s.voice_frames) - 1)
        needed = s.voice_frames * (s.wary_factor if self._wary else 1)
        if self._loud < needed or not self._voiced:
            return None
        if s.strategy == "immediate":
            return BargeInDecision.INTERRUPT
        self.held = True
        self._held_for = 0
        self._quiet = 0
        self._speechlike = 0
        self._musical = 0
        return BargeInDecision.HOLD

    def _frame_while_held(self, loud: bool, speechlike: bool, musical: bool) -> BargeInDecision | None:
        s = self.settings
        self._held_for += 1
        self._quiet = 0 if loud and speechlike else self._quiet + 1
        self._speechlike += loud and speechlike
        self._musical += loud and musical
        if self._held_for >= s.sustained_frames and self._clear_speech:
            return self._decide(BargeInDecision.INTERRUPT)
        if self.words_expected:
            patience, quiet, longest = s.words_frames, s.words_quiet_frames, s.words_noise_frames
        else:
            patience, quiet, longest = s.window_frames, s.quiet_frames, s.noise_frames
        if (self._quiet >= quiet and self._held_for >= patience) or self._held_for >= longest:
            return self._decide(BargeInDecision.RESUME)
        return None

    @property
    def _voiced(self) -> bool:
        """Enough of the latest loud frames were a voice."""
        return self._recent.bit_count() >= self.settings.voice_share * self.settings.voice_frames

    @property
    def _clear_speech(self) -> bool:
        """What was heard since the candidate is somebody talking, and not music that is like a voice."""
        s = self.settings
        voice, music = self._speechlike / self._held_for, self._musical / self._held_for
        return voice >= s.speech_share and music <= s.music_share

    def words(self, valid: bool) -> BargeInDecision | None:
        """A transcript of what the caller said over the agent. Words always win; what was rejected
        (a filler, an acknowledgement, a voice far off) lets the agent go on."""
        if self.settings.strategy == "off":
            return None
        if valid:
            return self._decide(BargeInDecision.INTERRUPT)
        self.words_expected = False
        return self._decide(BargeInDecision.RESUME) if self.held else None

    def _decide(self, decision: BargeInDecision) -> BargeInDecision:
        self.held = False
        self.words_expected = False
        self._restart_count()
        if decision is BargeInDecision.RESUME:
            self._wary = True
            self._lockout = self.settings.lockout_frames
        return decision
