"""Names, numbers and words never stand in logs or metrics, whatever happens in a call (D4)."""

from __future__ import annotations

import asyncio
import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from sandbox.twilio.scenario import Scenario, load_scenario
from sandbox.twilio.stage import Stage, stage
from tests.places import SCENARIOS
from tests.serving import wait_until

# Nobody's: each stands in one place of the call, and nowhere else in the product.
NAME, AGENT_WORDS, PROMPT_WORDS = "קנרית זהבי", "שיננית ירוקה פנויה", "המרפאה בסמטת הקנריות"
WISH = "אני רוצה לקבוע תור לשיננית מחר בעשר בבוקר, כואבת לי השן הסגולה, כתבו ל canary.bird@example.test"
GIVEN_NAME = f"קוראים לי {NAME}"
CALLER, KEYED = "+972521357911", "0541357922"
NUMBERS = ("521357911", "541357922")
WORDS = (
    *(word for text in (NAME, AGENT_WORDS, PROMPT_WORDS, "השן הסגולה") for word in text.split() if len(word) > 3),
    "canary.bird",
    "example.test",
    "canary-webhook",
)


def canaries(scenario: Scenario, webhook: str) -> Scenario:
    """The call of the file, with people and words that can be told apart from everything else."""
    answers = [one.model_copy(update={"text": f"{one.text} {AGENT_WORDS}"}) for one in scenario.model.answers]
    heard = [
        one.model_copy(update={"text": text})
        for one, text in zip(scenario.model.transcripts, (WISH, GIVEN_NAME), strict=True)
    ]
    settings = {
        **scenario.settings,
        "sms_confirmation": True,
        "keep_recordings": True,
        "webhook_url": f"{webhook}/canary-webhook?key=canary-webhook",
        "webhook_secret": "canary-webhook-secret",
    }
    return scenario.model_copy(
        update={
            "model": scenario.model.model_copy(update={"answers": answers, "transcripts": heard}),
            "call": scenario.call.model_copy(update={"number": CALLER}),
            "caller": [
                step.model_copy(update={"keys": f"{KEYED}#"}) if step.keys else step for step in scenario.caller
            ],
            "prompt": PROMPT_WORDS,
            "settings": settings,
        }
    )


@contextmanager
def receiver() -> Iterator[tuple[str, list[str]]]:
    """A server that refuses every webhook; its address, and what was posted to it."""
    posted: list[str] = []

    class Refuses(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_error(410)

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", posted
        server.shutdown()


def found_in(text: str) -> set[str]:
    """What of the canaries stands in a text, however it is written."""
    digits = re.sub(r"(?<=\d)[\s-](?=\d)", "", text)
    escaped = {word.encode("unicode_escape").decode(): word for word in WORDS}
    quoted = {quote(word): word for word in WORDS}
    spelled = {**{word: word for word in WORDS}, **escaped, **quoted}
    return {word for form, word in spelled.items() if form in text} | {each for each in NUMBERS if each in digits}


def metrics_of(running: Stage) -> str:
    with urllib.request.urlopen(f"{running.webhook_base}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_whole_call_leaves_nobodys_name_number_or_words_in_logs_and_metrics(tmp_path: Path, log_format: str) -> None:
    """Booked by voice and keys, recorded and summed up; its webhook was refused and set aside."""
    with receiver() as (webhook, posted), stage(tmp_path, environment={"LOG_FORMAT": log_format}) as running:
        played = canaries(load_scenario(SCENARIOS / "booking_by_voice_and_keypad.toml"), webhook)
        (report,) = asyncio.run(running.runner().run_all([played]))
        wait_until(lambda: "[OUTBOX]" in running.logs(), what="the refused webhook is set aside")
        logs, metrics = running.logs(), metrics_of(running)
    assert [one["name"] for one in report.stored["appointments"]] == [NAME], report.text()
    assert NAME in posted[0], "the call did hold what is looked for"
    assert "[TURN]" in logs
    assert "assistant_calls_total" in metrics
    assert found_in(logs) == set()
    assert found_in(metrics) == set()
