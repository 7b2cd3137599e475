"""Everything the environment may say, read once and typed. The only file that reads the environment.

A wrong value raises SettingsError with one line that names the variable, the value and what is accepted.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from media.audio_config import BARGE_IN_VOICE_FRAMES, MAX_UTT_SEC, MIN_UTT_SEC, REPLY_REFRACTORY_MS, VAD_HANGOVER_MS
from services.calls.pricing import USD_ILS_RATE, Pricing, read_prices
from services.engines.google.credentials import INSECURE, BadCredentials, read_service_account
from services.language.phone_numbers import is_country

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"

OPENAI_API = "https://api.openai.com/v1"
SANDBOX_API = "http://127.0.0.1:5055/v1"
SANDBOX_GOOGLE = "insecure:127.0.0.1:5056"
SANDBOX_ACCOUNT = ("AC" + "0" * 32, "sandbox")
# Whom businesses may be allowed to call and write to, unless the operator says otherwise (S6).
USUAL_COUNTRIES = (
    "IL,US,CA,GB,IE,FR,DE,AT,CH,NL,BE,LU,ES,PT,IT,MT,GR,CY,DK,SE,NO,FI,IS,EE,LV,LT,PL,CZ,SK,HU,SI,HR,RO,BG,AU,NZ"
)

# What can be guessed by trying is no secret. Twilio's tokens have 32 characters.
SHORTEST_SECRET = 16
SHORTEST_PASSPHRASE = 12  # of a backup; scrypt makes each guess dear


class SettingsError(Exception):
    """The environment cannot be used; the message is one line for the operator."""


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _barge_in(value: Any) -> Any:
    """1 and true mean the default strategy, 0 and false mean off."""
    value = _lower(value)
    return {"1": "two_phase", "true": "two_phase", "0": "off", "false": "off"}.get(value, value)


def _refuse(reason: str = "") -> PydanticCustomError:
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


def _url(*schemes: str) -> Any:
    """A validator for an absolute URL of one of `schemes`; a trailing slash is dropped."""

    def check(value: Any) -> Any:
        text = str(value).strip().rstrip("/")
        try:
            parts = urlsplit(text)
            usable = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable or any(c.isspace() for c in text):
            raise _refuse()
        return text

    return BeforeValidator(check)


def _public_url(value: Any) -> Any:
    """Twilio refuses host names with an underscore; a query has no place in a base URL."""
    parts = urlsplit(str(value))
    if parts.query or parts.fragment or "_" in (parts.hostname or ""):
        raise _refuse()
    return value


def _without_query(value: Any) -> Any:
    """The model has a variable of its own and is put there by the client."""
    if "?" in str(value):
        raise _refuse()
    return value


def _database_url(value: Any) -> Any:
    """SQLAlchemy dropped `postgres://` and picks a driver by name: both forms lead to psycopg 3."""
    text = str(value).strip()
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in {"postgres", "postgresql", "postgresql+psycopg", "sqlite"}:
        raise _refuse()
    if scheme == "sqlite":
        if not rest.startswith("/") or rest == "/":
            raise _refuse()
        return text
    return f"postgresql+psycopg://{rest}"


def _prices(value: Any) -> Any:
    try:
        read_prices(str(value))
    except ValueError:
        raise _refuse() from None
    return str(value)


def _smtp_url(value: Any) -> Any:
    """smtp://USER:PASSWORD@HOST:PORT and nothing behind it."""
    text = str(value).strip().rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.path or parts.query or any(c.isspace() for c in text):
        raise _refuse()
    return text


def _dsn(value: Any) -> Any:
    """https://KEY@HOST/PROJECT, as a server of the Sentry protocol shows it."""
    text = str(value).strip()
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname and parts.username) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not parts.path.rpartition("/")[2].isdigit() or any(c.isspace() for c in text):
        raise _refuse()
    return text


def _headers(value: Any) -> Any:
    text = str(value)
    if not all(separator and name.strip() for name, separator, _ in (one.partition("=") for one in text.split(","))):
        raise _refuse()
    return text


def _countries(value: Any) -> Any:
    codes = [code.strip().upper() for code in str(value).split(",") if code.strip()]
    if not codes or not all(is_country(code) for code in codes):
        raise _refuse()
    return ",".join(codes)


def _service_account(value: Any) -> Any:
    """What is wrong with it is told; what is in it never."""
    text = str(value.get_secret_value() if isinstance(value, SecretStr) else value)
    try:
        read_service_account(text)
    except BadCredentials as wrong:
        raise _refuse(f"{_ACCOUNT}=(hidden) is not accepted: {wrong}") from None
    return text


_ACCOUNT = "GOOGLE_CLOUD_SERVICE_ACCOUNT_JSON"
_ENDPOINT = r"^(insecure:)?[^\s/:]+:\d{1,5}$"
HttpUrl = Annotated[str, _url("http", "https")]


class Settings(BaseSettings):
    """Field `port` is the variable PORT, and so on. A field's description says what is accepted."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=False,
    )

    port: int = Field(5000, ge=1, le=65535, description="a whole number from 1 to 65535")
    bind_host: str = Field(
        "",
        pattern=r"^[\w.:-]*$",
        description="a host name or an IP address; 127.0.0.1 in development, 0.0.0.0 in production",
    )
    app_env: Annotated[Literal["development", "production"], BeforeValidator(_lower)] = Field(
        "development", description="development or production"
    )
    secret_key: SecretStr | None = Field(None, description="a random text of at least 16 characters")
    secret_key_previous: SecretStr | None = Field(
        None, description="what SECRET_KEY was before, several with commas between them, of at least 16 characters each"
    )
    database_url: Annotated[str, BeforeValidator(_database_url)] = Field(
        f"sqlite:///{VAR / 'assistant.db'}",
        description="sqlite:///FILE, postgres://… or postgresql://…; SQLite under var/ when unset",
    )
    redis_url: Annotated[str, _url("redis", "rediss")] | None = Field(
        None, description="redis://HOST… or rediss://HOST…"
    )
    public_base_url: Annotated[HttpUrl, BeforeValidator(_public_url)] | None = Field(
        None, description="https://HOST without a query and without an underscore in the host name"
    )

    twilio_account_sid: str | None = Field(None, pattern=r"^AC\w+$", description="the account's SID, beginning with AC")
    twilio_auth_token: SecretStr | None = Field(
        None, description="the account's primary auth token, of at least 16 characters"
    )
    twilio_api_url: HttpUrl | None = Field(
        None, description="in development, http://… of a server that speaks Twilio's REST API"
    )
    metrics_token: SecretStr | None = Field(None, description="a random text of at least 16 characters")

    backup_passphrase: SecretStr | None = Field(
        None, min_length=SHORTEST_PASSPHRASE, description="a text of at least 12 characters"
    )

    google_calendar_client_id: str | None = Field(None, min_length=1, description="a client of Google's OAuth")
    google_calendar_client_secret: SecretStr | None = Field(None, min_length=1, description="the client's secret")
    google_calendar_url: HttpUrl | None = Field(
        None, description="in development, http://… of a server that speaks Google Calendar's API"
    )

    smtp_url: Annotated[SecretStr, BeforeValidator(_smtp_url)] | None = Field(
        None, description="smtp://USER:PASSWORD@HOST:PORT (STARTTLS) or smtps://… (TLS from the first byte)"
    )
    smtp_from: str | None = Field(None, pattern=r"^[^\s@<>]+@[^\s@<>]+$", description="the address e-mails come from")
    dial_countries: Annotated[str, BeforeValidator(_countries)] = Field(
        USUAL_COUNTRIES, description="two-letter codes of countries with commas between them, like IL,US"
    )
    sms_per_day: int = Field(100, ge=0, le=100_000, description="a whole number of SMS from 0 to 100000")

    engine: Annotated[Literal["openai", "google", "sandbox"], BeforeValidator(_lower)] = Field(
        "sandbox", description="openai, google or sandbox; openai when OPENAI_API_KEY is set, else sandbox"
    )
    openai_api_key: SecretStr | None = Field(None, description="an OpenAI key")
    openai_base_url: HttpUrl = Field(OPENAI_API, description="http://… or https://…")
    openai_realtime_url: Annotated[str, BeforeValidator(_without_query), _url("ws", "wss")] = Field(
        "", description="the whole ws:// or wss:// URL without ?model="
    )
    openai_realtime_model: str = Field("gpt-realtime-2.1", min_length=1, description="a Realtime model")
    openai_transcription_model: str = Field("gpt-transcribe", min_length=1, description="a transcription model")
    openai_nlp_model: str = Field("gpt-6-luna", min_length=1, description="a chat model")
    openai_chat_model: str = Field("gpt-6-luna", min_length=1, description="a chat model")

    google_cloud_service_account_json: Annotated[SecretStr, BeforeValidator(_service_account)] | None = Field(
        None, description="the service account's key as JSON text"
    )
    google_speech_endpoint: str | None = Field(
        None, pattern=_ENDPOINT, description="HOST:PORT; in development also insecure:HOST:PORT"
    )
    google_tts_endpoint: str | None = Field(
        None, pattern=_ENDPOINT, description="HOST:PORT; in development also insecure:HOST:PORT"
    )
    google_stt_model: str = Field("", pattern=r"^\w*$", description="a model of Google's recogniser, like latest_long")
    google_stt_enhanced: bool = Field(True, description="1 or 0")
    google_stt_language: str = Field("", pattern=r"^([a-z]{2,3}-[A-Z]{2})?$", description="a language like he-IL")
    google_tts_voice: str = Field(
        "", pattern=r"^([a-z]{2,3}-[A-Z]{2}-[\w-]+)?$", description="a voice like he-IL-Wavenet-A"
    )

    barge_in: Annotated[Literal["two_phase", "immediate", "off"], BeforeValidator(_barge_in)] = Field(
        "two_phase", description="two_phase, immediate or off (1 and true mean two_phase, 0 and false mean off)"
    )
    barge_in_voice_frames: int = Field(
        BARGE_IN_VOICE_FRAMES, ge=1, le=100, description="a whole number from 1 to 100 (20 ms each)"
    )
    min_utt_sec: float = Field(MIN_UTT_SEC, ge=0.1, le=10, description="seconds from 0.1 to 10")
    max_utt_sec: float = Field(MAX_UTT_SEC, ge=0.5, le=60, description="seconds from 0.5 to 60, more than MIN_UTT_SEC")
    reply_refractory_ms: int = Field(REPLY_REFRACTORY_MS, ge=0, le=10000, description="milliseconds from 0 to 10000")
    vad_hangover_ms: int = Field(VAD_HANGOVER_MS, ge=0, le=2000, description="milliseconds from 0 to 2000")
    tts_speaking_rate: float = Field(0.95, ge=0.25, le=2.0, description="a factor from 0.25 to 2.0")

    prices_json: Annotated[str, BeforeValidator(_prices)] = Field(
        "", description='a JSON object of prices by model like {"gpt-realtime-2.1": {"audio_in": 32}}'
    )
    usd_ils_rate: float = Field(USD_ILS_RATE, gt=0, le=100, description="shekels for a dollar, up to 100")

    web_concurrency: int = Field(1, ge=1, le=64, description="a whole number of workers from 1 to 64")
    max_calls_per_worker: int = Field(80, ge=1, le=2000, description="a whole number of calls from 1 to 2000")
    lean_sockets: bool = Field(True, description="1 or 0")
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = Field("text", description="text or json")

    otel_exporter_otlp_endpoint: HttpUrl | None = Field(
        None, description="http://… or https://… of an OTLP/HTTP collector, without /v1/traces"
    )
    otel_exporter_otlp_headers: Annotated[SecretStr, BeforeValidator(_headers)] | None = Field(
        None, description="NAME=VALUE, several with commas between them"
    )
    otel_service_name: str = Field("ai-call-assistant", min_length=1, description="what traces call this installation")
    sentry_dsn: Annotated[SecretStr, BeforeValidator(_dsn)] | None = Field(
        None, description="https://KEY@HOST/PROJECT of a server of the Sentry protocol"
    )

    # Set by gunicorn.conf.py for its workers when there are several, not by the operator.
    prometheus_multiproc_dir: str | None = Field(None, description="a directory")

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, values: Any) -> Any:
        """Defaults that depend on another variable."""
        values = dict(values)
        if not values.get("bind_host"):
            # Without a token anybody who reaches the webhooks can call them: then nobody else should reach them.
            values["bind_host"] = "0.0.0.0" if _lower(values.get("app_env")) == "production" else "127.0.0.1"
        if not values.get("engine"):
            values["engine"] = "openai" if values.get("openai_api_key") else "sandbox"
        if not values.get("openai_base_url") and values["engine"] == "sandbox":
            values["openai_base_url"] = SANDBOX_API
        if _tries_the_cascade(values):
            values["google_speech_endpoint"] = values["google_tts_endpoint"] = SANDBOX_GOOGLE
            if not values.get("openai_base_url") and not values.get("openai_api_key"):
                values["openai_base_url"] = SANDBOX_API
        base = str(values.get("openai_base_url") or OPENAI_API).strip().rstrip("/")
        if not values.get("openai_realtime_url"):
            # A base URL that is itself refused must not bring a second complaint.
            base = base if base.startswith("http") else OPENAI_API
            values["openai_realtime_url"] = realtime_address(base)
        return values

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Rules between variables; each names the one to change."""
        if self.max_utt_sec <= self.min_utt_sec:
            raise _refuse(f"MAX_UTT_SEC={self.max_utt_sec} is not accepted: more than MIN_UTT_SEC={self.min_utt_sec}")
        for name, reason in self._missing():
            raise _refuse(f"{name.upper()} is not set: {reason} needs {_accepted(name)}")
        if self.production:
            self._agree_in_production()
        return self

    def _agree_in_production(self) -> None:
        if self.twilio_api_url is not None:
            raise _refuse(f"TWILIO_API_URL={self.twilio_api_url!r} is not accepted: nothing in production")
        if self.google_calendar_url is not None:
            raise _refuse(f"GOOGLE_CALENDAR_URL={self.google_calendar_url!r} is not accepted: nothing in production")
        for name in ("secret_key", "twilio_auth_token", "metrics_token"):
            secret = getattr(self, name)
            if secret is not None and len(secret.get_secret_value().strip()) < SHORTEST_SECRET:
                raise _refuse(f"{name.upper()}=(hidden) is not accepted: {_accepted(name)}")
        for name in ("google_speech_endpoint", "google_tts_endpoint"):
            if str(getattr(self, name)).startswith(INSECURE):
                raise _refuse(f"{name.upper()}={getattr(self, name)!r} is not accepted: HOST:PORT in production")
        if any(len(key) < SHORTEST_SECRET for key in _parts(self.secret_key_previous)):
            raise _refuse(f"SECRET_KEY_PREVIOUS=(hidden) is not accepted: {_accepted('secret_key_previous')}")
        if not str(self.public_base_url).startswith("https://"):
            raise _refuse(f"PUBLIC_BASE_URL={self.public_base_url!r} is not accepted: {_accepted('public_base_url')}")

    def _missing(self) -> Iterator[tuple[str, str]]:
        """(field, what needs it) for every variable that this combination cannot do without."""
        if self.production:
            for name in ("secret_key", "twilio_auth_token", "public_base_url"):
                if getattr(self, name) is None:
                    yield name, "APP_ENV=production"
            of_sandbox = self.openai_realtime_url == realtime_address(SANDBOX_API)
            if self.openai_api_key is None and of_sandbox and self.engine != "google":
                yield "openai_api_key", "APP_ENV=production"  # nobody answers calls at the sandbox's usual address
        if self.smtp_url is not None:
            # Links in e-mails must lead to us, whatever host a request claims to be for.
            for name in ("smtp_from", "public_base_url"):
                if getattr(self, name) is None:
                    yield name, "SMTP_URL"
        if self.google_calendar_client_id is not None and self.google_calendar_client_secret is None:
            yield "google_calendar_client_secret", "GOOGLE_CALENDAR_CLIENT_ID"
        if self.engine == "google":
            plain = all(
                str(each).startswith(INSECURE) for each in (self.google_speech_endpoint, self.google_tts_endpoint)
            )
            if self.google_cloud_service_account_json is None and not plain:
                yield "google_cloud_service_account_json", "ENGINE=google"
            if self.openai_api_key is None and "api.openai.com" in self.openai_base_url:
                yield "openai_api_key", "ENGINE=google"  # for the chat model between recogniser and voice
        if self.engine == "openai" and self.openai_api_key is None and "api.openai.com" in self.openai_realtime_url:
            yield "openai_api_key", "ENGINE=openai"

    @property
    def production(self) -> bool:
        return self.app_env == "production"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.bind_host in ("127.0.0.1", "localhost", "::1")

    @property
    def twilio_account(self) -> tuple[str, str] | None:
        """Account and token for Twilio's REST API; in development without an account the sandbox's."""
        if self.twilio_account_sid is not None and self.twilio_auth_token is not None:
            return self.twilio_account_sid, self.twilio_auth_token.get_secret_value()
        return SANDBOX_ACCOUNT if self.twilio_api_url is not None else None

    @property
    def link_keys(self) -> list[bytes]:
        """What links of customers are signed with, the last one now, those before until they are forgotten."""
        return [*reversed(self.previous_keys), self.signing_key]

    @property
    def countries(self) -> frozenset[str]:
        """Where any business may be allowed to call and write to."""
        return frozenset(self.dial_countries.split(","))

    @property
    def otlp_headers(self) -> dict[str, str]:
        """What the collector of traces wants to be sent with each request."""
        if self.otel_exporter_otlp_headers is None:
            return {}
        pairs = (one.partition("=") for one in self.otel_exporter_otlp_headers.get_secret_value().split(","))
        return {name.strip().lower(): unquote(value.strip()) for name, _, value in pairs}

    @property
    def pricing(self) -> Pricing:
        return Pricing(read_prices(self.prices_json), Decimal(str(self.usd_ils_rate)))

    @property
    def signing_key(self) -> bytes:
        """What sessions and stream tokens are signed with: SECRET_KEY, or in development a key kept under var/."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        return development_key(VAR / "development.key")

    @property
    def previous_keys(self) -> list[bytes]:
        """What was signed and sealed with these is still accepted, the newest first."""
        return [key.encode() for key in _parts(self.secret_key_previous)]


def _tries_the_cascade(values: Mapping[str, Any]) -> bool:
    """Nobody's account is given: the sandbox plays Google's services (C11)."""
    given = ("google_cloud_service_account_json", "google_speech_endpoint", "google_tts_endpoint")
    wanted = _lower(values["engine"]) == "google" and _lower(values.get("app_env")) != "production"
    return wanted and not any(values.get(name) for name in given)


def _parts(secrets_text: SecretStr | None) -> list[str]:
    """The secrets of a text that has commas between them."""
    parts = secrets_text.get_secret_value().split(",") if secrets_text is not None else []
    return [part.strip() for part in parts if part.strip()]


def realtime_address(base: str) -> str:
    """The model's socket under an API's base URL (http or https)."""
    return f"ws{base.removeprefix('http')}/realtime"


def development_key(path: Path) -> bytes:
    """The key in `path`, made on first use; every worker and every restart sees the same one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)  # fails when another worker was first: then its key counts
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_bytes()


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment and `.env` in the working directory. Raises SettingsError."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("; ".join(_describe(one, overrides) for one in error.errors())) from None
    except UnicodeDecodeError:
        raise SettingsError(".env is not accepted: it must be UTF-8 text") from None


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with `changes`, for a process started by it."""
    return {**os.environ, **changes}


def _accepted(name: str) -> str:
    return str(Settings.model_fields[name].description)


def _describe(error: Any, overrides: Mapping[str, Any]) -> str:
    if not error["loc"]:
        return str(error["msg"])
    name = str(error["loc"][0])
    if name == _ACCOUNT.lower() and str(error["msg"]).startswith(_ACCOUNT):
        return str(error["msg"])
    return f"{name.upper()}={_shown(name, overrides)} is not accepted: {_accepted(name)}"


def _shown(name: str, overrides: Mapping[str, Any]) -> str:
    """The refused value as the operator wrote it; a secret, or a URL that may hold one, stays hidden."""
    if "SecretStr" in str(Settings.model_fields[name].annotation):
        return "(hidden)"
    raw = overrides.get(name, os.environ.get(name.upper(), _from_env_file(name)))
    text = " ".join(str(raw).split())
    if "@" in text:
        text = f"{text.partition('://')[0]}://(hidden)@{text.rpartition('@')[2]}"
    return repr(text[:80])


def _from_env_file(name: str) -> str:
    from dotenv import dotenv_values

    values = {key.lower(): value for key, value in dotenv_values(".env").items()}
    return values.get(name) or ""
