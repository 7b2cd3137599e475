"""Whom a business may call and write to (S6): its own list and its own customers, ordinary numbers, chosen countries,
and nobody who asked not to be written to (K6).

Asked when a number is saved, and again before it is used. Every function runs in a session bound to the business;
`installation` holds the countries that the operator allows to any business.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.db.models import BusinessNumber, BusinessSettings, Customer, StoppedNumber
from services.language.phone_numbers import country_of, why_not_dialled, why_not_written_to

USUAL_COUNTRY = "IL"


def own_country(session: Session) -> str:
    """The country of the business's first number."""
    first = session.scalars(select(BusinessNumber.e164).order_by(BusinessNumber.id)).first()
    return country_of(first or "") or USUAL_COUNTRY


def reached_countries(
    session: Session, chosen: Collection[str] | None, installation: Collection[str]
) -> frozenset[str]:
    """Where the business may call and write to: what it chose, else its own country; never beyond the installation."""
    return frozenset(chosen or (own_country(session),)) & frozenset(installation)


def why_no_transfer(session: Session, settings: BusinessSettings, number: str, installation: Collection[str]) -> str:
    """ "" when a call may be transferred to this number, else `not_on_the_list`, `unusual_number`, `foreign_number`."""
    if number not in settings.transfer_numbers:
        return "not_on_the_list"
    return why_not_dialled(number, reached_countries(session, settings.dial_countries, installation))


def why_no_sms(session: Session, settings: BusinessSettings, number: str, installation: Collection[str]) -> str:
    """ "" when an SMS may go to this number: a customer's, or one of the business's own list (to its owner).

    Else `not_a_customer`, `stopped`, `unusual_number` or `foreign_number`.
    """
    is_customer = session.scalar(select(exists().where(Customer.phone == number)))
    if not is_customer and number not in settings.transfer_numbers:
        return "not_a_customer"
    if wants_no_messages(session, number):
        return "stopped"
    return why_not_written_to(number, reached_countries(session, settings.dial_countries, installation))


def wants_no_messages(session: Session, number: str) -> bool:
    """Whether the owner of a number has asked this business for no more messages. Codes are messages too: Twilio keeps
    a list of its own, and a code that it does not deliver would be waited for in vain."""
    return bool(session.scalar(select(exists().where(StoppedNumber.phone == number))))
