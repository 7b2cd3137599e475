"""What the caller has settled on so far: kept in the call's row, so that it survives a lost socket (W9). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from services.booking.conditions import Conditions

NOTE_LIMIT = 600


@dataclass(slots=True)
class Draft:
    """Times are wall-clock times of the business, as ISO text, "" for none."""

    wanted: bool = False  # the caller wants an appointment
    start: str = ""
    held: str = ""  # this start was told to be free
    refused: str = ""  # this start was refused, by the calendar or by the caller
    name: str = ""
    phone: str = ""  # E.164: keyed in, or the number the call comes from, by permission
    spoken: str = ""  # E.164: said, and asked for again by keypad; said again it is the number
    service: str = ""
    city: str = ""
    full_name: bool = False  # only a first name was known, and the full one was asked for: once
    known_name: str = ""  # the name on file under the caller's number: asked, then refused unless it is `name`
    permission: str = ""  # to use the number the call comes from: asked, then refused unless `phone` is set
    confirm: str = ""  # the caller was asked whether to book, or to move to, this start
    booked_id: int = 0
    booked_start: str = ""
    last: str = ""  # the start that was spoken of last: "on the same day" means its day
    cancel_id: int = 0  # the caller was asked whether to cancel this appointment
    cancelled: str = ""  # the start of the appointment that this call cancelled last
    lead: str = ""  # what the lead's row holds of this
    asked: str = ""  # what the server asked for last, as `nlp.types.Asked`
    offered: list[str] = field(default_factory=list)  # starts that were offered last
    conditions: dict[str, Any] = field(default_factory=dict)  # of every offer, as Conditions.as_dict
    message: str = ""  # "open": somebody shall be told something, or call back; "noted": that is recorded
    note: str = ""  # what the message is about, in the caller's words
    done: list[list[str]] = field(default_factory=list)  # what this call did: [booked|moved|cancelled|message, start]
    errand: str = ""  # what waits until the caller is known: "cancel", "move" or "own"
    wrong_names: list[str] = field(default_factory=list)  # said, and under none of them something is on file
    code: str = ""  # that was sent by SMS, as one_time_code keeps it; "" when none is awaited
    wrong_codes: int = 0
    proved: str = ""  # E.164: whoever has this number's telephone has given its code
    hummed: str = ""  # a hum answered the question whether to do this, and it was asked once more
    second: bool = False  # another person's appointment is to follow this one
    service_id: int = 0  # what the appointment is for, 0 for none
    services: list[int] = field(default_factory=list)  # it is one of these: to be asked which
    persons: list[int] = field(default_factory=list)  # with one of these resources; empty: with whoever is free
    not_persons: list[int] = field(default_factory=list)
    anyone: bool = False  # "whoever is free", in so many words
    which_person: bool = False  # what was said fits all of `persons` and means one
    only: bool = False  # with nobody else
    implied: bool = False  # `service_id` is all that who was named gives
    said_services: list[int] = field(default_factory=list)  # as they were read last, and so the next
    said_persons: list[int] = field(default_factory=list)
    stranger: str = ""  # a name that was told to be nobody's here
    same: str = ""  # what is to be as at the last visit: "service", "person" or "both"
    missed: int = 0  # answers to the question for the service that named none
    following: list[list[int]] = field(default_factory=list)  # wished after this one: [service, persons …]
    second_name: str = ""  # of whoever comes as well
    next_when: str = ""  # the following one: "same" time, or "after" this one
    next_start: str = ""  # a time that was offered for it, and with whom
    next_with: int = 0
    held_with: int = 0  # with whom `held` is
    offered_with: list[int] = field(default_factory=list)  # with whom each of `offered` is
    booked_service: int = 0
    booked_with: int = 0

    @property
    def wall(self) -> datetime | None:
        return datetime.fromisoformat(self.start) if self.start else None

    @property
    def booked_wall(self) -> datetime | None:
        return datetime.fromisoformat(self.booked_start) if self.booked_start else None

    @property
    def limits(self) -> Conditions:
        return Conditions.restored(self.conditions)

    def booked(self, appointment_id: int, start: datetime, service_id: int | None, with_id: int | None) -> None:
        """An appointment stands at this wall-clock time; nothing is open any more."""
        self.booked_service, self.booked_with = service_id or 0, with_id or 0
        self.anybody()
        self.booked_id, self.booked_start = appointment_id, start.replace(tzinfo=None).isoformat()
        self.start, self.held, self.confirm, self.refused = self.booked_start, "", "", ""
        self.conditions, self.offered, self.cancelled, self.last = {}, [], "", self.booked_start

    def anybody(self) -> None:
        """With nobody in particular."""
        self.persons, self.not_persons, self.anyone, self.only, self.which_person = [], [], False, False, False

    def no_service(self) -> None:
        """None is chosen."""
        self.service_id, self.services, self.implied, self.same, self.missed = 0, [], False, "", 0

    def let_go(self) -> None:
        """What was held, offered or refused was for something else."""
        self.held, self.held_with, self.confirm, self.refused = "", 0, "", ""
        self.offered, self.offered_with = [], []

    def did(self, kind: str, start: str = "") -> None:
        """This call has booked, moved or cancelled an appointment, or noted a message."""
        if [kind, start] not in self.done:
            self.done = [*self.done, [kind, start]]

    def freed(self) -> None:
        """The appointment is cancelled; a mere yes must not bring it back."""
        self.refused = self.booked_start or self.refused
        self.booked_id, self.booked_start, self.start, self.held, self.confirm = 0, "", "", "", ""
        self.cancel_id, self.wanted = 0, False
        self.booked_service, self.booked_with = 0, 0

    def stopped(self) -> None:
        """No appointment is wished, or not now: nothing is asked for until one is wished again."""
        self.wanted, self.second = False, False
        self.start, self.held, self.confirm, self.refused = self.booked_start, "", "", ""
        self.conditions, self.offered, self.asked, self.errand = {}, [], "", ""
        self.following, self.second_name, self.next_when, self.next_start = [], "", "", ""
        self.no_service()
        self.anybody()

    def another(self) -> None:
        """The next appointment is beside the one there is, and may be somebody else's."""
        self.booked_service, self.booked_with = 0, 0
        self.booked_id, self.booked_start, self.start, self.held, self.confirm = 0, "", "", "", ""
        self.refused, self.second, self.second_name, self.next_when = "", False, "", ""

    def noted(self, words: str) -> None:
        """What the message is about, one turn after the other."""
        if words and words not in self.note:
            self.note = f"{self.note} {words}".strip()[:NOTE_LIMIT]

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Self:
        """From the row; unknown or odd values of an older version are left out."""
        known = cls()
        fit = {
            name: value
            for name, value in stored.items()
            if name in cls.__slots__ and type(value) is type(getattr(known, name))
        }
        return cls(**fit)
