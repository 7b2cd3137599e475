"""Compares what a scenario expects with what happened. Pure: results in, a list of checks out.

Times are fair: what the machine took from the call (CallResult.late_ms) is not held against the product. A limit moves
out by what was lost before it; a span of silence begins so much later; where an answer was cut may lie so much further
on. What is said, how often and in which order is judged as it is. docs/scenarios.md explains it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from types import MappingProxyType
from typing import Any

from sandbox import coded_audio
from sandbox.twilio.result import CallResult
from sandbox.twilio.scenario import Heard, Never, Scenario, Silence, SoundBegins, Span
from sandbox.twilio.steps import AGENT_LOUD_RMS
from services.audio import g711
from services.audio.g711 import BYTES_PER_MS, FRAME_BYTES, FRAME_MS, SILENCE_FRAME

DEEDS = frozenset({"say", "keys", "key", "background"})  # of the caller, as the story of a call names them
LEAD_MS = 1000  # sound is sent ahead: what is missing now was held up before

Clip = Callable[[Heard], bytes]  # the sound of a text or clip expectation


@dataclass(slots=True, frozen=True)
class Check:
    """One expectation. `found` says what was there instead; empty when it holds."""

    what: str
    found: str = ""

    @property
    def ok(self) -> bool:
        return not self.found


class _NoMoment(Exception):
    """A span names a step that never began."""


def check_call(
    scenario: Scenario, result: CallResult, stored: dict[str, Any], model: dict[str, Any], clip: Clip
) -> list[Check]:
    """Every expectation of the scenario, met or not, in the order of the file format."""
    expect = scenario.expect
    checks = [*_outcome(scenario, result)]
    if expect.once:
        checks.append(Check("no coded millisecond is heard twice or out of order", _repeats(result, expect.seam_ms)))
    for heard in expect.heard:
        checks.append(_spanned(result, heard, _heard_name(heard), partial(_heard, scenario, result, heard, clip)))
    for never in expect.never:
        what = f"answer {never.answer}{_part(never.from_ms, never.to_ms)} is not heard"
        checks.append(_spanned(result, never, what, partial(_never, result, never)))
    for silence in expect.silence:
        checks.append(_spanned(result, silence, "silence", partial(_silent, result, silence)))
    for sound in expect.sound:
        what = f"sound begins within {sound.within_ms} ms"
        checks.append(_spanned(result, sound, what, partial(_begins, result, sound)))
    slack = _slack(result)
    for name, expected, found in (("stored", expect.stored, stored), ("model", expect.model, model)):
        for path, value in expected.items():
            there = differences(value, found.get(path, MISSING), path, slack)
            checks.append(Check(f"{name}.{path} is {value!r}", "; ".join(there)))
    return checks


def _outcome(scenario: Scenario, result: CallResult) -> Iterator[Check]:
    expect = scenario.expect
    violations = result.protocol_violations
    yield _equal("state", expect.state, result.state, result.error)
    if expect.ended_by is not None:
        yield _equal("ended_by", expect.ended_by, result.ended_by, result.error)
    if expect.close_code is not None:
        yield _equal("close_code", expect.close_code, result.close_code)
    yield _equal("violations", expect.violations, len(violations), "; ".join(violations[:3]))
    if expect.streams is not None:
        yield _equal("streams", expect.streams, len(result.streams))
    if expect.clears is not None:
        yield _equal("clears", expect.clears, len(result.clears))
    if expect.webhook_status is not None:
        yield _equal("webhook_status", expect.webhook_status, result.webhooks[0].status)
    if expect.verbs is not None:
        yield _equal("verbs", expect.verbs, result.verbs)
    for part in expect.plays:
        there = any(part in url for url in result.played_by_twiml)
        yield Check(f"<Play> plays {part!r}", "" if there else f"played: {result.played_by_twiml}")
    for part in expect.says:
        there = any(part in sentence for sentence in result.spoken_by_twiml)
        yield Check(f"<Say> says {part!r}", "" if there else f"said: {result.spoken_by_twiml}")


def _equal(name: str, expected: object, found: object, why: str = "") -> Check:
    if expected == found:
        return Check(f"{name} is {expected!r}")
    return Check(f"{name} is {expected!r}", f"{found!r}{f' ({why})' if why else ''}")


# -- sound ---------------------------------------------------------------------------------------------------------


def _spanned(result: CallResult, span: Span, what: str, find: Callable[[], str]) -> Check:
    where = _span_name(span)
    try:
        return Check(f"{what}{where}", find())
    except _NoMoment as error:
        return Check(f"{what}{where}", str(error))


def moment(result: CallResult, span: Span) -> tuple[float, float]:
    """The span in ms of the call's clock, its end where it fairly is. Raises _NoMoment when its step never began."""
    anchor = _anchor(result, span)
    total_ms = len(result.heard) / BYTES_PER_MS
    return anchor + span.start_ms, total_ms if span.end_ms is None else result.fair_ms(anchor, span.end_ms)


def silent_moment(result: CallResult, span: Span) -> tuple[float, float]:
    """The same for what must not be heard: it falls silent in fair time, and the caller may hear the next too early."""
    anchor = _anchor(result, span)
    start = result.fair_ms(anchor, span.start_ms) if span.start_ms else anchor
    if span.end_ms is None:
        return start, len(result.heard) / BYTES_PER_MS
    end = anchor + span.end_ms
    return start, end - result.behind_ms(anchor, end)


def _anchor(result: CallResult, span: Span) -> float:
    """The moment a span counts from. Raises _NoMoment."""
    name = span.since or span.after
    if name is not None:
        event = next((e for e in result.events if e.details.get("step") == name), None)
        if event is None:
            raise _NoMoment(f"step {name!r} never began")
        return event.at_ms + float(event.details.get("length_ms", 0) if span.after else 0)
    return 0.0


def _window(result: CallResult, span: Span) -> bytes:
    return result.heard_between(*moment(result, span))


def _heard(scenario: Scenario, result: CallResult, heard: Heard, clip: Clip) -> str:
    data = _window(result, heard)
    if heard.answer is None:
        count = _without_pauses(data).count(_without_pauses(clip(heard)))
        return "" if count == heard.times else f"{count} times"
    counts = _counts(data, heard.answer)
    if heard.ends is not None:
        return _cut_end(counts, heard, reaction_late_ms(result))
    end = heard.to_ms if heard.to_ms is not None else _length_ms(scenario, heard.answer)
    wrong = [ms for ms in range(heard.from_ms, end) if counts[ms] != heard.times]
    starts = [run.at / BYTES_PER_MS for run in coded_audio.runs(result.heard) if run.answer == heard.answer]
    if len(wrong) <= max((_seam_ms(result, scenario.expect.seam_ms, at) for at in starts), default=0.0):
        return ""
    return "; ".join(f"{_times(counts[first])} {first}..{last} ms" for first, last in _ranges(wrong, counts))


def _without_pauses(mulaw: bytes) -> bytes:
    """A busy machine may leave a gap in a recording; whole and in order is what counts here."""
    return mulaw.replace(SILENCE_FRAME[:1], b"")


def _cut_end(counts: Counter[int], heard: Heard, late_ms: float) -> str:
    assert heard.ends is not None
    end = heard.from_ms
    while counts[end] == heard.times:
        end += 1
    stray = [ms for ms in counts if ms >= end]
    low, high = heard.ends
    if low - late_ms <= end <= high + late_ms and not stray:
        return ""
    return f"ended at {end} ms" + (f", but {min(stray)}..{max(stray)} ms came too" if stray else "")


def reaction_late_ms(result: CallResult) -> float:
    """How much the machine took at most between something the caller did and the `clear` that answered it."""
    deeds = [event.at_ms for event in result.events if event.kind in DEEDS]
    late_ms = 0.0
    for at_ms, _ in result.clears:
        since = max((deed for deed in deeds if deed <= at_ms), default=at_ms)
        late_ms = max(late_ms, result.late_ms(since, at_ms))
    return late_ms


def unbroken(result: CallResult) -> list[coded_audio.Run]:
    """What was heard of coded answers, in runs. A gap no longer than what the machine took before it breaks no run."""
    found: list[coded_audio.Run] = []
    for run in coded_audio.runs(result.heard):
        last = found[-1] if found else None
        if last is not None and (last.answer, last.end_ms) == (run.answer, run.start_ms):
            gap_ms = (run.at - last.at) / BYTES_PER_MS - (last.end_ms - last.start_ms)
            began = run.at / BYTES_PER_MS - gap_ms
            if gap_ms <= result.late_ms(began - LEAD_MS, began + gap_ms):
                found[-1] = coded_audio.Run(last.answer, last.start_ms, run.end_ms, last.at)
                continue
        found.append(run)
    return found


def _never(result: CallResult, never: Never) -> str:
    counts = _counts(result.heard_between(*silent_moment(result, never)), never.answer)
    wrong = sorted(ms for ms in counts if ms >= never.from_ms and (never.to_ms is None or ms < never.to_ms))
    return f"heard {wrong[0]}..{wrong[-1] + 1} ms ({len(wrong)} ms of it)" if wrong else ""


def _silent(result: CallResult, silence: Silence) -> str:
    start, end = silent_moment(result, silence)
    loud = [at for at in _loud_frames(result.heard) if start <= at and at + FRAME_MS <= end]
    return f"heard something at {loud[0]} ms, {len(loud) * FRAME_MS} ms in all" if loud else ""


def _begins(result: CallResult, sound: SoundBegins) -> str:
    start, end = moment(result, sound)
    first = next((at for at in _loud_frames(result.heard) if start <= at < end), None)
    if first is None:
        return "heard nothing"
    return "" if first <= result.fair_ms(start, sound.within_ms) else f"after {first - start:.0f} ms"


def _loud_frames(heard: bytes) -> Iterator[int]:
    """Start times (ms) of the 20 ms frames in which something is heard."""
    for at in range(0, len(heard) - FRAME_BYTES + 1, FRAME_BYTES):
        frame = heard[at : at + FRAME_BYTES]
        if frame != SILENCE_FRAME and g711.rms(frame) >= AGENT_LOUD_RMS:
            yield at // BYTES_PER_MS


def _counts(data: bytes, answer: int) -> Counter[int]:
    counts: Counter[int] = Counter()
    for run in coded_audio.runs(data):
        if run.answer == answer:
            counts.update(range(run.start_ms, run.end_ms))
    return counts


def _seam_ms(result: CallResult, seam_ms: int, at_ms: float) -> float:
    """What may be lost or repeated where a held answer goes on: who was late knows less well what had been heard."""
    return seam_ms + result.late_ms(at_ms - LEAD_MS, at_ms) if seam_ms else 0.0


def _repeats(result: CallResult, seam_ms: int) -> str:
    ends: dict[int, int] = {}
    for run in coded_audio.runs(result.heard):
        if run.start_ms < ends.get(run.answer, 0) - _seam_ms(result, seam_ms, run.at / BYTES_PER_MS):
            return (
                f"answer {run.answer}: {run.start_ms}..{run.end_ms} ms at {run.at // BYTES_PER_MS} ms of the call, "
                f"after {ends[run.answer]} ms had been heard"
            )
        ends[run.answer] = run.end_ms
    return ""


def _length_ms(scenario: Scenario, answer: int) -> int:
    """How long the script's answer with this number is, in coded sound."""
    scripts = [script for script in (scenario.model, *scenario.model_again) if script.first_number <= answer]
    script = max(scripts, key=lambda one: one.first_number, default=scenario.model)
    index = min(answer - script.first_number, len(script.answers) - 1)
    if index < 0:
        return 2000
    scripted = script.answers[index]
    return max(400, len(scripted.text) * 70) if scripted.length_ms is None else scripted.length_ms


def _ranges(wrong: list[int], counts: Counter[int]) -> list[tuple[int, int]]:
    """Runs of milliseconds with the same count, as (first, end)."""
    found = []
    for _, group in groupby(enumerate(wrong), key=lambda pair: (pair[1] - pair[0], counts[pair[1]])):
        run = [ms for _, ms in group]
        found.append((run[0], run[-1] + 1))
    return found[:5]


def _times(count: int) -> str:
    return {0: "missing", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _part(from_ms: int, to_ms: int | None) -> str:
    return f" from {from_ms} to {'its end' if to_ms is None else f'{to_ms} ms'}" if from_ms or to_ms is not None else ""


def _heard_name(heard: Heard) -> str:
    if heard.answer is None:
        what = repr(heard.text or heard.clip)
    elif heard.ends is not None:
        what = f"answer {heard.answer} up to {heard.ends[0]}..{heard.ends[1]} ms"
    else:
        what = f"answer {heard.answer}{_part(heard.from_ms, heard.to_ms)}"
    return f"{what} is heard" + (f" {heard.times} times" if heard.times != 1 else "")


def _span_name(span: Span) -> str:
    anchor = f" after {span.after!r}" if span.after else f" since {span.since!r}" if span.since else ""
    if span.start_ms or span.end_ms is not None:
        anchor += f" [{span.start_ms}, {span.end_ms if span.end_ms is not None else 'end'}) ms"
    return anchor


# -- rows ----------------------------------------------------------------------------------------------------------

MISSING = object()


def _slack(result: CallResult) -> dict[str, float]:
    """By how much values that are times may lie outside a range: what the machine took, in the value's own unit."""
    reaction_ms = reaction_late_ms(result)
    whole_ms = result.late_ms(0, len(result.heard) / BYTES_PER_MS)
    return {"heard_ms": reaction_ms, "truncated_ms": reaction_ms, "seconds": whole_ms / 1000}


def differences(expected: Any, found: Any, path: str, slack: Mapping[str, float] = MappingProxyType({})) -> list[str]:
    """Where `found` is not as expected.

    A table asks only for the keys it names; {min, max} is a range, {contains} a part of a text or list, {any} one of
    several; lists are compared item by item. slack: by how much a value of that name may lie outside its range.
    """
    if found is MISSING:
        return [f"{path} is not there"]
    if isinstance(expected, dict):
        if expected.keys() <= _MATCHERS.keys() and expected:
            more = slack.get(path.rpartition(".")[2].partition("[")[0], 0.0)
            return [] if all(_MATCHERS[k](v, found, more) for k, v in expected.items()) else [f"{path} is {found!r}"]
        if not isinstance(found, dict):
            return [f"{path} is {found!r}"]
        inside = ((value, found.get(key, MISSING), f"{path}.{key}") for key, value in expected.items())
        return [difference for triple in inside for difference in differences(*triple, slack)]
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return [f"{path} has {len(found)} items instead of {len(expected)}: {found!r}"]
        pairs = zip(expected, found, strict=True)
        return [d for n, (one, other) in enumerate(pairs) for d in differences(one, other, f"{path}[{n}]", slack)]
    return [] if expected == found else [f"{path} is {found!r}"]


_MATCHERS: dict[str, Callable[[Any, Any, float], bool]] = {
    "min": lambda bound, found, slack: isinstance(found, int | float) and found >= bound - slack,
    "max": lambda bound, found, slack: isinstance(found, int | float) and found <= bound + slack,
    "contains": lambda part, found, _: isinstance(found, str | list) and part in found,
    "any": lambda choices, found, _: found in choices,
}
