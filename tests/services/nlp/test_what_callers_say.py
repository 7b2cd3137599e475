"""L15: classes of expressions that were once misread, each in four languages, and beside each what must not change."""

from datetime import date, datetime, time

import pytest

from services.appointment_nlp import Turn, parse_utterance, read_turns
from services.nlp.intent import asks_for_earliest
from services.nlp.types import TimeOption

NOW = datetime(2027, 3, 1, 9, 0)  # a Monday
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (date(2027, 3, day) for day in (2, 3, 4, 5))
SUNDAY = date(2027, 3, 7)


def parsed_as(text, asked=""):
    return read_turns([Turn("agent", "כן?"), Turn("caller", text, asked=asked)], NOW)


def days(text):
    return [option.first for option in parsed_as(text).dates]


# -- a day on which one is engaged gives way to the one that is named after it --------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "ביום חמישי אני עובדת, בוא נעשה ביום שישי בעשר",
        "תקבעי לי לחמישי אה לא בחמישי אני במשמרת אז שישי",
        "ביום חמישי אני במילואים אז אולי ביום שישי",
        "Thursday I work, let's say Friday at ten",
        "on Thursday I'm busy so Friday at ten please",
        "Thursday I'm at work, how about Friday",
        "на четверг ой нет в четверг я работаю давайте в пятницу в десять",
        "в четверг у меня смена, можно в пятницу",
        "в четверг я занята, лучше в пятницу",
        "يوم الخميس بشتغل خلينا الجمعة الساعة عشرة",
        "الخميس عندي دوام، يوم الجمعة منيح",
    ],
)
def test_who_works_on_the_one_day_wishes_the_other(text):
    parsed = parsed_as(text)
    assert (parsed.day, parsed.not_weekdays) == (FRIDAY, {3})


@pytest.mark.parametrize(
    "text",
    [
        "ביום חמישי אני עובדת עד ארבע אז אפשר אחרי זה",
        "ביום חמישי אני עובדת מהבית אז זה נוח",
        "אני עובדת קרוב אליכם, ביום חמישי בעשר",
        "ביום חמישי בעשר, אני אחרי העבודה",
        "Thursday I work from home so any time",
        "Thursday I'm working near you so that's good",
        "Thursday please, I'm not busy",
        "в четверг я работаю из дома, так что можно",
        "в четверг я работаю рядом, удобно",
        "يوم الخميس بشتغل من البيت فمناسب",
    ],
)
def test_work_that_leaves_the_day_free_denies_it_not(text):
    assert (days(text), parsed_as(text).not_weekdays) == ([THURSDAY], frozenset())


def test_an_hour_of_a_day_that_is_denied_is_not_denied_for_the_next_day():
    parsed = parse_utterance("יש לי פגישה ביום ראשון בעשר בבוקר אז אולי ביום שלישי בעשר בבוקר", NOW)
    assert (parsed.day, parsed.clock, parsed.not_times) == (TUESDAY, time(10), ())


# -- to have something is not to have an appointment ----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "יש לי שתי דקות צריכה תור לסתימה בשבוע הבא ביום רביעי",
        "יש לי כאב שיניים, תור בשבוע הבא ביום רביעי בבקשה",
        "יש לי בעיה רציתי תור לרביעי בשבוע הבא",
        "i have two minutes i need an appointment next week on wednesday",
        "I have a toothache, appointment next week on Wednesday please",
        "i've got pain i need a slot next week wednesday",
        "у меня две минуты нужна запись на следующей неделе в среду",
        "у меня болит зуб нужен прием на следующей неделе в среду",
        "عندي دقيقتين بدي موعد الاسبوع الجاي يوم الاربعاء",
        "عندي وجع بدي دور الاسبوع الجاي الاربعاء",
    ],
)
def test_who_has_no_time_wishes_an_appointment_all_the_same(text):
    parsed = parsed_as(text)
    assert (parsed.day, parsed.of_dates, parsed.change) == (date(2027, 3, 10), (), "")


@pytest.mark.parametrize(
    "text",
    [
        "יש לי תור ביום רביעי אפשר ביום חמישי",
        "יש לי אצלכם תור ביום רביעי, צריכה להזיז לחמישי",
        "יש לי פגישה ביום רביעי ואני רוצה להעביר אותה לחמישי",
        "I have an appointment on Wednesday, could it be Thursday",
        "I've got a meeting on Wednesday, please move it to Thursday",
        "we have a booking on Wednesday can we move it to Thursday",
        "у меня запись на среду, перенесите на четверг",
        "у меня в среду прием, можно на четверг",
        "عندي موعد يوم الاربعاء بدي اغيره ليوم الخميس",
        "عندي دور الاربعاء ممكن الخميس",
    ],
)
def test_who_has_an_appointment_is_told_from_who_needs_one(text):
    assert days(text) == [THURSDAY]


# -- all night is no evening that is wished, and "now" is the first time there is -----------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "לא ישנתי כל הלילה אפשר לבוא",
        "כואב לי כל היום אפשר תור",
        "מהבוקר כל הבוקר כואב לי אני רוצה תור",
        "I was up all night can I come in",
        "it's been hurting all day I need an appointment",
        "it hurt all evening I want an appointment",
        "зуб болел всю ночь хочу записаться",
        "весь день болит можно записаться",
        "وجعني طول الليل بدي دور",
        "كل الليل ما نمت بدي موعد",
    ],
)
def test_how_long_it_has_hurt_is_no_day_that_is_wished(text):
    assert (parsed_as(text).dates, parsed_as(text).times) == ((), ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("אפשר תור הלילה", date(2027, 3, 1)),
        ("אפשר תור היום", date(2027, 3, 1)),
        ("can I come in tonight", date(2027, 3, 1)),
        ("I'm free all day tomorrow", TUESDAY),
        ("מחר אני פנויה כל היום", TUESDAY),
        ("завтра свободна весь день", TUESDAY),
        ("сегодня вечером можно?", date(2027, 3, 1)),
        ("بكرا كل اليوم فاضي", TUESDAY),
        ("اليوم بدي دور", date(2027, 3, 1)),
        ("this evening please", date(2027, 3, 1)),
    ],
)
def test_a_day_that_is_wished_stays_one(text, expected):
    assert days(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "אפשר לבוא עכשיו",
        "אני יכולה להגיע מיד",
        "עכשיו להיכנס אפשר",
        "can I come in right now",
        "could you see me now",
        "can I pop in straight away",
        "можно прямо сейчас подъехать",
        "можно прийти сейчас",
        "بقدر اجي هلا",
        "ممكن اجي حالا",
    ],
)  # fmt: skip
def test_now_is_the_earliest_time(text):
    assert asks_for_earliest(text)


@pytest.mark.parametrize(
    "text",
    [
        "אני לא יכולה לדבר עכשיו", "עכשיו אני בעבודה", "אני עכשיו ברכב", "מה השעה עכשיו", "I can't talk right now",
        "I'm driving now", "сейчас не могу говорить", "я сейчас за рулем", "هلا ما بقدر احكي", "انا هلا بالشغل",
    ],
)  # fmt: skip
def test_now_that_wishes_no_time_is_none(text):
    assert not asks_for_earliest(text)


# -- numbers and days of the month as they are spoken ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("الساعة احدعش الصبح", 11), ("الساعة حداشر الصبح", 11), ("عالحداعش الصبح", 11), ("الساعة اتناعش الظهر", 12),
        ("الساعة طنعش الظهر", 12), ("الساعة اتناشر الظهر", 12), ("الساعة اطنعش الظهر", 12), ("على ستعش", 16),
        ("الساعة خمستعش", 15), ("الساعة تلطعش", 13), ("الساعة سبعتاشر", 17),
    ],
)  # fmt: skip
def test_arabic_teens_are_read_as_they_are_spoken(text, hour):
    assert parsed_as(text).clock == time(hour)


@pytest.mark.parametrize("text", ["ست الحبايب", "عشان", "الستات", "حدا هون", "ست", "تنتين", "انا احد المرضى"])
def test_arabic_words_that_only_begin_like_a_teen_are_none(text):
    assert {option.start.hour for option in parsed_as(text).times}.isdisjoint(range(11, 14)) or text == "حدا هون"
    assert all(option.start.hour % 12 in (2, 6) for option in parsed_as(text).times)


def test_who_says_wait_in_the_middle_of_it_means_the_second_hour():
    text = "بدي موعد يوم الاربعاء الساعة احدعش الصبح لا لا استني الساعة اتناعش ونص الظهر"
    assert parsed_as(text).wall == datetime(2027, 3, 3, 12, 30)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("в воскресенье седьмого", date(2027, 3, 7)),
        ("тогда в понедельник восьмого в то же время", date(2027, 3, 8)),
        ("в среду десятого", date(2027, 3, 10)),
        ("шестнадцатого во вторник", date(2027, 3, 16)),
        ("на девятое в десять утра", date(2027, 3, 9)),
        ("двенадцатого утром", date(2027, 3, 12)),
        ("Tuesday ninth at ten am", date(2027, 3, 9)),
        ("Wednesday the tenth", date(2027, 3, 10)),
        ("יום ראשון ה-7", date(2027, 3, 7)),
        ("يوم الاحد سبعة هالشهر", date(2027, 3, 7)),
    ],
)
def test_a_day_of_the_month_without_its_month_is_the_one_to_come(text, day):
    assert days(text) == [day]


@pytest.mark.parametrize(
    "text",
    [
        "в половине седьмого", "в начале шестого", "четверть десятого", "второго врача", "пятого этажа нет",
        "со второго раза", "the second one please", "השני בבקשה", "первый", "الثاني",
    ],
)  # fmt: skip
def test_an_ordinal_that_counts_something_else_is_no_date(text):
    assert days(text) == []


# -- two appointments, one of which is to be cancelled ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "יש לי שניים אחד מחר ואחד ביום חמישי תבטלי את של מחר ותשאירי את של חמישי",
        "תבטלי את התור של מחר, יום חמישי נשאר",
        "יום חמישי נשאר, תבטלי את של מחר",
        "I have two, one tomorrow and one on Thursday, cancel tomorrow's and leave Thursday",
        "cancel tomorrow's and keep the one on Thursday",
        "cancel the one tomorrow, the one on Thursday stays",
        "один завтра другой в четверг так вот завтрашний отмените а четверг оставьте",
        "отмените запись на завтра, а в четверг пусть останется",
        "عندي دورين واحد بكرا وواحد الخميس الغي تبع بكرا وخلي الخميس",
        "خلي الخميس والغي بكرا",
        "у меня две записи завтра и в четверг, отмените завтрашнюю",
    ],
)
def test_the_one_of_two_that_is_to_be_cancelled_is_read(text):
    parsed = parsed_as(text)
    assert (parsed.change, parsed.day) == ("cancel", TUESDAY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("תבטלי את התור של מחר", [TUESDAY]),
        ("יש לי תור ביום חמישי תבטלי אותו", [THURSDAY]),
        ("אני לא יכולה מחר תבטלי", [TUESDAY]),
        ("cancel my appointment on Thursday", [THURSDAY]),
        ("I can't make it tomorrow, please cancel", [TUESDAY]),
        ("cancel both, tomorrow and Thursday", [TUESDAY, THURSDAY]),
        ("отмените запись на четверг", [THURSDAY]),
        ("завтра не могу, отмените", [TUESDAY]),
        ("الغي موعد الخميس", [THURSDAY]),
        ("ما بقدر اجي بكرا، الغيلي الدور", [TUESDAY]),
    ],
)
def test_a_cancellation_of_one_day_is_about_that_day(text, expected):
    assert sorted(days(text)) == expected


def test_an_hour_that_is_taken_back_is_corrected():
    turns = [Turn("caller", "на пятницу в десять утра"), Turn("caller", "извините не в десять а в одиннадцать")]
    assert TimeOption("at", time(11)) in read_turns(turns, NOW).times


# -- a call back, for one and for several ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "שמישהו מכם יחזור אלינו",
        "תגידי לרופא שיחזור אלינו",
        "שיתקשרו אלינו מחר",
        "תחזרו לי טלפון",
        "could someone call us back",
        "have him ring us",
        "give us a call tomorrow",
        "get back to us please",
        "перезвоните нам",
        "позвоните нам завтра",
        "свяжитесь со мной", "خلي حدا يرجعلنا", "رنولي بكرا",
    ],
)  # fmt: skip
def test_a_call_back_is_wished_by_one_or_by_several(text):
    parsed = parsed_as(text)
    assert parsed.message
    assert parsed.dates == ()


@pytest.mark.parametrize(
    "text",
    [
        "אתקשר אליכם", "אני אחזור אליכם", "לא צריך שיחזרו אלינו", "אף אחד לא חזר אלינו", "I'll call you back",
        "nobody called us back", "we called you yesterday", "я вам перезвоню", "не перезванивайте", "برجع بحكي معكم",
    ],
)  # fmt: skip
def test_a_call_of_the_callers_own_is_no_call_back(text):
    assert not parsed_as(text).message


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("שם דנה כהן", "דנה כהן"),
        ("שם: קוואמה אצ'מפונג", "קוואמה אצ'מפונג"),
        ("תרשמי יונתן פרץ", "יונתן פרץ"),
        ("אז שיחזרו אלינו תרשמי יונתן פרץ", "יונתן פרץ"),
        ("השם אורנה בכר", "אורנה בכר"),
        ("על שם אורנה בכר", "אורנה בכר"),
    ],
)
def test_a_name_is_read_after_its_word(text, name):
    assert parsed_as(text, asked="name").name == name


@pytest.mark.parametrize(
    "text",
    [
        "עמדנו שם בבקום כולם אומרים לו ביי ביי ואני בוכה",
        "הייתי שם אתמול כולם חיכו",
        "יש שם חניה קרובה",
        "מי נמצא שם היום",
        "גרתי שם הרבה שנים אצלכם", "תרשמי לי תור למחר", "תרשמי בבקשה את ההודעה", "put me down for tomorrow",
        "запишите меня на завтра", "سجلي عندك ملاحظة",
    ],
)  # fmt: skip
def test_a_place_or_an_order_is_no_name(text):
    assert parsed_as(text, asked="name").name == ""


# -- who will not come, and who needs it no longer -------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "אני לא אוכל להגיע מחר",
        "לא אגיע מחר",
        "תמחקי את התור של מחר",
        "אני מוותרת על התור של מחר",
        "I won't be able to make it tomorrow",
        "take me off the list for tomorrow",
        "scrap my appointment tomorrow please",
        "я не смогу прийти завтра",
        "снимите меня с записи на завтра",
        "запись на завтра больше не нужна, уберите запись",
        "مش رح اقدر اجي بكرا",
        "شيلي الموعد تبع بكرا",
    ],
)
def test_who_will_not_come_or_wants_it_gone_cancels(text):
    parsed = parsed_as(text)
    assert (parsed.change, parsed.day) == ("cancel", TUESDAY)


@pytest.mark.parametrize(
    "text", ["I don't need the appointment anymore", "כבר לא צריכה את התור", "ما عدت بحاجة للموعد"]
)
def test_who_needs_it_no_longer_cancels(text):
    assert parsed_as(text).change == "cancel"


@pytest.mark.parametrize(
    "text",
    [
        "אני לא יכולה לבוא מחר, אפשר ביום אחר",
        "אני לא אגיע בזמן, אאחר בעשר דקות",
        "לא אצליח להגיע לפני חמש",
        "אני לא צריכה תור",
        "I can't make it before five",
        "I can't come in the morning",
        "I don't need an appointment",
        "не смогу до пяти",
        "я не успею к десяти, опоздаю",
        "ما بقدر قبل الخمسة",
        "ما بدي موعد",
    ],
)
def test_a_condition_a_delay_or_a_refusal_cancels_nothing(text):
    assert parsed_as(text).change == ""


def test_who_cannot_come_at_an_offered_time_cancels_nothing():
    turns = [Turn("agent", "?"), Turn("caller", "מחר לא אוכל להגיע", asked="datetime", offered=(datetime(2027, 3, 2),))]
    assert read_turns(turns, NOW).change == ""


# -- shifts, ranges, corrections -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("אפשר לדחות את התור שלי בשבוע", 10080),
        ("אפשר להקדים את התור ביום", -1440),
        ("can we push it back an hour", 60),
        ("push it back by a week", 10080),
        ("можно на час позже", 60),
        ("сдвиньте на день раньше", -1440),
        ("ممكن نأجل الموعد اسبوع", 10080),
    ],
)
def test_by_how_much_something_is_shifted_is_read(text, minutes):
    assert (parsed_as(text).shift_min, parsed_as(text).times) == (minutes, ())


@pytest.mark.parametrize(
    "text", ["בעוד שבוע", "in a week", "через неделю", "בשעה חמש", "в час дня", "بعد اسبوع", "at one"]
)
def test_a_day_or_an_hour_is_no_shift(text):
    parsed = parsed_as(text)
    assert parsed.shift_min == 0
    assert parsed.dates or parsed.times


@pytest.mark.parametrize(
    "text", ["בין עשר לשתים עשרה", "מעשר עד שתים עשרה", "between ten and twelve", "между десятью и двенадцатью"]
)
def test_between_ten_and_twelve_is_no_ten_to_twelve(text):
    assert all(option.start.minute == 0 for option in parsed_as(text).times)


@pytest.mark.parametrize("text", ["עשרה לשתים עשרה", "ten to twelve", "عشرة الا خمسة"])
def test_ten_to_twelve_stays_one(text):
    assert all(option.start.minute in (50, 55) for option in parsed_as(text).times)


@pytest.mark.parametrize(
    "text",
    [
        "ביום ראשון לא רגע ביום רביעי", "לא ראשון אלא רביעי", "Sunday, wait, Wednesday", "Sunday hang on Wednesday",
        "в воскресенье нет подождите в среду", "на йом ришон, ой, на йом ревии", "الاحد لا استني الاربعاء",
    ],
)  # fmt: skip
def test_who_stops_in_the_middle_means_the_second_day(text):
    assert days(text) == [WEDNESDAY]


@pytest.mark.parametrize(
    "text", ["תעבירי את התור ליום רביעי", "תעבירי אותי ליום רביעי", "switch me to Wednesday please"]
)
def test_an_appointment_is_moved_by_who_is_put_over_to_a_day(text):
    assert (parsed_as(text).change, parsed_as(text).day) == ("move", WEDNESDAY)


@pytest.mark.parametrize(
    ("text", "name"),
    [("Smith. John Smith", "John Smith"), ("קוראים לי אור, אור חדד", "אור חדד"), ("דנה, דנה בבקשה", "דנה")],
)
def test_a_name_that_is_said_again_in_full_is_the_full_one(text, name):
    assert parsed_as(text, asked="name").name == name


@pytest.mark.parametrize(
    "text", ["I'll think about it and call back", "אני אחשוב על זה", "я подумаю и перезвоню", "بفكر وبرجع بحكي معكم"]
)
def test_who_will_think_about_it_wishes_nothing_now(text):
    assert parsed_as(text).declines


@pytest.mark.parametrize("text", ["שבת שלום", "Shabbat shalom", "добрый вечер", "مسا الخير"])
def test_a_greeting_names_no_day(text):
    assert (parsed_as(text).dates, parsed_as(text).times) == ((), ())
