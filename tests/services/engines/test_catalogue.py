"""R1: configured model names against what is retired, ending and current."""

from datetime import date

import pytest

from services.engines import catalogue
from services.engines.catalogue import ModelKind, resolve

TODAY = date(2026, 11, 20)


def test_every_default_has_no_announced_end():
    for kind in (ModelKind.REALTIME, ModelKind.TRANSCRIPTION, ModelKind.TEXT):
        found = resolve("", kind, TODAY)
        assert found.info.ends is None
        assert found.warning is None


def test_defaults_are_the_documented_names():
    names = [resolve("", kind, TODAY).name for kind in (ModelKind.REALTIME, ModelKind.TRANSCRIPTION, ModelKind.TEXT)]
    assert names == ["gpt-realtime-2.1", "gpt-transcribe", "gpt-6-luna"]


@pytest.mark.parametrize(
    ("name", "successor"),
    [
        ("gpt-4o-realtime-preview", "gpt-realtime-2.1"),
        ("gpt-4o-mini-realtime-preview", "gpt-realtime-2.1-mini"),
        ("gpt-4o-realtime-preview-2024-10-01", "gpt-realtime-2.1"),
    ],
)
def test_a_retired_name_is_mapped_to_its_successor_with_a_warning(name, successor):
    found = resolve(name, ModelKind.REALTIME, TODAY)
    assert found.name == successor
    assert found.info.name == successor
    assert "retired" in found.warning


def test_an_announced_end_warns_and_keeps_the_name_until_its_day():
    before = resolve("whisper-1", ModelKind.TRANSCRIPTION, date(2027, 2, 25))
    after = resolve("whisper-1", ModelKind.TRANSCRIPTION, date(2027, 2, 26))
    assert (before.name, "2027-02-26" in before.warning) == ("whisper-1", True)
    assert (after.name, "retired" in after.warning) == ("gpt-transcribe", True)


def test_a_small_realtime_model_is_followed_by_a_small_one():
    assert resolve("gpt-realtime-mini", ModelKind.REALTIME, date(2027, 6, 1)).name == "gpt-realtime-2.1-mini"


def test_every_ending_model_has_a_living_successor_of_its_kind():
    for model in catalogue.CATALOGUE.values():
        if model.ends:
            successor = catalogue.CATALOGUE[model.successor]
            assert (successor.kind, successor.ends) == (model.kind, None)


def test_an_unknown_name_is_used_as_it_is_with_a_warning():
    found = resolve("gpt-realtime-9", ModelKind.REALTIME, TODAY)
    assert found.name == "gpt-realtime-9"
    assert "not in the catalogue" in found.warning
    assert not found.info.is_reasoning


def test_a_name_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="realtime model is needed"):
        resolve("whisper-1", ModelKind.REALTIME, TODAY)


def test_only_later_realtime_models_reason_and_only_new_transcribers_take_languages():
    assert resolve("gpt-realtime-2.1", ModelKind.REALTIME, TODAY).info.is_reasoning
    assert not resolve("gpt-realtime-1.5", ModelKind.REALTIME, TODAY).info.is_reasoning
    assert resolve("gpt-transcribe", ModelKind.TRANSCRIPTION, TODAY).info.supports_languages_keywords
    assert not resolve("whisper-1", ModelKind.TRANSCRIPTION, TODAY).info.supports_languages_keywords


def test_the_settings_page_is_offered_no_retired_model_and_lasting_ones_first():
    names = [model.name for model in catalogue.offered(ModelKind.REALTIME, TODAY)]
    assert names[0] == "gpt-realtime-2.1"
    assert "gpt-4o-realtime-preview" not in names
    assert names.index("gpt-realtime-1.5") < names.index("gpt-realtime")
