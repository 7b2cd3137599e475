"""Logs: SPEC's lines verbatim, the call's id on every line, nothing personal, never in the way."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.log_writer import PIECE_BYTES, LogWriter
from app.logs import configure_logging
from app.redaction import mask_phones
from app.settings import Settings
from tests.conftest import ServerMaker

Lines = Callable[[], list[str]]


@pytest.fixture
def kept_logging() -> Iterator[None]:
    """Puts the process's logging back as it was."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], root.level = before
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
    structlog.get_logger("desk").debug("ours")
    assert [line.split(maxsplit=2)[-1] for line in lines()] == ["retrying", "ours"]


@pytest.mark.usefixtures("kept_logging")
def test_fields_that_hold_what_people_say_lose_their_value(tmp_path: Path) -> None:
    lines = start_logging(tmp_path / "log")
    structlog.get_logger("media").info("turn", transcript="שלום אני דנה", caller="דנה", ms=20)
    (line,) = lines()
    assert line.endswith("turn caller=(hidden) ms=20 transcript=(hidden)")


@pytest.mark.usefixtures("kept_logging")
def test_numbers_in_tracebacks_are_masked_too(tmp_path: Path) -> None:
    lines = start_logging(tmp_path / "log")
    try:
        raise ValueError("cannot dial +972501234567")
    except ValueError:
        structlog.get_logger("media").exception("failed")
    text = "\n".join(lines())
    assert "ValueError: cannot dial <phone ..67>" in text


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
        assert done.wait(10)  # nobody reads the pipe, which holds 64 KiB
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
    deadline = time.monotonic() + 10
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
