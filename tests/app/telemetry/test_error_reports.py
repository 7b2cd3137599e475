"""Reports of errors as a server of the Sentry protocol gets them: which code failed where, nothing of anybody (O4)."""

from __future__ import annotations

import logging
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from app.settings import Settings, SettingsError, load_settings
from app.telemetry.build_info import BuildInfo
from app.telemetry.error_reports import A_MINUTE, ErrorReports
from app.telemetry.logs import configure_logging
from app.telemetry.outside import make_error_reports
from app.telemetry.traces import trace_id
from tests.app.telemetry.receiver import PUBLIC_KEY, Receiver, receiver
from tests.conftest import ServerMaker
from tests.serving import CALLER, CLINIC, wait_until

BUILD = BuildInfo("1.2.3", "c" * 40, "")
NAME, NUMBER, ADDRESS = "קנרית זהבי", "+972521357911", "canary.bird@example.test"


@pytest.fixture
def got() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture
def start_reporting(tmp_path: Path) -> Iterator[Callable[[Receiver], ErrorReports]]:
    """Logging of this process with reports; afterwards as it was."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    started: list[ErrorReports] = []

    def start(got: Receiver) -> ErrorReports:
        settings = Settings(sentry_dsn=got.dsn)
        reports = make_error_reports(settings, BUILD)
        assert isinstance(reports, ErrorReports)
        started.append(reports)
        configure_logging(settings, (tmp_path / "log").open("w"), reports)
        return reports

    yield start
    for reports in started:
        reports.stop(1)
    root.handlers[:], root.level = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


Start = Callable[[Receiver], ErrorReports]


def stumble(customer_name: str, number: str) -> None:
    greeting = f"hello {customer_name}"
    raise RuntimeError(f"nobody answers at {number}, {ADDRESS}, {len(greeting)}")


def test_an_exception_arrives_with_its_place_and_without_values(got: Receiver, start_reporting: Start) -> None:
    reports = start_reporting(got)
    log = structlog.get_logger("media")
    structlog.contextvars.bind_contextvars(call_sid="CA1")
    try:
        stumble(NAME, NUMBER)
    except RuntimeError:
        log.exception("thread failed", thread="realtime", customer=NAME)
    reports.stop(20)
    (report,) = got.reports
    assert report["level"] == "error"
    assert report["logger"] == "media"
    assert report["logentry"]["formatted"] == "thread failed"
    assert report["tags"] == {"trace": trace_id("CA1").hex()}
    assert report["release"] == f"1.2.3+{'c' * 12}"
    (error,) = report["exception"]["values"]
    assert error["type"] == "RuntimeError"
    assert error["value"] == "nobody answers at <phone ..11>, <email>, 16"
    assert [frame["function"] for frame in error["stacktrace"]["frames"]][-1] == "stumble"
    assert not any("vars" in frame for frame in error["stacktrace"]["frames"])
    assert report["extra"] == {"thread": "realtime", "customer": "(hidden)"}
    assert not {"request", "user", "breadcrumbs", "modules", "threads"} & report.keys()
    assert PUBLIC_KEY in got.headers[0]["x-sentry-auth"]
    for secret in (NAME, "521357911", ADDRESS):
        assert secret not in got.text


def test_what_it_came_from_is_told_and_what_quotes_a_value_is_not(got: Receiver, start_reporting: Start) -> None:
    reports = start_reporting(got)
    try:
        try:
            int(NAME)
        except ValueError as error:
            raise KeyError(NUMBER) from error
    except KeyError:
        structlog.get_logger("x").exception("cannot be read")
    reports.stop(20)
    (report,) = got.reports
    assert [one["type"] for one in report["exception"]["values"]] == ["ValueError", "KeyError"]
    assert [one["value"] for one in report["exception"]["values"]] == ["(hidden)", "(hidden)"]
    assert NAME not in got.text


def test_libraries_errors_are_told_too_and_warnings_are_not(got: Receiver, start_reporting: Start) -> None:
    reports = start_reporting(got)
    logging.getLogger("some.library").error("cannot reach %s", NUMBER)
    structlog.get_logger("x").warning("only a warning")
    reports.stop(20)
    (report,) = got.reports
    assert report["logger"] == "some.library"
    assert report["logentry"]["formatted"] == "cannot reach <phone ..11>"


def test_a_storm_of_errors_is_told_in_a_few_reports(got: Receiver, start_reporting: Start) -> None:
    reports = start_reporting(got)
    log = structlog.get_logger("x")
    for _ in range(500):
        log.error("the same in every call")
    for number in range(A_MINUTE * 3):
        log.error("another", number=number, call_sid=f"CA{number}")
    for number in range(A_MINUTE * 3):
        log.error(f"thing {'x' * number}")
    reports.stop(20)
    messages = [one["logentry"]["formatted"] for one in got.reports]
    assert messages[:2] == ["the same in every call", "another"]
    assert len(messages) == A_MINUTE


def test_a_server_that_never_answers_holds_nobody_up(start_reporting: Start) -> None:
    with receiver(hangs=True) as dead:
        start_reporting(dead)
        log = structlog.get_logger("x")
        began = time.monotonic()
        for number in range(A_MINUTE):
            log.error(f"thing {'x' * number}")
        assert time.monotonic() - began < 2.0
        wait_until(lambda: dead.asked, what="it was asked")


def test_without_its_package_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    monkeypatch.delitem(sys.modules, "app.telemetry.error_reports", raising=False)
    with pytest.raises(SettingsError, match=r"pip install -r requirements-telemetry\.txt"):
        make_error_reports(Settings(sentry_dsn="https://k@h/1"), BUILD)


@pytest.mark.parametrize("value", ["sentry.example/1", "https://sentry.example/1", "https://k@h/", "https://k@h/word"])
def test_an_address_that_is_none_refuses_the_start_and_is_not_shown(value: str) -> None:
    with pytest.raises(SettingsError, match=r"SENTRY_DSN=\(hidden\) is not accepted"):
        load_settings(sentry_dsn=value)


@pytest.mark.slow
@pytest.mark.parametrize("worker", ["gevent", "gthread"])
def test_a_webhook_that_fails_is_reported_without_its_caller(
    got: Receiver, make_server: ServerMaker, worker: str
) -> None:
    server = make_server(worker=worker, SENTRY_DSN=got.dsn)
    with sqlite3.connect(server.database_url.removeprefix("sqlite:///")) as broken:
        broken.execute("ALTER TABLE calls RENAME TO calls_elsewhere")
    server.post("/webhook/incoming_call", {"CallSid": "CA" + "9" * 32, "From": CALLER, "To": CLINIC})
    wait_until(lambda: got.reports, what="a report")
    assert server.stop() == 0
    assert any("calls" in error["value"] for one in got.reports for error in one["exception"]["values"])
    assert {one["environment"] for one in got.reports} == {"development"}
    for secret in (CALLER, CALLER.removeprefix("+972"), CLINIC.removeprefix("+")):
        assert secret not in got.text
