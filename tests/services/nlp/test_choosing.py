"""K4: which service, and with whom, read from the business's own words in four languages."""

from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.nlp.offering import NOTHING_CHOSEN, Called, Choice, Offering, chosen_by_now
from services.nlp.parser import parse_utterance, read_turns
from services.nlp.types import Turn

NOW = datetime(2027, 3, 1, 9, 0)  # a Monday
WOMEN, MEN, DYE, BLOW, NAILS, MASSAGE, OIL = 1, 2, 3, 4, 5, 6, 7
SHANI, YONI, GALIT_S, GALIT_M, MARK, OLGA, CHAIR = 11, 12, 13, 14, 15, 16, 17
SALON = Offering(
    (
        Called(WOMEN, "תספורת נשים", ("תספורת אישה", "women's haircut")),
        Called(MEN, "תספורת גברים", ("תספורת גבר", "men's cut")),
        Called(DYE, "צבע", ("צביעה", "צבע שורשים")),
        Called(BLOW, "פן", ("בלואו",)),
        Called(NAILS, "מניקור", ("לק ג'ל",)),
        Called(MASSAGE, "הרפיה", ("עיסוי",)),
        Called(OIL, "טיפול 10000", ("טיפול עשרת אלפים",)),
    ),
    (
        Called(SHANI, "שני אלבז", ("שני",)),
        Called(YONI, "יוני פרץ"),
        Called(GALIT_S, "גלית סבן", ("גלית",)),
        Called(GALIT_M, "גלית מור"),
        Called(MARK, "Mark Stone"),
        Called(OLGA, 'ד"ר אולגה וייס', ("הקוסמטיקאית",)),
        Called(CHAIR, "כיסא 2", (), is_room=True),
    ),
)


def chosen(text, asked=""):
    return read_turns([Turn("caller", text, asked)], NOW, offering=SALON).chosen


def over(*texts):
    return read_turns([Turn("caller", text) for text in texts], NOW, offering=SALON).chosen


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("אני רוצה תור למניקור מחר", {NAILS}),
        ("אפשר לקבוע לצביעה", {DYE}),
        ("צביעות", {DYE}),
        ("לק ג׳ל בבקשה", {NAILS}),
        ("תספורת לגבר", {MEN}),
        ("תספורת", {WOMEN, MEN}),
        ("I need a manicure", {NAILS}),
        ("a men's cut please", {MEN}),
        ("haircut tomorrow", {WOMEN, MEN}),
        ("хочу на маникюр", {NAILS}),
        ("запишите на массаж", {MASSAGE}),
        ("мужскую стрижку", {MEN}),
        ("بدي صبغة", {DYE}),
        ("مانيكير لو سمحتي", {NAILS}),
        ("לעיסוי", {MASSAGE}),
        ("טיפול עשרת אלפים", {OIL}),
        ("טיפול", set()),
        ("כואב לי הראש", set()),
    ],
)
def test_a_service_is_known_by_its_name_its_other_names_and_in_other_languages(text, services):
    assert set(chosen(text).first.services) == services


def test_words_that_fit_several_services_are_to_be_asked_about():
    assert "service" in chosen("תספורת ביום שני").unclear
    assert "service" not in chosen("תספורת גבר ביום שני").unclear
    assert over("תספורת", "לגבר").first.services == (MEN,)


@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("אצל שני", {SHANI}),
        ("אצל יוני פרץ", {YONI}),
        ("אצל גלית", {GALIT_S, GALIT_M}),
        ("גלית מור בבקשה", {GALIT_M}),
        ("with Galit Saban", {GALIT_S}),
        ("with mark", {MARK}),
        ("к Галит Мор", {GALIT_M}),
        ("к Марку", {MARK}),
        ("عند غاليت مور", {GALIT_M}),
        ('לד"ר וייס', {OLGA}),
        ("к доктору Вайс", {OLGA}),
        ("with Dr. Weiss", {OLGA}),
        ("عند الدكتورة فايس", {OLGA}),
        ('אצל ד"ר ווייס', {OLGA}),
        ("אצל הקוסמטיקאית", {OLGA}),
        ("לקוסמטיקאית", {OLGA}),
        ("בכיסא 2", {CHAIR}),
        ("גלית סבן או יוני פרץ", {GALIT_S, YONI}),
        ("with Mark or Galit Mor", {MARK, GALIT_M}),
    ],
)
def test_a_person_is_known_by_name_title_or_work_in_any_script(text, persons):
    assert set(chosen(text).first.persons) == persons


@pytest.mark.parametrize(
    "text",
    [
        "תור לשני",  # Monday
        "תור ביוני",
        "mark my words",
        "can you mark me down for Tuesday",
        "שמי גלית מור",
        "קוראים לי יוני כהן ואני רוצה צבע",
        "I'm Mark Stone and I need a men's cut",
        "this is Mark",
        "меня зовут Марк",
        "اسمي مارك",
        "תספורת גבר לבן שלי יוני",
        "my son Mark needs a haircut",
        "טל מור מדברת",
        "with Galit Cohen",
        "גלית אמרה לי להתקשר",
        "לא משנה לי",
    ],
)
def test_who_calls_who_is_to_come_and_everyday_words_choose_nobody(text):
    assert chosen(text).first.persons == ()


def test_a_name_that_is_the_answer_to_a_question_answers_that_question():
    assert chosen("שני", "person").first.persons == (SHANI,)
    assert chosen("וייס", "person").first.persons == (OLGA,)
    assert chosen("Weiss", "person").first.persons == (OLGA,)
    answer = read_turns([Turn("caller", "גלית מור", "name")], NOW, offering=SALON)
    assert (answer.name, answer.chosen.first.persons) == ("גלית מור", ())
    answer = parse_utterance("Вайс", NOW, "К кому вас записать?", offering=SALON)
    assert answer.chosen.first.persons == (OLGA,)


def test_a_name_that_is_a_day_or_a_month_is_none_beside_with():
    parsed = parse_utterance("אצל שני ביום שלישי בעשר בבוקר", NOW, offering=SALON)
    assert (parsed.day, parsed.clock) == (date(2027, 3, 2), time(10))
    parsed = parse_utterance("אצל יוני ב-3 ביוני", NOW, offering=SALON)
    assert (parsed.day, parsed.chosen.first.persons) == (date(2027, 6, 3), (YONI,))
    parsed = parse_utterance("טיפול 10000 ברביעי בעשר", NOW, offering=SALON)
    assert parsed.day == date(2027, 3, 3)
    assert {option.start.hour for option in parsed.times} == {10, 22}


@pytest.mark.parametrize(
    "text",
    [
        "לא משנה לי אצל מי",
        "מי שפנוי",
        "אצל מי שפנוי הכי מוקדם",
        "אין לי העדפה",
        "אצל כל אחד",
        "whoever is free",
        "I don't mind who",
        "with anyone",
        "any stylist will do",
        "кто свободен",
        "к кому угодно",
        "мне все равно к кому",
        "к любому мастеру",
        "أي حدا",
        "عند أي حد",
        "مش مهم عند مين",
        "ما بفرق معي مين",
    ],
)
def test_whoever_is_free_is_a_wish_for_nobody_in_particular(text):
    assert chosen(text).anyone
    assert chosen(text).first.persons == ()


@pytest.mark.parametrize("text", ["לא משנה לי", "כל אחד", "whichever", "all the same, anyone", "все равно", "مش مهم"])
def test_fewer_words_do_where_it_was_asked_with_whom(text):
    assert chosen(text, "person").anyone


@pytest.mark.parametrize("text", ["is anyone there", "can anybody hear me", "אני רוצה לדבר עם נציג", "есть кто"])
def test_a_call_into_the_room_chooses_nobody(text):
    assert chosen(text) == NOTHING_CHOSEN


@pytest.mark.parametrize(
    ("text", "not_persons", "persons"),
    [
        ("לא אצל יוני פרץ", {YONI}, set()),
        ('לא אצל ד"ר וייס', {OLGA}, set()),
        ("not with Dr Weiss", {OLGA}, set()),
        ("anyone but Mark", {MARK}, set()),
        ("someone other than Dr Weiss", {OLGA}, set()),
        ("не к доктору Вайс", {OLGA}, set()),
        ("مش عند دكتورة فايس", {OLGA}, set()),
        ("את גלית מור אני לא רוצה", {GALIT_M}, set()),
        ("כל אחד חוץ מיוני", {YONI}, set()),
        ("במקום גלית מור, יוני פרץ", {GALIT_M}, {YONI}),
        ("לא גלית מור אלא יוני פרץ", {GALIT_M}, {YONI}),
        ("גלית מור, לא, סליחה, יוני פרץ", set(), {YONI}),
        ("לא, אצל יוני", set(), {YONI}),
        ("למה לא אצל יוני", set(), {YONI}),
        ("לא משנה אם גלית מור או יוני פרץ", set(), {GALIT_M, YONI}),
        ("אצל יוני ולא ברביעי", set(), {YONI}),
    ],
)
def test_who_is_not_wished_is_told_from_a_correction(text, not_persons, persons):
    found = chosen(text)
    assert (set(found.not_persons), set(found.first.persons)) == (not_persons, persons)


def test_a_name_with_a_title_that_is_nobodys_here_is_a_stranger():
    assert chosen('אני רוצה תור לד"ר כהן').stranger == "כהן"
    assert chosen("with Dr White please").stranger == "White"
    assert chosen("with Dr Weiss please").stranger == ""


@pytest.mark.parametrize(
    ("text", "first", "also"),
    [
        ("צבע וגם פן", (DYE,), ((BLOW,),)),
        ("צבע ואחר כך מניקור", (DYE,), ((NAILS,),)),
        ("a manicure and then a massage", (NAILS,), ((MASSAGE,),)),
        ("маникюр, потом массаж", (NAILS,), ((MASSAGE,),)),
        ("مانيكير وبعدين مساج", (NAILS,), ((MASSAGE,),)),
        ("לי צבע ולבת שלי מניקור", (DYE,), ((NAILS,),)),
        ("צבע או פן, לא החלטתי", (DYE, BLOW), ()),
        ("לא צבע, פן", (BLOW,), ()),
        ("צבע, בעצם מניקור", (NAILS,), ()),
        ("עשיתי אצלכם צבע לפני שבוע, אני צריכה פן", (BLOW,), ()),
        ("how much is a massage? fine, I'd like a manicure", (NAILS,), ()),
    ],
)
def test_two_services_are_two_appointments_one_of_both_or_a_correction(text, first, also):
    found = chosen(text)
    assert found.first.services == first
    assert tuple(one.services for one in found.also) == also
    assert ("service" in found.unclear) == (len(first) > 1)


def test_each_of_two_appointments_has_its_own_person():
    found = chosen("צבע אצל גלית מור ומניקור אצל יוני פרץ")
    assert (found.first, found.also) == (Choice((DYE,), (GALIT_M,)), (Choice((NAILS,), (YONI,)),))


def test_a_price_or_a_story_alone_wishes_nothing_and_replaces_nothing():
    asked = parse_utterance("כמה עולה מניקור?", NOW, offering=SALON)
    assert asked.chosen.told
    assert asked.intent == "none"
    assert over("אני רוצה צבע", "וכמה עולה מניקור?").first.services == (DYE,)


@pytest.mark.parametrize(
    ("text", "service", "person"),
    [
        ("אותו דבר כמו בפעם שעברה", True, True),
        ("כרגיל", True, True),
        ("the same as last time", True, True),
        ("как в прошлый раз", True, True),
        ("زي المرة الماضية", True, True),
        ("אצל אותה אחת", False, True),
        ("the same stylist as last time", False, True),
        ("к тому же мастеру", False, True),
        ("نفس الدكتورة", False, True),
        ("אותו טיפול אצל יוני", True, False),
        ("the usual, but with Mark", True, False),
    ],
)
def test_the_same_as_last_time_is_service_and_person_or_one_of_them(text, service, person):
    found = chosen(text)
    assert (found.same_service, found.same_person) == (service, person)


def test_what_was_chosen_lives_through_the_call_until_it_is_replaced():
    assert over("מניקור אצל יוני", "מחר בעשר").first == Choice((NAILS,), (YONI,))
    assert over("מניקור אצל יוני", "בעצם אצל גלית מור").first == Choice((NAILS,), (GALIT_M,))
    assert over("מניקור אצל יוני", "לא משנה לי אצל מי").first == Choice((NAILS,), ())
    assert over("מניקור", "וגם פן").also == (Choice((BLOW,), ()),)
    assert over("אצל יוני", "רגע, לא אצל יוני פרץ").first.persons == ()
    assert over("לא אצל יוני פרץ", "טוב, אצל יוני").not_persons == ()


def test_who_names_a_service_with_a_wish_or_briefly_wants_an_appointment():
    assert parse_utterance("אני צריכה מניקור", NOW, offering=SALON).intent == "book"
    assert parse_utterance("мне нужен маникюр", NOW, offering=SALON).intent == "book"
    assert parse_utterance("תור אצל גלית מור", NOW, offering=SALON).intent == "book"
    assert parse_utterance("מניקור, בבקשה", NOW, offering=SALON).intent == "book"
    story = "השכנה שלי סיפרה לי שהיא עשתה אצלכם מניקור והיה נורא יפה אז אמרתי לעצמי שאולי אתקשר פעם"
    assert parse_utterance(story, NOW, offering=SALON).intent == "none"


def test_a_business_that_names_nothing_is_read_as_ever():
    assert parse_utterance("תור למניקור אצל יוני", NOW).chosen == NOTHING_CHOSEN


_NAMES = [each.name for each in SALON.persons if not each.is_room]
_WORDS = (
    "אני רוצה לא אצל מחר בעשר תור with at not please к на не хочу عند مش بدي גם או and or "
    "צבע פן מניקור manicure маникюр"
)
_PIECES = st.sampled_from(_WORDS.split() + _NAMES)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=12), st.sampled_from(["", "name", "person"]))
def test_whatever_is_said_only_known_ids_are_chosen_and_none_both_ways(words, asked):
    found = chosen(" ".join(words), asked)
    services = {one.id for one in SALON.services}
    persons = {one.id for one in SALON.persons}
    for choice in (found.first, *found.also):
        assert services.issuperset(choice.services)
        assert persons.issuperset(choice.persons)
    assert not set(found.first.persons) & set(found.not_persons)
    assert not set(found.first.services) & set(found.not_services)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_no_text_makes_the_reading_fail(text):
    chosen(text)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SALON.persons), st.sampled_from(["אצל {}", "with {}", "к {}", "عند {}"]))
def test_the_whole_name_after_with_is_that_person(person, frame):
    assert chosen(frame.format(person.name)).first.persons == (person.id,)


_SAID = ("צבע", "אצל יוני", "לא אצל יוני פרץ", "מי שפנוי", "וגם פן", "כרגיל", "שלום", "צבע או פן")
_CHOSEN = st.sampled_from([chosen(text) for text in _SAID])


@settings(max_examples=150, deadline=None)
@given(st.lists(_CHOSEN, max_size=6), _CHOSEN)
def test_the_latest_words_always_win(before, latest):
    known = NOTHING_CHOSEN
    for one in before:
        known = chosen_by_now(known, one)
    after = chosen_by_now(known, latest)
    if latest.first.persons:
        assert after.first.persons == latest.first.persons
        assert not after.anyone
    if latest.anyone:
        assert (after.anyone, after.first.persons) == (True, ())
    assert not set(after.first.persons) & set(after.not_persons)
    if latest == NOTHING_CHOSEN:
        assert after.first == known.first
