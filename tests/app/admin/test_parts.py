"""The pages' pure parts: differences of texts, formats, times as people write them, the week's grid, a call's story."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import assume, given
from hypothesis import strategies as st

from app.admin.pages.why import read_clock, read_day, read_time
from app.admin.templating import with_numbers
from app.admin.text import formats
from app.admin.text.call_story import tell
from app.admin.text.diff import DiffLine, diff_lines
from app.admin.text.owner_words import end_words, server_words
from app.admin.text.week import lay_out, sunday_of
from services.booking.messages import _HEADS, _TEXTS
from services.calls import end_reasons
from services.db.models import Appointment, AppointmentStatus, Call, CallEvent, Turn, TurnRole
from services.policy.settings import build_policy
from services.reports.calls import CallDetail

ZONE = ZoneInfo("Asia/Jerusalem")
POLICY = build_policy(
    {"opening_hours_json": {"sun": [["09:00", "13:00"], ["15:00", "19:00"]], "thu": [["20:00", "02:00"]]}}
)
LINES = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12), max_size=12)


def text_of(lines: list[DiffLine], kind: str) -> list[str]:
    return ["".join(piece.text for piece in line.pieces) for line in lines if line.kind in ("same", kind)]


@given(LINES, LINES)
def test_a_difference_holds_both_texts_whole(old: list[str], new: list[str]) -> None:
    assume("\n".join(old).splitlines() != "\n".join(new).splitlines())
    lines = diff_lines("\n".join(old), "\n".join(new), context=1000)
    assert text_of(lines, "removed") == "\n".join(old).splitlines()
    assert text_of(lines, "added") == "\n".join(new).splitlines()


@given(LINES, LINES)
def test_a_shortened_difference_hides_only_what_is_the_same(old: list[str], new: list[str]) -> None:
    assume("\n".join(old).splitlines() != "\n".join(new).splitlines())
    whole = diff_lines("\n".join(old), "\n".join(new), context=1000)
    short = diff_lines("\n".join(old), "\n".join(new))
    hidden = sum(line.number for line in short if line.kind == "gap")
    assert len(short) - sum(line.kind == "gap" for line in short) + hidden == len(whole)
    for kind in ("added", "removed"):
        assert [line for line in short if line.kind == kind] == [line for line in whole if line.kind == kind]


def test_within_a_changed_line_only_the_changed_words_are_marked() -> None:
    removed, added = diff_lines("a check costs 180 shekels", "a check costs 200 shekels")
    assert [piece.text for piece in removed.pieces if piece.changed] == ["180"]
    assert [piece.text for piece in added.pieces if piece.changed] == ["200"]


@pytest.mark.parametrize(
    ("written", "read"),
    [("9", "09:00"), ("0930", "09:30"), ("930", "09:30"), (" 9:30 ", "09:30"), ("24:00", "24:00"), ("noon", "noon")],
)
def test_times_are_read_as_people_write_them(written: str, read: str) -> None:
    assert read_clock(written) == read


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading_of_days_and_times(text: str) -> None:
    read_clock(text)
    read_day(text)
    read_time(text)


def test_formats_are_those_of_the_country() -> None:
    at = datetime(2027, 3, 21, 14, 5, tzinfo=UTC)
    assert formats.moment_text(at, ZONE) == "21/03/2027 16:05"
    assert formats.phone_text("+972501234567") == "050-123-4567"
    assert formats.phone_text("+14155552671") == "+1 415-555-2671"
    assert formats.phone_text("anonymous") == "anonymous"
    assert formats.clock_text(3725) == "1:02:05"
    assert formats.clock_text(7.4) == "0:07"
    assert formats.milliseconds_text(1240) == "1.24 s"
    assert formats.money_text(Decimal("0.0123"), "₪") == "₪0.0123"
    assert formats.money_text(Decimal("1.239"), "₪") == "₪1.24"
    assert formats.money_text(None, "₪") == "–"


@given(st.dates(date(2020, 1, 1), date(2099, 12, 31)))
def test_every_week_begins_on_the_sunday_before(day: date) -> None:
    sunday = sunday_of(day)
    assert sunday.weekday() == 6
    assert timedelta(0) <= day - sunday < timedelta(days=7)


def appointment(start: datetime, minutes: int = 30) -> Appointment:
    return Appointment(starts_at=start, ends_at=start + timedelta(minutes=minutes), status=AppointmentStatus.BOOKED)


def test_the_grid_shows_what_is_open_and_every_appointment() -> None:
    sunday = date(2027, 2, 28)
    early = appointment(datetime(2027, 2, 28, 7, 45, tzinfo=ZONE))
    night = appointment(datetime(2027, 3, 4, 23, 40, tzinfo=ZONE), 20)
    week = lay_out(POLICY, sunday, [early, night])
    assert (week.first_hour, week.first_hour + week.hours) == (7, 24)
    first = week.days[0]
    assert [(block.row, block.rows) for block in first.open] == [(24, 48), (96, 48)]
    assert [(block.row, block.rows) for block in first.blocks] == [(9, 6)]
    assert week.days[4].blocks[0].rows == 4
    assert week.days[5].blocks == []  # it ends as Friday begins
    assert week.days[6].note == "closed"


@given(
    st.lists(
        st.tuples(st.integers(0, 7 * 24 * 12 - 1), st.integers(1, 60)),
        max_size=10,
    )
)
def test_no_appointment_falls_off_the_grid(spans: list[tuple[int, int]]) -> None:
    start = datetime(2027, 2, 28, tzinfo=ZONE)
    found = [appointment(start + timedelta(minutes=5 * at), 5 * length) for at, length in sorted(spans)]
    week = lay_out(POLICY, date(2027, 2, 28), found)
    for day in week.days:
        for block in [*day.open, *day.blocks]:
            assert block.row >= 0
            assert block.rows >= 1
            assert block.row + block.rows <= week.hours * 12
    assert sum(len(day.blocks) for day in week.days) >= len(found)


def test_a_call_is_told_in_the_order_it_happened() -> None:
    started = datetime(2027, 3, 1, 7, 0, tzinfo=UTC)
    turns = [
        Turn(seq=1, role=TurnRole.AGENT, text="Hello", text_unheard="there", started_ms=500, heard_ms=900,
             interrupted=True, latency={}),
        Turn(seq=2, role=TurnRole.CALLER, text="Wait", text_unheard="", started_ms=1300, heard_ms=0,
             interrupted=False, latency={"total": 700, "model": 200}),
    ]  # fmt: skip
    events = [CallEvent(kind="barge_in", at_ms=1400, detail={}), CallEvent(kind="stream-started", at_ms=0, detail={})]
    found = CallDetail(Call(started_at=started), None, None, turns, [], events, [], [])
    story = tell(found, 4.0)
    assert [(m.kind, m.at_ms) for m in story.moments] == [
        ("event", 0),
        ("agent", 500),
        ("caller", 1300),
        ("event", 1400),
    ]
    assert story.moments[1].unheard == "there"
    assert story.moments[2].latency == (("model", 200.0),)
    assert [strip.kind for strip in story.strips] == ["agent", "caller", "cut"]
    assert all(0 <= strip.start <= 1000 for strip in story.strips)


def test_everything_the_server_may_say_has_words_of_its_own(web_app: Flask) -> None:
    heads = {_HEADS.get(kind, kind).split()[-1] for kind in _TEXTS["en"]} - {"offer", "no_offer", "date", "time"}
    with web_app.test_request_context(headers={"Accept-Language": "he"}):
        assert {kind for kind in heads if server_words(kind) == kind.replace("_", " ")} == set()
        reasons = [value for name, value in vars(end_reasons).items() if name.isupper() and isinstance(value, str)]
        assert {reason for reason in reasons if end_words(reason) == reason.replace("_", " ")} == set()


def test_numbers_in_sentences_keep_their_plus_in_front_and_text_stays_text() -> None:
    shown = with_numbers("טלפון: +972501234567 <b>")
    assert shown == 'טלפון: <bdi dir="ltr">+972501234567</bdi> &lt;b&gt;'
