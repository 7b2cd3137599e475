"""Connected calendars in words."""

from __future__ import annotations

from app.admin.text.words import t
from services.calendar_sync.core.failures import CalendarAway, CalendarFailure, GrantLost
from services.db.models import CalendarConnection, CalendarKind, CalendarState


def kind_words(kind: CalendarKind) -> str:
    return {
        CalendarKind.GOOGLE: t("יומן Google", "Google Calendar"),
        CalendarKind.CALDAV: t("CalDAV", "CalDAV"),
        CalendarKind.ICS: t("כתובת ICS", "ICS address"),
    }[kind]


def state_words(state: CalendarState) -> str:
    return {
        CalendarState.CHOOSING: t("צריך לבחור יומן", "choose a calendar"),
        CalendarState.ACTIVE: t("מחובר", "connected"),
        CalendarState.AWAY: t("לא עונה כרגע", "does not answer"),
        CalendarState.LOST: t("הגישה אבדה", "access lost"),
        CalendarState.REFUSED: t("מסרב", "refuses"),
    }[state]


def trouble_words(row: CalendarConnection) -> str:
    """What is wrong and what to do; "" when all is well."""
    return {
        CalendarState.CHOOSING: t("בחרו לאיזה יומן לכתוב.", "Choose which calendar to write into."),
        CalendarState.AWAY: t(
            "היומן לא עונה, ומנסים שוב מעצמנו. קביעת התורים נמשכת ביומן שלנו.",
            "The calendar does not answer; it is tried again by itself. Booking goes on in our own calendar.",
        ),
        CalendarState.LOST: t(
            "ההרשאה בוטלה, פגה או שהסיסמה הוחלפה. קביעת התורים נמשכת ביומן שלנו; חברו שוב כדי שהיומנים יתעדכנו.",
            "The grant was withdrawn or has expired, or the password was changed. Booking goes on in our own calendar; "
            "connect it again so that both are kept in step.",
        ),
        CalendarState.REFUSED: t(
            "היומן איננו, או שאסור לכתוב בו. קביעת התורים נמשכת ביומן שלנו.",
            "The calendar is gone, or may not be written to. Booking goes on in our own calendar.",
        ),
    }.get(row.state, "")


def failure_words(error: CalendarFailure) -> str:
    """Why it could not be connected."""
    if isinstance(error, GrantLost):
        return t("השם או הסיסמה לא התקבלו.", "The name or the password was not accepted.")
    if isinstance(error, CalendarAway):
        return t("אין תשובה משם: {reason}", "No answer from there: {reason}", reason=str(error)[:80])
    return t("לא נמצא שם יומן: {reason}", "No calendar was found there: {reason}", reason=str(error)[:80])
