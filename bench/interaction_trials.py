"""What callers do while the agent talks, and between: the trials of the interaction measures, one kind after another.

Every voice is recorded human speech; where no recording of a sound is at hand it is made of one (laughter, throat
clearing) or of numbers (coughs, `noise_makers`). Seeded: the same trials every time.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np

from bench.noise_makers import coughs, white
from bench.speech_corpus import Samples, at_level, resampled, to_mulaw, to_samples
from bench.trials import LEVELS_DB, QUESTION, Trial, clips, trimmed
from sandbox.twilio.clips import load_clip
from services.audio.g711 import BYTES_PER_MS, MULAW_SILENCE, SAMPLE_RATE_HZ

SENTENCES, WORDS = "*-sentence-*.ulaw", "*-word-*.ulaw"
# What is said to the agent, over its answer: it has to stop.
REQUESTS = (
    *("רגע, יש אצלכם חניה?", "לא", "די", "רגע רגע", "כן, אבל כמה זה עולה?", "בסדר, ומתי אתם פתוחים?", "לא, לא זה"),
    *("לא הבנתי", "ואפשר מחר?", "stop", "no, wait", "ok but how much is it", "yes, tomorrow please", "what?"),
    *("подождите", "нет", "да, но сколько это стоит?", "لحظة", "لا", "نعم، بس كم السعر؟"),
)
HUMS = ("אהה", "אממ", "אה", "mhm", "uh-huh", "mm", "угу", "ага", "آه", "ممم")
ACKNOWLEDGEMENTS = (
    *("כן", "כן כן", "אוקיי", "בסדר", "הבנתי", "נכון", "טוב", "אהה, כן", "מעולה", "yeah", "ok", "right", "i see"),
    *("got it", "да", "понятно", "хорошо", "نعم", "طيب", "تمام"),
)
COUGH_TEXTS = ("", "", "(coughs)", "[cough]", "אהם")
THROAT_TEXTS = ("", "", "אהמ", "ahem", "hmm")
LAUGHTER_TEXTS = ("", "", "haha", "ha ha ha", "חחח", "[laughter]", "хаха", "ههه")
# To somebody beside the telephone, and about it: nobody says this to the agent.
TO_OTHERS = (
    *("אני בטלפון", "רגע, אני בטלפון", "שנייה, אני מדבר בטלפון", "אני באמצע שיחה", "לא אתה, אני בטלפון", "אני כבר באה"),
    *("i'm on the phone", "one sec, i'm on the phone", "hang on honey, i'm on a call", "i'll be right there"),
    *("я по телефону", "подожди, я говорю по телефону", "сейчас приду", "انا على التلفون", "لحظة، بحكي تلفون"),
)
IN_THE_ROOM = (
    "what do you want for dinner",
    "תביא לי את המלח",
    "ты видел мои ключи",
    "did you see the game last night",
)
ROOM_DB = (-20.0, -26.0, -32.0)
PAUSES_MS = (200, 300, 400, 600, 800)


def interaction_trials(per_kind: int, seed: int = 3) -> list[Trial]:
    """So many of each kind."""
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    makers: list[Callable[[int], Trial]] = [
        lambda n: _over("sentence", _spoken(rng, SENTENCES, 2500), LEVELS_DB[n % 3], REQUESTS, rng, 4000),
        lambda n: _over("word", _spoken(rng, WORDS, 2500), LEVELS_DB[n % 3], REQUESTS, rng, 4000),
        lambda n: _over("backchannel: a hum", _hum(rng), LEVELS_DB[n % 3], HUMS, rng),
        lambda n: _over("backchannel: a word", _spoken(rng, WORDS, 900), LEVELS_DB[n % 3], ACKNOWLEDGEMENTS, rng),
        lambda n: _over("tic: coughs", _coughs(numbers), LEVELS_DB[n % 3], COUGH_TEXTS, rng),
        lambda n: _over("tic: throat clearing", _throat(rng, numbers), LEVELS_DB[n % 3], THROAT_TEXTS, rng),
        lambda n: _over("tic: laughter", _laughter(rng), LEVELS_DB[n % 3], LAUGHTER_TEXTS, rng),
        lambda n: _over("to others: about the call", _spoken(rng, SENTENCES, 1500), LEVELS_DB[n % 3], TO_OTHERS, rng),
        lambda n: _over(
            "to others: people in the room", _spoken(rng, SENTENCES, 3000), ROOM_DB[n % 3], IN_THE_ROOM, rng
        ),
        lambda n: _turn("turn", load_clip(QUESTION)),
        lambda n: _turn("pause", _with_a_pause(rng, PAUSES_MS[n % len(PAUSES_MS)])),
    ]
    return [make(number) for make in makers for number in range(per_kind)]


def _over(
    kind: str, sound: Samples, level_db: float, texts: tuple[str, ...], rng: random.Random, latest: int = 3000
) -> Trial:
    """Said over an answer; the model makes one of these texts of it."""
    return Trial(kind, to_mulaw(sound * 10 ** (level_db / 20)), rng.choice(texts), rng.randint(500, latest))


def _turn(kind: str, sound: bytes) -> Trial:
    return Trial(kind, sound, "יש אצלכם חניה?", 0)


def _spoken(rng: random.Random, pattern: str, longest_ms: int) -> Samples:
    return to_samples(trimmed(rng.choice(clips(pattern)), longest_ms))


def _hum(rng: random.Random) -> Samples:
    """One sound or two, as in "uh-huh"."""
    one = _vowel(rng, rng.randint(200, 400))
    if rng.random() < 0.5:
        return one
    return np.concatenate([one, np.zeros(60 * BYTES_PER_MS), resampled(one, rng.uniform(0.85, 1.15))])


def _vowel(rng: random.Random, length_ms: int) -> Samples:
    """The loudest stretch of a recorded word, faded in and out."""
    word = _spoken(rng, WORDS, 900)
    length = min(len(word), length_ms * BYTES_PER_MS)
    energy = np.convolve(word**2, np.ones(length), "valid")
    at = int(np.argmax(energy))
    fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / (20 * BYTES_PER_MS))
    return np.asarray(word[at : at + length] * fade)


def _coughs(numbers: np.random.Generator) -> Samples:
    sound = coughs(int(numbers.uniform(0.8, 1.6) * SAMPLE_RATE_HZ), numbers)
    return at_level(sound, 1200.0)


def _throat(rng: random.Random, numbers: np.random.Generator) -> Samples:
    """A voice that creaks, with breath over it: one or two bursts."""
    bursts = []
    for _ in range(rng.randint(1, 2)):
        voice = resampled(_vowel(rng, rng.randint(250, 450)), 0.7)
        creak = 0.5 + 0.5 * np.sign(np.sin(2 * np.pi * rng.uniform(22, 40) * np.arange(len(voice)) / SAMPLE_RATE_HZ))
        rough = at_level(voice * creak, 1.0) + at_level(white(len(voice), numbers), rng.uniform(0.3, 0.8))
        bursts += [rough, np.zeros(rng.randint(60, 140) * BYTES_PER_MS)]
    return at_level(np.concatenate(bursts), 1400.0)


def _laughter(rng: random.Random) -> Samples:
    """ "Ha" four to eight times, five a second, of one recorded vowel that falls in pitch and level."""
    vowel = _vowel(rng, 130)
    pitch, sounds = rng.uniform(1.0, 1.3), []
    for number in range(rng.randint(4, 8)):
        sounds += [resampled(vowel, pitch * 0.97**number) * 0.9**number, np.zeros(rng.randint(60, 100) * BYTES_PER_MS)]
    return np.concatenate(sounds)


def _with_a_pause(rng: random.Random, pause_ms: int) -> bytes:
    """Somebody who thinks in the middle of a question."""
    first, second = (trimmed(rng.choice(clips(SENTENCES)), 1500) for _ in range(2))
    return first + bytes([MULAW_SILENCE]) * (pause_ms * BYTES_PER_MS) + second
