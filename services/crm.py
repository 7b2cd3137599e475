"""Customers and leads: what calls collected about people, one customer per phone and business (A7)."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.caller_text import plain
from services.calls import bind_business
from services.models import Customer, Lead, LeadStatus
from services.tenancy import Tenant, business_of

_E164 = re.compile(r"\+[1-9]\d{6,14}")
NAME_LIMIT, CITY_LIMIT, SERVICE_LIMIT, NOTES_LIMIT = 120, 80, 200, 1000


class BadPhone(ValueError):
    """A customer is known by a telephone number in E.164."""


def upsert_customer(session: Session, *, phone: str, name: str = "", city: str = "", now: datetime) -> Customer:
    """The customer with this number (E.164) in the session's business, made if there is none.

    A known name or city stays: whoever gives a number on the telephone must not rename its owner.
    Raises BadPhone.
    """
    if not _E164.fullmatch(phone):
        raise BadPhone("a customer's phone must be in E.164")
    Tenant(session, business_of(session)).insert_missing(
        Customer, {"phone": phone, "created_at": now, "updated_at": now}, key=["business_id", "phone"]
    )
    customer = session.scalars(select(Customer).where(Customer.phone == phone)).one()
    if name and not customer.name:
        customer.name, customer.updated_at = plain(name, NAME_LIMIT), now
    if city and not customer.city:
        customer.city, customer.updated_at = plain(city, CITY_LIMIT), now
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
    bind_business(session, call_id)
    Tenant(session, business_of(session)).insert_missing(
        Lead, {"call_id": call_id, "created_at": now, "updated_at": now}, key=["business_id", "call_id"]
    )
    lead = session.scalars(select(Lead).where(Lead.call_id == call_id)).one()
    lead.name = plain(name, NAME_LIMIT) or lead.name
    lead.phone = plain(phone, 32) or lead.phone
    lead.city = plain(city, CITY_LIMIT) or lead.city
    lead.service = plain(service, SERVICE_LIMIT) or lead.service
    lead.notes = plain(notes, NOTES_LIMIT) or lead.notes
    lead.status = status or lead.status
    lead.updated_at = now
    if _E164.fullmatch(lead.phone):
        lead.customer_id = upsert_customer(session, phone=lead.phone, name=lead.name, city=lead.city, now=now).id
    return lead
