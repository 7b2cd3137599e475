"""Settings: typed, and a wrong value refuses with one line that names variable, value and what is accepted."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import SANDBOX_API, SANDBOX_GOOGLE, SettingsError, development_key, load_settings
from tests.serving import ROOT, environment

PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "s" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "PUBLIC_BASE_URL": "https://phone.example.com",
    "OPENAI_API_KEY": "sk-1",
}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from app.settings import Settings

    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_nothing_set_means_development_with_sqlite_and_the_sandbox() -> None:
    settings = load_settings()
    assert (settings.port, settings.app_env, settings.engine) == (5000, "development", "sandbox")
    assert settings.database_url == f"sqlite:///{ROOT}/var/assistant.db"
    assert settings.openai_base_url == SANDBOX_API
    assert settings.openai_realtime_url == "ws://127.0.0.1:5055/v1/realtime"
    assert settings.openai_realtime_model == "gpt-realtime-2.1"


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("PORT", "abc", "a whole number from 1 to 65535"),
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "70000", "a whole number from 1 to 65535"),
        ("BIND_HOST", "not a host", "a host name or an IP address"),
        ("APP_ENV", "staging", "development or production"),
        ("ENGINE", "alexa", "openai, google or sandbox"),
        ("DATABASE_URL", "mysql://host/db", "sqlite:///FILE"),
        ("DATABASE_URL", "sqlite://", "sqlite:///FILE"),
        ("REDIS_URL", "http://host", "redis://HOST"),
        ("PUBLIC_BASE_URL", "phone.example.com", "https://HOST"),
        ("PUBLIC_BASE_URL", "https://my_phone.example.com", "without an underscore"),
        ("PUBLIC_BASE_URL", "https://host?x=1", "without a query"),
        ("TWILIO_ACCOUNT_SID", "SK123", "beginning with AC"),
        ("OPENAI_BASE_URL", "ftp://x", "http://"),
        ("OPENAI_REALTIME_URL", "https://x/v1/realtime", "ws:// or wss://"),
        ("OPENAI_REALTIME_URL", "wss://x/v1/realtime?model=m", "without ?model="),
        ("GOOGLE_SPEECH_ENDPOINT", "http://localhost:1", "HOST:PORT"),
        ("BARGE_IN", "maybe", "two_phase, immediate or off"),
        ("BARGE_IN_VOICE_FRAMES", "0", "from 1 to 100"),
        ("MIN_UTT_SEC", "nan", "from 0.1 to 10"),
        ("MAX_UTT_SEC", "inf", "from 0.5 to 60"),
        ("REPLY_REFRACTORY_MS", "-1", "from 0 to 10000"),
        ("VAD_HANGOVER_MS", "1e9", "from 0 to 2000"),
        ("TTS_SPEAKING_RATE", "3", "from 0.25 to 2.0"),
        ("WEB_CONCURRENCY", "0", "from 1 to 64"),
        ("MAX_CALLS_PER_WORKER", "many", "a whole number"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("PRICES_JSON", '{"m": {"audio": 1}}', "a JSON object of prices by model"),
        ("PRICES_JSON", "cheap", "a JSON object of prices by model"),
        ("USD_ILS_RATE", "0", "shekels for a dollar"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_the_value_and_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, accepted: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    message = str(refused.value)
    assert message.startswith(f"{name}={value!r} is not accepted: ")
    assert accepted in message
    assert "\n" not in message


def test_two_wrong_values_are_named_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("LOG_FORMAT", "y")
    with pytest.raises(SettingsError, match=r"PORT='x'.*; LOG_FORMAT='y'"):
        load_settings()


def test_a_maximum_below_the_minimum_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIN_UTT_SEC", "5")
    with pytest.raises(SettingsError, match=r"MAX_UTT_SEC=4\.5 is not accepted: more than MIN_UTT_SEC=5\.0"):
        load_settings()


@pytest.mark.parametrize("name", ["SECRET_KEY", "TWILIO_AUTH_TOKEN", "PUBLIC_BASE_URL"])
def test_production_refuses_to_start_without(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for key, value in PRODUCTION.items():
        monkeypatch.setenv(key, value)
    assert load_settings().production
    monkeypatch.setenv(name, "")
    with pytest.raises(SettingsError, match=f"^{name} is not set: APP_ENV=production needs .+$"):
        load_settings()


@pytest.mark.parametrize("name", ["SECRET_KEY", "TWILIO_AUTH_TOKEN", "METRICS_TOKEN"])
@pytest.mark.parametrize("value", ["a", "fifteen letters", " " * 40])
def test_production_refuses_a_secret_that_can_be_guessed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for key, good in PRODUCTION.items():
        monkeypatch.setenv(key, good)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=rf"^{name}=\(hidden\) is not accepted: .*at least 16 characters$"):
        load_settings()
    monkeypatch.setenv("APP_ENV", "development")
    assert load_settings()


def test_production_does_not_start_on_the_sandboxs_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in {**PRODUCTION, "OPENAI_API_KEY": ""}.items():
        monkeypatch.setenv(key, value)
    for engine in ("", "sandbox"):
        monkeypatch.setenv("ENGINE", engine)
        with pytest.raises(SettingsError, match=r"^OPENAI_API_KEY is not set: APP_ENV=production needs an OpenAI key$"):
            load_settings()
    monkeypatch.setenv("OPENAI_REALTIME_URL", "ws://127.0.0.1:9/v1/realtime")  # said on purpose
    assert load_settings().engine == "sandbox"


def test_development_is_for_this_machine_unless_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().bind_host == "127.0.0.1"
    monkeypatch.setenv("BIND_HOST", "0.0.0.0")
    assert load_settings().bind_host == "0.0.0.0"
    monkeypatch.delenv("BIND_HOST")
    for key, value in PRODUCTION.items():
        monkeypatch.setenv(key, value)
    assert load_settings().bind_host == "0.0.0.0"


def test_production_wants_its_public_address_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in PRODUCTION.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("PUBLIC_BASE_URL", "http://phone.example.com")
    with pytest.raises(SettingsError, match=r"PUBLIC_BASE_URL='http://phone\.example\.com' is not accepted: https://"):
        load_settings()


def test_secrets_stay_out_of_messages_and_representations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("SECRET_KEY", "also-very-secret-0123")
    assert "very-secret" not in repr(load_settings())
    monkeypatch.setenv("DATABASE_URL", "mysql://user:password@host/db")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "password" not in str(refused.value)
    assert "mysql://(hidden)@host/db" in str(refused.value)


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://u:secret@mail", "smtp://", "smtps://mail/path", "smtp://mail:x"]
)
def test_a_mail_server_is_named_by_its_kind_and_host(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    with pytest.raises(
        SettingsError, match=r"^SMTP_URL=\(hidden\) is not accepted: smtp://USER:PASSWORD@HOST"
    ) as refused:
        load_settings()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("name", ["SMTP_FROM", "PUBLIC_BASE_URL"])
def test_mail_needs_a_sender_and_the_address_that_its_links_lead_to(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for key, value in {
        "SMTP_URL": "smtps://user:pa%40ss@mail.example.com",
        "SMTP_FROM": "a@example.com",
        "PUBLIC_BASE_URL": "https://phone.example.com",
    }.items():
        monkeypatch.setenv(key, value)
    assert "pa%40ss" not in repr(load_settings())
    monkeypatch.setenv(name, "")
    with pytest.raises(SettingsError, match=f"^{name} is not set: SMTP_URL needs .+$"):
        load_settings()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_a_postgresql_url_leads_to_psycopg_3(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://user:pw@host:5432/db?sslmode=require")
    assert load_settings().database_url == "postgresql+psycopg://user:pw@host:5432/db?sslmode=require"


def test_the_engine_is_openai_when_a_key_is_set_and_its_addresses_are_openais(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    settings = load_settings()
    assert settings.engine == "openai"
    assert settings.openai_realtime_url == "wss://api.openai.com/v1/realtime"
    monkeypatch.setenv("ENGINE", "sandbox")
    assert load_settings().engine == "sandbox"


def test_the_realtime_address_follows_the_base_address_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://proxy.example.com/openai/v1/")
    assert load_settings().openai_realtime_url == "wss://proxy.example.com/openai/v1/realtime"
    monkeypatch.setenv("OPENAI_REALTIME_URL", "ws://127.0.0.1:9/v1/realtime")
    assert load_settings().openai_realtime_url == "ws://127.0.0.1:9/v1/realtime"


def test_the_openai_engine_without_a_key_is_refused_unless_it_points_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENGINE", "openai")
    with pytest.raises(SettingsError, match="OPENAI_API_KEY is not set: ENGINE=openai needs"):
        load_settings()
    monkeypatch.setenv("OPENAI_REALTIME_URL", "ws://127.0.0.1:9/v1/realtime")
    assert load_settings().engine == "openai"


def test_the_cascade_without_an_account_is_played_by_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """(C11)"""
    monkeypatch.setenv("ENGINE", "google")
    settings = load_settings()
    assert settings.google_speech_endpoint == settings.google_tts_endpoint == SANDBOX_GOOGLE
    assert settings.openai_base_url == SANDBOX_API


ACCOUNT = {
    "type": "service_account",
    "project_id": "clinic-1",
    "private_key_id": "0f",
    "private_key": "-----BEGIN PRIVATE KEY-----\nTUlJRXZR\n-----END PRIVATE KEY-----\n",
    "client_email": "a@clinic-1.iam.gserviceaccount.com",
    "token_uri": "https://oauth2.googleapis.com/token",
}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("/etc/keys/clinic.json", "beginning with { (a file's name is not read)"),
        (json.dumps(ACCOUNT)[:-40], "it is no whole JSON object"),
        (json.dumps({**ACCOUNT, "type": "authorized_user"}), 'its "type" is not "service_account"'),
        (json.dumps({**ACCOUNT, "token_uri": "", "project_id": 7}), "it has no project_id, token_uri"),
        (json.dumps({**ACCOUNT, "private_key": "TUlJRXZR"}), "its private_key is not whole"),
        ("[1]", "beginning with {"),
    ],
)
def test_a_key_that_is_none_is_told_in_one_line_that_holds_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    """(C9)"""
    monkeypatch.setenv("ENGINE", "google")
    monkeypatch.setenv("GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON", text)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    line = str(refused.value)
    assert line.startswith("GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON=(hidden) is not accepted: ")
    assert why in line
    assert "\n" not in line
    assert "TUlJRXZR" not in line


def test_the_cascade_says_what_else_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "google")
    monkeypatch.setenv("GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON", json.dumps(ACCOUNT))
    with pytest.raises(SettingsError, match="OPENAI_API_KEY is not set: ENGINE=google needs"):
        load_settings()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert load_settings().google_speech_endpoint is None


def test_production_takes_no_service_in_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**PRODUCTION, "ENGINE": "google"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON is not set"):
        load_settings()
    monkeypatch.setenv("GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON", json.dumps(ACCOUNT))
    monkeypatch.setenv("GOOGLE_TTS_ENDPOINT", "insecure:127.0.0.1:50051")
    with pytest.raises(SettingsError, match=r"GOOGLE_TTS_ENDPOINT=.insecure:.*HOST:PORT in production"):
        load_settings()
    monkeypatch.setenv("GOOGLE_TTS_ENDPOINT", "eu-texttospeech.googleapis.com:443")
    assert load_settings().engine == "google"


@pytest.mark.parametrize(
    ("value", "strategy"),
    [("1", "two_phase"), ("true", "two_phase"), ("0", "off"), ("False", "off"), ("IMMEDIATE", "immediate")],
)
def test_barge_in_takes_the_old_switch_and_the_strategies(
    monkeypatch: pytest.MonkeyPatch, value: str, strategy: str
) -> None:
    monkeypatch.setenv("BARGE_IN", value)
    assert load_settings().barge_in == strategy


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    assert (load_settings().port, load_settings().engine) == (5000, "sandbox")


def test_the_env_file_of_the_working_directory_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=6001\nLOG_LEVEL=debug\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("PORT", "6002")
    assert (load_settings().port, load_settings().log_level) == (6002, "DEBUG")
    (tmp_path / ".env").write_text("LOG_LEVEL=loud\n")
    with pytest.raises(SettingsError, match="LOG_LEVEL='loud' is not accepted"):
        load_settings()
    (tmp_path / ".env").write_bytes(b"LOG_LEVEL=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env is not accepted"):
        load_settings()


def test_the_development_key_is_made_once_and_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "development.key"
    first = development_key(path)
    assert len(first) >= 32
    assert development_key(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["development.key"]


def test_the_server_refuses_to_start_with_one_line_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"],
        cwd=tmp_path,
        env=environment(f"sqlite:///{tmp_path}/x.db", MAX_CALLS_PER_WORKER="lots"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    expected = "Refusing to start: MAX_CALLS_PER_WORKER='lots' is not accepted: a whole number of calls from 1 to 2000"
    assert (done.stdout + done.stderr).strip() == expected
