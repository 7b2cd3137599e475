"""A service account's key as it was pasted, and what becomes of a service that fails (C9)."""

from __future__ import annotations

import json

import pytest

from services.engines.google.credentials import SPEECH, Endpoint, read_endpoint, read_service_account
from services.engines.google.failures import Kind, Languages, Patience, code_name, kind_of

PEM = "-----BEGIN PRIVATE KEY-----\nQUJD\nREVG\n-----END PRIVATE KEY-----\n"
KEY = {
    "type": "service_account",
    "project_id": "p",
    "private_key_id": "0f",
    "private_key": PEM,
    "client_email": "a@p.iam.gserviceaccount.com",
    "token_uri": "https://oauth2.googleapis.com/token",
}
ONCE = json.dumps(KEY)


@pytest.mark.parametrize(
    "text",
    [
        ONCE,
        f"  {ONCE}\n",
        json.dumps(KEY, indent=2),
        ONCE.replace("\\n", "\n"),
        ONCE.replace("\\n", "\\\\n"),
        ONCE.replace("\\n", "\\\\\\\\n"),
        ONCE.replace("\\n", "\\r\\n"),
    ],
    ids=["as it is", "with spaces", "over lines", "real breaks", "escaped twice", "three times", "from Windows"],
)
def test_line_breaks_of_the_key_survive_every_way_of_pasting_it(text: str) -> None:
    assert read_service_account(text)["private_key"] == PEM


def test_an_endpoint_is_secure_unless_it_says_otherwise() -> None:
    assert read_endpoint(None, SPEECH) == Endpoint("speech.googleapis.com:443")
    assert read_endpoint("eu-speech.googleapis.com:443", SPEECH).host == "eu-speech.googleapis.com"
    assert read_endpoint("insecure:127.0.0.1:7", SPEECH) == Endpoint("127.0.0.1:7", is_insecure=True)


@pytest.mark.parametrize(
    ("code", "details", "kind"),
    [
        ("OUT_OF_RANGE", "Exceeded maximum allowed stream duration of 305 seconds.", Kind.LIMIT),
        ("ABORTED", "Max duration of 5 minutes reached for stream.", Kind.LIMIT),
        ("UNAVAILABLE", "", Kind.PASSING),
        ("RESOURCE_EXHAUSTED", "", Kind.QUOTA),
        (
            "INVALID_ARGUMENT",
            "Invalid recognition 'config': The requested model is currently not supported for language : iw-IL.",
            Kind.LANGUAGE,
        ),
        ("INVALID_ARGUMENT", "Malordered Data Received. Send exactly one config, followed by audio data.", Kind.FATAL),
        ("UNAUTHENTICATED", "", Kind.FATAL),
        ("PERMISSION_DENIED", "", Kind.FATAL),
    ],
)
def test_what_passes_is_told_from_what_does_not(code: str, details: str, kind: Kind) -> None:
    assert kind_of(code, details) is kind


def test_a_number_inside_a_response_is_a_status_too() -> None:
    assert (code_name(8), code_name(16), code_name(99)) == ("RESOURCE_EXHAUSTED", "UNAUTHENTICATED", "UNKNOWN")


def test_a_stream_is_tried_again_at_once_then_slower_and_then_no_more() -> None:
    patience = Patience()
    assert [patience.pause_s(Kind.PASSING, now) for now in (0, 1, 2, 3)] == [0.0, 0.2, 1.0, None]
    patience.answered()
    assert patience.pause_s(Kind.PASSING, 4) == 0.0


def test_a_failure_of_long_ago_and_the_end_that_every_stream_has_count_for_nothing() -> None:
    patience = Patience()
    assert [patience.pause_s(Kind.LIMIT, 300.0 * n) for n in range(8)] == [0.0] * 8


def test_a_key_that_is_refused_is_not_tried_again() -> None:
    assert Patience().pause_s(Kind.FATAL, 0) is None


def test_a_language_has_another_name_until_it_has_none() -> None:
    names = Languages(("he-IL", "iw-IL"))
    assert names.next()
    assert names.current == "iw-IL"
    assert not names.next()
