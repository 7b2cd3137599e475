"""Recognises known clips: sound that was made (or registered) with its text is found again inside what a
caller said.

This is no speech recognition. It is how a *scripted* Hebrew caller is understood, because an offline
recogniser for Hebrew is not to be had. The comparison is a correlation of spectrograms over time: it holds
through another level, silence around the clip, any alignment, moderate noise, a cut clip (the words of the
part that was heard) and several clips in one turn.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sandbox.speech.mulaw import Samples, from_mulaw
from services.audio.g711 import SAMPLE_RATE_HZ

Spectrogram = npt.NDArray[np.float32]

_HOP = 80  # samples: 10 ms
_WINDOW = 256
_BANDS = 20
_FLOOR_DB = 35.0  # what is this far under the loudest moment counts as silence
_SURE = 0.78  # correlation from which a clip is taken as heard
_SHORTEST_FRAMES = 12  # a match must overlap at least this much (120 ms)
_VOICE_DB = 6.0  # how far a band stands out of its frame when somebody speaks
_LEAST_PART = 0.6
_SHORT = 50  # frames of overlap; a word of half a second resembles other sounds more easily
_SURE_OF_SHORT = 0.85
_MOST_CLIPS = 1500


@dataclass(frozen=True, slots=True)
class Heard:
    """A clip found in a turn: the words of the part that was heard, and how sure (correlation, 0..1)."""

    text: str
    language: str
    score: float


@dataclass(frozen=True, slots=True)
class _Clip:
    text: str
    language: str
    shape: Spectrogram  # frames x bands


@dataclass(frozen=True, slots=True)
class _Match:
    rank: float
    score: float
    lag: int  # frame of the turn where the clip begins, negative when its beginning is missing


_NO_MATCH = _Match(0.0, 0.0, 0)


class KnownClips:
    """The clips of some folders, each `name.ulaw` beside `name.json` ({"text", "language"}); new files are
    seen at once.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._clips: dict[Path, _Clip] = {}

    def recognise(self, sound: bytes, languages: frozenset[str] | None = None) -> list[Heard]:
        """The clips in this mu-law sound, in order; `languages` limits which are looked for. Empty: nothing
        known.
        """
        self._load()
        clips = [clip for clip in self._clips.values() if languages is None or clip.language in languages]
        return _search(_shape(from_mulaw(sound)), clips) if clips else []

    def _load(self) -> None:
        paths = [path for folder in self._folders if folder.is_dir() for path in folder.glob("*.json")]
        for path in set(self._clips) - set(paths):
            del self._clips[path]
        for path in paths:
            sound = path.with_suffix(".ulaw")
            if path in self._clips or len(self._clips) >= _MOST_CLIPS or not sound.is_file():
                continue
            about = json.loads(path.read_text(encoding="utf-8"))
            shape = _trimmed(_shape(from_mulaw(sound.read_bytes())))
            self._clips[path] = _Clip(about["text"], about["language"], shape)


def _search(turn: Spectrogram, clips: list[_Clip]) -> list[Heard]:
    """The best match, and what is found to the left and right of it."""
    if int((turn.max(axis=1, initial=0.0) > _VOICE_DB).sum()) < _SHORTEST_FRAMES:
        return []
    found = [(clip, _align(turn, clip.shape)) for clip in clips if len(clip.shape) >= _SHORTEST_FRAMES]
    best, match = max(found, key=lambda pair: pair[1].rank, default=(None, None))
    if best is None or match is None:
        return []
    begin, end = max(0, match.lag), min(len(turn), match.lag + len(best.shape))
    if match.score < (_SURE if end - begin > _SHORT else _SURE_OF_SHORT):
        return []
    words = _words(best.text, (begin - match.lag) / len(best.shape), (end - match.lag) / len(best.shape))
    heard = [Heard(words, best.language, match.score)] if words else []
    return _search(turn[:begin], clips) + heard + _search(turn[end:], clips)


def _align(turn: Spectrogram, clip: Spectrogram) -> _Match:
    """Where the clip fits best: correlation over the frames where the two overlap, weighed by how much they
    do.
    """
    lags = np.arange(_SHORTEST_FRAMES - len(clip), len(turn) - _SHORTEST_FRAMES + 1)
    if not len(lags):
        return _NO_MATCH
    size = 1 << int(len(turn) + len(clip)).bit_length()
    across = _correlate(turn, clip, size).sum(axis=1)
    # Energy of each side inside the overlap, from running sums.
    of_turn, of_clip = _running((turn**2).sum(axis=1)), _running((clip**2).sum(axis=1))
    begin, end = np.maximum(lags, 0), np.minimum(lags + len(clip), len(turn))
    inside_turn = of_turn[end] - of_turn[begin]
    inside_clip = of_clip[end - lags] - of_clip[begin - lags]
    part_of_turn, part_of_clip = inside_turn / of_turn[-1], inside_clip / of_clip[-1]
    quietest = _SHORTEST_FRAMES * _VOICE_DB**2  # less is rounding, or the clip's own silence
    scores = across[lags % size] / np.sqrt(np.maximum(inside_turn, quietest) * np.maximum(inside_clip, quietest))
    # A sliver that happens to fit is no match: most of what sounds on one side must be in the overlap.
    scores[np.maximum(part_of_turn, part_of_clip) < _LEAST_PART] = 0.0
    ranks = scores * (part_of_turn + part_of_clip) / 2
    at = int(np.argmax(ranks))
    return _Match(float(ranks[at]), float(scores[at]), int(lags[at]))


def _correlate(turn: Spectrogram, clip: Spectrogram, size: int) -> npt.NDArray[np.float64]:
    spectrum = np.fft.rfft(turn, size, axis=0) * np.conj(np.fft.rfft(clip, size, axis=0))
    return np.fft.irfft(spectrum, size, axis=0)


def _running(values: Spectrogram) -> npt.NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _shape(samples: Samples) -> Spectrogram:
    """Loudness of 20 bands every 10 ms in dB over the floor, each frame freed of its mean: what is said, not
    how loud.
    """
    if len(samples) < _WINDOW:
        return np.zeros((0, _BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP] * np.hanning(_WINDOW)
    power = np.abs(np.fft.rfft(windows, axis=1)) ** 2
    bands = np.stack([power[:, low:high].mean(axis=1) for low, high in _band_edges()], axis=1)
    decibels = 10 * np.log10(bands + 1e-12)
    over = np.maximum(decibels - (np.percentile(decibels, 99) - _FLOOR_DB), 0.0)
    sounding = over.max(axis=1, keepdims=True) > 0
    centred = np.where(sounding, over - over.mean(axis=1, keepdims=True), 0.0)
    return centred.astype(np.float32)


def _band_edges() -> list[tuple[int, int]]:
    """Bins of the bands, evenly spaced in mel between 200 and 3,600 Hz."""
    mel = np.linspace(2595 * np.log10(1 + 200 / 700), 2595 * np.log10(1 + 3600 / 700), _BANDS + 1)
    bins = np.round((700 * (10 ** (mel / 2595) - 1)) * _WINDOW / SAMPLE_RATE_HZ).astype(int)
    return [(int(low), int(max(high, low + 1))) for low, high in itertools.pairwise(bins)]


def _trimmed(shape: Spectrogram) -> Spectrogram:
    """Without the silence at both ends."""
    sounding = np.flatnonzero(np.abs(shape).max(axis=1) > 0)
    return shape[sounding[0] : sounding[-1] + 1] if len(sounding) else shape


def _words(text: str, begin: float, end: float) -> str:
    """The words of this part of the text; all of them when nearly all was heard."""
    if begin < 0.12 and end > 0.88:
        return text
    kept = []
    at = 0
    for word in text.split():
        middle = (at + len(word) / 2) / max(1, len(text))
        if begin <= middle <= end:
            kept.append(word)
        at += len(word) + 1
    return " ".join(kept)
