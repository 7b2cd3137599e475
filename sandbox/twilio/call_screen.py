"""A call in the terminal while it goes on: who speaks, what was said, how long answers took, how it ended."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from sandbox.twilio.result import CallResult, TimelineEvent
from sandbox.twilio.speech_spans import SpeechFinder, SpeechSpan, caller_turns, silences, utterances
from services.audio.g711 import SAMPLE_RATE_HZ

LONG_SILENCE_MS = 3000
_QUIET = frozenset({"twiml", "key", "background", "raw"})
_METER = 24


class CallScreen:
    """Lines scroll, a meter of both voices stays at the bottom of a terminal. Feed it events, frames and turns."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._agent, self._caller = SpeechFinder(), SpeechFinder()
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None
        self._now_ms = 0
        self._answered_ms = 0
        self._turns: dict[tuple[int, int], str] = {}

    def __enter__(self) -> CallScreen:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def event(self, event: TimelineEvent) -> None:
        """One line of the call's story."""
        line = _event_line(event)
        if line and event.kind not in _QUIET:
            self._print(event.at_ms, line)

    def frame(self, at_ms: int, heard: bytes, said: bytes) -> None:
        """20 ms of both voices."""
        self._now_ms = at_ms
        was_silent = self._agent.speaking_since_ms is None
        over = self._agent.feed(at_ms, heard)
        self._caller.feed(at_ms, said)
        if was_silent and self._agent.speaking_since_ms is not None:
            self._agent_begins(at_ms)
        if over is not None:
            self._print(over.end_ms, f"[cyan]agent[/]   falls silent after {over.length_ms / 1000:.1f} s")
        if self._live is not None and at_ms % 120 == 0:
            self._live.update(self._meter())

    def turn(self, key: tuple[int, int], role: str, text: str, *, interrupted: bool) -> None:
        """Words from the server's log of the call; shown when new or changed."""
        shown = text + (" …(interrupted)" if interrupted else "")
        if not text or self._turns.get(key) == shown:
            return
        self._turns[key] = shown
        who = "[cyan]agent[/] " if role == "agent" else "[green]caller[/]"
        self._print(self._now_ms, f"{who}  [dim]{'said' if role == 'agent' else 'understood as'}:[/] {escape(shown)}")

    def note(self, text: str) -> None:
        """A remark that belongs to no moment of the call."""
        self._console.print(text)

    def _agent_begins(self, at_ms: int) -> None:
        line = "[cyan]agent[/]   speaks"
        ended = self._caller.last_sound_ms
        if ended > self._answered_ms:
            line += f", [bold]{(at_ms - ended) / 1000:.2f} s[/] after the caller's last sound"
            self._answered_ms = ended
        self._print(at_ms, line)

    def _meter(self) -> Text:
        return Text.assemble(
            (f"{self._now_ms / 1000:7.1f}  ", "dim"),
            ("caller ", "green"),
            (_bar(self._caller.level), "green"),
            ("  agent ", "cyan"),
            (_bar(self._agent.level), "cyan"),
        )

    def _print(self, at_ms: float, line: str) -> None:
        self._console.print(f"[dim]{at_ms / 1000:7.1f}[/]  {line}", highlight=False, soft_wrap=True)


def _bar(level: int) -> str:
    filled = 0 if level < 20 else min(_METER, int(_METER * (math.log10(level) - 1.3) / 3))
    return "█" * max(0, filled) + "·" * (_METER - max(0, filled))


def _event_line(event: TimelineEvent) -> str:
    details = event.details
    if event.kind == "say":
        return f"[green]caller[/]  {escape(details['text'])}" if details["length_ms"] else ""
    if event.kind == "keys":
        return f"[green]caller[/]  presses {escape(details['digits'])}"
    if event.kind == "clear":
        return f"[yellow]barge-in[/]: the agent fell silent, {details['dropped_ms']} ms were not heard"
    if event.kind == "dial":
        return f"[dim]{escape(details['frm'])} dials {escape(details['to'])}[/]"
    if event.kind == "stream-start":
        return "[dim]the line is open[/]"
    if event.kind == "verb":
        return f"[dim]TwiML <{details['name']}>[/] {escape(details.get('text', ''))}"
    if event.kind in {"violation", "error", "stream-error", "gave-up"}:
        return f"[red]{event.kind}[/] {escape(str(details.get('reason', '')))}"
    rest = " ".join(f"{key}={value}" for key, value in details.items() if value not in {"", None})
    return f"[dim]{event.kind} {escape(rest)}[/]"


def summary(result: CallResult, stored: dict[str, Any]) -> Table:
    """What came of the call, as a table."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    agent = utterances(result.heard)
    turns = caller_turns(result)
    latencies = sorted(turn.latency_ms for turn in turns if turn.latency_ms is not None)
    table.add_row("length", f"{len(result.heard) / SAMPLE_RATE_HZ:.1f} s")
    table.add_row("ended by", f"{result.ended_by} ({result.state}){' ' + result.error if result.error else ''}")
    table.add_row("agent", f"spoke {len(agent)} times, {sum(one.length_ms for one in agent) / 1000:.1f} s in all")
    if latencies:
        middle, worst = latencies[len(latencies) // 2], latencies[-1]
        times = f"median {middle / 1000:.2f} s, longest {worst / 1000:.2f} s"
        table.add_row("answers", f"{times} after the caller's last sound")
    table.add_row("barge-ins", f"{len(result.clears)} (messages `clear`)")
    quiet = silences(result, LONG_SILENCE_MS)
    table.add_row("silences", ", ".join(map(_silence, quiet)) or f"none longer than {LONG_SILENCE_MS / 1000:.0f} s")
    for row in _stored_rows(stored):
        table.add_row(*row)
    return table


def _silence(one: SpeechSpan) -> str:
    return f"{one.length_ms / 1000:.1f} s from {one.start_ms / 1000:.1f}"


def _stored_rows(stored: dict[str, Any]) -> list[tuple[str, str]]:
    if not stored.get("rows"):
        return []
    rows = [("in the database", f"{stored['status']}, {stored['end_reason'] or 'no reason yet'}")]
    if stored["appointments"]:
        rows.append(("booked", "; ".join(f"{one['starts_at']} {one['name']}" for one in stored["appointments"])))
    elif stored["draft_booking"]:
        rows.append(("booking so far", ", ".join(f"{key} {value}" for key, value in stored["draft_booking"].items())))
    counts = stored["metrics"]
    names = ("stt_utterances_total", "frames_in_from_twilio", "frames_dropped_by_filters", "barge_in_events")
    shown = ", ".join(f"{name} {counts[name]}" for name in names if name in counts)
    return [*rows, ("metrics", shown)] if shown else rows


def fault(result: CallResult) -> str:
    """Why the conversation did not make sense; empty when it did: the agent spoke after every turn of the caller."""
    if result.ended_by == "error" or result.state == "failed":
        return f"the call failed: {result.error}"
    if result.protocol_violations:
        return f"Twilio would have refused: {result.protocol_violations[0]}"
    if not utterances(result.heard):
        return "the agent was never heard"
    turns = caller_turns(result)
    for number, turn in enumerate(turns):
        last = number == len(turns) - 1
        if turn.latency_ms is None and not (last and result.ended_by == "server"):
            return f"the agent did not answer {turn.text!r}"
    return "" if result.ended_by != "gave_up" else f"the caller gave up: {result.error}"
