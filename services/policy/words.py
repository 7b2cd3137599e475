"""Dates, hours and refusals in words: Hebrew, English, Arabic and Russian; another language gets English. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.language.text import one_line

HEBREW_DAYS = ("שני", "שלישי", "רביעי", "חמישי", "שישי", "שבת", "ראשון")  # the order of date.weekday()
ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HEBREW_MONTHS = (
    "ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני",
    "יולי", "אוגוסט", "ספטמבר", "אוקטובר", "נובמבר", "דצמבר",
)  # fmt: skip
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ARABIC_DAYS = ("الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد")
_ARABIC_MONTHS = (
    "كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران",
    "تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول",
)  # fmt: skip
_RUSSIAN_DAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
_RUSSIAN_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_LONGEST_NAME = 60
SUNDAY_FIRST = (6, 0, 1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class RefusalFacts:
    """What a refusal may have to name. `wall` is the wall-clock time asked for; `hours` are "HH:MM" pairs; `who`: whose
    rule it is, "" for the business's own; `service`: the name of what is wished."""

    wall: datetime = datetime(1970, 1, 1)
    hours: tuple[tuple[str, str], ...] = ()
    holiday: str = ""
    holiday_english: str = ""
    slot_size_min: int = 0
    min_notice_min: int = 0
    booking_window_days: int = 0
    who: str = ""
    service: str = ""


def clock(minutes: int) -> str:
    """The clock at minutes after midnight: the end of the day is 24:00, later is the next day's clock."""
    return "24:00" if minutes == 1440 else f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def name_words(name: str) -> str:
    """A name the owner wrote, bounded, on one line; the quotation mark of ד"ר as a gershayim, which quotes nothing."""
    return one_line(name.replace('"', "״"), _LONGEST_NAME)


def weekday_words(day: date, language: str) -> str:
    """ "יום שלישי", "שבת", "Tuesday", "الثلاثاء", "вторник"."""
    if language == "he":
        name = HEBREW_DAYS[day.weekday()]
        return name if day.weekday() == 5 else f"יום {name}"
    return {"ar": _ARABIC_DAYS, "ru": _RUSSIAN_DAYS}.get(language, ENGLISH_DAYS)[day.weekday()]


def date_words(day: date, language: str, *, year: bool = False) -> str:
    """ "יום שלישי, 3 במרץ" / "Tuesday, 3 March"."""
    months = {"he": HEBREW_MONTHS, "ar": _ARABIC_MONTHS, "ru": _RUSSIAN_MONTHS}.get(language, ENGLISH_MONTHS)
    comma, of = "،" if language == "ar" else ",", "ב" if language == "he" else ""
    tail = f" {day.year}" if year else ""
    return f"{weekday_words(day, language)}{comma} {day.day} {of}{months[day.month - 1]}{tail}"


def slot_words(start: datetime, language: str) -> str:
    """A slot as it is told to the caller: "יום שלישי, 3 במרץ בשעה 16:30"."""
    joiner = {"he": "בשעה", "ar": "الساعة", "ru": "в"}.get(language, "at")
    return f"{date_words(start.date(), language)} {joiner} {start:%H:%M}"


def ranges_words(ranges: Sequence[tuple[str, str]], language: str) -> str:
    """ "09:00–13:00, 16:00–19:00", or the word for closed."""
    if not ranges:
        return {"he": "סגור", "ar": "مغلق", "ru": "закрыто"}.get(language, "closed")
    return ", ".join(f"{opens}–{closes}" for opens, closes in ranges)


def span_words(minutes: int, language: str) -> str:
    """A length of time: "45 דקות", "שעתיים", "2 hours", "1 day"; Russian in the accusative, as after "за"."""
    size = next(each for each in _SPANS if (minutes >= each and minutes % each == 0) or each == 1)
    return _COUNTED.get(language, _english)(minutes // size, _SPANS[size])


@dataclass(frozen=True, slots=True)
class _Span:
    """A unit's forms: one, two and more (Hebrew, Arabic), one, few and many (Russian), and in English."""

    hebrew: tuple[str, str, str]
    arabic: tuple[str, str, str, str]
    russian: tuple[str, str, str]
    english: str


_SPANS = {
    1440: _Span(("יום אחד", "יומיים", "ימים"), ("يوم واحد", "يومين", "أيام", "يومًا"), ("день", "дня", "дней"), "day"),
    60: _Span(
        ("שעה אחת", "שעתיים", "שעות"), ("ساعة واحدة", "ساعتين", "ساعات", "ساعة"), ("час", "часа", "часов"), "hour"
    ),
    1: _Span(
        ("דקה אחת", "שתי דקות", "דקות"),
        ("دقيقة واحدة", "دقيقتين", "دقائق", "دقيقة"),
        ("минуту", "минуты", "минут"),
        "minute",
    ),
}


def _hebrew(count: int, span: _Span) -> str:
    one, two, many = span.hebrew
    return {1: one, 2: two}.get(count, f"{count} {many}")


def _arabic(count: int, span: _Span) -> str:
    one, two, few, many = span.arabic
    counted = f"{count} {few if 3 <= count % 100 <= 10 else many}"
    return {1: one, 2: two}.get(count, counted)


def _russian(count: int, span: _Span) -> str:
    one, few, many = span.russian
    if count % 100 in (11, 12, 13, 14):
        return f"{count} {many}"
    return f"{count} {one if count % 10 == 1 else few if count % 10 in (2, 3, 4) else many}"


def _english(count: int, span: _Span) -> str:
    return f"{count} {span.english}{'' if count == 1 else 's'}"


_COUNTED = {"he": _hebrew, "ar": _arabic, "ru": _russian}


def refusal_words(rule: str, facts: RefusalFacts, language: str) -> str:
    """The sentence for a refused slot; `rule` as in SlotVerdict."""
    values = {
        "time": f"{facts.wall:%H:%M}",
        "day": date_words(facts.wall.date(), language),
        "weekday": weekday_words(facts.wall.date(), language),
        "hours": ranges_words(facts.hours, language),
        "holiday": facts.holiday if language == "he" else facts.holiday_english,
        "slot": span_words(facts.slot_size_min, language),
        "notice": span_words(facts.min_notice_min, language),
        "window": span_words(facts.booking_window_days * 1440, language),
        "who": name_words(facts.who),
        "service": name_words(facts.service),
    }
    of_person = facts.who and rule in _REFUSALS_OF_PERSON
    hebrew, english, arabic, russian = (_REFUSALS_OF_PERSON if of_person else _REFUSALS)[rule]
    return {"he": hebrew, "ar": arabic, "ru": russian}.get(language, english).format(**values)


# rule → Hebrew, English, Arabic, Russian
_REFUSALS = {
    "no_such_time": (
        "השעה {time} לא קיימת ב{day}: באותו לילה השעון מוזז קדימה.",
        "{time} does not exist on {day}: the clocks go forward that night.",
        "الساعة {time} غير موجودة يوم {day}: في تلك الليلة تُقدَّم الساعة.",
        "Времени {time} не существует: {day}, в эту ночь часы переводят вперёд.",
    ),
    "ambiguous_time": (
        "השעה {time} מופיעה פעמיים ב{day}: באותו לילה השעון מוזז אחורה.",
        "{time} happens twice on {day}: the clocks go back that night.",
        "الساعة {time} تتكرر مرتين يوم {day}: في تلك الليلة تُؤخَّر الساعة.",
        "Время {time} наступает дважды: {day}, в эту ночь часы переводят назад.",
    ),
    "in_the_past": (
        "המועד {day} {time} כבר עבר.",
        "{day} at {time} is already over.",
        "الموعد يوم {day} الساعة {time} قد مضى.",
        "Время {day}, {time} уже прошло.",
    ),
    "min_notice": (
        "אפשר לקבוע לכל המוקדם {notice} מראש.",
        "An appointment needs at least {notice} notice.",
        "يجب حجز الموعد قبل {notice} على الأقل.",
        "Записаться можно не позднее чем за {notice}.",
    ),
    "booking_window": (
        "אפשר לקבוע עד {window} קדימה בלבד.",
        "Appointments can be made at most {window} ahead.",
        "يمكن الحجز حتى {window} مقدمًا فقط.",
        "Записаться можно не более чем на {window} вперёд.",
    ),
    "closed_date": (
        "ב{day} העסק סגור.",
        "The business is closed on {day}.",
        "المكان مغلق يوم {day}.",
        "{day}: закрыто.",
    ),
    "holiday": (
        "ב{day} העסק סגור, {holiday}.",
        "The business is closed on {day}, {holiday}.",
        "المكان مغلق يوم {day}، {holiday}.",
        "{day}: закрыто, {holiday}.",
    ),
    "holiday_eve": (
        "ב{day} העסק סגור, ערב {holiday}.",
        "The business is closed on {day}, the eve of {holiday}.",
        "المكان مغلق يوم {day}، عشية {holiday}.",
        "{day}: закрыто, канун праздника {holiday}.",
    ),
    "closed_weekday": (
        "ב{weekday} העסק סגור.",
        "The business is closed on {weekday}s.",
        "المكان مغلق يوم {weekday}.",
        "{weekday} — выходной день.",
    ),
    "outside_hours": (
        "השעה {time} מחוץ לשעות הפעילות ב{day}: {hours}.",
        "{time} is outside the opening hours on {day}: {hours}.",
        "الساعة {time} خارج ساعات العمل يوم {day}: {hours}.",
        "{time} — вне часов работы. {day}: {hours}.",
    ),
    "off_grid": (
        "תורים מתחילים כל {slot}, והשעה {time} לא מתאימה.",
        "Appointments start every {slot}; {time} does not fit.",
        "تبدأ المواعيد كل {slot}، والساعة {time} غير مناسبة.",
        "Приём начинается с интервалом в {slot}; время {time} не подходит.",
    ),
    "day_off": (
        "ב{day} אין קבלה.",
        "Nobody who could do it works on {day}.",
        "لا مواعيد يوم {day}.",
        "{day}: приёма нет.",
    ),
    "no_such_service": (
        "את זה לא עושים כאן.",
        "That is not done here.",
        "هذه الخدمة غير متوفرة هنا.",
        "Такой услуги здесь нет.",
    ),
    "on_request": (
        "{service}: לא קובעים בטלפון, רק בתיאום עם העסק.",
        "{service} is not booked by telephone, only by arrangement with the business.",
        "{service}: لا يُحجز بالهاتف، بل بالتنسيق مع المكان فقط.",
        "{service}: по телефону не записывают, только по согласованию.",
    ),
    "nobody_gives": (
        "{service}: כרגע אין מי שיעשה את זה.",
        "{service}: nobody here does it at present.",
        "{service}: لا يوجد حاليًا من يقدّمها.",
        "{service}: сейчас этого никто не делает.",
    ),
    "no_such_person": (
        "{who} לא מקבל כאן תורים.",
        "{who} takes no appointments here.",
        "{who}: لا مواعيد هنا.",
        "{who}: приёма здесь нет.",
    ),
    "does_not_give": (
        "{service}: לא אצל {who}.",
        "{service} is not done by {who}.",
        "{service}: ليس عند {who}.",
        "{service}: {who} этого не делает.",
    ),
    "busy": (
        "המועד {day} {time} כבר תפוס.",
        "{day} at {time} is already taken.",
        "الموعد يوم {day} الساعة {time} محجوز.",
        "Время {day}, {time} уже занято.",
    ),
}

# The same where one person's diary says so.
_REFUSALS_OF_PERSON = {
    "day_off": (
        "אין קבלה אצל {who} ב{day}.",
        "{who} is away on {day}.",
        "{who}: لا مواعيد يوم {day}.",
        "{who}: {day} — приёма нет.",
    ),
    "closed_weekday": (
        "אין קבלה אצל {who} ב{weekday}.",
        "{who} does not work on {weekday}s.",
        "{who}: لا مواعيد يوم {weekday}.",
        "{who}: {weekday} — приёма нет.",
    ),
    "outside_hours": (
        "שעות הקבלה אצל {who} ב{day}: {hours}; השעה {time} מחוץ להן.",
        "{time} is outside the hours of {who} on {day}: {hours}.",
        "{who}: الساعات يوم {day} هي {hours}، والساعة {time} خارجها.",
        "{who}: часы приёма {hours}, {day}; время {time} не входит в них.",
    ),
    "busy": (
        "המועד {day} {time} כבר תפוס אצל {who}.",
        "{day} at {time} is already taken with {who}.",
        "{who}: الموعد يوم {day} الساعة {time} محجوز.",
        "{who}: время {day}, {time} уже занято.",
    ),
}
