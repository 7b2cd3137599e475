"""The pages' pure parts: differences of texts, formats, times as people write them, the week's grid, a call's story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import assume, given
from hypothesis import strategies as st

from app.admin.pages.why import read_clock, read_day, read_time
from app.admin.templating import with_numbers
from app.admin.text import formats
from app.admin.text.call_story import tell
from app.admin.text.diary import Block, Diary, lay_out, sunday_of
from app.admin.text.diff import DiffLine, diff_lines
from app.admin.text.owner_words import end_words, server_words
from services.booking.messages import _HEADS, _TEXTS
from services.calls import end_reasons
from services.db.models import Appointment, AppointmentStatus, Call, CallEvent, TakenKind, TakenTime, Turn, TurnRole
from services.policy.catalogue import ResourceRules
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


LEVI = ResourceRules(1, "Dr Levi", POLICY)
HADDAD = ResourceRules(2, "Dr Haddad", replace(POLICY, days_off=((date(2027, 2, 28), date(2027, 2, 28)),)))
SUNDAY = date(2027, 2, 28)
WEEK = [SUNDAY + timedelta(days=n) for n in range(7)]


def appointment(start: datetime, minutes: int = 30, who: int = 1, **more: Any) -> Appointment:
    ends = start + timedelta(minutes=minutes)
    return Appointment(starts_at=start, ends_at=ends, status=AppointmentStatus.BOOKED, resource_id=who, **more)


def taken(start: datetime, minutes: int, who: int = 1, kind: TakenKind = TakenKind.FOREIGN, **more: Any) -> TakenTime:
    ends = start + timedelta(minutes=minutes)
    return TakenTime(starts_at=start, ends_at=ends, resource_id=who, kind=kind, **more)


def test_the_grid_shows_what_is_open_and_every_appointment() -> None:
    early = appointment(datetime(2027, 2, 28, 7, 45, tzinfo=ZONE))
    night = appointment(datetime(2027, 3, 4, 23, 40, tzinfo=ZONE), 20)
    week = lay_out([LEVI], WEEK, [early, night])
    assert (week.first_hour, week.first_hour + week.hours) == (7, 24)
    lanes = [day.lanes[0] for day in week.days]
    assert [(block.row, block.rows) for block in lanes[0].open] == [(24, 48), (96, 48)]
    assert lanes[0].opens == "24-72 96-144"
    assert [(block.row, block.rows) for block in lanes[0].blocks] == [(9, 6)]
    assert lanes[4].blocks[0].rows == 4
    assert lanes[5].blocks == []  # it ends as Friday begins
    assert week.days[6].note == ("closed", "closed")


def test_each_person_has_a_lane_with_its_own_hours_and_what_is_booked_there() -> None:
    ten = datetime(2027, 2, 28, 10, tzinfo=ZONE)
    day = lay_out([LEVI, HADDAD], [SUNDAY], [appointment(ten), appointment(ten, who=2), appointment(ten, who=3)]).days[
        0
    ]
    assert [len(lane.blocks) for lane in day.lanes] == [1, 1]
    assert [lane.note[0] for lane in day.lanes] == ["", "day_off"]
    assert day.note == ("", "")
    assert day.lanes[1].open == []


def test_the_time_around_an_appointment_and_other_calendars_events_are_shown_as_such() -> None:
    ten, day = datetime(2027, 2, 28, 10, tzinfo=ZONE), datetime(2027, 2, 28, tzinfo=ZONE)
    kept = taken(ten - timedelta(minutes=10), 55, kind=TakenKind.APPOINTMENT, id=7)
    foreign = [taken(day.replace(hour=15), 60), taken(day.replace(hour=0), 8 * 60)]
    lane = lay_out([LEVI], [SUNDAY], [appointment(ten, taken_id=7)], [kept, *foreign]).days[0].lanes[0]
    assert [(each.row, each.rows) for each in lane.around] == [(10, 2), (18, 3)]
    assert [(each.row, each.rows) for each in lane.busy] == [(72, 12)]  # the night is not shown for its sake


def test_those_of_one_class_are_one_block_with_its_seats() -> None:
    ten = datetime(2027, 2, 28, 10, tzinfo=ZONE)
    three = [appointment(ten, 60, taken_id=7, capacity=8) for _ in range(3)]
    blocks = lay_out([LEVI], [SUNDAY], three).days[0].lanes[0].blocks
    assert [(len(each.appointments), each.seats, each.is_second) for each in blocks] == [(3, 8, False)]


def blocks_of(diary: Diary) -> list[Block]:
    lanes = [lane for day in diary.days for lane in day.lanes]
    return [block for lane in lanes for block in (*lane.open, *lane.blocks)]


@given(
    st.lists(
        st.tuples(st.integers(0, 7 * 24 * 12 - 1), st.integers(1, 60)),
        max_size=10,
    )
)
def test_no_appointment_falls_off_the_grid(spans: list[tuple[int, int]]) -> None:
    start = datetime(2027, 2, 28, tzinfo=ZONE)
    found = [appointment(start + timedelta(minutes=5 * at), 5 * length) for at, length in sorted(spans)]
    week = lay_out([LEVI], WEEK, found)
    for block in blocks_of(week):
        assert block.row >= 0
        assert block.rows >= 1
        assert block.row + block.rows <= week.hours * 12
    assert sum(len(day.lanes[0].blocks) for day in week.days) >= len(found)


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
