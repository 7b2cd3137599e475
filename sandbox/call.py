"""`make call`: a simulated caller with a real voice calls the running server, and the call is shown as it unfolds.

    make call                                       the Hebrew demo clinic: opening hours, then an appointment
    make call ARGS="--business office"              the English demo office
    make call ARGS='--say "מתי אתם פתוחים?" --wav /tmp/call.wav'
    make call ARGS="--scenario tests/scenarios/two_turns.toml"

The caller only hears sound. The words shown come from the server's own log of the call in its database (DATABASE_URL
as the server has it, or --database); what was really heard is in the recording: left the caller, right the agent.
Exit status 0 when the agent spoke after every sentence of the caller, else 1 with the reason.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from app.settings import VAR, Settings, SettingsError, load_settings
from sandbox.speech import SpeechUnavailable, say
from sandbox.twilio.call_rows import read_call, settled_call
from sandbox.twilio.call_screen import CallScreen, fault, summary
from sandbox.twilio.caller import Caller, CallerOptions
from sandbox.twilio.result import CallResult
from sandbox.twilio.steps import HangUp, Keys, Say, Step, When
from services.accounts.seed import CLINIC_NUMBER, OFFICE_NUMBER
from services.db.database import Database, DatabaseUnavailable

NUMBERS = {"clinic": CLINIC_NUMBER, "office": OFFICE_NUMBER}
LANGUAGES = {"clinic": "he", "office": "en"}
# A sentence, or keys after "keys:".
CONVERSATIONS = {
    "he": [
        "שלום, מה שעות הפתיחה שלכם ביום שלישי?",
        "אני רוצה לקבוע תור לשיננית ביום שלישי בעשר בבוקר.",
        "קוראים לי דנה כהן.",
        "keys:0501234567#",
        "תודה רבה, להתראות.",
    ],
    "en": [
        "Hello, what are your opening hours on Tuesday?",
        "I would like to book a meeting on Tuesday at ten in the morning.",
        "My name is Dana Cohen.",
        "keys:0501234567#",
        "Thank you, goodbye.",
    ],
}
ANSWER_PAUSE_MS = 900  # this long after the agent's last sound the caller speaks
POLL_S = 0.25


def main() -> int:
    arguments = _arguments()
    console = Console()
    try:
        settings = load_settings()
        if arguments.scenario is not None:
            return play_scenario(arguments.scenario, arguments.wav, console)
        return asyncio.run(_call(arguments, settings, console))
    except (SettingsError, SpeechUnavailable, OSError) as error:
        console.print(f"[red]{error}[/]", markup=True)
        return 1


def conversation(arguments: argparse.Namespace) -> list[Step]:
    """The caller's steps: each sentence when the agent has finished, and the end. Raises SpeechUnavailable."""
    language = arguments.language or LANGUAGES[arguments.business]
    lines = list(arguments.say or ([] if arguments.keys else CONVERSATIONS[language]))
    if arguments.keys:
        lines.append(f"keys:{arguments.keys}")
    patience_ms = int(arguments.patience_s * 1000)
    when = When(agent_done_ms=ANSWER_PAUSE_MS, patience_ms=patience_ms)
    first = When(silence_ms=2000, patience_ms=patience_ms)  # there may be no greeting
    steps = []
    for number, line in enumerate(lines):
        keys = line.removeprefix("keys:") if line.startswith("keys:") else ""
        action = Keys(keys) if keys else Say(say(line, language), line)
        steps.append(Step(action, when if number else first))
    return [*steps, Step(HangUp(), When(agent_done_ms=1500, patience_ms=patience_ms))]


async def _call(arguments: argparse.Namespace, settings: Settings, console: Console) -> int:
    if not await _answers(arguments.url):
        console.print(f"[red]Nothing answers at {arguments.url}.[/] Start the server first: make run")
        return 1
    token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else ""
    steps = await asyncio.to_thread(conversation, arguments)
    database = _open_database(arguments.database or settings.database_url, console)
    with CallScreen(console) as screen:
        caller = Caller(
            arguments.url,
            frm=arguments.frm,
            to=arguments.to or NUMBERS[arguments.business],
            public_base=settings.public_base_url,
            auth_token=token,
            steps=steps,
            options=CallerOptions(max_duration_s=arguments.max_s),
            on_event=screen.event,
            on_frame=screen.frame,
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, caller.hang_up)
        watcher = asyncio.create_task(_watch(database, caller, screen))
        result = await caller.run()
        stored = await _final_row(database, result)
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        _show_turns(stored, screen)
    if database is not None:
        database.dispose()
    return _finish(result, stored, arguments.wav or _wav_path(), console)


async def _answers(url: str) -> bool:
    try:
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(f"{url}/version") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def _open_database(url: str, console: Console) -> Database | None:
    database = Database(url)
    try:
        database.ping()
    except DatabaseUnavailable as error:
        console.print(f"[yellow]No words will be shown: the server's database cannot be read here ({error}).[/]")
        return None
    return database


async def _watch(database: Database | None, caller: Caller, screen: CallScreen) -> None:
    """Show turns as the server writes them."""
    while True:
        await asyncio.sleep(POLL_S)
        _show_turns(await _read(database, caller.call_sid), screen)


async def _read(database: Database | None, call_sid: str) -> dict[str, Any]:
    if database is None:
        return {}
    try:
        return await asyncio.to_thread(database.read, lambda session: read_call(session, call_sid))
    except (DatabaseUnavailable, SQLAlchemyError):
        return {}


async def _final_row(database: Database | None, result: CallResult) -> dict[str, Any]:
    if database is None:
        return {}
    try:
        return await settled_call(database, result.call_sid)
    except (DatabaseUnavailable, SQLAlchemyError):
        return {}


def _show_turns(stored: dict[str, Any], screen: CallScreen) -> None:
    for turn in stored.get("turns", []):
        key = (turn["generation"], turn["seq"])
        screen.turn(key, turn["role"], turn["text"], interrupted=turn["interrupted"])


def _finish(result: CallResult, stored: dict[str, Any], wav: Path, console: Console) -> int:
    console.print()
    console.print(summary(result, stored))
    if result.heard:
        result.write_wav(wav)
        console.print(f"recording: {wav}  (left: caller, right: agent)", highlight=False, soft_wrap=True)
    reason = fault(result)
    if reason:
        console.print(f"[red]not in order:[/] {reason}", highlight=False, soft_wrap=True)
        return 1
    console.print("[green]in order:[/] the agent spoke after every turn of the caller")
    return 0


def _wav_path() -> Path:
    return VAR / "calls" / f"{datetime.now():%Y%m%d-%H%M%S}.wav"


def play_scenario(path: Path, wav: Path | None, console: Console) -> int:
    """A scenario file on an installation of its own: its model is scripted, so the running server cannot play it."""
    # Only here: the model's script language takes a second to import.
    from sandbox.twilio.scenario import ScenarioError, load_scenario
    from sandbox.twilio.stage import StageFailed, stage

    try:
        scenario = load_scenario(path)
    except ScenarioError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    console.print(f"[dim]starting a server and a scripted model for {scenario.name}[/]")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="scenario-") as directory,
            stage(Path(directory), environment=scenario.server) as running,
        ):
            report = asyncio.run(running.runner().run(scenario))
    except (ScenarioError, StageFailed) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    console.print(report.text(), markup=False, highlight=False, soft_wrap=True)
    for check in report.checks:
        if check.ok:
            console.print(f"  [green]ok[/]  {check.what}", highlight=False, soft_wrap=True)
    if wav is not None and report.result.heard:
        report.result.write_wav(wav)
        console.print(f"recording: {wav}  (left: caller, right: agent)", highlight=False, soft_wrap=True)
    return 0 if report.passed else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make call", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--business", choices=sorted(NUMBERS), default="clinic", help="which demo (default clinic)")
    parser.add_argument("--to", help="any other dialled number, E.164")
    parser.add_argument("--from", dest="frm", default="+972501234567", help="the caller's number")
    parser.add_argument("--language", choices=["he", "en"], help="what the caller speaks (default: the demo's)")
    parser.add_argument("--say", action="append", metavar="TEXT", help="a sentence; repeat it for a conversation")
    parser.add_argument("--keys", metavar="DIGITS", help="pressed after the sentences, e.g. 0501234567#")
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="play a scenario file and check it")
    parser.add_argument("--wav", type=Path, metavar="OUT", help="where the recording goes (default var/calls/)")
    parser.add_argument("--url", default="http://127.0.0.1:5000", help="the server (default %(default)s)")
    parser.add_argument("--database", metavar="URL", help="the server's database (default: DATABASE_URL)")
    parser.add_argument("--max-s", type=float, default=180.0, help="the caller hangs up after this many seconds")
    parser.add_argument("--patience-s", type=float, default=25.0, help="how long the caller waits for an answer")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
