"""The chat model beside Google's services, asked by the openai package's own client (C6, C11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI

from sandbox.google.calls import GoogleOptions
from sandbox.google.running import RunningGoogle, running_google
from sandbox.google.server import ServerOptions
from sandbox.google.talk import answer_by_rules
from sandbox.realtime.phrases import SAY
from sandbox.realtime.record import wait_until
from services.realtime_prompt_builder import greeting_instructions
from tests.patience import PATIENCE_S
from tests.sandbox.google.test_synthesis import Deaf
from tests.sandbox.test_realtime_conversation import prompt

ANSWER = "We open at nine. Is there anything else?"


def script(**answer: Any) -> dict[str, Any]:
    return {"answers": [{"text": ANSWER, "length_ms": 2000, **answer}]}


def faulty(**fault: Any) -> dict[str, Any]:
    return {**script(), "google": {"faults": [{"at": "chat", **fault}]}}


def client_of(google: RunningGoogle, timeout_s: float = PATIENCE_S) -> OpenAI:
    return OpenAI(api_key="k", base_url=google.base_url, timeout=timeout_s, max_retries=0)


def stream(google: RunningGoogle, *messages: tuple[str, str], timeout_s: float = PATIENCE_S) -> Iterator[Any]:
    asked: Any = [{"role": role, "content": text} for role, text in messages or [("user", "When do you open?")]]
    return iter(
        client_of(google, timeout_s).chat.completions.create(
            model="gpt-6-luna", messages=asked, stream=True, stream_options={"include_usage": True}
        )
    )


def text_of(chunks: Iterator[Any]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_a_scripted_answer_comes_word_by_word_with_its_end_and_its_cost() -> None:
    with running_google(scripts=[script()]) as google:
        chunks = list(stream(google))
        assert text_of(iter(chunks)) == ANSWER
        assert len([chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]) == 8
        assert chunks[0].choices[0].delta.role == "assistant"
        assert chunks[-2].choices[0].finish_reason == "stop"
        assert chunks[-1].choices == []
        assert chunks[-1].usage.completion_tokens > 0
        [record] = google.calls[0].chats
        assert (record.ended, record.number, record.text) == ("done", 0, ANSWER)
        assert record.messages == [{"role": "user", "content": "When do you open?"}]


@pytest.mark.parametrize(("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter")])
def test_an_answer_that_is_cut_says_why(reason: str, finish: str) -> None:
    with running_google(scripts=[script(status="incomplete", reason=reason, end_ms=1000)]) as google:
        chunks = list(stream(google))
    assert 0 < len(text_of(iter(chunks))) < len(ANSWER)
    assert finish in [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, openai.RateLimitError), (500, openai.InternalServerError), (401, openai.AuthenticationError)],
)
def test_a_request_that_is_refused(status: int, kind: type[Exception]) -> None:
    with running_google(scripts=[faulty(do="status", http_status=status)]) as google:
        with pytest.raises(kind):
            stream(google)
        assert google.calls[0].chats[0].ended == "failed"
        assert text_of(stream(google)) == ANSWER


def test_an_answer_that_the_script_fails_is_followed_by_the_next() -> None:
    answers = [{"status": "failed"}, {"text": ANSWER}]
    with running_google(scripts=[{"answers": answers}]) as google:
        with pytest.raises(openai.InternalServerError):
            stream(google)
        assert text_of(stream(google)) == ANSWER


def test_an_error_in_the_middle() -> None:
    with running_google(scripts=[faulty(do="status", after_ms=16)]) as google, pytest.raises(openai.APIError):
        text_of(stream(google))


def test_a_connection_that_breaks_in_the_middle() -> None:
    with running_google(scripts=[faulty(do="drop", after_ms=16)]) as google, pytest.raises(Exception) as raised:
        text_of(stream(google))
    assert "closed" in str(raised.value) or isinstance(raised.value, openai.APIConnectionError)


def test_an_answer_that_ends_without_saying_so() -> None:
    with running_google(scripts=[faulty(do="end", after_ms=16)]) as google:
        chunks = list(stream(google))
    assert text_of(iter(chunks)) in ANSWER
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks if chunk.choices)


def test_an_answer_of_no_words() -> None:
    with running_google(scripts=[faulty(do="empty")]) as google:
        assert text_of(stream(google)) == ""


def test_a_line_that_is_not_json() -> None:
    with running_google(scripts=[faulty(do="garbage", after_ms=16)]) as google, pytest.raises(ValueError):
        text_of(stream(google))


@pytest.mark.parametrize("given", [faulty(do="stall", after_ms=16), script(never_done=True)])
def test_an_answer_that_stalls_is_given_up_by_its_client(given: dict[str, Any]) -> None:
    with running_google(scripts=[given]) as google, pytest.raises(openai.APITimeoutError):
        text_of(stream(google, timeout_s=0.5))


def test_a_client_that_closes_early_is_noticed() -> None:
    with running_google(scripts=[script(text="word " * 2000)]) as google:
        chunks: Any = stream(google)
        next(chunks)
        client = google.calls[0].chats[0]
        chunks.close()
        del chunks
        wait_until(lambda: client.ended == "cancelled" and 0 < len(client.sent_text) < 9000, PATIENCE_S)


def test_appointments_are_still_read_by_the_same_endpoint() -> None:
    with running_google() as google:
        schema: Any = {"name": "a", "schema": {"type": "object", "properties": {"intent": {"type": "string"}}}}
        messages: Any = [{"role": "user", "content": "x"}]
        asked: Any = {"type": "json_schema", "json_schema": schema}
        done = client_of(google).chat.completions.create(model="m", messages=messages, response_format=asked)
    assert done.choices[0].message.content == '{"intent":""}'


# -- the rules of the demo


def test_the_demos_conversation_goes_as_with_the_realtime_model() -> None:
    options = ServerOptions(google=GoogleOptions(recogniser=Deaf()))
    with running_google(options=options) as google:
        conversation = [("system", prompt("en")), ("user", "Hello, what are your opening hours on Tuesday?")]
        hours = text_of(stream(google, *conversation))
        conversation += [("assistant", hours), ("user", "I would like to book a meeting.")]
        when = text_of(stream(google, *conversation))
        conversation += [("assistant", when), ("user", "On Tuesday at ten."), ("assistant", SAY["en"]["checking"])]
        fact = "[SERVER] need_name: ask for the caller's full name."
        name = text_of(stream(google, *conversation, ("system", fact)))
    assert hours.startswith("On Tuesday we are open from")
    assert when == SAY["en"]["ask_when"]
    assert name == SAY["en"]["need_name"]


def test_a_last_message_of_the_system_says_what_to_say() -> None:
    told = greeting_instructions("Good morning!")
    messages = [{"role": "system", "content": prompt("en")}, {"role": "system", "content": told}]
    assert answer_by_rules(messages) == "Good morning!"


def test_without_any_words_it_says_hello() -> None:
    assert answer_by_rules([{"role": "system", "content": prompt("en")}]) == SAY["en"]["start"]
    assert answer_by_rules([]) == SAY["en"]["start"]


def test_messages_in_parts_are_understood() -> None:
    parts = [{"type": "text", "text": "When are"}, {"type": "text", "text": "you open on Tuesday?"}]
    messages = [{"role": "system", "content": prompt("en")}, {"role": "user", "content": parts}]
    assert "Tuesday" in answer_by_rules(messages)
