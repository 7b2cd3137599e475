"""What the assistant of a business may do, as its owner switched it (L9), and what it offers instead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# "time": none is free, none was found, or the calendar cannot be asked.
Refused = Literal["book", "change", "message", "transfer", "time"]
Instead = Literal["message", "details", "transfer", "book", "hours"]


@dataclass(frozen=True, slots=True)
class Permissions:
    """`change`: move and cancel. `take_leads`: name, number and wish of whoever is interested. `take_messages`: words
    for somebody of the business, a wish to be called back, and a recorded message after a hand-over."""

    book: bool = True
    change: bool = True
    take_leads: bool = True
    take_messages: bool = True
    transfer: bool = True
    send_sms: bool = True

    @property
    def take_details(self) -> bool:
        """Name, number and wish may be written down, so that somebody calls back."""
        return self.take_leads or self.take_messages

    def instead_of(self, refused: Refused, *, reachable: bool) -> Instead:
        """What is offered to a caller who cannot have this: there is always something.

        reachable: somebody of the business can be put through to.
        """
        if self.take_details:
            interested = refused == "book" and self.take_leads
            return "message" if self.take_messages and not interested else "details"
        if reachable and refused != "transfer":
            return "transfer"
        return "book" if self.book and refused in ("message", "transfer") else "hours"


EVERYTHING = Permissions()
