"""What the usage of a media stream costs (R6): prices by model, in USD, and what that is in ILS. Pure.

Prices are those of OpenAI's model pages (developers.openai.com/api/docs/models/…) as read on 20 November 2026; an
installation overrides and adds its own with PRICES_JSON. A model without a price makes a stream without one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, NamedTuple

MILLION = 1_000_000
CARRIER = "twilio"  # under this name: the carrier's price for a minute of call
USD_ILS_RATE = 3.3  # an assumption, no quotation
_CENTS = Decimal("0.000001")
_HIGHEST = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Price:
    """USD for a million tokens; `minute`: for a minute of sound transcribed, or of call carried; `characters`: for a
    million given to a voice."""

    text_in: Decimal = Decimal(0)
    text_cached: Decimal = Decimal(0)
    text_out: Decimal = Decimal(0)
    audio_in: Decimal = Decimal(0)
    audio_cached: Decimal = Decimal(0)
    audio_out: Decimal = Decimal(0)
    minute: Decimal = Decimal(0)
    characters: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Cost:
    usd: Decimal
    ils: Decimal


def _tokens(text: tuple[str, str, str], audio: tuple[str, str, str]) -> Price:
    """Input, cached input and output, of text and of audio."""
    return Price(*map(Decimal, text), *map(Decimal, audio))


_REALTIME_2 = _tokens(("4", "0.40", "24"), ("32", "0.40", "64"))
PRICES: Mapping[str, Price] = {
    "gpt-realtime-2.1": _REALTIME_2,
    "gpt-realtime-2.1-mini": _tokens(("0.60", "0.06", "2.40"), ("10", "0.30", "20")),
    "gpt-realtime-2": _REALTIME_2,
    "gpt-realtime-1.5": _tokens(("4", "0.40", "16"), ("32", "0.40", "64")),
    "gpt-transcribe": Price(minute=Decimal("0.0045")),
    "gpt-live-transcribe": Price(minute=Decimal("0.017")),
    "gpt-realtime-whisper": Price(minute=Decimal("0.017")),
    # Google's, as others report them: its own pages were not read. Silence and what a new stream hears again are paid.
    "google-speech": Price(minute=Decimal("0.024")),
    "google-standard": Price(characters=Decimal(4)),
    "google-wavenet": Price(characters=Decimal(16)),
    "google-chirp3-hd": Price(characters=Decimal(30)),
    CARRIER: Price(),  # depends on country and number: not counted until an installation says what it pays
}


class EngineModels(NamedTuple):
    """Names in the table of prices of what an engine is made of. voice: where it is another model that speaks."""

    answers: str
    transcription: str
    voice: str = ""


_NAMES = frozenset(field.name for field in fields(Price))


@dataclass(frozen=True, slots=True)
class Pricing:
    """The prices of an installation. `usd_ils`: shekels for a dollar."""

    prices: Mapping[str, Price]
    usd_ils: Decimal

    def of_stream(self, usage: Mapping[str, Any], engines: Sequence[EngineModels]) -> Cost | None:
        """Of one stream; `usage` as media.metrics counts it. engines: the models of the one that answers, then of the
        one that took over (C9). None: a model that was used has no price here."""
        first = usage.get("first_engine") or {}
        if not any(first.values()):
            return self.cost(usage, engines[-1 if first else 0])
        after = {**usage, **{name: _number(usage, name) - _number(first, name) for name in first}}
        costs = [self.cost(used, models) for used, models in zip((first, after), engines, strict=False)]
        known = [each for each in costs if each is not None]
        if len(known) < len(costs):
            return None
        return Cost(sum((each.usd for each in known), Decimal(0)), sum((each.ils for each in known), Decimal(0)))

    def cost(self, usage: Mapping[str, Any], models: EngineModels) -> Cost | None:
        """Of what one engine used. None: one of its models has no price here."""
        speech, words, carrier = (self.prices.get(name) for name in (models.answers, models.transcription, CARRIER))
        spoken = self.prices.get(models.voice) if models.voice else Price()
        if speech is None or words is None or carrier is None or spoken is None:
            return None
        usd = _speech_usd(usage, speech)
        usd += _number(usage, "transcribed_seconds") / 60 * words.minute
        usd += _number(usage, "spoken_characters") * spoken.characters / MILLION
        usd += _number(usage, "seconds") / 60 * carrier.minute
        return Cost(usd.quantize(_CENTS), (usd * self.usd_ils).quantize(_CENTS))


def _speech_usd(usage: Mapping[str, Any], price: Price) -> Decimal:
    """Cached tokens are part of the input tokens."""
    text_cached, audio_cached = _number(usage, "cached_text_tokens"), _number(usage, "cached_audio_tokens")
    total = (_number(usage, "input_text_tokens") - text_cached) * price.text_in
    total += (_number(usage, "input_audio_tokens") - audio_cached) * price.audio_in
    total += text_cached * price.text_cached + audio_cached * price.audio_cached
    total += _number(usage, "output_text_tokens") * price.text_out
    total += _number(usage, "output_audio_tokens") * price.audio_out
    return total / MILLION


def _number(usage: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(str(usage.get(name, 0)))


def read_prices(text: str) -> Mapping[str, Price]:
    """PRICES with those of a JSON object over them: {"model": {"audio_in": 32, …}}. Raises ValueError, saying why."""
    try:
        given = json.loads(text or "{}", parse_float=Decimal, parse_int=Decimal)
    except json.JSONDecodeError:
        raise ValueError("no JSON") from None
    if not isinstance(given, dict):
        raise ValueError("no JSON object")
    return {**PRICES, **{name: _read_price(name, entry) for name, entry in given.items()}}


def _read_price(name: str, entry: Any) -> Price:
    if not isinstance(entry, dict):
        raise ValueError(f"{name} is no object")
    unknown = sorted(set(entry) - _NAMES)
    if unknown:
        raise ValueError(f"{name} has {unknown[0]}")
    return replace(PRICES.get(name, Price()), **{key: _read_amount(name, key, value) for key, value in entry.items()})


def _read_amount(name: str, key: str, value: Any) -> Decimal:
    if not isinstance(value, Decimal) or not 0 <= value <= _HIGHEST:
        raise ValueError(f"{name} {key} is no price")
    return value
