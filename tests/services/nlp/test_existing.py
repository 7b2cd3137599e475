"""L15: an appointment that exists is told of, and what is wished is something else."""

from datetime import date, datetime, time

import pytest

from services.appointment_nlp import parse_utterance

NOW = datetime(2027, 3, 1, 9, 0)  # a Monday
WEDNESDAY, THURSDAY, FRIDAY = date(2027, 3, 3), date(2027, 3, 4), date(2027, 3, 5)


@pytest.mark.parametrize(
    ("text", "to", "hours"),
    [
        ("I've got an appointment on Wednesday at two, could we change it to Thursday at four pm", THURSDAY, {16}),
        ("I'm booked for Wednesday at eleven but I need Friday", FRIDAY, set()),
        ("please move my meeting from Wednesday at nine to Thursday", THURSDAY, set()),
        ("bring my Friday appointment forward to Thursday", THURSDAY, set()),
        ("יש לי פגישה ביום רביעי באחת עשרה בבוקר, אפשר להעביר אותה ליום חמישי בשתיים בצהריים", THURSDAY, {14}),
        ("קבעתי ליום רביעי בתשע בבוקר וצריכה לדחות ליום חמישי", THURSDAY, set()),
        ("אפשר לדחות את התור מרביעי לחמישי", THURSDAY, set()),
        ("я записана на среду на десять утра, хочу перенести на четверг на три часа дня", THURSDAY, {15}),
        ("у меня прием в среду, можно передвинуть на четверг", THURSDAY, set()),
        ("عندي دور يوم الأربعاء، بدي أنقل الموعد ليوم الخميس الساعة خمسة العصر", THURSDAY, {17}),
    ],
)
def test_of_a_move_only_the_new_day_and_hour_are_wished(text, to, hours):
    parsed = parse_utterance(text, NOW)
    assert parsed.change == "move"
    assert [option.first for option in parsed.dates] == [to]
    assert {option.start.hour for option in parsed.times} == hours


@pytest.mark.parametrize(
    "text",
    [
        "I have an appointment on Wednesday at ten",
        "יש לי תור ביום רביעי בעשר, הוא בסדר",
        "у меня запись в среду в десять",
        "عندي موعد يوم الأربعاء الساعة عشرة",
    ],
)
def test_who_only_tells_of_an_appointment_wishes_none(text):
    parsed = parse_utterance(text, NOW)
    assert (parsed.dates, parsed.times) == ((), ())
    assert parsed.intent != "book"
    assert [option.first for option in parsed.of_dates] == [WEDNESDAY]


@pytest.mark.parametrize(
    "text",
    ["can I have an appointment on Wednesday at ten", "could I have a meeting on Wednesday", "יש לכם תור ביום רביעי?"],
)
def test_asking_to_have_one_is_a_wish(text):
    assert [option.first for option in parse_utterance(text, NOW).dates] == [WEDNESDAY]


@pytest.mark.parametrize(
    "text",
    ["move my appointment to Wednesday", "להזיז את התור שלי ליום רביעי", "перенесите мою запись на среду"],
)
def test_my_appointment_to_a_day_is_moved_to_that_day(text):
    parsed = parse_utterance(text, NOW)
    assert (parsed.change, [option.first for option in parsed.dates]) == ("move", [WEDNESDAY])


def test_what_is_to_be_cancelled_is_named_by_its_day():
    parsed = parse_utterance("I have an appointment on Wednesday at ten in the morning, please cancel it", NOW)
    assert (parsed.change, parsed.day, parsed.clock) == ("cancel", WEDNESDAY, time(10))


@pytest.mark.parametrize(
    "text",
    [
        "yesterday my neighbour told me about you and I want to make an appointment for Wednesday",
        "я вчера была у другого врача, запишите меня на среду",
        "אתמול נשברה לי שן ואני רוצה לקבוע תור ליום רביעי",
        "הייתי אצלכם לפני שנה ורציתי לקבוע ביקורת ליום רביעי",
    ],
)
def test_a_story_before_a_wish_does_not_hide_it(text):
    parsed = parse_utterance(text, NOW)
    assert (parsed.intent, parsed.day) == ("book", WEDNESDAY)


@pytest.mark.parametrize(
    "text",
    [
        "could you check what day I'm supposed to come",
        "I forgot what time my meeting is",
        "אפשר לדעת באיזה יום אני רשומה אצלכם",
        "תגידי לי בבקשה מתי הביקור שלי",
    ],
)
def test_asking_for_the_own_appointment_in_any_order_of_words(text):
    assert parse_utterance(text, NOW).own
