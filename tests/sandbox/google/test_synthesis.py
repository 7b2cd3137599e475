"""Google's synthesis, as the sandbox plays it to Google's own client (C7, C11)."""

from __future__ import annotations

import io
import os
import threading
import wave
from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import texttospeech_v1
from openai import OpenAI

from sandbox import coded_audio
from sandbox.google.calls import GoogleOptions
from sandbox.google.running import RunningGoogle, running_google
from sandbox.google.server import ServerOptions
from sandbox.realtime.record import wait_until
from services.audio.g711 import BYTES_PER_MS
from tests.patience import PATIENCE_S
from tests.sandbox.google.client import CHIRP, TO_MULAW, WAVENET, voice

Encoding = texttospeech_v1.AudioEncoding
ANSWER = "We open at nine. On Friday we close at noon. Is there anything else?"
SENTENCES = ["We open at nine.", "On Friday we close at noon.", "Is there anything else?"]


def script(**google: Any) -> dict[str, Any]:
    return {"answers": [{"text": ANSWER, "length_ms": 2000}, {"text": "Goodbye.", "length_ms": 500}], "google": google}


def faulty(**fault: Any) -> dict[str, Any]:
    return script(faults=[{"at": "synthesise", **fault}])


def ask(google: RunningGoogle, key: str = "", **fields: Any) -> str:
    """One chat answer."""
    client = OpenAI(api_key="k", base_url=google.base_url, timeout=PATIENCE_S, max_retries=0)
    messages: Any = [{"role": "system", "content": "You answer the phone."}, {"role": "user", "content": "Hello"}]
    chunks = client.chat.completions.create(
        model="gpt-6-luna", messages=messages, stream=True, prompt_cache_key=key, **fields
    )
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def runs(sound: bytes) -> list[tuple[int, int, int]]:
    return [(run.answer, run.start_ms, run.end_ms) for run in coded_audio.runs(sound)]


def data_of(wav: bytes) -> bytes:
    """What stands behind the header, found by its chunks."""
    assert (wav[:4], wav[8:12]) == (b"RIFF", b"WAVE")
    at = 12
    while wav[at : at + 4] != b"data":
        at += 8 + int.from_bytes(wav[at + 4 : at + 8], "little")
    size = int.from_bytes(wav[at + 4 : at + 8], "little")
    assert at + 8 + size == len(wav)
    return wav[at + 8 :]


# -- in one piece


@pytest.mark.parametrize("size", [44, 46, 58])
def test_mulaw_comes_behind_a_wav_header(size: int) -> None:
    with running_google(scripts=[script(wav_header=size)]) as google, voice(google) as client:
        wav = client.say("Hello there.")
    assert len(wav) == size + 2000 * BYTES_PER_MS
    assert runs(data_of(wav)) == [(0, 0, 2000)]
    assert int.from_bytes(wav[20:22], "little") == 7


def test_linear_sound_is_a_file_that_python_can_read() -> None:
    with running_google(scripts=[script()]) as google, voice(google) as client:
        wav = client.say("Hello there.", encoding=Encoding.LINEAR16, sample_rate_hertz=16000)
    with wave.open(io.BytesIO(wav)) as found:
        assert (found.getframerate(), found.getsampwidth()) == (16000, 2)
        assert 31990 <= found.getnframes() <= 32000


def test_pcm_comes_bare() -> None:
    with running_google(scripts=[script()]) as google, voice(google) as client:
        assert len(client.say("Hello there.", encoding=Encoding.PCM)) == 2 * 2000 * BYTES_PER_MS


def test_the_sentences_of_a_chat_answer_are_one_unbroken_run_of_sound() -> None:
    with running_google(scripts=[script()]) as google, voice(google) as client:
        assert ask(google, "call") == ANSWER
        sound = b"".join(data_of(client.say(sentence, "call")) for sentence in SENTENCES)
    assert runs(sound) == [(0, 0, 2000)]


def test_what_no_chat_answer_held_is_the_scripts_next_answer() -> None:
    with running_google(scripts=[script()]) as google, voice(google) as client:
        greeting = client.say("Good morning, this is the clinic. How can I help?", "call")
        assert ask(google, "call") == "Goodbye."
        goodbye = client.say("Goodbye.", "call")
        assert runs(data_of(greeting)) == [(0, 0, 2000)]
        assert runs(data_of(goodbye)) == [(1, 0, 500)]
        assert google.call("call").fixed == ["Good morning, this is the clinic. How can I help?"]


def test_a_chat_answer_that_is_never_spoken_gives_its_place_back() -> None:
    with running_google(scripts=[script()]) as google, voice(google) as client:
        assert [ask(google, "call") for _ in range(3)] == [ANSWER] * 3
        client.say(SENTENCES[0], "call")
        assert ask(google, "call") == "Goodbye."
        assert [one.number for one in google.call("call").chats] == [0, 0, 0, 1]


def test_a_sentence_that_failed_is_the_same_sound_when_it_is_asked_for_again() -> None:
    with running_google(scripts=[faulty(do="status")]) as google, voice(google) as client:
        with pytest.raises(exceptions.ServiceUnavailable):
            client.say("Hello there.", "call")
        assert runs(data_of(client.say("Hello there.", "call"))) == [(0, 0, 2000)]
        assert runs(data_of(client.say("Hello there.", "call"))) == [(1, 0, 500)]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": "he-IL-Wavenet-Q"}, "Voice 'he-IL-Wavenet-Q' does not exist"),
        ({"text": "א" * 2501}, "longer than the limit of 5000 bytes"),
        ({"speaking_rate": 4.0}, "Invalid speaking_rate: 4"),
        ({"encoding": Encoding.OGG_OPUS}, "Unsupported audio encoding"),
        ({"sample_rate_hertz": 100}, "Invalid sample_rate_hertz"),
        ({"text": " "}, "is empty"),
    ],
)
def test_what_cannot_be_spoken_is_refused(fields: dict[str, Any], text: str) -> None:
    with running_google() as google, voice(google) as client, pytest.raises(exceptions.InvalidArgument, match=text):
        client.say(**{"text": "Hello.", **fields})


def test_a_voice_of_another_language_is_refused() -> None:
    with (
        running_google() as google,
        voice(google) as client,
        pytest.raises(exceptions.InvalidArgument, match="doesn't match the voice"),
    ):
        client.client.synthesize_speech(
            input=texttospeech_v1.SynthesisInput(text="Hello."),
            voice=texttospeech_v1.VoiceSelectionParams(language_code="en-US", name=WAVENET),
            audio_config=texttospeech_v1.AudioConfig(audio_encoding=TO_MULAW, sample_rate_hertz=8000),
        )


@pytest.mark.parametrize(("ssml", "is_good"), [("<speak>Hello <b>there</b></speak>", True), ("<speak>Hello", False)])
def test_ssml_is_spoken_without_its_marks(ssml: str, is_good: bool) -> None:
    with running_google() as google, voice(google) as client:

        def say() -> None:
            client.client.synthesize_speech(
                input=texttospeech_v1.SynthesisInput(ssml=ssml),
                voice=texttospeech_v1.VoiceSelectionParams(language_code="he-IL", name=WAVENET),
                audio_config=texttospeech_v1.AudioConfig(audio_encoding=TO_MULAW, sample_rate_hertz=8000),
            )

        if is_good:
            say()
            assert google.calls[0].speech[0].text == "Hello there"
        else:
            with pytest.raises(exceptions.InvalidArgument, match="Invalid SSML"):
                say()


def test_voices_are_listed_by_language() -> None:
    with running_google() as google, voice(google) as client:
        hebrew = {one.name: one for one in client.client.list_voices(language_code="he-IL").voices}
        everything = client.client.list_voices().voices
    assert {WAVENET, CHIRP, "he-IL-Standard-D"} <= set(hebrew)
    assert all(list(one.language_codes) == ["he-IL"] for one in hebrew.values())
    assert len(everything) > 2 * len(hebrew)


# -- as a stream


def test_a_stream_sends_each_millisecond_once_in_odd_pieces() -> None:
    with running_google(scripts=[script()]) as google, voice(google) as client:
        ask(google, "call")
        pieces = client.stream(SENTENCES, "call")
    assert runs(b"".join(pieces)) == [(0, 0, 2000)]
    assert len({len(piece) for piece in pieces}) > 2
    assert any(len(piece) % 160 for piece in pieces)


def test_sentences_may_come_to_a_stream_in_crumbs() -> None:
    crumbs = [ANSWER[at : at + 5] for at in range(0, len(ANSWER), 5)]
    with running_google(scripts=[script()]) as google, voice(google) as client:
        ask(google, "call")
        pieces = client.stream(crumbs, "call")
    assert runs(b"".join(pieces)) == [(0, 0, 2000)]


def test_a_stream_may_begin_with_a_header_of_unknown_size() -> None:
    with running_google(scripts=[script(stream_header=True)]) as google, voice(google) as client:
        pieces = client.stream(["Hello there."])
    assert pieces[0][:4] == b"RIFF"
    assert pieces[0][-4:] == b"\xff\xff\xff\xff"
    assert runs(b"".join(pieces[1:])) == [(0, 0, 2000)]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"name": WAVENET}, "Chirp 3: HD voices"),
        ({"name": "he-IL-Chirp3-HD-Nobody"}, "does not exist"),
        ({"audio_encoding": Encoding.LINEAR16}, "Unsupported audio encoding"),
        ({"speaking_rate": 0.1}, "Invalid speaking_rate"),
        ({"texts": ["א" * 2501]}, "longer than the limit of 5000 bytes"),
    ],
)
def test_what_cannot_be_streamed_is_refused(fields: dict[str, Any], text: str) -> None:
    with running_google() as google, voice(google) as client, pytest.raises(exceptions.InvalidArgument, match=text):
        client.stream(**{"texts": ["Hello."], **fields})


def test_a_streams_config_comes_first_and_once() -> None:
    with running_google() as google, voice(google) as client:
        text = texttospeech_v1.StreamingSynthesizeRequest(input=texttospeech_v1.StreamingSynthesisInput(text="Hi."))
        for requests in ([text], [client.streaming_config(), client.streaming_config()]):
            with pytest.raises(exceptions.InvalidArgument, match="first message of a stream"):
                client.pieces(iter(requests))


def test_a_stream_that_is_sent_nothing_is_aborted() -> None:
    release = threading.Event()

    def texts() -> Iterator[str]:
        yield "We open at nine. "
        release.wait(PATIENCE_S)

    with running_google(scripts=[script(input_timeout_ms=300)]) as google, voice(google) as client:
        with pytest.raises(exceptions.Aborted, match="Stream aborted due to long duration elapsed without input sent"):
            client.stream(texts())
        release.set()


# -- faults


@pytest.mark.parametrize(
    ("code", "kind"),
    [("UNAVAILABLE", exceptions.ServiceUnavailable), ("RESOURCE_EXHAUSTED", exceptions.ResourceExhausted)],
)
def test_a_status_instead_of_sound(code: str, kind: type[Exception]) -> None:
    with running_google(scripts=[faulty(do="status", code=code, times=2)]) as google, voice(google) as client:
        with pytest.raises(kind):
            client.say("Hello there.")
        with pytest.raises(kind):
            client.stream(["Hello there."])
        assert [one.ended for one in google.calls[0].speech] == [code, code]


def test_a_stream_that_is_cut_in_mid_sentence() -> None:
    with running_google(scripts=[faulty(do="end", after_ms=700)]) as google, voice(google) as client:
        sound = b"".join(client.stream(["Hello there."]))
    assert 700 * BYTES_PER_MS <= len(sound) < 2000 * BYTES_PER_MS


def test_an_empty_sound() -> None:
    with running_google(scripts=[faulty(do="empty")]) as google, voice(google) as client:
        assert data_of(client.say("Hello there.")) == b""


def test_bytes_that_are_no_message() -> None:
    with running_google(scripts=[faulty(do="garbage", times=2)]) as google, voice(google) as client:
        with pytest.raises(exceptions.InternalServerError):
            client.say("Hello there.")
        with pytest.raises(exceptions.InternalServerError):
            client.stream(["Hello there."])


def test_a_voice_that_stalls_is_given_up_by_its_client() -> None:
    with running_google(scripts=[faulty(do="stall", after_ms=300)]) as google, voice(google) as client:
        requests = iter(
            [
                client.streaming_config(),
                texttospeech_v1.StreamingSynthesizeRequest(
                    input=texttospeech_v1.StreamingSynthesisInput(text="Hello there.")
                ),
            ]
        )
        replies = client.client.streaming_synthesize(requests)
        assert len(next(replies).audio_content) > 0
        replies.cancel()
        wait_until(lambda: google.calls[0].speech[0].ended == "cancelled", PATIENCE_S)


# -- the real voice


def test_the_sandboxs_voice_speaks_hebrew_and_the_rate_is_heard_in_its_length() -> None:
    if not os.environ.get("CI"):  # there the wheels must be present
        pytest.importorskip("moonshine_voice", reason="requirements-sandbox.txt is not installed")
    options = ServerOptions(google=GoogleOptions(recogniser=Deaf()))
    text = "שלום, מה שלומך היום?"
    with running_google(options=options) as google, voice(google) as client:
        usual, slow = (data_of(client.say(text, speaking_rate=rate)) for rate in (1.0, 0.7))
        streamed = b"".join(client.stream([text]))
        man = data_of(client.say(text, name="he-IL-Wavenet-B"))
    assert len(usual) > 800 * BYTES_PER_MS
    assert len(slow) > 1.2 * len(usual)
    assert streamed == usual
    assert man != usual


class Deaf:
    """Stands for ears where only the voice is looked at."""

    pool: Any = None

    def guess(self, sound: bytes, language: str) -> str:
        return ""

    def hear(self, sound: bytes, language: str) -> Any:
        raise AssertionError("nobody listens here")
