"""An import of appointments, in the words of the business's owner."""

from __future__ import annotations

from app.admin.text.words import language, t
from services.imports.booking import Judged, State
from services.imports.reading import MOST_BYTES, MOST_ROWS, Field


def field_words(field: Field) -> str:
    return {
        Field.DATE: t("תאריך", "date"),
        Field.TIME: t("שעה", "time"),
        Field.NAME: t("שם", "name"),
        Field.PHONE: t("טלפון", "telephone"),
        Field.SERVICE: t("שירות", "service"),
        Field.PERSON: t("אצל מי", "with whom"),
        Field.NOTE: t("הערה", "note"),
    }[field]


def file_words(code: str) -> str:
    """Why a file cannot be read."""
    return {
        "no_file": t("בחרו קובץ.", "Choose a file."),
        "too_large": t("הקובץ גדול מדי: עד {n} קילובייט.", "Too large: up to {n} KB.", n=MOST_BYTES // 1024),
        "too_many_rows": t("יותר מדי שורות: עד {n} בקובץ.", "Too many rows: up to {n} in a file.", n=MOST_ROWS),
        "encoding": t(
            "אי אפשר לקרוא את הקובץ. שמרו אותו מהגיליון כ-CSV UTF-8.",
            "The file cannot be read. Save it from the spreadsheet as CSV UTF-8.",
        ),
        "empty": t("אין בקובץ שורות מתחת לכותרות.", "There are no rows below the headings in this file."),
    }[code]


def state_words(state: State, *, done: bool) -> str:
    """done: after the import, not before."""
    if state is State.BOOKED:
        return t("נקבע", "booked") if done else t("ייקבע", "will be booked")
    return t("יובא כבר", "imported before") if state is State.REPEATED else t("לא", "no")


def reason_words(judged: Judged) -> str:
    """Why a row is not booked; "" when it is."""
    row = judged.row
    if judged.reason == "policy" and judged.verdict is not None:
        said = judged.verdict.words(language())
        who = t("תפוס אצל: {who}", "Taken by: {who}", who=", ".join(judged.taken)) if judged.taken else ""
        return " ".join(each for each in (said, who) if each)
    known = {
        "": "",
        "bad_date": t("״{text}״ אינו תאריך", "“{text}” is no date", text=row.says(Field.DATE)[:40]),
        "bad_time": t(
            "״{text}״ אינה שעה", "“{text}” is no time of day", text=(row.says(Field.TIME) or row.says(Field.DATE))[:40]
        ),
        "no_name": t("חסר שם", "there is no name"),
        "bad_phone": t("״{text}״ אינו מספר טלפון", "“{text}” is no telephone number", text=row.says(Field.PHONE)[:40]),
        "past": t("המועד עבר", "the time is past"),
        "unknown_service": t("אין שירות בשם ״{text}״", "no service is “{text}”", text=row.says(Field.SERVICE)[:60]),
        "unknown_person": t("אין בצוות ״{text}״", "nobody here is called “{text}”", text=row.says(Field.PERSON)[:60]),
    }
    return known[judged.reason]
