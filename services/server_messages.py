"""The [SERVER] messages to the model (A4): facts as system items, which no caller's voice can imitate. Pure.

Times are told in words of the business's language, so that the model repeats them and computes nothing. What a
caller said (a name) is bounded and quoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.caller_text import quoted
from services.policy_words import date_words, slot_words


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """`speak`: the caller is waiting for it, an answer is asked for as soon as the floor is free."""

    kind: str
    text: str
    speak: bool = True


_TEXTS = {
    "he": {
        "slot_available": "{slot} פנוי, ונשמר למתקשר לכמה דקות. עוד לא נקבע תור.",
        "slot_unavailable": "{slot} לא אפשרי: {why} {offer}",
        "offer": "אפשר להציע: {slots}.",
        "no_offer": "אין מועד קרוב פנוי; להציע לקחת הודעה.",
        "need_datetime": "לשאול לאיזה יום ושעה. {offer}",
        "need_time": "ברור היום, חסרה השעה. {offer}",
        "ambiguous": "לא ברור למה הכוונה ב{what}: לשאול שאלה קצרה אחת, לא לנחש.",
        "need_name": "חסר שם לתור: לשאול על שם מי.",
        "need_phone": "חסר מספר טלפון: לבקש להקיש אותו במקשים ובסוף סולמית.",
        "need_phone_spoken": "המספר נאמר בעל פה: לבקש יפה להקיש אותו במקשים ובסוף סולמית.",
        "need_permission": (
            "חסר מספר טלפון: לשאול אם להשתמש במספר שממנו מתקשרים. אפשר גם להקיש מספר אחר ובסוף סולמית."
        ),
        "phone_noted": "המספר שהוקש נרשם. לאשר במילה ולהמשיך.",
        "confirm_booking": "לשאול אם לקבוע את התור, ולחכות לכן.",
        "confirm_move": "{slot} פנוי. לשאול אם להעביר אליו את התור של {old}, ולחכות לכן.",
        "where_to": "יש תור ל{slot}. לשאול לאיזה יום ושעה להעביר אותו.",
        "day_full": "ב{day} אין מועד פנוי מתאים. {offer}",
        "wrong_time": (
            "נאמר למתקשר מועד לא נכון. התור שנקבע: {slot}. לתקן מיד במשפט קצר אחד, "
            'שמתחיל ב"סליחה", ולומר את המועד הנכון.'
        ),
        "appointment_created": "התור נקבע: {slot}, על שם {name}. לאשר למתקשר במשפט קצר עם היום והשעה.",
        "appointment_moved": "התור הועבר ל{slot}. לאשר למתקשר במשפט קצר עם היום והשעה.",
        "appointment_cancelled": "התור ל{slot} בוטל. לאשר למתקשר במשפט קצר.",
        "confirm_cancel": "יש תור ל{slot}. לשאול אם לבטל אותו, ולחכות לכן.",
        "no_appointment": "לא נמצא תור קיים למספר הזה. לומר זאת ולהציע לקחת הודעה.",
        "calendar_away": "היומן לא זמין כרגע, ולא נקבע שום תור. לומר זאת בכנות ולהציע לקחת הודעה.",
        "bad_number": "{why} לבקש להקיש שוב את כל המספר ובסוף סולמית.",
        "date": "יום",
        "time": "שעה",
    },
    "en": {
        "slot_available": "{slot} is free and kept for the caller for a few minutes. Nothing is booked yet.",
        "slot_unavailable": "{slot} is not possible: {why} {offer}",
        "offer": "Offer: {slots}.",
        "no_offer": "No time near it is free; offer to take a message.",
        "need_datetime": "Ask for day and time. {offer}",
        "need_time": "The day is clear, the time is missing. {offer}",
        "ambiguous": "It is unclear which {what} is meant: ask one short question, do not guess.",
        "need_name": "The name is missing: ask for it.",
        "need_phone": "The phone number is missing: ask the caller to key it in and end with the pound key.",
        "need_phone_spoken": "The number was spoken: kindly ask to key it in and end with the pound key.",
        "need_permission": (
            "The phone number is missing: ask whether the number they call from may be used. "
            "Another one can be keyed in, ended with the pound key."
        ),
        "phone_noted": "The keyed number was noted. Acknowledge it in a word and go on.",
        "confirm_booking": "Ask whether to book it and wait for a yes.",
        "confirm_move": "{slot} is free. Ask whether to move the appointment of {old} to it and wait for a yes.",
        "where_to": "There is an appointment on {slot}. Ask to which day and time to move it.",
        "day_full": "No suitable time is free on {day}. {offer}",
        "wrong_time": (
            "The caller was told a wrong time. The appointment is on {slot}. Correct this at once in one short "
            'sentence that begins with "Sorry" and says the right time.'
        ),
        "appointment_created": "Booked: {slot}, for {name}. Confirm it in one short sentence with day and time.",
        "appointment_moved": "Moved to {slot}. Confirm it in one short sentence with day and time.",
        "appointment_cancelled": "The appointment on {slot} is cancelled. Confirm in one short sentence.",
        "confirm_cancel": "There is an appointment on {slot}. Ask whether to cancel it and wait for a yes.",
        "no_appointment": "No appointment was found for this number. Say so and offer to take a message.",
        "calendar_away": "The calendar cannot be reached, nothing was booked. Say so, offer to take a message.",
        "bad_number": "{why} Ask to key in the whole number again and end with the pound key.",
        "date": "day",
        "time": "time",
    },
}
# How a kind is announced; the others are announced by their own name.
_HEADS = {
    "appointment_created": "✅ appointment_created",
    "appointment_moved": "✅ appointment_moved",
    "appointment_cancelled": "✅ appointment_cancelled",
    "no_appointment": "❌ error",
    "calendar_away": "❌ error",
    "bad_number": "❌ error",
    "need_time": "need_datetime",
    "ambiguous": "need_datetime",
    "need_phone_spoken": "need_phone",
    "need_permission": "need_phone",
    "where_to": "need_datetime",
    "day_full": "slot_unavailable",
    "wrong_time": "❌ error",
}


class ServerMessages:
    """The messages in one business's language."""

    def __init__(self, language: str) -> None:
        self._language = "he" if language == "he" else "en"
        self._texts = _TEXTS[self._language]

    def slot_available(self, slot: datetime) -> ServerMessage:
        return self._message("slot_available", slot=self._slot(slot))

    def slot_unavailable(self, slot: datetime, why: str, alternatives: Sequence[datetime]) -> ServerMessage:
        return self._message("slot_unavailable", slot=self._slot(slot), why=why, offer=self._offer(alternatives))

    def need_datetime(self, free: Sequence[datetime] = (), *, day_known: bool = False) -> ServerMessage:
        offer = self._offer(free) if free or day_known else ""
        return self._message("need_time" if day_known else "need_datetime", offer=offer)

    def ambiguous(self, what: Sequence[str]) -> ServerMessage:
        return self._message("ambiguous", what=" / ".join(self._texts[part] for part in what))

    def need_name(self) -> ServerMessage:
        return self._message("need_name")

    def need_phone(self, *, spoken: bool = False) -> ServerMessage:
        return self._message("need_phone_spoken" if spoken else "need_phone")

    def need_permission(self) -> ServerMessage:
        """To use the number the call comes from."""
        return self._message("need_permission")

    def phone_noted(self) -> ServerMessage:
        return self._message("phone_noted")

    def ask_to_book(self) -> ServerMessage:
        return self._message("confirm_booking")

    def confirm_move(self, old: datetime, new: datetime) -> ServerMessage:
        return self._message("confirm_move", slot=self._slot(new), old=self._slot(old))

    def where_to(self, slot: datetime) -> ServerMessage:
        return self._message("where_to", slot=self._slot(slot))

    def no_time_that_day(self, day: datetime, alternatives: Sequence[datetime]) -> ServerMessage:
        words = date_words(day.date(), self._language)
        return self._message("day_full", day=words, offer=self._offer(alternatives))

    def wrong_time(self, slot: datetime) -> ServerMessage:
        """The agent named another time than the one that stands."""
        return self._message("wrong_time", slot=self._slot(slot))

    def created(self, slot: datetime, name: str) -> ServerMessage:
        return self._message("appointment_created", slot=self._slot(slot), name=quoted(name))

    def moved(self, slot: datetime) -> ServerMessage:
        return self._message("appointment_moved", slot=self._slot(slot))

    def cancelled(self, slot: datetime) -> ServerMessage:
        return self._message("appointment_cancelled", slot=self._slot(slot))

    def confirm_cancel(self, slot: datetime) -> ServerMessage:
        return self._message("confirm_cancel", slot=self._slot(slot))

    def no_appointment(self) -> ServerMessage:
        return self._message("no_appointment")

    def calendar_away(self) -> ServerMessage:
        return self._message("calendar_away")

    def bad_number(self, why: str) -> ServerMessage:
        return self._message("bad_number", why=why)

    def _message(self, kind: str, **facts: str) -> ServerMessage:
        head = _HEADS.get(kind, kind)
        return ServerMessage(head.split()[-1], f"[SERVER] {head}: {self._texts[kind].format(**facts)}".rstrip())

    def _slot(self, slot: datetime) -> str:
        return slot_words(slot, self._language)

    def _offer(self, slots: Sequence[datetime]) -> str:
        if not slots:
            return self._texts["no_offer"]
        return self._texts["offer"].format(slots="; ".join(self._slot(slot) for slot in slots))
