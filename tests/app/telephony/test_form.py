"""Twilio's form fields: whatever comes is what it must be, or is refused."""

from __future__ import annotations

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from app.public_url import PublicUrl
from app.telephony.form import BadForm, IncomingCall, read_call_sid, read_incoming_call, read_number, read_word
from app.telephony.signature import is_genuine
from services.calls.after_stream import read_seconds
from services.language.phone_numbers import is_e164
from tests.serving import AUTH_TOKEN, PUBLIC_BASE, sign

FIELDS = st.sampled_from(["CallSid", "From", "To", "CallStatus", "DialCallDuration", "RecordingDuration", "Digits"])
VALUES = st.text(max_size=80) | st.from_regex(r"\A\+?[0-9 ]{0,20}\Z") | st.from_regex(r"\ACA[0-9a-f]{32}\Z")
FORMS = st.dictionaries(FIELDS | st.text(max_size=10), VALUES, max_size=8)
HEADERS = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=80)


@given(FORMS)
def test_any_form_is_a_call_or_is_refused_by_the_name_of_a_field(form: dict[str, str]) -> None:
    call = read_or_refused(form)
    if isinstance(call, str):
        assert call in ("CallSid", "From", "To")
        return
    assert call.caller == "" or is_e164(call.caller)
    assert call.dialled == "" or is_e164(call.dialled)
    assert call.call_sid.isascii()
    assert len(call.call_sid) <= 64


def read_or_refused(form: dict[str, str]) -> IncomingCall | str:
    try:
        return read_incoming_call(form)
    except BadForm as refused:
        return str(refused)


@given(FORMS)
def test_any_word_is_short_and_plain_or_refused(form: dict[str, str]) -> None:
    for read in (read_call_sid, lambda fields: read_word(fields, "CallStatus")):
        try:
            word = read(form)
        except BadForm:
            continue
        assert word.isascii()
        assert len(word) <= 64
        assert not set(word) & set(" \r\n<>&\"'/.")


@given(VALUES)
def test_any_text_is_a_number_or_nothing(text: str) -> None:
    number = read_number(text)
    assert number == "" or is_e164(number)


@given(FORMS)
def test_any_length_is_at_most_a_day(form: dict[str, str]) -> None:
    assert 0 <= read_seconds(form, "DialCallDuration") <= 86_400


def asked(form: dict[str, str], signature: str | None) -> Request:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    return Request(EnvironBuilder("/webhook/incoming_call", method="POST", data=form, headers=headers).get_environ())


@given(FORMS, HEADERS)
def test_no_signature_but_the_right_one_is_genuine(form: dict[str, str], signature: str) -> None:
    public = PublicUrl(PUBLIC_BASE)
    assert not is_genuine(asked(form, signature), public, AUTH_TOKEN)


@given(FORMS)
def test_the_right_signature_is_genuine_whatever_the_fields_hold(form: dict[str, str]) -> None:
    public, right = PublicUrl(PUBLIC_BASE), sign(f"{PUBLIC_BASE}/webhook/incoming_call", form)
    assert is_genuine(asked(form, right), public, AUTH_TOKEN)
    assert not is_genuine(asked({**form, "Extra": "1"}, right), public, AUTH_TOKEN)


@pytest.mark.parametrize("signature", [None, "", " "])
def test_no_signature_is_none(signature: str | None) -> None:
    assert not is_genuine(asked({"From": "+1"}, signature), PublicUrl(PUBLIC_BASE), AUTH_TOKEN)
