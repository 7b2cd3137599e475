"""What is said with regard to the start that was spoken of last: the same day, half an hour later (L15). Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.booking.draft import Draft
from services.booking.reading import Reading
from services.nlp.intent import asks_for_earliest, asks_for_latest
from services.nlp.types import TimeKind, TimeOption, one_day

_MINUTE = timedelta(minutes=1)


def asks_for_any_hour(reading: Reading) -> bool:
    """ "What is the latest you have?": the hour that was wished before is wished no more."""
    extreme = asks_for_latest(reading.words) or asks_for_earliest(reading.words)
    return extreme and "time" not in reading.parsed.news and not reading.parsed.accepted


def with_what_was_spoken_of(draft: Draft, reading: Reading) -> Reading:
    """ "On the same day", "at the same time", "half an hour later": of the start that was spoken of last."""
    parsed = reading.parsed
    if asks_for_any_hour(reading):
        return replace(reading, parsed=parsed.with_wish(parsed.dates, ()))
    if not draft.last or not (parsed.same_day or parsed.same_time or parsed.shift_min or parsed.than):
        return reading
    last = datetime.fromisoformat(draft.last)
    if parsed.shift_min and parsed.news.isdisjoint(("date", "time")):
        shifted = last + timedelta(minutes=parsed.shift_min)
        return replace(
            reading, parsed=parsed.with_wish((one_day(shifted.date()),), (TimeOption("at", shifted.time()),))
        )
    if parsed.than and parsed.news.isdisjoint(("date", "time")) and not parsed.accepted:
        kind: TimeKind = "before" if parsed.than == "earlier" else "after"
        beyond = last - _MINUTE if parsed.than == "earlier" else last + _MINUTE
        asked = replace(parsed, intent="ask" if parsed.intent == "none" else parsed.intent)
        return replace(reading, parsed=asked.with_wish((one_day(last.date()),), (TimeOption(kind, beyond.time()),)))
    dates = (one_day(last.date()),) if parsed.same_day and not parsed.dates else parsed.dates
    times = (TimeOption("at", last.time()),) if parsed.same_time and not parsed.times else parsed.times
    return replace(reading, parsed=parsed.with_wish(dates, times))
