"""The [SERVER] messages to the model (A4): facts as system items, which no caller's voice can imitate. Pure.

Times are told in words of the language that is answered in, so that the model repeats them and computes nothing. What a
caller said (a name) is bounded and quoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.booking.message_texts import ARABIC, RUSSIAN
from services.booking.slot import Slot
from services.calls.context import CallContext
from services.calls.kinds import ServerEventKind
from services.language.text import quoted
from services.nlp.types import Asked
from services.policy.permissions import EVERYTHING, Instead, Permissions, Refused
from services.policy.words import date_words, name_words, slot_words
from services.prompt.abilities import INSTEAD

Moment = datetime | Slot


@dataclass(frozen=True, slots=True)
class ServerMessage:
    """`speak`: the caller is waiting for it, an answer is asked for as soon as the floor is free.

    `asks`: what it asks the caller for. `offers`: wall-clock starts it names to choose from, `offers_with`: resources
    they would be with, 0 for none. `again`: told also when it was the last thing told.
    """

    kind: ServerEventKind
    text: str
    speak: bool = True
    asks: Asked = ""
    offers: tuple[datetime, ...] = ()
    offers_with: tuple[int, ...] = ()
    again: bool = False


_TEXTS = {
    "he": {
        "slot_available": "{slot} פנוי, ונשמר למתקשר לכמה דקות. עוד לא נקבע תור.",
        "slot_unavailable": "{slot} לא אפשרי: {why} {offer}",
        "offer": "אפשר להציע: {slots}.",
        "no_offer": "אין מועד קרוב פנוי. {instead}",
        "need_datetime": "לשאול לאיזה יום ושעה. {offer}",
        "need_time": "ברור היום, חסרה השעה. {offer}",
        "ambiguous": "לא ברור למה הכוונה ב{what}: לשאול שאלה קצרה אחת, לא לנחש. {offer}",
        "need_name": "חסר שם לתור: לשאול על שם מי.",
        "need_name_known": (
            "חסר שם לתור. על המספר הזה רשום השם {name}, אבל אולי מתקשר מישהו אחר: "
            "לשאול אם התור על השם הזה, או על שם מי."
        ),
        "need_full_name": "ידוע רק השם {name}: לשאול פעם אחת על השם המלא, ולהמשיך גם בלעדיו.",
        "need_phone": "חסר מספר טלפון: לבקש להקיש אותו במקשים ובסוף סולמית.",
        "need_phone_spoken": "המספר נאמר בעל פה: לבקש יפה להקיש אותו במקשים ובסוף סולמית.",
        "need_permission": (
            "חסר מספר טלפון: לשאול אם להשתמש במספר שממנו מתקשרים. אפשר גם להקיש מספר אחר ובסוף סולמית."
        ),
        "phone_noted": "המספר שהוקש נרשם. לאשר במילה ולהמשיך.",
        "confirm_booking": "לשאול אם לקבוע את התור, ולחכות לכן.",
        "confirm_slot": "לא ברור אם זה כן: לשאול אם לקבוע את התור ל{slot}, ולחכות לכן במילים.",
        "who_is_it": "כדי לחפש תור קיים או לשנות אותו חסר שם: לשאול על איזה שם הוא. לא לומר אם יש תור.",
        "who_is_it_again": (
            "לפי מה שנאמר אי אפשר לומר או לשנות שום תור: לבקש פעם אחת את השם המלא שעליו נקבע. לא לומר אם יש תור."
        ),
        "need_code": (
            "לפני שמדברים על תור קיים או משנים אותו צריך קוד: אם יש תור, נשלח עכשיו קוד בן שש ספרות ב-SMS למספר "
            "הרשום. לבקש להקיש אותו ובסוף סולמית, או לומר אותו. לא לומר אם יש תור."
        ),
        "wrong_code": "הקוד אינו נכון: לבקש להקיש אותו שוב ובסוף סולמית. לא לומר אם יש תור.",
        "nothing_without_identity": (
            "בשיחה הזאת אי אפשר לומר או לשנות שום תור קיים. לא לומר אם יש תור. להציע לדבר עם אדם או להשאיר הודעה."
        ),
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
        "no_appointment": "לא נמצא תור קיים למספר הזה. לומר זאת. {instead}",
        "existing": "למתקשר יש תור: {slots}. לומר לו את היום והשעה.",
        "next_person_known": "נרצה תור גם על שם {name}. לשאול לאיזה יום ושעה. {offer}",
        "next_service": "נרצה גם: {service}. לשאול לאיזה יום ושעה. {offer}",
        "need_service": "חסר לאיזה שירות התור: לשאול לאיזה מאלה: {services}. לא לשאול על יום ושעה לפני כן.",
        "need_service_again": (
            "מה שנאמר אינו שירות שנקבע כאן בטלפון. נקבעים: {services}. לומר זאת, ולשאול פעם אחת לאיזה מהם."
        ),
        "service_on_request": "{service}: לא נקבע בטלפון, רק בתיאום עם העסק. לומר זאת. {instead}",
        "service_unknown": "מה שמבקשים אינו שירות שנקבע כאן בטלפון. לומר זאת. {instead}",
        "need_person": "לא ברור אצל מי: לשאול אצל מי מאלה: {people}.",
        "nobody_so_named": "אין כאן מי ששמו {name}. יש: {people}. לומר זאת, ולשאול אצל מי מהם, או אצל מי שפנוי.",
        "not_with": "{why} אפשר אצל: {people}. לומר זאת. {offer}",
        "day_refused": "{why} {offer}",
        "next_person": "נרצה תור גם לאדם נוסף: לשאול על שם מי, ולאיזה יום ושעה.",
        "message_name": "לרישום הפנייה חסר שם: לשאול על השם. לא לשאול על יום ושעה.",
        "lead_noted": "הפרטים וההודעה נרשמו, ויחזרו אל המתקשר. לומר זאת במשפט קצר. לא נקבע תור.",
        "calendar_away": "היומן לא זמין כרגע, ולא נקבע שום תור. לומר זאת בכנות. {instead}",
        "no_book": "בטלפון לא קובעים כאן תורים. לומר זאת, ולא לשאול על יום או שעה. {instead}",
        "no_change": "בטלפון לא מזיזים ולא מבטלים כאן תורים, והתור נשאר כפי שהוא. לומר זאת. {instead}",
        "no_message": "בטלפון לא לוקחים כאן הודעות. לומר זאת. {instead}",
        "confirm_transfer": "נראה שהמתקשר מבקש אדם: לשאול במשפט אחד אם להעביר את השיחה, ולחכות לכן.",
        "no_transfer": "אי אפשר להעביר את השיחה לאדם. לומר זאת, ולא להבטיח העברה. {instead}",
        "no_booking_to_claim": (
            'לא נקבע שום תור, ובטלפון לא קובעים כאן תורים. לתקן מיד במשפט קצר אחד: "סליחה, לא נקבע תור". {instead}'
        ),
        "bad_number": "{why} לבקש להקיש שוב את כל המספר ובסוף סולמית.",
        "date": "יום",
        "time": "שעה",
    },
    "en": {
        "slot_available": "{slot} is free and kept for the caller for a few minutes. Nothing is booked yet.",
        "slot_unavailable": "{slot} is not possible: {why} {offer}",
        "offer": "Offer: {slots}.",
        "no_offer": "No time near it is free. {instead}",
        "need_datetime": "Ask for day and time. {offer}",
        "need_time": "The day is clear, the time is missing. {offer}",
        "ambiguous": "It is unclear which {what} is meant: ask one short question, do not guess. {offer}",
        "need_name": "The name is missing: ask for it.",
        "need_name_known": (
            "The name is missing. {name} is on file under this number, but somebody else may be calling: ask whether "
            "the appointment is for that name, or for whom."
        ),
        "need_full_name": "Only the name {name} is known: ask once for the full name, and go on without it.",
        "need_phone": "The phone number is missing: ask the caller to key it in and end with the pound key.",
        "need_phone_spoken": "The number was spoken: kindly ask to key it in and end with the pound key.",
        "need_permission": (
            "The phone number is missing: ask whether the number they call from may be used. "
            "Another one can be keyed in, ended with the pound key."
        ),
        "phone_noted": "The keyed number was noted. Acknowledge it in a word and go on.",
        "confirm_booking": "Ask whether to book it and wait for a yes.",
        "confirm_slot": "It is unclear whether that is a yes: ask whether to book {slot} and wait for a yes in words.",
        "who_is_it": (
            "To look for an existing appointment or to change it the name is missing: ask under which name it is. "
            "Do not say whether there is one."
        ),
        "who_is_it_again": (
            "With what was said no appointment can be told or changed: ask once for the full name under which it was "
            "booked. Do not say whether there is one."
        ),
        "need_code": (
            "Before an existing appointment is spoken of or changed a code is needed: if there is one, a code of six "
            "digits was sent by SMS to the number on file. Ask to key it in and end with the pound key, or to say it. "
            "Do not say whether there is an appointment."
        ),
        "wrong_code": "The code is wrong: ask to key it in again. Do not say whether there is an appointment.",
        "nothing_without_identity": (
            "On this call no existing appointment can be told or changed. Do not say whether there is one. "
            "Offer to speak to a person or to leave a message."
        ),
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
        "no_appointment": "No appointment was found for this number. Say so. {instead}",
        "existing": "The caller has an appointment: {slots}. Tell the day and the time.",
        "next_person_known": "An appointment is wished for {name} as well. Ask for which day and time. {offer}",
        "next_service": "Wished as well: {service}. Ask for which day and time. {offer}",
        "need_service": "It is missing what the appointment is for: ask which of these: {services}. Ask for no day or "
        "time before that.",
        "need_service_again": "What was said is no service that is booked here by telephone. These are: {services}. "
        "Say so, and ask once which of them.",
        "service_on_request": "{service}: not booked by telephone, only by arrangement with the business. Say so. "
        "{instead}",
        "service_unknown": "What is wished is no service that is booked here by telephone. Say so. {instead}",
        "need_person": "It is unclear with whom: ask which of these: {people}.",
        "nobody_so_named": "Nobody here is called {name}. There are: {people}. Say so, and ask with which of them, or "
        "with whoever is free.",
        "not_with": "{why} Possible with: {people}. Say so. {offer}",
        "day_refused": "{why} {offer}",
        "next_person": "An appointment is wished for another person as well: ask for whom, and for which day and time.",
        "message_name": "To note this the name is missing: ask for it. Do not ask for a day or time.",
        "lead_noted": "Details and message are noted, and somebody will call back. Say so in one short sentence. "
        "No appointment was booked.",
        "calendar_away": "The calendar cannot be reached, nothing was booked. Say so. {instead}",
        "no_book": "Appointments are not made by telephone here. Say so; do not ask for a day or time. {instead}",
        "no_change": "Appointments are neither moved nor cancelled by telephone here; it stands. Say so. {instead}",
        "no_message": "Messages are not taken by telephone here. Say so. {instead}",
        "confirm_transfer": "The caller seems to ask for a person: ask in one sentence whether to transfer the call, "
        "and wait for a yes.",
        "no_transfer": "The caller cannot be put through to a person. Say so, and promise no transfer. {instead}",
        "no_booking_to_claim": (
            "No appointment was booked, and none is made by telephone here. Correct this at once in one short "
            'sentence: "Sorry, no appointment was booked". {instead}'
        ),
        "bad_number": "{why} Ask to key in the whole number again and end with the pound key.",
        "date": "day",
        "time": "time",
    },
    "ar": ARABIC,
    "ru": RUSSIAN,
}
_REFUSED: dict[str, Refused] = {
    "no_book": "book",
    "no_booking_to_claim": "book",
    "service_on_request": "book",
    "service_unknown": "book",
    "no_change": "change",
    "no_message": "message",
    "no_transfer": "transfer",
}
# How a text is announced; the others are announced by their own name.
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
    "existing": "existing_appointment",
    "confirm_slot": "confirm_booking",
    "who_is_it": "need_name",
    "who_is_it_again": "need_name",
    "wrong_code": "need_code",
    "nothing_without_identity": "❌ error",
    "message_name": "need_name",
    "need_name_known": "need_name",
    "need_full_name": "need_name",
    "no_book": "not_offered",
    "no_change": "not_offered",
    "no_message": "not_offered",
    "no_transfer": "not_offered",
    "no_booking_to_claim": "❌ error",
    "next_person": "need_name",
    "next_service": "need_datetime",
    "next_person_known": "need_datetime",
    "need_service_again": "need_service",
    "service_on_request": "not_offered",
    "service_unknown": "not_offered",
    "nobody_so_named": "need_person",
    "not_with": "slot_unavailable",
    "day_refused": "slot_unavailable",
}
# With whom, in the brackets behind a time.
_WITH = {"he": "אצל {who}", "en": "with {who}", "ar": "عند {who}", "ru": "специалист: {who}"}
_ASKS: dict[str, Asked] = {
    "need_datetime": "datetime",
    "need_time": "datetime",
    "ambiguous": "datetime",
    "where_to": "datetime",
    "slot_unavailable": "datetime",
    "day_full": "datetime",
    "day_refused": "datetime",
    "not_with": "datetime",
    "next_service": "datetime",
    "next_person_known": "datetime",
    "need_service": "service",
    "need_service_again": "service",
    "need_person": "person",
    "nobody_so_named": "person",
    "next_person": "name",
    "need_name": "name",
    "message_name": "name",
    "need_name_known": "name",
    "need_full_name": "surname",
    "need_phone": "phone",
    "need_phone_spoken": "phone",
    "bad_number": "phone",
    "need_permission": "permission",
    "confirm_booking": "confirm",
    "confirm_slot": "confirm",
    "who_is_it": "name",
    "who_is_it_again": "name",
    "need_code": "code",
    "wrong_code": "code",
    "confirm_move": "confirm",
    "confirm_cancel": "confirm",
}


class ServerMessages:
    """The messages in the language that one call is answered in. `may`: what the business lets its assistant do;
    `reachable`: somebody can be put through to."""

    def __init__(self, language: str, may: Permissions = EVERYTHING, *, reachable: bool = False) -> None:
        self.speak(language)
        self._may, self._reachable = may, reachable

    @property
    def language(self) -> str:
        return self._language

    def speak(self, language: str) -> None:
        """From now on in this language; in English where there are no texts in it."""
        self._language = language if language in _TEXTS else "en"
        self._texts = _TEXTS[self._language]

    def slot_available(self, slot: Moment) -> ServerMessage:
        return self._message("slot_available", slot=self._slot(slot))

    def slot_unavailable(self, slot: Moment, why: str, alternatives: Sequence[Moment]) -> ServerMessage:
        return self._offering("slot_unavailable", alternatives, slot=self._slot(slot), why=why)

    def need_datetime(self, free: Sequence[Moment] = (), *, day_known: bool = False) -> ServerMessage:
        if not free and not day_known:
            return self._message("need_datetime", offer="")
        return self._offering("need_time" if day_known else "need_datetime", free)

    def ambiguous(self, what: Sequence[str], free: Sequence[Moment] = ()) -> ServerMessage:
        words = " / ".join(self._texts[part] for part in what)
        return (
            self._offering("ambiguous", free, what=words) if free else self._message("ambiguous", what=words, offer="")
        )

    def existing(self, slots: Sequence[Moment]) -> ServerMessage:
        """The caller's own coming appointments."""
        return replace(self._message("existing", slots="; ".join(self._slot(slot) for slot in slots)), again=True)

    def next_person(self) -> ServerMessage:
        return self._message("next_person")

    def next_person_known(self, name: str, free: Sequence[Moment]) -> ServerMessage:
        """`name`: of whoever comes as well, as the caller said it."""
        return self._offering("next_person_known", free, name=quoted(name))

    def message_name(self) -> ServerMessage:
        return self._message("message_name")

    def lead_noted(self) -> ServerMessage:
        return self._message("lead_noted")

    def not_offered(self, what: Refused) -> ServerMessage:
        """The business does not do this by telephone (L9); what it does instead is said with it."""
        return self._message(f"no_{what}")

    def human_wished(self) -> ServerMessage:
        """The chat model read a wish for a person. In doubt it is asked, never done (L2)."""
        return self._message("confirm_transfer") if self._may.transfer else self.not_offered("transfer")

    def no_booking_to_claim(self) -> ServerMessage:
        """The agent claimed a booking where none are made."""
        return replace(self._message("no_booking_to_claim"), kind=ServerEventKind.FALSE_CLAIM)

    def need_name(self, known: str = "") -> ServerMessage:
        """`known`: the name on file under the caller's number."""
        return self._message("need_name_known", name=quoted(known)) if known else self._message("need_name")

    def need_full_name(self, name: str) -> ServerMessage:
        """Only a first name was said."""
        return self._message("need_full_name", name=quoted(name))

    def need_phone(self, *, spoken: bool = False) -> ServerMessage:
        return self._message("need_phone_spoken" if spoken else "need_phone")

    def need_permission(self) -> ServerMessage:
        """To use the number the call comes from."""
        return self._message("need_permission")

    def phone_noted(self) -> ServerMessage:
        return self._message("phone_noted")

    def ask_to_book(self) -> ServerMessage:
        return self._message("confirm_booking")

    def confirm_slot(self, slot: Moment) -> ServerMessage:
        """The question whether to book, once more, with the time in it."""
        return self._message("confirm_slot", slot=self._slot(slot))

    def who_is_it(self) -> ServerMessage:
        """The name, before anything is told of an appointment on file (S5)."""
        return self._message("who_is_it")

    def who_is_it_again(self) -> ServerMessage:
        return self.repeated(self._message("who_is_it_again"))

    def need_code(self) -> ServerMessage:
        """The code that an SMS carries, if there is anything to send it for."""
        return self.repeated(self._message("need_code"))

    def wrong_code(self) -> ServerMessage:
        return self.repeated(self._message("wrong_code"))

    def nothing_without_identity(self) -> ServerMessage:
        return self.repeated(self._message("nothing_without_identity"))

    def confirm_move(self, old: Moment, new: Moment) -> ServerMessage:
        return self._message("confirm_move", slot=self._slot(new), old=self._slot(old))

    def where_to(self, slot: Moment) -> ServerMessage:
        return self._message("where_to", slot=self._slot(slot))

    def no_time_that_day(self, day: datetime, alternatives: Sequence[Moment], who: str = "") -> ServerMessage:
        """`who`: who was wished."""
        who_words = f" ({self._with(who)})" if who else ""
        words = f"{date_words(day.date(), self._language)}{who_words}"
        return self._offering("day_full", alternatives, day=words)

    def day_refused(self, why: str, alternatives: Sequence[Moment]) -> ServerMessage:
        """Somebody is not there on the wished day: whose rule it is."""
        return self._offering("day_refused", alternatives, why=why)

    # -- what for, and with whom (K4)

    def need_service(self, services: Sequence[str], *, again: bool = False) -> ServerMessage:
        """`again`: what was said is none of them."""
        return self._message("need_service_again" if again else "need_service", services=_list(services))

    def service_on_request(self, service: str) -> ServerMessage:
        return self._message("service_on_request", service=name_words(service))

    def service_unknown(self) -> ServerMessage:
        return self._message("service_unknown")

    def need_person(self, people: Sequence[str]) -> ServerMessage:
        return self._message("need_person", people=_list(people))

    def nobody_so_named(self, name: str, people: Sequence[str]) -> ServerMessage:
        """`name`: as the caller said it."""
        return self._message("nobody_so_named", name=quoted(name), people=_list(people))

    def not_with(self, why: str, people: Sequence[str], free: Sequence[Moment]) -> ServerMessage:
        """Who was wished does not give it; `people` do."""
        return self._offering("not_with", free, why=why, people=_list(people))

    def next_service(self, service: str, free: Sequence[Moment]) -> ServerMessage:
        """One is booked, and this is wished as well."""
        return self._offering("next_service", free, service=name_words(service))

    def wrong_time(self, slot: Moment) -> ServerMessage:
        """The agent named another time than the one that stands."""
        return self._message("wrong_time", slot=self._slot(slot))

    @staticmethod
    def repeated(message: ServerMessage) -> ServerMessage:
        """The same, told also when it was told last."""
        return replace(message, again=True)

    def created(self, slot: Moment, name: str) -> ServerMessage:
        return self._message("appointment_created", slot=self._slot(slot), name=quoted(name))

    def moved(self, slot: Moment) -> ServerMessage:
        return self._message("appointment_moved", slot=self._slot(slot))

    def cancelled(self, slot: Moment) -> ServerMessage:
        return self._message("appointment_cancelled", slot=self._slot(slot))

    def confirm_cancel(self, slot: Moment) -> ServerMessage:
        return self._message("confirm_cancel", slot=self._slot(slot))

    def no_appointment(self) -> ServerMessage:
        return self._message("no_appointment")

    def calendar_away(self) -> ServerMessage:
        return self._message("calendar_away")

    def bad_number(self, why: str) -> ServerMessage:
        return self._message("bad_number", why=why)

    def _message(self, text: str, **facts: str) -> ServerMessage:
        head = _HEADS.get(text, text)
        kind = ServerEventKind(head.split()[-1])
        instead = self._may.instead_of(_REFUSED.get(text, "time"), reachable=self._reachable)
        words = self._texts[text].format(instead=INSTEAD[self._language][instead], **facts)
        asks: Asked = "message" if self._offers_details(text, instead) else _ASKS.get(text, "")
        return ServerMessage(kind, f"[SERVER] {head}: {words}".rstrip(), asks=asks)

    def _offers_details(self, text: str, instead: Instead) -> bool:
        return "{instead}" in self._texts[text] and instead in ("message", "details")

    def _offering(self, text: str, slots: Sequence[Moment], **facts: str) -> ServerMessage:
        """A message that ends in times to choose from."""
        message = self._message(text, offer=self._offer(slots), **facts)
        told = [slot if isinstance(slot, Slot) else Slot(slot) for slot in slots]
        starts = tuple(slot.start.replace(tzinfo=None) for slot in told)
        return replace(message, offers=starts, offers_with=tuple(slot.with_id for slot in told))

    def _slot(self, slot: Moment) -> str:
        if not isinstance(slot, Slot):
            return slot_words(slot, self._language)
        about = [name_words(slot.service), self._with(slot.who)]
        behind = f" ({', '.join(filter(None, about))})" if any(about) else ""
        return f"{slot_words(slot.start, self._language)}{behind}"

    def _with(self, who: str) -> str:
        return _WITH[self._language].format(who=name_words(who)) if who else ""

    def _offer(self, slots: Sequence[Moment]) -> str:
        if not slots:
            instead = self._may.instead_of("time", reachable=self._reachable)
            return self._texts["no_offer"].format(instead=INSTEAD[self._language][instead])
        return self._texts["offer"].format(slots="; ".join(self._slot(slot) for slot in slots))


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(name_words, names))


def messages_of(context: CallContext, language: str = "") -> ServerMessages:
    """Those of a call, in another `language` than the one it is answered in as its stream begins, if one is given.
    Whether somebody can be put through to is as it was when the call began."""
    reachable = context.may_put_through(context.started_at)
    return ServerMessages(language or context.spoken_language, context.may, reachable=reachable)
