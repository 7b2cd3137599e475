"""Customers and leads: what calls collected about people, one customer per phone and business (A7)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.calls.lifecycle import bind_by_call
from services.db.models import Customer, Lead, LeadStatus
from services.db.tenancy import SessionRows
from services.language.phone_numbers import is_e164
from services.language.text import one_line

NAME_LIMIT, CITY_LIMIT, SERVICE_LIMIT, NOTES_LIMIT = 120, 80, 200, 1000
# Instead of a number: the one customer of a business to whom the past appointments of erased people belong. No caller
# has it, not even one who withholds the number.
ERASED = "erased"


class BadPhone(ValueError):
    """A customer is known by a telephone number in E.164."""


def upsert_customer(session: Session, *, phone: str, name: str = "", city: str = "", now: datetime) -> Customer:
    """The customer with this number (E.164) in the session's business, made if there is none.

    A known name or city stays: whoever gives a number on the telephone must not rename its owner.
    Raises BadPhone.
    """
    if not is_e164(phone):
        raise BadPhone("a customer's phone must be in E.164")
    SessionRows(session).insert_missing(
        Customer, {"phone": phone, "created_at": now, "updated_at": now}, key=["business_id", "phone"]
    )
    customer = session.scalars(select(Customer).where(Customer.phone == phone)).one()
    if name and not customer.name:
        customer.name, customer.updated_at = one_line(name, NAME_LIMIT), now
    if city and not customer.city:
        customer.city, customer.updated_at = one_line(city, CITY_LIMIT), now
    return customer


def upsert_lead(
    session: Session,
    call_id: int,
    *,
    now: datetime,
    name: str = "",
    phone: str = "",
    city: str = "",
    service: str = "",
    notes: str = "",
    status: LeadStatus | None = None,
) -> Lead:
    """What this call collected so far: one lead per call; what is given replaces, what is empty stays.

    phone: as said; a customer is made, or found, once it is in E.164. Raises UnknownCall.
    """
    bind_by_call(session, call_id)
    SessionRows(session).insert_missing(
        Lead, {"call_id": call_id, "created_at": now, "updated_at": now}, key=["business_id", "call_id"]
    )
    lead = session.scalars(select(Lead).where(Lead.call_id == call_id)).one()
    lead.name = one_line(name, NAME_LIMIT) or lead.name
    lead.phone = one_line(phone, 32) or lead.phone
    lead.city = one_line(city, CITY_LIMIT) or lead.city
    lead.service = one_line(service, SERVICE_LIMIT) or lead.service
    lead.notes = one_line(notes, NOTES_LIMIT) or lead.notes
    lead.status = status or lead.status
    lead.updated_at = now
    if is_e164(lead.phone):
        lead.customer_id = upsert_customer(session, phone=lead.phone, name=lead.name, city=lead.city, now=now).id
    return lead
