"""L15: what ordinary people say of days, hours, names, numbers and wishes, in the four languages callers speak."""

from datetime import date, datetime, time

import pytest

from services.appointment_nlp import Turn, parse_utterance, read_turns
from services.nlp.types import TimeOption

NOW = datetime(2027, 3, 1, 9, 0)  # a Monday
WHICH_NAME = "על איזה שם לרשום?"


def readings(text, agent=""):
    """What can be meant: days, and (kind, start) of times."""
    parsed = parse_utterance(text, NOW, agent)
    return [option.first for option in parsed.dates], [(option.kind, option.start) for option in parsed.times]


def halves(kind, hour, minute=0):
    return [(kind, time(hour, minute)), (kind, time(hour + 12, minute))]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("רבע אחרי שלוש", halves("at", 3, 15)),
        ("רבע שעה לפני חמש", halves("at", 4, 45)),
        ("חצי שעה לפני ארבע", halves("at", 3, 30)),
        ("לקראת חמש", halves("around", 5)),
        ("ב... תשע", halves("at", 9)),
        ("ten minutes before six", halves("at", 5, 50)),
        ("a quarter after two", halves("at", 2, 15)),
        ("half past two or later", halves("after", 2, 30)),
        ("в половине седьмого", halves("at", 6, 30)),
        ("полтретьего", halves("at", 2, 30)),
        ("без четверти восемь", halves("at", 7, 45)),
        ("четверть десятого", halves("at", 9, 15)),
        ("в три часа дня", [("at", time(15))]),
        ("не раньше пяти вечера", [("after", time(17))]),
        ("الساعة سبعة ونص المسا", [("at", time(19, 30))]),
        ("الساعة تنتين وربع", halves("at", 2, 15)),
        ("تلاتة إلا ربع", halves("at", 2, 45)),
        ("الساعة الخامسة والنصف", halves("at", 5, 30)),
    ],
)
def test_an_hour_is_read_as_people_say_it(text, times):
    assert readings(text)[1] == times


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("a fortnight today", date(2027, 3, 15)),
        ("a week tomorrow", date(2027, 3, 9)),
        ("Thursday the eleventh", date(2027, 3, 11)),
        ("Tuesday the second", date(2027, 3, 2)),
        ("послезавтра", date(2027, 3, 3)),
        ("через две недели", date(2027, 3, 15)),
        ("седьмого апреля", date(2027, 4, 7)),
        ("в эту пятницу", date(2027, 3, 5)),
        ("بعد بكرا", date(2027, 3, 3)),
        ("يوم الخميس", date(2027, 3, 4)),
        ("عشرة نيسان", date(2027, 4, 10)),
        ("بعد اسبوعين", date(2027, 3, 15)),
    ],
)
def test_a_day_is_read_as_people_say_it(text, day):
    assert readings(text)[0] == [day]


def test_a_weekday_that_confirms_the_named_date_does_not_replace_it():
    turns = [Turn("caller", "на девятнадцатое марта"), Turn("agent", "Слушаю."), Turn("caller", "пятница, да")]
    assert read_turns(turns, NOW).day == date(2027, 3, 19)


@pytest.mark.parametrize("text", ["תור לשני ילדים", "תור לשני אנשים", "רוצה לשבת איתכם"])
def test_words_that_look_like_a_weekday_are_none(text):
    assert readings(text)[0] == []


def test_one_evening_is_no_hour():
    assert readings("one evening next week")[1] == [("between", time(17))]


@pytest.mark.parametrize(
    "text", ["לא, לא רביעי, חמישי", "no, not Wednesday, Thursday", "не в среду, в четверг", "مش الاربعا، الخميس"]
)
def test_a_denied_day_gives_way_to_the_next_one_and_is_kept_as_not_wished(text):
    parsed = parse_utterance(text, NOW)
    assert parsed.day == date(2027, 3, 4)
    assert parsed.not_weekdays == {2}


@pytest.mark.parametrize("text", ["רק לא בבוקר", "I can't do mornings", "только не утром", "مش الصبح"])
def test_a_part_of_the_day_that_is_not_wished_is_kept(text):
    assert parse_utterance(text, NOW).not_times == (TimeOption("between", time(6), time(12)),)


def test_too_late_denies_that_hour_and_all_later_ones():
    assert parse_utterance("בחמש זה מאוחר לי", NOW).not_times == (TimeOption("after", time(17)),)


def test_the_hour_said_with_a_day_that_is_over_belongs_to_the_corrected_day():
    turns = [Turn("caller", "אתמול באחת עשרה בבוקר"), Turn("agent", "אתמול?"), Turn("caller", "אוי סליחה, מחר")]
    assert read_turns(turns, NOW).wall == datetime(2027, 3, 2, 11, 0)


@pytest.mark.parametrize(
    "text",
    [
        "לא רוצה לקבוע כלום, רק שאלתי",
        "I don't want to make an appointment",
        "don't book anything yet, I'll call you back",
        "записываться не хочу, только узнать",
        "ما بدي احجز، بس بسأل",
    ],
)
def test_a_refusal_is_no_wish_for_an_appointment(text):
    parsed = parse_utterance(text, NOW)
    assert (parsed.declines, parsed.intent) == (True, "none")


def test_a_refusal_takes_back_what_was_wished_before():
    turns = [Turn("caller", "תקבעי לי מחר בעשר בבוקר"), Turn("agent", "על שם מי?"), Turn("caller", "לא רוצה לקבוע")]
    parsed = read_turns(turns, NOW)
    assert (parsed.dates, parsed.times, parsed.declines) == ((), (), True)


@pytest.mark.parametrize(
    "text",
    [
        "תמסרי לרופא שאני מאחרת",
        "שיחזרו אליי מחר בבוקר",
        "could somebody ring me tomorrow please",
        "пусть врач мне перезвонит",
        "خلي حدا يرجعلي",
    ],
)
def test_a_message_or_a_call_back_is_no_appointment_on_the_day_it_names(text):
    parsed = parse_utterance(text, NOW)
    assert (parsed.message, parsed.intent, parsed.dates) == (True, "none", ())


@pytest.mark.parametrize(
    "text", ["כמה עולה הלבנה ביום שישי", "how much is a cleaning", "сколько стоит пломба", "قديش سعر التنظيف"]
)
def test_a_question_about_a_price_is_no_wish_for_an_appointment(text):
    assert parse_utterance(text, NOW).intent == "none"


@pytest.mark.parametrize("text", ["מתי התור שלי?", "when is my appointment", "когда у меня приём", "ايمتى دوري"])
def test_a_caller_asks_for_the_own_appointment(text):
    assert parse_utterance(text, NOW).own


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("перенесите запись на четверг", "move"),
        ("хочу отменить запись", "cancel"),
        ("بدي اغير الموعد ليوم الخميس", "move"),
        ("بدي الغي الدور", "cancel"),
        ("אל תבטלי את התור", ""),
        ("не отменяйте пожалуйста", ""),
    ],
)
def test_a_move_and_a_cancel_are_told_from_a_wish_to_keep(text, change):
    assert parse_utterance(text, NOW).change == change


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("רז", "רז"),
        ("לרשום על שם אורנה בכר", "אורנה בכר"),
        ("של אשתי, נורית צור", "נורית צור"),
        ("it's Una", "Una"),
        ("just Al A L", "Al"),
        ("меня зовут Зоя Левина", "Зоя Левина"),
        ("على اسم سلمى حداد", "سلمى حداد"),
        ("זיו אלוני, וכן אפשר להשתמש במספר הזה", "זיו אלוני"),
    ],
)
def test_an_answer_to_the_question_for_a_name_is_the_name(text, name):
    assert parse_utterance(text, NOW, WHICH_NAME).name == name


@pytest.mark.parametrize(
    "text", ["רגע שנייה", "מה אמרת?", "תודה רבה", "wait a second", "подождите", "لحظة", "אני אצל לקוח"]
)
def test_words_that_answer_no_question_for_a_name_are_none(text):
    assert parse_utterance(text, NOW, WHICH_NAME).name == ""


def test_what_the_server_asked_for_counts_whatever_the_agent_said():
    turns = [Turn("agent", "ספרי לי עוד."), Turn("caller", "עוז", asked="name")]
    assert read_turns(turns, NOW).name == "עוז"


def test_a_bare_yes_takes_the_one_time_the_server_had_offered():
    turns = [Turn("agent", "מתאים לך?"), Turn("caller", "כן", asked="datetime", offered=(datetime(2027, 3, 2, 9, 30),))]
    assert read_turns(turns, NOW).wall == datetime(2027, 3, 2, 9, 30)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("ноль пятьдесят три, сто двадцать пять, сорок, шестьдесят один", "+972531254061"),
        ("صفر خمسة ثلاثة، واحد اثنين، خمسة اربعة، صفر ستة واحد", "+972531254061"),
        ("אפס חמש שלוש אחת שתיים שש לא סליחה אחת שתיים חמש ארבע אפס שש אחת", "+972531254061"),
        ("no sorry, sixty two at the end, oh five three one two five four oh six two", "+972531254062"),
    ],
)
def test_a_spoken_number_is_read_with_its_correction(text, phone):
    assert parse_utterance(text, NOW).phone == phone


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("the Wednesday after next", date(2027, 3, 10)),
        ("not this Wednesday, the one after", date(2027, 3, 10)),
        ("ביום חמישי אחרי הבא", date(2027, 3, 11)),
        ("the Tuesday after the tenth of March", date(2027, 3, 16)),
        ("the Friday after New Year's Day", date(2028, 1, 7)),
    ],
)
def test_a_day_beside_another_one(text, day):
    assert readings(text)[0] == [day]


@pytest.mark.parametrize(
    "text", ["the Monday after the holidays", "ביום שני אחרי החגים", "в понедельник после праздников"]
)
def test_a_day_after_a_feast_without_a_date_is_asked_for(text):
    assert readings(text)[0] == []


@pytest.mark.parametrize(
    ("text", "wished", "ruled_out"),
    [
        ("make it four pm instead of two pm", [("at", time(16))], [("at", time(14))]),
        ("I can't make it at two pm, could we do four pm instead", [("at", time(16))], [("at", time(14))]),
        ("ביום חמישי בשתיים בצהריים, לפני אחת בצהריים אני פשוט לא יכולה", [("at", time(14))], [("before", time(13))]),
        ("I work, but I can come after four pm", [("after", time(16))], []),
        ("أنا مشغولة بس بقدر بعد الساعة خمسة العصر", [("after", time(17))], []),
        ("any day except Tuesday after four pm", [("after", time(16))], []),
    ],
)
def test_what_is_ruled_out_is_not_what_is_wished(text, wished, ruled_out):
    parsed = parse_utterance(text, NOW)
    assert [(option.kind, option.start) for option in parsed.times] == wished
    assert [(option.kind, option.start) for option in parsed.not_times] == ruled_out


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Okonkwo, that's O K O N K W O", "Okonkwo"),
        ("שרית וקסמן וו קוף סמך מם נון סופית", "שרית וקסמן"),
        ("Павел Орлов меня зовут", "Павел Орлов"),
        ("Hannah Weiss is my name", "Hannah Weiss"),
        ("רינה שגב קוראים לי", "רינה שגב"),
        ("על השם שלו, יוסי אזולאי", "יוסי אזולאי"),
        ("under her name, Olga Petrova", "Olga Petrova"),
    ],
)
def test_a_name_is_found_where_people_put_it(text, name):
    assert parse_utterance(text, NOW, WHICH_NAME).name == name


@pytest.mark.parametrize(
    "text",
    [
        "I'm Mark but please put it under my wife's name",
        "אני משה, תרשמי על השם של אשתי",
        "אני יעל, אני רוצה לקבוע תור לאמא שלי",
        "hi this is Tom, I need an appointment for my daughter",
    ],
)
def test_the_name_of_who_speaks_is_not_that_of_who_comes(text):
    assert parse_utterance(text, NOW).name == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("אפס חמישים ושתיים שלוש מאות ארבעים וחמש שש שבע שמונה תשע", "+972523456789"),
        ("zero five two three hundred forty five six seven eight nine", "+972523456789"),
    ],
)
def test_a_number_is_spoken_in_hundreds(text, number):
    assert parse_utterance(text, NOW).phone == number


@pytest.mark.parametrize(
    "text",
    [
        "אני לא רוצה שתחזרו אליי",
        "ולא צריך שאף אחד יתקשר אליי",
        "you don't need to call me back",
        "I'll tell her myself",
        "не надо мне перезванивать",
    ],
)
def test_a_call_back_that_nobody_wants_is_no_message(text):
    assert not parse_utterance(text, NOW).message


@pytest.mark.parametrize(("text", "declined"), [("לא צריך תור תודה", True), ("אני לא מעוניין לקבוע פגישה", True)])
def test_a_man_declines_as_a_woman_does(text, declined):
    assert parse_utterance(text, NOW).declines is declined


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("half an hour later please", 30),
        ("an hour earlier", -60),
        ("אפשר רבע שעה יותר מאוחר", 15),
        ("שעתיים קודם", -120),
    ],
)
def test_a_time_is_shifted(text, minutes):
    assert parse_utterance(text, NOW).shift_min == minutes


def test_a_question_for_something_earlier_takes_none_of_what_was_offered():
    agent = "I can offer Tuesday at 10:00 or Tuesday at 14:00. Which suits you?"
    assert not parse_utterance("do you have anything earlier", NOW, agent).accepted
    assert parse_utterance("the earlier one", NOW, agent).accepted


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("after the tenth", date(2027, 3, 11), None),
        ("I'm abroad until the tenth of March", date(2027, 3, 10), None),
        ("not before Thursday", date(2027, 3, 4), None),
        ("אחרי העשירי למרץ", date(2027, 3, 11), None),
        ("before Thursday", date(2027, 3, 1), date(2027, 3, 3)),
        ("לפני יום חמישי", date(2027, 3, 1), date(2027, 3, 3)),
    ],
)
def test_a_day_can_be_a_bound(text, first, last):
    (span,) = parse_utterance(text, NOW).dates
    assert span.first == first
    assert not span.is_day
    assert last in (None, span.last)


@pytest.mark.parametrize(
    "text",
    [
        "I was in on Thursday at ten and I left my scarf",
        "I'm going to be ten minutes late for my three o'clock",
        "אני אאחר ברבע שעה לתור של עשר",
    ],
)
def test_a_story_with_a_day_or_an_hour_wishes_none(text):
    parsed = parse_utterance(text, NOW)
    assert (parsed.dates, parsed.times, parsed.intent) == ((), (), "none")


def test_all_but_one_day_rules_that_day_out():
    parsed = parse_utterance("anything but Wednesday", NOW)
    assert (parsed.dates, parsed.not_weekdays) == ((), {2})
