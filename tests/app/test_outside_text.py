"""Small readers of what comes in a request or stands in the environment: any text is a value or is refused (S1)."""

from __future__ import annotations

import ipaddress

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.admin.auth.security import client_network
from app.admin.forms.fields import Codes, Lines, Text, one_line, stripped
from app.http_rules import small_number, split_url
from app.settings import Settings, SettingsError, load_settings

TEXT = st.text(max_size=80)


@given(TEXT | st.from_regex(r"\A-?\d{1,30}\Z"))
def test_any_text_is_a_small_number_or_none(text: str) -> None:
    try:
        number = small_number(text)
    except ValueError:
        return
    assert 0 <= number < 2**31


@given(TEXT | st.builds(lambda rest: f"https://{rest}", TEXT))
def test_any_text_is_a_url_that_can_be_looked_at_or_none(text: str) -> None:
    parts = split_url(text)
    if parts is not None:
        assert parts.port is None or 0 <= parts.port <= 65535
        assert isinstance(parts.hostname or "", str)


FORWARDED = st.lists(
    st.ip_addresses().map(str) | st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=30),
    max_size=4,
).map(", ".join)


@given(FORWARDED)
def test_whatever_a_proxy_is_told_somebody_is_counted_and_a_network_is_one(forwarded: str) -> None:
    app = Flask(__name__)
    app.config["ASSISTANT_BEHIND_PROXY"] = True
    with app.test_request_context("/", headers={"X-Forwarded-For": forwarded}):
        network = client_network()
    if network == "unknown":
        return
    counted = ipaddress.ip_network(network)
    assert counted.prefixlen in (32, 64)


@given(FORWARDED, st.ip_addresses(v=4))
def test_only_what_the_proxy_wrote_itself_counts(told: str, address: ipaddress.IPv4Address) -> None:
    for behind_proxy, counted in ((True, str(address)), (False, "192.0.2.1")):
        app = Flask(__name__)
        app.config["ASSISTANT_BEHIND_PROXY"] = behind_proxy
        headers = {"X-Forwarded-For": f"{told}, {address}"}
        with app.test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"}):
            assert client_network() == counted


class Small(Form):
    name = Text()
    list = Lines()
    codes = Codes()


@given(TEXT, TEXT, TEXT)
def test_any_form_field_is_kept_as_text_that_can_be_stored_and_shown(name: str, several: str, codes: str) -> None:
    form = Small(MultiDict({"name": name, "list": several, "codes": codes}))
    assert form.name.data == one_line(name) == one_line(one_line(name))
    assert not set(form.name.data) & set("\r\n\0\u2028\x1b")
    assert all(line and "\n" not in line for line in form.list.data)
    assert len(set(form.codes.data)) == len(form.codes.data)
    assert "\0" not in stripped(several)


NAMES = [name.upper() for name in Settings.model_fields]
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40) | st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "production",
        "https://x",
        "ws://[",
        "IL,US",
        "9" * 400,
        "1e400",
        "nan",
        "{}",
        "[]",
        "smtp://x:99999",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3))
def test_any_environment_is_settings_or_one_line(monkeypatch: pytest.MonkeyPatch, given_values: dict[str, str]) -> None:
    with monkeypatch.context() as patch:
        for name in NAMES:
            patch.delenv(name, raising=False)
        for name, value in given_values.items():
            patch.setenv(name, value)
        said = refusal()
    assert said is None or (said and "\n" not in said)


def refusal() -> str | None:
    """What the settings are refused with; None when they are taken."""
    try:
        load_settings()
    except SettingsError as refused:
        return str(refused)
    return None
