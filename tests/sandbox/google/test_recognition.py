"""Google's streaming recognition, as the sandbox plays it to Google's own client (C2, C3, C11)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import speech_v1

from sandbox.google.running import RunningGoogle, running_google
from sandbox.google.server import ServerOptions
from services.audio.g711 import BYTES_PER_MS, silence
from tests.patience import PATIENCE_S
from tests.sandbox.google.client import QUIET, VOICE, chunks, ears, finals, partials, spoken

QUESTION = "When do you open on Tuesday morning"
SENTENCE = spoken(0, 1, 2, 3, 4, 5)
EVENTS = speech_v1.StreamingRecognizeResponse.SpeechEventType


def scripted(*texts: str, google: dict[str, Any] | None = None, **script: Any) -> dict[str, Any]:
    return {"transcripts": [{"text": text} for text in texts], "google": google or {}, **script}


def faulty(**fault: Any) -> dict[str, Any]:
    return scripted(QUESTION, google={"faults": [{"at": "recognise", **fault}]})


def ms(time: timedelta) -> float:
    return time / timedelta(milliseconds=1)


# -- what is said of an utterance


def test_partials_grow_towards_the_final() -> None:
    with running_google(scripts=[scripted(QUESTION)]) as google, ears(google) as client:
        replies, error = client.hear(SENTENCE + QUIET, speed=3, stay_s=0.3, enable_word_time_offsets=True)
    told = partials(replies)
    assert error is None
    assert finals(replies) == [QUESTION]
    assert told[-1] == QUESTION
    assert len(told) > 3
    assert [len(text) for text in told] == sorted(len(text) for text in told)


def test_words_that_may_still_change_come_apart_and_are_corrected() -> None:
    with running_google(scripts=[scripted(QUESTION)]) as google, ears(google) as client:
        replies, _ = client.hear(SENTENCE + QUIET, speed=3, stay_s=0.3)
    interim = [reply.results for reply in replies if reply.results and not reply.results[0].is_final]
    halves = [results for results in interim if len(results) == 2]
    assert halves
    assert all(results[0].stability > 0.8 and results[1].stability < 0.1 for results in halves)
    assert all(results[1].alternatives[0].transcript.startswith(" ") for results in halves)
    told = partials(replies)
    assert any(not later.startswith(earlier + " ") and later.startswith(earlier) for earlier, later in pairwise(told))


def test_a_final_says_when_each_word_was_said_and_how_sure_it_is() -> None:
    before = silence(500 * BYTES_PER_MS)
    with running_google(scripts=[scripted(QUESTION)]) as google, ears(google) as client:
        replies, _ = client.hear(before + SENTENCE + QUIET, stay_s=0.3, enable_word_time_offsets=True)
    [result] = [result for reply in replies for result in reply.results if result.is_final]
    words = result.alternatives[0].words
    assert [word.word for word in words] == QUESTION.split()
    assert 400 < ms(words[0].start_time) < 600
    assert all(one.end_time <= other.start_time for one, other in pairwise(words))
    spoken_ms = 500 + len(SENTENCE) / BYTES_PER_MS
    assert abs(ms(result.result_end_time) - spoken_ms) < 150
    assert 0.8 < result.alternatives[0].confidence < 1


def test_every_utterance_has_its_transcript_and_later_ones_begin_with_a_space() -> None:
    with running_google(scripts=[scripted("First of all", "and then")]) as google, ears(google) as client:
        replies, _ = client.hear((VOICE + QUIET) * 2, stay_s=0.3)
    assert finals(replies) == ["First of all", " and then"]


def test_silence_brings_no_results_and_is_billed() -> None:
    with running_google(scripts=[scripted(QUESTION)]) as google, ears(google) as client:
        replies, error = client.hear(silence(3000 * BYTES_PER_MS), speed=50)
    assert error is None
    assert [reply.total_billed_time for reply in replies] == [timedelta(seconds=15)]


def test_closing_our_half_in_the_middle_of_words_brings_the_final() -> None:
    with running_google(scripts=[scripted(QUESTION)]) as google, ears(google) as client:
        replies, error = client.hear(SENTENCE)
        assert error is None
        assert finals(replies) == [QUESTION]
        assert google.calls[0].streams[0].ended == "half_closed"


def test_without_interim_results_only_the_final_comes() -> None:
    with running_google(scripts=[scripted(QUESTION)]) as google, ears(google) as client:
        replies, _ = client.hear(SENTENCE + QUIET, speed=3, stay_s=0.2, interim_results=False)
    assert partials(replies) == []
    assert finals(replies) == [QUESTION]


def test_voice_activity_is_told_when_it_is_asked_for() -> None:
    with running_google(scripts=[scripted(QUESTION)]) as google, ears(google) as client:
        replies, _ = client.hear(QUIET + VOICE + QUIET, enable_voice_activity_events=True, stay_s=0.2)
    events = [(reply.speech_event_type, ms(reply.speech_event_time)) for reply in replies if reply.speech_event_type]
    assert [kind for kind, _ in events] == [EVENTS.SPEECH_ACTIVITY_BEGIN, EVENTS.SPEECH_ACTIVITY_END]
    assert abs(events[0][1] - 800) < 100
    assert abs(events[1][1] - 1800) < 100


def test_a_single_utterance_ends_the_stream() -> None:
    with running_google(scripts=[scripted("One", "two")]) as google, ears(google) as client:
        replies, error = client.hear((VOICE + QUIET) * 3, single_utterance=True, stay_s=0.2)
    assert error is None
    assert finals(replies) == ["One"]
    assert EVENTS.END_OF_SINGLE_UTTERANCE in [reply.speech_event_type for reply in replies]


def test_a_voice_activity_timeout_ends_the_stream() -> None:
    limits = speech_v1.StreamingRecognitionConfig.VoiceActivityTimeout(speech_start_timeout=timedelta(seconds=1))
    with running_google() as google, ears(google) as client:
        replies, error = client.hear(silence(4000 * BYTES_PER_MS), voice_activity_timeout=limits)
    assert error is None
    assert [reply.speech_event_type for reply in replies] == [EVENTS.SPEECH_ACTIVITY_TIMEOUT]


@pytest.mark.parametrize(
    ("transcript", "expected"),
    [({"never": True}, []), ({"failed": "x"}, [""]), ({"twice": True, "text": "yes"}, ["yes", "yes"])],
)
def test_transcripts_that_go_wrong(transcript: dict[str, Any], expected: list[str]) -> None:
    with running_google(scripts=[{"transcripts": [transcript]}]) as google, ears(google) as client:
        replies, _ = client.hear(VOICE + QUIET, stay_s=0.2)
    assert [text.strip() for text in finals(replies)] == expected


def test_a_final_may_contradict_its_partials() -> None:
    script = scripted("Thursday", google={"heard": [{"partials": ["Tues", "Tuesday"], "confidence": 0.4}]})
    with running_google(scripts=[script]) as google, ears(google) as client:
        replies, _ = client.hear(VOICE + QUIET, speed=3, stay_s=0.3)
    assert set(partials(replies)) == {"Tues", "Tuesday"}
    assert finals(replies) == ["Thursday"]
    [result] = [result for reply in replies for result in reply.results if result.is_final]
    assert result.alternatives[0].confidence == pytest.approx(0.4)


def test_an_utterance_without_a_final() -> None:
    with (
        running_google(scripts=[scripted(QUESTION, google={"heard": [{"no_final": True}]})]) as google,
        ears(google) as client,
    ):
        replies, _ = client.hear(VOICE + QUIET, speed=3, stay_s=0.2)
    assert partials(replies)
    assert finals(replies) == []


# -- what is refused


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"language_code": "he-IL", "model": "latest_short"}, "not supported for language : iw-IL"),
        ({"language_code": "Hebrew"}, "bad language code"),
        ({"sample_rate_hertz": 0}, "bad sample rate hertz"),
        ({"encoding": 0}, "bad encoding"),
        ({"model": "best"}, "Incorrect model specified: best"),
        ({"speech_contexts": [{"phrases": ["x" * 101]}]}, "longer than 100 characters"),
        ({"speech_contexts": [{"phrases": ["x"] * 5001}]}, "more than 5000 phrases"),
    ],
)
def test_a_config_that_cannot_be_is_refused(config: dict[str, Any], text: str) -> None:
    with running_google() as google, ears(google) as client:
        replies, error = client.hear(QUIET, **config)
    assert isinstance(error, exceptions.InvalidArgument)
    assert text in str(error)
    assert not replies


def test_the_first_message_is_the_config_and_no_other_is() -> None:
    with running_google() as google, ears(google) as client:
        config = speech_v1.StreamingRecognizeRequest(streaming_config=client.config())
        sound = speech_v1.StreamingRecognizeRequest(audio_content=QUIET[:800])
        for requests in ([sound], [config, config], []):
            _, error = client.stream(iter(requests))
            assert isinstance(error, exceptions.InvalidArgument)
            assert "Send exactly one config, followed by audio data" in str(error)


def test_a_message_with_too_much_sound_is_refused() -> None:
    with running_google() as google, ears(google) as client:
        config = speech_v1.StreamingRecognizeRequest(streaming_config=client.config())
        sound = speech_v1.StreamingRecognizeRequest(audio_content=silence(25 * 1024 + 1))
        _, error = client.stream(iter([config, sound]))
    assert isinstance(error, exceptions.InvalidArgument)
    assert "Invalid audio content: too long" in str(error)


# -- limits and faults


def test_a_stream_that_gets_too_old_is_ended() -> None:
    with (
        running_google(scripts=[scripted(QUESTION, google={"stream_limit_ms": 2000})]) as google,
        ears(google) as client,
    ):
        replies, error = client.hear(SENTENCE + QUIET)
    assert isinstance(error, exceptions.OutOfRange)
    assert "Exceeded maximum allowed stream duration of 2 seconds." in str(error)
    assert finals(replies) == []


def test_a_stream_without_sound_is_ended() -> None:
    with running_google(scripts=[scripted(google={"audio_timeout_ms": 200})]) as google, ears(google) as client:
        _, error = client.hear(QUIET, stay_s=1.5)
    assert isinstance(error, exceptions.OutOfRange)
    assert "Audio Timeout Error: Long duration elapsed without audio" in str(error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ABORTED", exceptions.Aborted),
        ("UNAVAILABLE", exceptions.ServiceUnavailable),
        ("RESOURCE_EXHAUSTED", exceptions.ResourceExhausted),
        ("UNAUTHENTICATED", exceptions.Unauthenticated),
        ("INTERNAL", exceptions.InternalServerError),
    ],
)
def test_a_status_ends_the_stream_in_mid_word(code: str, kind: type[Exception]) -> None:
    script = faulty(do="status", code=code, message="as told", after_ms=1200)
    with running_google(scripts=[script]) as google, ears(google) as client:
        replies, error = client.hear(SENTENCE + QUIET, speed=3)
        assert isinstance(error, kind)
        assert "as told" in str(error)
        assert partials(replies)
        assert google.calls[0].streams[0].ended == code


def test_a_stream_that_simply_ends_in_mid_word() -> None:
    with running_google(scripts=[faulty(do="end", after_ms=1200)]) as google, ears(google) as client:
        replies, error = client.hear(SENTENCE + QUIET, speed=3)
    assert error is None
    assert partials(replies)
    assert finals(replies) == []


def test_what_cannot_be_parsed_is_an_error_of_the_client() -> None:
    with running_google(scripts=[faulty(do="garbage", after_ms=100)]) as google, ears(google) as client:
        _, error = client.hear(SENTENCE)
    assert isinstance(error, exceptions.InternalServerError)


def test_messages_that_say_nothing() -> None:
    faults = [
        {"at": "recognise", "do": do, "after_ms": 100, "code": "INTERNAL", "message": "inside"}
        for do in ("empty", "no_alternatives", "error_field", "phantom")
    ]
    with running_google(scripts=[scripted(QUESTION, google={"faults": faults})]) as google, ears(google) as client:
        replies, error = client.hear(QUIET + VOICE + QUIET, stay_s=0.2)
    assert error is None
    empty, bare, failed, phantom = replies[:4]
    assert not empty.results
    assert bare.results
    assert not bare.results[0].alternatives
    assert (failed.error.code, failed.error.message) == (13, "inside")
    assert 0 < phantom.results[0].alternatives[0].confidence < 0.2
    assert finals(replies)[-1] == QUESTION


def test_a_recogniser_that_falls_silent_for_a_while_tells_it_all_later() -> None:
    with running_google(scripts=[faulty(do="stall", for_ms=400)]) as google, ears(google) as client:
        replies, error = client.hear(VOICE + QUIET, speed=50, stay_s=0.6)
    assert error is None
    assert finals(replies) == [QUESTION]


def test_a_recogniser_that_falls_silent_for_good_still_keeps_its_limits() -> None:
    script = scripted(
        QUESTION, google={"audio_timeout_ms": 300, "faults": [{"at": "recognise", "do": "stall", "after_ms": 0}]}
    )
    with running_google(scripts=[script]) as google, ears(google) as client:
        replies, error = client.hear(VOICE + QUIET, stay_s=1.5)
    assert replies == []
    assert isinstance(error, exceptions.OutOfRange)


def test_a_fault_belongs_to_the_stream_it_names() -> None:
    with running_google(scripts=[faulty(do="status", nth=1, times=1)]) as google, ears(google) as client:
        errors = [client.hear(QUIET, speed=50)[1] for _ in range(3)]
    assert [type(error) for error in errors] == [type(None), exceptions.ServiceUnavailable, type(None)]


# -- streams of one call


def test_sound_that_is_heard_again_by_the_next_stream_is_the_same_utterance() -> None:
    before = silence(300 * BYTES_PER_MS)
    with running_google(scripts=[scripted("First thing said", "second thing")]) as google, ears(google) as client:
        client.hear(before + VOICE[: 700 * BYTES_PER_MS], "call", speed=50, stay_s=0.0)
        again, _ = client.hear(VOICE + QUIET + spoken(7, 8) + QUIET, "call", speed=50, stay_s=0.3)
    assert [text.strip() for text in finals(again)] == ["First thing said", "second thing"]


def test_the_end_of_a_settled_word_that_is_heard_again_is_only_that_word() -> None:
    lead = 200 * BYTES_PER_MS
    with running_google(scripts=[scripted("One two three", "four five")]) as google, ears(google) as client:
        settled, _ = client.hear(QUIET + VOICE + QUIET, "call", speed=50, stay_s=0.2)
        again, _ = client.hear(VOICE[-lead:] + QUIET + spoken(9, 9) + QUIET, "call", speed=50, stay_s=0.3)
    assert finals(settled) == ["One two three"]
    assert [text.strip() for text in finals(again)] == ["three", "four five"]


def test_the_same_words_said_again_later_are_another_utterance() -> None:
    with running_google(scripts=[scripted("First", "second")]) as google, ears(google) as client:
        client.hear(VOICE + QUIET, "call", speed=50, stay_s=0.2)
        replies, _ = client.hear(QUIET + QUIET + VOICE + QUIET, "call", speed=1, stay_s=0.3)
    assert finals(replies) == ["second"]


def test_coded_words_are_heard_by_the_stream_that_hears_their_beginning() -> None:
    words = [f"word{number}" for number in range(12)]
    sound = spoken(*range(12))
    cut = len(sound) * 5 // 12 + 200 * BYTES_PER_MS  # in the middle of a word
    script = {"google": {"coded_words": words}}
    with running_google(scripts=[script]) as google, ears(google) as client:
        first, _ = client.hear(sound[:cut], "call", speed=50)
        second, _ = client.hear(sound[cut:] + QUIET, "call", speed=50, stay_s=0.2)
        together = " ".join(text.strip() for text in finals(first) + finals(second))
        assert together.split() == words
        assert google.call("call").finals == finals(first) + finals(second)


def test_scripts_go_to_the_calls_whose_phrases_they_match() -> None:
    scripts = [scripted("for two", match="Reference two."), scripted("for one", match="Reference one.")]

    def hear(number: str) -> list[str]:
        with ears(google) as client:
            contexts = [{"phrases": ["Dana", f"Reference {number}."], "boost": 10}]
            return finals(client.hear(VOICE + QUIET, number, stay_s=0.2, speech_contexts=contexts)[0])

    with running_google(scripts=scripts) as google, ThreadPoolExecutor(2) as pool:
        assert list(pool.map(hear, ["one", "two"])) == [["for one"], ["for two"]]
        assert google.call("one").streams[0].phrases == ["Dana", "Reference one."]
        assert google.call("one").match == "Reference one."


def test_fifty_streams_at_once_on_one_connection() -> None:
    count = 50
    scripts = [scripted(QUESTION, times=count)]
    with running_google(scripts=scripts) as google, ears(google) as client, ThreadPoolExecutor(count) as pool:
        heard = list(pool.map(lambda n: finals(client.hear(VOICE + QUIET, str(n), stay_s=0.3)[0]), range(count)))
    assert heard == [[QUESTION]] * count


def test_a_stream_beyond_the_connections_limit_waits_for_its_turn() -> None:
    options = ServerOptions(streams_per_connection=1)
    with running_google(options=options) as google, ears(google, alone=True) as client:
        free = threading.Event()

        def requests() -> Iterator[Any]:
            yield speech_v1.StreamingRecognizeRequest(streaming_config=client.config())
            free.wait(PATIENCE_S)

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(client.stream, requests(), "first")
            google.call("first").wait_streams(1)
            second = pool.submit(client.hear, QUIET, "second", speed=50)
            with ears(google, alone=True) as other:
                assert other.hear(QUIET, "third", speed=50)[1] is None
            assert not second.done()
            free.set()
            assert first.result(PATIENCE_S)[1] is None
            assert second.result(PATIENCE_S)[1] is None


def test_a_client_that_goes_away_is_noticed(google: RunningGoogle) -> None:
    with ears(google) as client:
        config = speech_v1.StreamingRecognizeRequest(streaming_config=client.config())
        hold = threading.Event()

        def requests() -> Iterator[Any]:
            yield config
            yield from (speech_v1.StreamingRecognizeRequest(audio_content=chunk) for chunk in chunks(QUIET))
            hold.wait(PATIENCE_S)

        call = client.client.transport.streaming_recognize(requests())
        record = google.wait_call().wait_streams(1)
        call.cancel()
        hold.set()
        while record.closed_s is None:
            hold.wait(0.01)
        assert record.ended == "cancelled"


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    with running_google(scripts=[scripted(QUESTION)]) as running:
        yield running
