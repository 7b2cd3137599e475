"""What a call costs: every kind of token at its own price, every stream of the call once, in both databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import REGISTRY

from app.telemetry import prometheus
from media.metrics import CallMetrics
from services.calls.end_reasons import CALLER_HANGUP, STREAM_LOST
from services.calls.lifecycle import load_call_context
from services.calls.pricing import CARRIER, PRICES, Cost, EngineModels, Pricing, read_prices
from services.calls.store import CallStore
from services.db.models import Call, NextStep
from services.db.tenancy import bind_business
from tests.services.db.fixtures import NOW, Cast

MODELS = EngineModels("gpt-realtime-2.1", "gpt-transcribe")
CASCADE = EngineModels("gpt-realtime-2.1", "google-speech", "google-wavenet")
USAGE = {
    "input_text_tokens": 3_000_000,
    "input_audio_tokens": 2_000_000,
    "cached_text_tokens": 1_000_000,
    "cached_audio_tokens": 500_000,
    "output_text_tokens": 1_000_000,
    "output_audio_tokens": 1_000_000,
    "transcribed_seconds": 90.0,
    "seconds": 120.0,
}


def pricing(text: str = "", rate: str = "4") -> Pricing:
    return Pricing(read_prices(text), Decimal(rate))


def test_each_kind_of_token_has_its_own_price_and_cached_ones_are_not_paid_twice() -> None:
    found = pricing().cost(USAGE, MODELS)
    assert found is not None
    tokens = 2 * 4 + 1 * Decimal("0.4") + Decimal("1.5") * 32 + Decimal("0.5") * Decimal("0.4") + 24 + 64
    assert found.usd == tokens + Decimal("1.5") * Decimal("0.0045")
    assert found.ils == 4 * found.usd


def test_nothing_used_costs_nothing() -> None:
    assert pricing().cost({}, MODELS) == Cost(Decimal(0), Decimal(0))


def test_a_model_without_a_price_is_not_guessed() -> None:
    assert pricing().cost(USAGE, EngineModels("gpt-new", "gpt-transcribe")) is None
    assert pricing().cost(USAGE, EngineModels("gpt-realtime-2.1", "whisper-9")) is None


def test_an_installation_has_prices_of_its_own() -> None:
    own = pricing('{"gpt-realtime-2.1": {"audio_out": 10}, "gpt-new": {"minute": 1}, "twilio": {"minute": 0.5}}')
    usual, changed = pricing().cost(USAGE, MODELS), own.cost(USAGE, MODELS)
    assert usual is not None
    assert changed is not None
    assert changed.usd == usual.usd - 54 + 1
    assert own.prices["gpt-realtime-2.1"] == replace(PRICES["gpt-realtime-2.1"], audio_out=Decimal(10))
    assert own.prices[CARRIER].minute == Decimal("0.5")
    assert own.cost({"seconds": 60}, EngineModels("gpt-new", "gpt-new")) == Cost(Decimal("0.5"), Decimal(2))


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"m": 3}', '{"m": {"audio": 3}}', '{"m": {"audio_in": "3"}}', '{"m": {"audio_in": -1}}',
     '{"m": {"audio_in": NaN}}', '{"m": {"audio_in": true}}', '{"m": {"audio_in": 1e9}}'],
)  # fmt: skip
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no |is no|has"):
        read_prices(text)


def test_what_streams_cost_is_among_the_workers_numbers() -> None:
    def total() -> float:
        return REGISTRY.get_sample_value("assistant_cost_usd_total") or 0.0

    before = total()
    prometheus.observe_call(CallMetrics(), CALLER_HANGUP, Cost(Decimal("0.25"), Decimal(1)))
    prometheus.observe_call(CallMetrics(), CALLER_HANGUP, None)
    assert total() == before + 0.25


# -- the streams of a call -----------------------------------------------------------------------------------


def price_of(metrics: Mapping[str, Any]) -> Cost | None:
    return pricing().cost(metrics, MODELS) if metrics.get("priced", True) else None


def store(cast: Cast, generation: int) -> CallStore:
    """What stream `generation` of the clinic's call writes through."""
    context = cast.database.read(lambda s: load_call_context(s, cast.clinic_call.id))
    resume = replace(context.resume, generation=generation)
    return CallStore(cast.database, replace(context, resume=resume), lambda: NOW, price_of)


def row(cast: Cast) -> Call:
    return cast.database.read(lambda s: bind_business(s, cast.clinic.id).get_one(Call, cast.clinic_call.id))


def used(millions: int, **more: object) -> dict[str, object]:
    return {
        "output_audio_tokens": millions * 1_000_000,
        "lead_ms_max": float(millions),
        "latencies": [millions],
        **more,
    }


def test_all_streams_of_a_call_add_up_each_once_whatever_is_repeated(cast: Cast) -> None:
    for _ in range(2):
        store(cast, 0).finish(STREAM_LOST, used(1))
    killed = store(cast, 1)
    killed.add_turns([], used(1))
    killed.add_turns([], used(2))
    last = store(cast, 2)
    last.add_turns([], used(1))
    for _ in range(2):
        last.finish(CALLER_HANGUP, used(3))
    found = row(cast)
    assert found.metrics["output_audio_tokens"] == 6_000_000
    assert found.metrics["lead_ms_max"] == 3
    assert found.metrics["latencies"] == [1, 2, 3]
    assert found.cost_usd == 6 * 64
    assert found.cost_ils == 4 * 6 * 64
    assert (found.end_reason, found.next_step) == (CALLER_HANGUP, NextStep.HANG_UP)


def test_a_call_nobody_could_finish_has_the_cost_of_what_was_used(cast: Cast) -> None:
    store(cast, 0).add_turns([], used(2))
    assert row(cast).cost_usd == 128
    assert row(cast).metrics["output_audio_tokens"] == 2_000_000


def test_without_a_price_there_is_no_cost(cast: Cast) -> None:
    store(cast, 0).finish(CALLER_HANGUP, used(2, priced=False))
    assert row(cast).cost_usd is None


def test_a_voice_paid_by_characters_is_part_of_the_cost_and_one_without_a_price_leaves_none() -> None:
    """(C7)"""
    usage = {"transcribed_seconds": 120.0, "spoken_characters": 1_000_000}
    found = pricing().cost(usage, CASCADE)
    assert found is not None
    assert found.usd == Decimal("16.048")
    assert pricing().cost(usage, CASCADE._replace(voice="google-neural9")) is None


def test_each_engine_of_a_call_is_paid_at_its_own_prices() -> None:
    """(C9, R6)"""
    metrics = CallMetrics(output_audio_tokens=1_000_000, transcribed_seconds=60.0)
    metrics.next_engine()
    metrics.output_text_tokens, metrics.spoken_characters = 1_000_000, 1_000_000
    metrics.transcribed_seconds += 120.0
    found = pricing().of_stream(metrics.as_dict(), [MODELS, CASCADE])
    assert found is not None
    assert found.usd == (64 + Decimal("0.0045")) + (24 + 16 + 2 * Decimal("0.024"))
    assert found.ils == 4 * found.usd


def test_an_engine_that_was_never_used_needs_no_price() -> None:
    metrics = CallMetrics()
    metrics.next_engine()
    metrics.spoken_characters = 1_000_000
    unknown = EngineModels("gpt-new", "gpt-transcribe")
    assert pricing().of_stream(metrics.as_dict(), [unknown, CASCADE]) == Cost(Decimal(16), Decimal(64))
    assert pricing().of_stream({"spoken_characters": 1}, [unknown, CASCADE]) is None
