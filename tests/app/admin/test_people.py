"""Appointments, customers, leads, numbers and users, as an owner works with them."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import select

from services.db.models import Appointment, BusinessNumber, Customer, Lead, Membership
from services.db.tenancy import bind_business
from tests.app.admin.cast import ADMIN, CLINIC, OFFICE, OWNER, VIEWER, next_weekday
from tests.app.admin.fixtures import Admin

HOME = f"/admin/b/{CLINIC}/"


def appointment(admin: Admin, appointment_id: int | None = None) -> Appointment:
    key = appointment_id or admin.clinic.appointment_id
    return admin.database.read(lambda s: bind_business(s, CLINIC).get_one(Appointment, key))


def slot(start: datetime) -> str:
    return f"{start:%Y-%m-%dT%H:%M}"


# -- appointments --------------------------------------------------------------------------------------------


def test_an_appointment_is_moved_to_a_free_slot(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    answer = visitor.post(f"{HOME}appointments/{admin.clinic.appointment_id}/move", slot=slot(next_weekday(14)))
    assert answer.status_code == 302
    moved = appointment(admin)
    assert moved.sequence == 1
    assert f"{next_weekday(14):%H:%M}" in visitor.get(f"{HOME}appointments/{moved.id}").text


def test_a_move_by_hand_takes_a_day_and_a_time_as_people_write_it(admin: Admin) -> None:
    target = next_weekday(13)
    admin.visitor(OWNER).post(
        f"{HOME}appointments/{admin.clinic.appointment_id}/move", day=f"{target:%Y-%m-%d}", time="13"
    )
    assert appointment(admin).sequence == 1


@pytest.mark.parametrize(
    ("hour", "minute", "words"), [(3, 0, "is outside the opening hours"), (14, 10, "Appointments start every")]
)
def test_a_move_outside_the_rules_is_refused_with_the_reason(admin: Admin, hour: int, minute: int, words: str) -> None:
    before = appointment(admin).starts_at
    path = f"{HOME}appointments/{admin.clinic.appointment_id}/move"
    answer = admin.visitor(OWNER).post(path, slot=slot(next_weekday(hour, minute)))
    assert answer.status_code == 409
    assert words in answer.text
    assert appointment(admin).starts_at == before


def test_a_slot_that_is_taken_is_refused_and_named(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    form = {"name": "Dana", "phone": "050-765-4321", "slot": slot(next_weekday(9))}
    answer = visitor.post(f"{HOME}appointments/new", **form)
    assert answer.status_code == 409
    assert "is already taken" in answer.text
    assert "Dana" in answer.text


def test_a_form_that_is_sent_twice_books_once(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    form = {"name": "Dana", "phone": "050-765-4321", "slot": slot(next_weekday(15)), "key": "one-form"}
    places = {visitor.post(f"{HOME}appointments/new", **form).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    assert "Dana" in visitor.get(places.pop()).text
    assert "Dana" in visitor.get(f"{HOME}customers?q=765").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": "12"}, "is not a telephone number"),
        ({"name": ""}, "Please fill this in"),
        ({"slot": ""}, "Choose a day and a time"),
    ],
)
def test_a_booking_that_lacks_something_says_what(admin: Admin, changes: dict[str, str], words: str) -> None:
    form = {"name": "Dana", "phone": "050-765-4321", "slot": slot(next_weekday(15)), **changes}
    answer = admin.visitor(OWNER).post(f"{HOME}appointments/new", **form)
    assert answer.status_code == 422
    assert words in answer.text


def test_a_cancelled_appointment_frees_its_time_and_can_come_back(admin: Admin) -> None:
    visitor, path = admin.visitor(OWNER), f"{HOME}appointments/{admin.clinic.appointment_id}/status"
    visitor.post(path, status="cancelled")
    assert appointment(admin).status == "cancelled"
    assert f"/appointments/{admin.clinic.appointment_id}" not in visitor.get(f"{HOME}appointments").text
    assert f"/appointments/{admin.clinic.appointment_id}" in visitor.get(f"{HOME}appointments?which=cancelled").text
    visitor.post(path, status="booked")
    assert appointment(admin).status == "booked"


def test_an_unknown_status_is_not_a_page(admin: Admin) -> None:
    path = f"{HOME}appointments/{admin.clinic.appointment_id}/status"
    assert admin.visitor(OWNER).post(path, status="eaten").status_code == 404


def test_the_week_begins_on_sunday_and_shows_the_appointment(admin: Admin) -> None:
    page = admin.visitor(OWNER).get(f"{HOME}calendar?week={next_weekday(9):%Y-%m-%d}").text
    days = re.findall(r'aria-label="(\w+day), ', page)
    assert days == ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    assert f"/appointments/{admin.clinic.appointment_id}" in page


def test_the_grid_has_a_place_for_every_five_minutes(admin: Admin) -> None:
    css = admin.visitor().get("/admin/grid.css")
    assert css.mimetype == "text/css"
    assert ".s-287{" in css.text
    assert ".d-288{" in css.text
    assert ".rows-24{" in css.text


# -- customers and leads -------------------------------------------------------------------------------------


def test_a_customers_card_is_edited(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}customers/{admin.clinic.customer_id}", name="Ruth", city="Haifa", notes="mornings")
    row = admin.database.read(lambda s: bind_business(s, CLINIC).get_one(Customer, admin.clinic.customer_id))
    assert (row.name, row.city, row.notes) == ("Ruth", "Haifa", "mornings")
    assert visitor.post(f"{HOME}customers/{admin.clinic.customer_id}", name="x" * 121).status_code == 422


def test_a_leads_status_is_set_and_filtered_by(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    visitor.post(f"{HOME}leads/{admin.clinic.lead_id}/status", status="contacted")
    row = admin.database.read(lambda s: bind_business(s, CLINIC).get_one(Lead, admin.clinic.lead_id))
    assert row.status == "contacted"
    assert f"/leads/{admin.clinic.lead_id}/status" in visitor.get(f"{HOME}leads?status=contacted").text
    assert f"/leads/{admin.clinic.lead_id}/status" not in visitor.get(f"{HOME}leads?status=lost").text


# -- numbers -------------------------------------------------------------------------------------------------


def numbers(admin: Admin, business: int) -> list[str]:
    return admin.database.read(lambda s: list(bind_business(s, business).scalars(select(BusinessNumber.e164))))


def test_a_number_belongs_to_one_business(admin: Admin) -> None:
    boss = admin.visitor(ADMIN)
    assert boss.post(f"{HOME}numbers", e164="03-999-0009").status_code == 302
    assert "+97239990009" in numbers(admin, CLINIC)
    answer = boss.post(f"/admin/b/{OFFICE}/numbers", e164="+97239990009")
    assert answer.status_code == 409
    assert "already belongs to a business" in answer.text
    assert boss.post(f"{HOME}numbers", e164="call me").status_code == 422


def test_a_removed_number_is_gone(admin: Admin) -> None:
    admin.visitor(ADMIN).post(f"{HOME}numbers/{admin.clinic.number_id}/remove")
    assert numbers(admin, CLINIC) == []


def test_an_administrator_makes_a_business_that_answers_at_its_number(admin: Admin) -> None:
    boss = admin.visitor(ADMIN)
    answer = boss.post("/admin/businesses/new", name="Garage", language="en", number="03-999-0044")
    assert boss.get(answer.headers["Location"]).status_code == 200
    preview = boss.get("/webhook/incoming_call_preview?To=%2B97239990044").text
    assert "<Stream" in preview
    assert boss.post("/admin/businesses/new", name="Two", language="en", number="03-999-0044").status_code == 200
    assert "Garage" in boss.get("/admin/businesses").text


# -- users ---------------------------------------------------------------------------------------------------


def roles(admin: Admin) -> dict[int, str]:
    query = select(Membership.user_id, Membership.role)
    return {
        row[0]: row[1].value for row in admin.database.read(lambda s: bind_business(s, CLINIC).execute(query).all())
    }


def test_a_business_keeps_an_owner(admin: Admin) -> None:
    boss = admin.visitor(ADMIN)
    owners = [user_id for user_id, role in roles(admin).items() if role == "owner"]
    for user_id in owners:
        boss.post(f"{HOME}users/{user_id}/remove")
        boss.post(f"{HOME}users/{user_id}/role", role="viewer")
        boss.post(f"{HOME}users", email="x@y", role="viewer")
    assert "owner" in roles(admin).values()


def test_who_is_removed_sees_the_business_no_more(admin: Admin) -> None:
    viewer = admin.visitor(VIEWER)
    admin.visitor(OWNER).post(f"{HOME}users/{admin.people[VIEWER]}/remove")
    assert "/admin/login" in viewer.get(HOME).headers["Location"]
    assert admin.visitor(VIEWER).get(HOME).status_code == 404


def test_a_viewer_does_not_see_who_else_there_is(admin: Admin) -> None:
    assert admin.visitor(VIEWER).get(f"{HOME}users").status_code == 403
