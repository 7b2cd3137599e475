"""Logs: SPEC's lines verbatim, the call's id on every line, nothing personal, never in the way."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.settings import Settings
from app.telemetry.logs import PIECE_BYTES, LogWriter, configure_logging
from app.telemetry.redaction import mask_phones, redacted
from services.db.database import Database
from tests.conftest import ServerMaker
from tests.patience import PATIENCE_S

Lines = Callable[[], list[str]]


@pytest.fixture
def kept_logging() -> Iterator[None]:
    """Puts the process's logging back as it was."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, threading.excepthook)
    yield
    root.handlers[:], root.level, threading.excepthook = before
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def start_logging(path: Path, **changes: str) -> Lines:
    """Configure logging into a file; a function that waits for everything and returns the lines."""
    stream = path.open("w")
    writer = configure_logging(Settings(**changes), stream)

    def lines() -> list[str]:
        writer.drain()
        return path.read_text().splitlines()

    return lines


@pytest.mark.usefixtures("kept_logging")
def test_a_message_of_the_specification_stands_verbatim_after_the_calls_id(tmp_path: Path) -> None:
    lines = start_logging(tmp_path / "log")
    structlog.contextvars.bind_contextvars(call_sid="CA1")
    structlog.get_logger("media").info("[AUDIO_TX_LOOP] started (call_sid=CA1, frame_pacing=20ms)")
    (line,) = lines()
    assert line.endswith(" INFO    [CA1] [AUDIO_TX_LOOP] started (call_sid=CA1, frame_pacing=20ms)")


@pytest.mark.usefixtures("kept_logging")
def test_json_lines_hold_the_same_as_fields(tmp_path: Path) -> None:
    lines = start_logging(tmp_path / "log", log_format="json")
    structlog.get_logger("media").warning("[VAD] Calibrated noise=92.3", call_sid="CA1", frames=3)
    (line,) = lines()
    found = json.loads(line)
    assert found.pop("timestamp").endswith("Z")
    assert found == {
        "level": "warning",
        "logger": "media",
        "event": "[VAD] Calibrated noise=92.3",
        "call_sid": "CA1",
        "frames": 3,
    }


@pytest.mark.usefixtures("kept_logging")
def test_libraries_are_heard_from_warning_up_whatever_our_own_level_is(tmp_path: Path) -> None:
    lines = start_logging(tmp_path / "log", log_level="DEBUG")
    logging.getLogger("twilio.http_client").info("POST data: To=...")
    logging.getLogger("openai").debug("request body")
    logging.getLogger("urllib3").warning("retrying")
    structlog.get_logger("booking").debug("ours")
    assert [line.split(maxsplit=2)[-1] for line in lines()] == ["retrying", "ours"]


@pytest.mark.usefixtures("kept_logging")
def test_fields_that_hold_what_people_say_lose_their_value(tmp_path: Path) -> None:
    lines = start_logging(tmp_path / "log")
    structlog.get_logger("media").info("turn", transcript="שלום אני דנה", caller="דנה", ms=20)
    (line,) = lines()
    assert line.endswith("turn caller=(hidden) ms=20 transcript=(hidden)")


@pytest.mark.usefixtures("kept_logging")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029", "\x0b", "\x1b[2K\x1b[G", "\u202e"])
def test_no_text_begins_a_line_or_hides_one(tmp_path: Path, end: str) -> None:
    lines = start_logging(tmp_path / "log")
    log, forged = structlog.get_logger("media"), "2026-11-20T10:00:00Z INFO    [CA1] all is well"
    log.warning(f"refused{end}{forged}", path=f"/x{end}{forged}")
    logging.getLogger("gunicorn.error").warning("Invalid request: %s", f"x{end}{forged}")
    try:
        raise ValueError(f"bad{end}{forged}")
    except ValueError:
        log.exception("failed")
    found = lines()
    assert not [line for line in found if line.startswith(forged)]
    assert not set("".join(found)) & set("\x1b\u202e\u2028\x85\x0b")


@pytest.mark.usefixtures("kept_logging")
def test_numbers_in_tracebacks_are_masked_too(tmp_path: Path) -> None:
    lines = start_logging(tmp_path / "log")
    try:
        raise RuntimeError("cannot dial +972501234567")
    except RuntimeError:
        structlog.get_logger("media").exception("failed")
    text = "\n".join(lines())
    assert "RuntimeError: cannot dial <phone ..67>" in text


@pytest.mark.usefixtures("kept_logging")
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_exception_says_where_and_what_and_not_the_value_it_quotes(tmp_path: Path, log_format: str) -> None:
    lines = start_logging(tmp_path / "log", log_format=log_format)
    for fails in (lambda: int("Canary"), lambda: {}["Canary"], "Canary\ud800".encode):
        try:
            try:
                fails()
            except ValueError as error:
                raise RuntimeError("a row was refused") from error
        except (RuntimeError, LookupError):
            structlog.get_logger("media").exception("failed")
            logging.getLogger("flask.app").error("failed too", exc_info=True)
    text = "\n".join(lines())
    assert text.count("ValueError: (hidden)") == 2
    assert text.count("KeyError: (hidden)") == 2
    assert text.count("UnicodeEncodeError: (hidden)") == 2
    assert text.count("RuntimeError: a row was refused") == 4
    assert "Canary" not in re.sub(r"for fails in .*", "", text)
    assert "test_logs.py" in text


@pytest.mark.usefixtures("kept_logging")
def test_what_a_database_says_of_a_row_is_not_in_the_log(tmp_path: Path, postgres_database: Database) -> None:
    lines, value = start_logging(tmp_path / "log"), "Canary"
    for statement in ("INSERT INTO users (email) VALUES (:value)", "SELECT CAST(:value AS integer)"):
        try:
            with postgres_database.engine.begin() as connection:
                connection.execute(text(statement), {"value": value})
        except SQLAlchemyError:
            structlog.get_logger("journal").exception("record refused")
    found = "\n".join(lines())
    assert "NotNullViolation" in found
    assert "Failing row" not in found
    assert "invalid input syntax for type integer" in found
    assert "Canary" not in found


@pytest.mark.usefixtures("kept_logging")
def test_a_thread_that_nobody_watches_fails_into_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lines = start_logging(tmp_path / "log")
    thread = threading.Thread(target=lambda: int("Canary"), name="alone")
    thread.start()
    thread.join()
    text = "\n".join(lines())
    assert "a thread failed thread=alone" in text
    assert "ValueError: (hidden)" in text
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("mail to dana.levi+x@example.co.il failed", "mail to <email> failed"),
        ("Error handling request /admin/b/1/calls?q=%D7%93%D7%A0%D7%94&page=2 now", "/admin/b/1/calls?… now"),
        ("POST https://hooks.example.com/x?key=s3cret", "https://hooks.example.com/x?…"),
        ("really? yes=no", "really? yes=no"),
        ("[CALL_METRICS] stt_utterances=12, empty=0", "[CALL_METRICS] stt_utterances=12, empty=0"),
    ],
)
def test_addresses_of_people_and_what_was_searched_for_are_left_out(line: str, shown: str) -> None:
    assert redacted(line).endswith(shown)


@pytest.mark.parametrize(
    "number",
    [
        "+972501234567",
        "+972-50-123-4567",
        "+1 (212) 555-0100",
        "%2B972501234567",
        "972501234567",
        "050-1234567",
        "0501234567",
        "050 123 4567",
        "03-9990001",
        "077-1234567",
        "sip:+972501234567@example.com",
        "From=0501234567&To=%2B97239990001",
    ],
)
def test_phone_numbers_are_masked_however_they_are_written(number: str) -> None:
    masked = mask_phones(f"call from {number}.")
    assert "<phone .." in masked
    assert not any(run.isdigit() and len(run) > 4 for run in masked.replace("-", " ").split())


@pytest.mark.parametrize(
    "text",
    [
        "CA0501234567abcdef0501234567abcdef",
        "[CALL_METRICS] stt_utterances=12, frames_in=45000, barge_in_events=3",
        "2026-11-20T04:08:29.961950Z INFO",
        "noise=92.3, speech_threshold=152.3",
        "took 0.0501234567 s, 1795147831 at",
        "item_0501234567",
        "127.0.0.1:5000 pid:21663",
        "MZ" + "0" * 32,
    ],
)
def test_ids_times_and_measurements_are_left_alone(text: str) -> None:
    assert mask_phones(text) == text


@given(st.from_regex(r"\+972[2-9]\d{7,8}", fullmatch=True), st.text(max_size=20), st.text(max_size=20))
def test_no_number_survives_whatever_stands_around_it(number: str, before: str, after: str) -> None:
    assert number not in mask_phones(f"{before} {number} {after}")


def make_record(message: str) -> logging.LogRecord:
    return logging.LogRecord("test", logging.INFO, "", 0, message, (), None)


def test_a_reader_that_stopped_costs_lines_but_never_holds_up_who_logs() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "w") as stream:
        writer = LogWriter(stream, capacity=50)
        done = threading.Event()

        def log_much() -> None:
            for number in range(2000):
                writer.emit(make_record(f"{number} {'x' * 200}"))
            done.set()

        threading.Thread(target=log_much, daemon=True).start()
        assert done.wait(PATIENCE_S)  # nobody reads the pipe, which holds 64 KiB
        assert reader.readline().startswith(b"0 ")
        threading.Thread(target=reader.read, daemon=True).start()
        writer.drain(10)


def test_a_line_longer_than_a_pipe_takes_at_once_arrives_whole() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "w") as stream:
        writer = LogWriter(stream)
        message = "long " + "א" * (20 * PIECE_BYTES)
        writer.emit(make_record(message))
        assert reader.readline().decode().rstrip("\n") == message
        writer.drain(10)


def test_a_closed_file_and_a_field_that_cannot_be_shown_raise_nothing(tmp_path: Path) -> None:
    class Unshowable:
        def __str__(self) -> str:
            raise RuntimeError("no")

    stream = (tmp_path / "log").open("w")
    writer = LogWriter(stream)
    writer.emit(logging.LogRecord("test", logging.INFO, "", 0, "%s", (Unshowable(),), None))
    writer.emit(make_record("first"))
    wait_for_text(tmp_path / "log", "first")
    stream.close()
    writer.emit(make_record("second"))
    writer.drain()
    assert (tmp_path / "log").read_text() == "first\n"


def wait_for_text(path: Path, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while text not in path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_starts_with_the_audio_mode_line(make_server: ServerMaker) -> None:
    server = make_server(LOG_FORMAT="json", LOG_LEVEL="INFO")
    server.wait_log("[AUDIO_MODE]")
    server.get("/webhook/incoming_call_preview?To=%2B97239990001")
    lines = [json.loads(line) for line in server.logs().splitlines()]  # gunicorn's own too
    assert all({"timestamp", "level", "event"} <= line.keys() for line in lines)
    assert not any("GET /" in line["event"] for line in lines)
    (mode,) = [line["event"] for line in lines if line["event"].startswith("[AUDIO_MODE]")]
    assert mode == (
        "[AUDIO_MODE] simple_mode=True, audio_guard_enabled=False, music_mode_enabled=False, noise_gate_min_frames=0"
    )


def test_a_server_warns_at_start_of_models_that_are_gone_or_going(make_server: ServerMaker) -> None:
    server = make_server(OPENAI_REALTIME_MODEL="gpt-4o-realtime-preview", OPENAI_TRANSCRIPTION_MODEL="whisper-1")
    assert "using its successor" in server.wait_log("gpt-4o-realtime-preview was retired")
    assert "WARNING" in server.wait_log("whisper-1")
