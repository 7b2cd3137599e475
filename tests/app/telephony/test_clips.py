"""Recorded sentences as Twilio fetches them (L12)."""

from __future__ import annotations

import io
import wave

import pytest
from flask import Flask

from app.public_url import PublicUrl
from app.telephony import twiml
from media.playout.notices import notice
from services.language.persona import Persona

PUBLIC = PublicUrl("https://phone.example.com")


def test_a_clip_is_a_wav_file_that_anybody_may_fetch_and_keep(web_app: Flask) -> None:
    answer = web_app.test_client().get("/clips/he/male/connecting.wav")
    assert (answer.status_code, answer.mimetype) == (200, "audio/wav")
    assert "max-age" in answer.headers["Cache-Control"]
    with wave.open(io.BytesIO(answer.data)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        assert sound.getnframes() == len(notice("connecting", Persona("he", "male")))


@pytest.mark.parametrize(
    "path", ["he/female/nothing", "xx/female/thanks", "he/other/thanks", "he/female/..%2f..%2fREADME", "he/female"]
)
def test_anything_else_is_not_there(web_app: Flask, path: str) -> None:
    assert web_app.test_client().get(f"/clips/{path}.wav").status_code == 404


@pytest.mark.parametrize(
    ("document", "clip"),
    [
        (twiml.unknown_number(PUBLIC), "he/female/unknown_number"),
        (twiml.unavailable(PUBLIC, Persona("ru", "male")), "ru/male/unavailable"),
        (twiml.thanks(PUBLIC, Persona("ar", "female")), "ar/female/thanks"),
        (twiml.dial(PUBLIC, Persona("he", "male"), "+97239990011", ""), "he/male/connecting"),
        (twiml.voicemail(PUBLIC, Persona("en", "female")), "en/female/leave_message"),
        (twiml.resume_later(PUBLIC, Persona(), 1), "he/female/one_moment"),
    ],
)
def test_every_sentence_around_a_stream_is_a_clip_and_none_is_said_by_the_carrier(document: str, clip: str) -> None:
    assert f"<Play>https://phone.example.com/clips/{clip}.wav</Play>" in document
    assert "<Say" not in document
