"""A CSV of appointments as spreadsheets write it: encodings, separators, headings in two languages (K7). Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from services.language.phone_numbers import as_e164

MOST_BYTES = 256 * 1024
MOST_ROWS = 300
_MOST_COLUMNS = 40
_LONGEST_CELL = 1000
_SEPARATORS = ",;\t"


class BadFile(ValueError):
    """It cannot be read. code: `too_large`, `encoding`, `empty`, `too_many_rows`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Field(StrEnum):
    DATE = "date"
    TIME = "time"
    NAME = "name"
    PHONE = "phone"
    SERVICE = "service"
    PERSON = "person"
    NOTE = "note"


NEEDED = (Field.DATE, Field.TIME, Field.NAME, Field.PHONE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


_HEADINGS: Mapping[Field, frozenset[str]] = {
    Field.DATE: _words(
        "תאריך|יום|תאריך התור|תאריך תור|תאריך פגישה|מועד|תאריך ושעה|date|day|appointment date|start date|date and time"
    ),
    Field.TIME: _words("שעה|שעת התחלה|שעת התור|התחלה|משעה|time|start|start time|hour|from|appointment time"),
    Field.NAME: _words("שם|שם הלקוח|שם לקוח|לקוח|לקוחה|שם מלא|שם המטופל|מטופל|name|customer|client|full name|patient"),
    Field.PHONE: _words(
        "טלפון|נייד|טלפון נייד|פלאפון|טל|מספר טלפון|סלולרי|phone|mobile|tel|telephone|cell|phone number|mobile phone"
    ),
    Field.SERVICE: _words("שירות|טיפול|סוג טיפול|סוג תור|סוג|נושא|service|treatment|type|appointment type|subject"),
    Field.PERSON: _words(
        "מטפל|מטפלת|עם מי|אצל|אצל מי|איש צוות|עובד|עובדת|ספר|ספרית|רופא|רופאה|משאב|person|with|staff|employee|provider"
    ),
    Field.NOTE: _words("הערה|הערות|פרטים|note|notes|comment|comments|remarks|details"),
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """headings: of the first line; rows: what stands below, as many cells each, with its line's number."""

    headings: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Row:
    """One appointment as it is written. problem: why it cannot be one: `bad_date`, `bad_time`, `no_name`, `bad_phone`.
    start: wall-clock time; phone: E.164. Both are worth nothing where there is a problem."""

    line: int
    written: Mapping[Field, str]
    problem: str = ""
    start: datetime = datetime.min
    phone: str = ""

    def says(self, field: Field) -> str:
        return self.written.get(field, "")


def text_of(data: bytes) -> str:
    """The file's text: UTF-8 with and without its mark, UTF-16 with it, else Windows-1255, as Excel writes Hebrew.

    Raises BadFile.
    """
    if len(data) > MOST_BYTES:
        raise BadFile("too_large")
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1255"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise BadFile("encoding")


def sheet_of(text: str) -> Sheet:
    """Raises BadFile."""
    first, _, rest = text.lstrip("\ufeff").partition("\n")
    told = re.fullmatch(r"\s*\"?sep=(.)\"?\s*", first)  # a line with which Excel tells its separator
    body = rest if told else text.lstrip("\ufeff")
    separator = told[1] if told else _separator(body)
    found: list[tuple[int, list[str]]] = []
    try:
        reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator)
        for cells in reader:
            plain = [_cell(each) for each in cells[:_MOST_COLUMNS]]
            if any(plain):
                found.append((reader.line_num + (1 if told else 0), plain))
            if len(found) > MOST_ROWS + 1:
                raise BadFile("too_many_rows")
    except csv.Error as error:
        raise BadFile("encoding") from error
    if len(found) < 2:
        raise BadFile("empty")
    (_, headings), rows = found[0], found[1:]
    width = len(headings)
    return Sheet(headings, [(line, [*cells, *[""] * width][:width]) for line, cells in rows])


def guess(headings: Sequence[str]) -> dict[Field, int]:
    """Which column is what, by its heading; a field without one is missing."""
    plain = [_plain(each) for each in headings]
    return {
        field: plain.index(next(each for each in plain if each in names))
        for field, names in _HEADINGS.items()
        if any(each in names for each in plain)
    }


def missing(columns: Mapping[Field, int]) -> list[Field]:
    """What every appointment needs and no column has. A column of dates may hold the time as well."""
    return [each for each in NEEDED if each not in columns and each is not Field.TIME]


def rows_of(sheet: Sheet, columns: Mapping[Field, int]) -> list[Row]:
    """The appointments of the sheet, each with what is wrong in it."""
    return [_row(line, {field: cells[at] for field, at in columns.items()}) for line, cells in sheet.rows]


def _row(line: int, written: dict[Field, str]) -> Row:
    day_text, time_text = written.get(Field.DATE, ""), written.get(Field.TIME, "")
    if not time_text:
        day_text, _, time_text = day_text.replace("T", " ").partition(" ")
    day, clock = read_date(day_text.partition(" ")[0]), read_time(time_text)
    phone = read_phone(written.get(Field.PHONE, ""))
    if day is None:
        return Row(line, written, "bad_date")
    if clock is None:
        return Row(line, written, "bad_time")
    if not written.get(Field.NAME):
        return Row(line, written, "no_name")
    if phone is None:
        return Row(line, written, "bad_phone")
    return Row(line, written, "", datetime.combine(day, clock), phone)


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})")
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?::\d{2})?(?:\s*([ap])\.?m\.?)?", re.IGNORECASE)


def read_date(text: str) -> date | None:
    """2026-11-22, or the day first: 22/11/2026, 22.11.26."""
    if found := _ISO.fullmatch(text):
        year, month, day = (int(each) for each in found.groups())
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(each) for each in found.groups())
        year += 2000 if year < 100 else 0
    else:
        return None
    try:
        return date(year, month, day) if 2000 <= year <= 2100 else None
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """9:30, 09:30:00, 9.30, 2:30 PM."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hour, half = int(found[1]), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, int(found[2])) if hour < 24 and int(found[2]) < 60 else None


def read_phone(text: str) -> str | None:
    """In E.164. Spreadsheets take a number's first zero away."""
    plain = text.lstrip("'").strip()
    number = as_e164(plain)
    if number is None and re.fullmatch(r"[2-9]\d{7,8}", re.sub(r"[\s-]", "", plain)):
        number = as_e164(f"0{plain}")
    return number


def _separator(text: str) -> str:
    """What the first line has most of, outside quotes."""
    first = re.sub(r'"[^"]*"', "", text).lstrip().partition("\n")[0]
    return max(_SEPARATORS, key=first.count)


def _cell(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_CELL]


def _plain(heading: str) -> str:
    """Without marks that are only there to be looked at."""
    return " ".join(re.sub(r"[^\w\s]", " ", heading.casefold()).replace("_", " ").split())
