"""What is read out of a file of appointments, however a spreadsheet wrote it (K7)."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from services.imports.reading import (
    MOST_BYTES,
    MOST_ROWS,
    BadFile,
    Field,
    guess,
    missing,
    read_date,
    read_phone,
    read_time,
    rows_of,
    sheet_of,
    text_of,
)

HEBREW = "תאריך,שעה,שם,טלפון,שירות,אצל מי,הערה\r\n24/11/2026,09:30,נועה לוי,050-1234567,תספורת,דנה,\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1255", "utf-16"])
def test_every_encoding_that_excel_writes_hebrew_in_is_read(encoding: str) -> None:
    sheet = sheet_of(text_of(HEBREW.encode(encoding)))
    assert set(guess(sheet.headings)) == set(Field)
    (row,) = rows_of(sheet, guess(sheet.headings))
    assert (row.problem, row.start, row.phone) == ("", datetime(2026, 11, 24, 9, 30), "+972501234567")
    assert (row.says(Field.NAME), row.says(Field.PERSON), row.line) == ("נועה לוי", "דנה", 2)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("told", ["", "sep={}\r\n"])
def test_the_separator_is_found_or_told_and_quotes_are_excels(separator: str, told: str) -> None:
    lines = [["Date", "Start time", "Customer", "Mobile", "Notes"]]
    lines.append(["2026-11-24", "2:30 PM", '"Levi, Noa; ""Nono"""', "0501234567", '"two\nlines, and more"'])
    text = told.format(separator) + "\r\n".join(separator.join(line) for line in lines)
    sheet = sheet_of(text)
    (row,) = rows_of(sheet, guess(sheet.headings))
    assert row.start == datetime(2026, 11, 24, 14, 30)
    assert row.says(Field.NAME) == 'Levi, Noa; "Nono"'
    assert row.says(Field.NOTE) == "two lines, and more"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"date,time,name,phone\n\n\n", "empty"),
        (b"x" * (MOST_BYTES + 1), "too_large"),
        (b"date\n" + b"a\n" * (MOST_ROWS + 1), "too_many_rows"),
        (b"PK\x03\x04\x14\x00\x06\x00", "encoding"),
        (b"\xff\xfe\x00", "encoding"),
    ],
)
def test_what_is_no_such_file_is_refused_with_its_reason(data: bytes, code: str) -> None:
    with pytest.raises(BadFile) as refused:
        sheet_of(text_of(data))
    assert refused.value.code == code


def test_no_bytes_whatever_break_the_reader() -> None:
    for seed in range(400):
        data = bytes((seed * 31 + at * at * 7 + (seed >> 3) * at) % 256 for at in range(seed))
        try:
            sheet = sheet_of(text_of(data))
        except BadFile:
            continue
        rows_of(sheet, guess(sheet.headings))


def test_headings_are_known_in_any_order_and_case_and_what_is_missing_is_named() -> None:
    assert guess(["NOTES", " phone: ", "Full_Name", "*Date*"]) == {
        Field.NOTE: 0,
        Field.PHONE: 1,
        Field.NAME: 2,
        Field.DATE: 3,
    }
    assert missing({Field.NAME: 0}) == [Field.DATE, Field.PHONE]


def test_a_column_of_dates_may_hold_the_time() -> None:
    sheet = sheet_of("date and time,name,phone\n2026-11-24T09:30,Noa,050-1234567\n24/11/2026 9:30,Noa,050-1234567\n")
    rows = rows_of(sheet, guess(sheet.headings))
    assert [row.start for row in rows] == [datetime(2026, 11, 24, 9, 30)] * 2


@pytest.mark.parametrize("text", ["2026-11-24", "24/11/2026", "24.11.26", "24-11-2026", "2026/11/24"])
def test_a_date_is_read_with_the_day_first(text: str) -> None:
    assert read_date(text) == date(2026, 11, 24)


@pytest.mark.parametrize("text", ["", "11/24/2026", "31/02/2026", "tomorrow", "24/11", "0001-01-01", "24/11/1999"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [("9:30", time(9, 30)), ("09:30:00", time(9, 30)), ("12:05 AM", time(0, 5)), ("12:05pm", time(12, 5))],
)
def test_a_time_is_read_in_24_and_in_12_hours(text: str, found: time) -> None:
    assert read_time(text) == found


@pytest.mark.parametrize("text", ["", "24:00", "9:60", "13:00 PM", "noon", "9"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize("text", ["050-1234567", "501234567", "+972 50 123 4567", "'0501234567", "972501234567"])
def test_a_number_is_known_without_the_zero_that_a_spreadsheet_took(text: str) -> None:
    assert read_phone(text) == "+972501234567"


@pytest.mark.parametrize("text", ["", "5.01235E+08", "12", "1-800"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert read_phone(text) is None
