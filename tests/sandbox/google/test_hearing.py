"""The sandbox's Google services really hear and speak, in one process of their own (C11)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

if not os.environ.get("CI"):  # there the wheels must be present
    pytest.importorskip("moonshine_voice", reason="requirements-sandbox.txt is not installed")

from openai import OpenAI

from sandbox.google.calls import GoogleOptions
from sandbox.google.running import running_google
from sandbox.google.server import ServerOptions
from sandbox.realtime.conversation_brain import Recogniser
from sandbox.speech import say
from sandbox.speech.clips import KnownClips
from tests.patience import PATIENCE_S
from tests.places import DATA, ROOT
from tests.sandbox.google.client import QUIET, ears, finals, partials, voice
from tests.sandbox.google.test_chat import text_of
from tests.sandbox.test_realtime_conversation import prompt

HEBREW = "שלום, מה שעות הפתיחה שלכם ביום שלישי?"


@pytest.fixture(autouse=True)
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SANDBOX_CLIPS", str(tmp_path))
    say.cache_clear()
    return tmp_path


@pytest.mark.slow
def test_english_is_really_heard_and_hebrew_by_its_clip(clips: Path) -> None:
    sentence = (DATA / "audio" / "en-sentence-vm-leavemsg.ulaw").read_bytes()
    recogniser = Recogniser(KnownClips(clips))
    recogniser.guess(sentence, "en")  # its model is loaded before the caller speaks, as warm_up does
    options = ServerOptions(google=GoogleOptions(recogniser=recogniser))
    with running_google(options=options) as google, ears(google) as client:
        english, _ = client.hear(QUIET + sentence + QUIET, "en", speed=2, stay_s=3, language_code="en-US")
        hebrew, _ = client.hear(QUIET + say(HEBREW, "he") + QUIET, "he", speed=2, stay_s=3, language_code="iw-IL")
        unknown, _ = client.hear(QUIET + sentence + QUIET, "unknown", speed=4, stay_s=3)
    assert "message" in " ".join(finals(english)).lower()
    assert partials(english)
    assert finals(hebrew) == [HEBREW]
    assert finals(unknown) == []


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """`python -m sandbox.google` on free ports: the process, its gRPC address and its chat's address."""
    command = [sys.executable, "-m", "sandbox.google", "--port", "0", "--grpc-port", "0", *arguments]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        found = re.search(r"ready: grpc (\S+) chat (\S+)", line)
        assert found, line
        yield child, found[1], found[2]
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(PATIENCE_S)


@pytest.mark.slow
def test_a_process_of_its_own_hears_answers_and_speaks_until_it_is_told_to_end() -> None:
    with process() as (child, grpc_address, base_url):
        google = type("Address", (), {"grpc_address": grpc_address})()
        with ears(google) as client:
            replies, error = client.hear(QUIET + say(HEBREW, "he") + QUIET, "call", speed=2, stay_s=4)
        assert error is None
        assert finals(replies) == [HEBREW]
        chat = OpenAI(api_key="k", base_url=base_url, timeout=PATIENCE_S, max_retries=0)
        messages = [{"role": "system", "content": prompt("he")}, {"role": "user", "content": finals(replies)[0]}]
        answer = text_of(chat.chat.completions.create(model="m", messages=messages, stream=True))
        assert "שלישי" in answer
        with voice(google) as speaker:
            assert len(speaker.say(answer, "call")) > 8000
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE_S) == 0


def test_the_realtime_sandbox_does_without_googles_packages() -> None:
    asked = "import sys, sandbox.realtime.__main__, sandbox.launch, sandbox.twilio.stage; print('grpc' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "False"
