"""What an appointment is about, in the business's own words; offers the agent took back; other wishes (A1, A7)."""

from datetime import datetime

import pytest

from services.nlp.intent import asks_for_earliest, wants_another
from services.nlp.parser import offers_of, parse_utterance, read_turns
from services.nlp.topics import topics_of
from services.nlp.types import Turn

NOW = datetime(2027, 3, 1, 9, 0)
TOPICS = topics_of(["חיוך בריא", "שיננית", "טיפול שורש", "payroll"], "מרפאת חיוך בריא")


def test_a_businesss_own_name_is_no_topic():
    assert TOPICS == ("שיננית", "טיפול שורש", "payroll")


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("אני רוצה תור לשיננית מחר", "שיננית"),
        ("תור לטיפול שורש בבקשה", "טיפול שורש"),
        ("It is about Payroll, please", "payroll"),
        ("שלום, חיוך בריא?", ""),
        ("אין לי שינניתות", ""),
    ],
)
def test_the_topic_is_found_with_its_prefixes_and_nothing_else(said, topic):
    assert parse_utterance(said, NOW, topics=TOPICS).service == topic


def test_only_the_caller_sets_the_topic_and_the_latest_one_counts():
    turns = [Turn("caller", "שיננית"), Turn("caller", "או טיפול שורש"), Turn("agent", "payroll?")]
    assert read_turns(turns, NOW, topics=TOPICS).service == "טיפול שורש"


@pytest.mark.parametrize(
    ("agent", "hours"),
    [
        ("מחר בעשר בבוקר תפוס. אפשר מחר באחת עשרה בבוקר?", [11]),
        ("בשמונה בערב סגור, אבל אפשר מחר בארבע אחר הצהריים.", [16]),
        ("Tomorrow at 10 AM is taken. I can offer tomorrow at 11 AM.", [11]),
        ("אפשר מחר בעשר בבוקר או באחת עשרה בבוקר", [10, 11]),
        ("המועד יום שלישי, 2 במרץ בשעה 10:00 תפוס; אפשר יום שלישי, 2 במרץ בשעה 10:30.", [10]),
    ],
)
def test_a_time_the_agent_said_is_taken_is_no_offer(agent, hours):
    assert [offer.times[0].start.hour for offer in offers_of(agent, NOW)] == hours


def test_a_yes_takes_the_time_that_is_left():
    parsed = parse_utterance("כן, מצוין", NOW, "מחר בעשר בבוקר תפוס. אפשר מחר באחת עשרה בבוקר, מתאים?")
    assert parsed.wall == datetime(2027, 3, 2, 11, 0)
    assert parsed.accepted


def test_a_meeting_is_what_is_booked_and_a_refused_day_takes_its_time_along():
    assert parse_utterance("I would like to book a meeting on Tuesday at ten in the morning", NOW).wall == datetime(
        2027, 3, 2, 10, 0
    )
    for text in ("I can't do Wednesday at ten", "אני לא יכול ביום רביעי בעשר"):
        assert parse_utterance(text, NOW).times == ()


@pytest.mark.parametrize("text", ["אני רוצה לקבוע עוד תור", "another appointment please", "תור נוסף לבן שלי"])
def test_a_wish_for_another_appointment_is_heard(text):
    assert wants_another(text)
    assert not wants_another("אני רוצה לקבוע תור")


@pytest.mark.parametrize("text", ["מה התור הכי מוקדם?", "What's the Earliest you have?", "מתי יש תור פנוי"])
def test_a_wish_for_the_earliest_time_is_heard(text):
    assert asks_for_earliest(text)
    assert not asks_for_earliest("מחר בעשר")
