"""The calendar by day and week, and appointments moved across people (K7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.taken import block_foreign
from services.appointments.team import add_resource, add_service
from services.db.models import Appointment, BusinessSettings, OutboxMessage, Resource, Service
from services.db.tenancy import bind_business
from services.policy.catalogue import Want
from services.policy.hours import Span
from services.reports.diary import PALETTE
from services.tools_calendar import Wish, create_appointment_by_owner, move_appointment
from tests.app.admin.cast import CLINIC, NOW, OFFICE, OTHER, OWNER, VIEWER, Visitor, next_weekday
from tests.app.admin.fixtures import Admin

HOME = f"/admin/b/{CLINIC}"
SCRIPT = {"X-Requested-With": "fetch"}


@dataclass(frozen=True)
class Team:
    """Two who work in the clinic; what each gives; an appointment of Levi's at ten."""

    levi: int
    haddad: int
    check: int
    roots: int
    day: date
    booked: int


def write(admin: Admin, work: Callable[[Session], object]) -> None:
    admin.database.write(lambda s: work(bind_business(s, CLINIC)))


@pytest.fixture
def team(admin: Admin) -> Team:
    ten = next_weekday(10)

    def work(s: Session) -> Team:
        bind_business(s, CLINIC)
        levi = add_resource(s, name="Dr Levi")
        haddad = add_resource(s, name="Dr Haddad")
        check = add_service(
            s, name="Check-up", length_min=30, after_min=15, given_by=[levi.id, haddad.id], colour="#336699"
        )
        roots = add_service(s, name="Root canal", length_min=60, given_by=[haddad.id])
        wish = Wish(ten, "+972501230077", "Dana", want=Want(check.id, levi.id))
        booked = create_appointment_by_owner(s, wish, request_key="dana", now=NOW).booking
        assert booked is not None
        return Team(levi.id, haddad.id, check.id, roots.id, ten.date(), booked.id)

    return admin.database.write(work)


def row(admin: Admin, appointment_id: int) -> Appointment:
    return admin.database.read(lambda s: bind_business(s, CLINIC).get_one(Appointment, appointment_id))


def move(visitor: Visitor, team: Team, time: str, **fields: object) -> tuple[int, str]:
    """As the calendar's script asks; status and what it says."""
    answer = visitor.client.post(
        f"{HOME}/appointments/{team.booked}/move",
        data={"csrf_token": visitor.token(), "slot": f"{team.day}T{time}", "seen": "0", **fields},
        headers=SCRIPT,
    )
    assert answer.is_json, answer.text[:500]
    return answer.status_code, answer.json.get("problem", "")


def lane(page: str, person: int) -> str:
    """The lane of a person, up to the next one."""
    found = re.search(rf'data-lane data-person="{person}".*?(?=data-lane |</section>)', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_day_has_a_column_for_each_person_with_what_is_theirs(admin: Admin, team: Team) -> None:
    page = admin.visitor(OWNER).get(f"{HOME}/calendar?day={team.day}").text
    assert "Dana" in lane(page, team.levi)
    assert "Dana" not in lane(page, team.haddad)
    assert "Check-up" in lane(page, team.levi)
    assert 'class="around' in lane(page, team.levi)
    assert f"k-{team.check}" in lane(page, team.levi)
    assert page.count('class="diary-day') == 1


def test_one_person_can_be_looked_at_by_day_and_by_week(admin: Admin, team: Team) -> None:
    owner = admin.visitor(OWNER)
    for kind, days in (("day", 1), ("week", 7)):
        page = owner.get(f"{HOME}/calendar?{kind}={team.day}&person={team.haddad}").text
        assert page.count('class="diary-day') == days
        assert page.count(f'data-lane data-person="{team.haddad}"') == days
        assert f'data-lane data-person="{team.levi}"' not in page
    page = owner.get(f"{HOME}/calendar?week={team.day}").text
    assert page.count("data-lane ") == 14


def test_a_calendar_without_people_opens_as_a_week_and_with_several_as_a_day(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    assert owner.get(f"{HOME}/calendar").text.count('class="diary-day') == 7
    write(admin, lambda s: [add_resource(s, name=name) for name in ("Dr Levi", "Dr Haddad")])
    assert owner.get(f"{HOME}/calendar").text.count('class="diary-day') == 1


def test_days_off_other_calendars_and_seats_of_a_class_are_shown(admin: Admin, team: Team) -> None:
    noon = next_weekday(12)

    def work(s: Session) -> None:
        s.get_one(Resource, team.haddad).days_off = [[f"{team.day}", f"{team.day}"]]
        starts = s.get_one(Appointment, team.booked).starts_at
        yoga = add_service(s, name="Class", length_min=60, capacity=8, given_by=[team.levi])
        for number in ("1", "2", "3"):
            wish = Wish(noon, f"+97250123008{number}", f"Pupil {number}", want=Want(yoga.id, team.levi))
            done = create_appointment_by_owner(s, wish, request_key=number, now=NOW)
            assert done.booking is not None, done.verdict
        # Last: every booking lays the calendars that are connected anew, and none is.
        block_foreign(s, team.levi, [Span(starts + timedelta(hours=4), starts + timedelta(hours=5))])

    write(admin, work)
    page = admin.visitor(OWNER).get(f"{HOME}/calendar?day={team.day}").text
    assert "day off" in lane(page, team.haddad)
    assert 'class="open' not in lane(page, team.haddad)
    assert "another calendar" in lane(page, team.levi)
    assert lane(page, team.levi).count('class="appt class') == 1
    assert ">3/8<" in lane(page, team.levi)
    assert all(f"Pupil {n}" in lane(page, team.levi) for n in (1, 2, 3))


def test_an_appointment_goes_to_another_time_of_another_person(admin: Admin, team: Team) -> None:
    status, _ = move(admin.visitor(OWNER), team, "11:30", person=team.haddad)
    assert status == 200
    moved = row(admin, team.booked)
    assert (moved.resource_id, moved.service_id, moved.sequence) == (team.haddad, team.check, 1)
    page = admin.visitor(OWNER).get(f"{HOME}/calendar?day={team.day}").text
    assert "Dana" in lane(page, team.haddad)
    assert "11:30" in lane(page, team.haddad)


def test_who_does_not_give_the_service_is_refused_with_the_reason(admin: Admin, team: Team) -> None:
    owner = admin.visitor(OWNER)
    wish = Wish(next_weekday(13), "+972501230078", "Omer", want=Want(team.roots, team.haddad))
    write(admin, lambda s: create_appointment_by_owner(s, wish, request_key="omer", now=NOW))
    omer = admin.database.read(
        lambda s: bind_business(s, CLINIC).scalars(select(Appointment.id).where(Appointment.name == "Omer")).one()
    )
    answer = owner.client.post(
        f"{HOME}/appointments/{omer}/move",
        data={"csrf_token": owner.token(), "slot": f"{team.day}T14:00", "person": team.levi},
        headers=SCRIPT,
    )
    assert (answer.status_code, answer.json["problem"]) == (409, "Root canal is not done by Dr Levi.")
    assert row(admin, omer).resource_id == team.haddad


def test_a_time_that_is_taken_or_closed_is_refused_in_words(admin: Admin, team: Team) -> None:
    owner = admin.visitor(OWNER)
    wish = Wish(next_weekday(11), "+972501230078", "Omer", want=Want(team.check, team.haddad))
    write(admin, lambda s: create_appointment_by_owner(s, wish, request_key="omer", now=NOW))
    status, words = move(owner, team, "11:00", person=team.haddad)
    assert (status, "already taken with Dr Haddad" in words) == (409, True)
    status, words = move(owner, team, "03:00", person=team.haddad)
    assert (status, "03:00 is outside the hours of Dr Haddad" in words) == (409, True)
    assert (row(admin, team.booked).resource_id, row(admin, team.booked).sequence) == (team.levi, 0)


def test_a_stale_page_overwrites_nothing(admin: Admin, team: Team) -> None:
    owner = admin.visitor(OWNER)
    at = next_weekday(15)
    write(admin, lambda s: move_appointment(s, appointment_id=team.booked, start=at, now=NOW))
    status, words = move(owner, team, "11:30", person=team.haddad)
    assert (status, "changed meanwhile" in words) == (409, True)
    assert row(admin, team.booked).resource_id == team.levi
    page = owner.post(f"{HOME}/appointments/{team.booked}/move", slot=f"{team.day}T11:30", seen="0")
    assert (page.status_code, "changed meanwhile" in page.text) == (409, True)
    assert owner.post(f"{HOME}/appointments/{team.booked}/move", slot=f"{team.day}T11:30", seen="1").status_code == 302


def test_without_scripts_the_appointments_own_page_moves_it_to_another_person(admin: Admin, team: Team) -> None:
    owner = admin.visitor(OWNER)
    page = owner.get(f"{HOME}/appointments/{team.booked}?person={team.haddad}&day={team.day}").text
    assert f'<option value="{team.haddad}" selected' in page
    sent = owner.post(f"{HOME}/appointments/{team.booked}/move", slot=f"{team.day}T10:00", person=team.haddad, seen="0")
    assert sent.status_code == 302
    assert row(admin, team.booked).resource_id == team.haddad


@pytest.mark.parametrize(("tell", "messages"), [(["n"], 1), (["n", "y"], 2)])
def test_the_customer_is_told_when_the_owner_says_so(admin: Admin, team: Team, tell: list[str], messages: int) -> None:
    def work(s: Session) -> None:
        settings = s.scalars(select(BusinessSettings)).one()
        settings.sms_confirmation = settings.may_send_sms = True
        wish = Wish(next_weekday(16), "+972501230078", "Omer", want=Want(team.check, team.levi))
        assert create_appointment_by_owner(s, wish, request_key="omer", now=NOW).booking is not None

    write(admin, work)
    owner = admin.visitor(OWNER)
    assert 'name="tell"' in owner.get(f"{HOME}/calendar?day={team.day}").text
    assert move(owner, team, "11:30", tell=tell)[0] == 200
    query = select(OutboxMessage.key).where(OutboxMessage.key.startswith("sms:"))
    keys = admin.database.read(lambda s: list(bind_business(s, CLINIC).scalars(query)))
    uid = row(admin, team.booked).uid
    assert len([key for key in keys if uid in key]) == messages - 1


def test_a_viewer_looks_and_moves_nothing(admin: Admin, team: Team) -> None:
    viewer = admin.visitor(VIEWER)
    page = viewer.get(f"{HOME}/calendar?day={team.day}")
    assert (page.status_code, "Dana" in page.text) == (200, True)
    assert "data-move" not in page.text
    assert "data-id=" not in page.text
    sent = viewer.post(f"{HOME}/appointments/{team.booked}/move", slot=f"{team.day}T11:30")
    assert sent.status_code == 403


def test_another_businesss_people_are_not_there(admin: Admin, team: Team) -> None:
    owner, theirs = admin.visitor(OWNER), admin.office.resource_id
    for path in ("calendar", "appointments/new", f"appointments/{team.booked}"):
        assert owner.get(f"{HOME}/{path}?person={theirs}").status_code == 404, path
    sent = owner.post(f"{HOME}/appointments/{team.booked}/move", slot=f"{team.day}T11:30", person=theirs)
    assert sent.status_code == 404
    assert admin.visitor(OTHER).get(f"{HOME}/calendar").status_code == 404
    assert admin.visitor(OTHER).get(f"{HOME}/colours.css").status_code == 404
    assert "Dana" not in admin.visitor(OTHER).get(f"/admin/b/{OFFICE}/calendar?day={team.day}").text


def test_a_new_one_begins_with_the_person_and_the_time_that_were_clicked(admin: Admin, team: Team) -> None:
    owner = admin.visitor(OWNER)
    new = f"{HOME}/appointments/new?day={team.day}&time=14:00&person={team.levi}"
    page = owner.get(new).text
    assert f'value="{team.day}T14:00" checked' in page
    assert f'<option value="{team.levi}" selected' in page
    assert "Check-up" in page
    assert "Root canal" not in page
    sent = {"slot": f"{team.day}T14:00", "name": "Gil", "phone": "0501230099", "person": team.levi}
    answer = owner.post(f"{HOME}/appointments/new", **sent, service_id=team.check)
    assert answer.status_code == 302, answer.text
    query = select(Appointment).where(Appointment.name == "Gil")
    made = admin.database.read(lambda s: bind_business(s, CLINIC).scalars(query).one())
    assert (made.resource_id, made.service_id, made.service) == (team.levi, team.check, "Check-up")
    refused = owner.post(f"{HOME}/appointments/new", **{**sent, "slot": f"{team.day}T12:00"}, service_id=team.roots)
    assert (refused.status_code, "Root canal is not done by Dr Levi" in refused.text) == (409, True)


def test_services_have_the_colour_that_was_chosen_or_one_by_position(admin: Admin, team: Team) -> None:
    owner = admin.visitor(OWNER)
    css = owner.get(f"{HOME}/colours.css")
    assert css.headers["Content-Type"].startswith("text/css")
    assert f".k-{team.check}{{--k:#336699}}" in css.text
    assert f".k-{team.roots}{{--k:{PALETTE[2]}}}" in css.text  # the third, after the cast's own
    write(admin, lambda s: setattr(s.get_one(Service, team.check), "colour", "red;}*{x:y"))
    assert "red" not in owner.get(f"{HOME}/colours.css").text
    assert f'value="{PALETTE[3]}"' in owner.get(f"{HOME}/team/services/new").text
    assert owner.client.get(f"{HOME}/colours.css", headers={"If-None-Match": css.headers["ETag"]}).status_code == 200


def test_a_week_of_many_people_shows_one_of_them(admin: Admin, team: Team) -> None:
    write(admin, lambda s: [add_resource(s, name=f"Dr {n}") for n in range(6)])
    page = admin.visitor(OWNER).get(f"{HOME}/calendar?week={team.day}").text
    assert page.count("data-lane ") == 7
    assert admin.visitor(OWNER).get(f"{HOME}/calendar?day={team.day}").text.count("data-lane ") == 8


def test_who_has_left_is_shown_while_something_is_booked(admin: Admin, team: Team) -> None:
    write(admin, lambda s: setattr(s.get_one(Resource, team.levi), "active", False))
    owner = admin.visitor(OWNER)
    assert "Dana" in lane(owner.get(f"{HOME}/calendar?day={team.day}").text, team.levi)
    later = team.day + timedelta(days=14)
    assert f'data-person="{team.levi}"' not in owner.get(f"{HOME}/calendar?day={later}").text


@pytest.mark.parametrize("query", ["day=x", "week=9999-99-99", "day=0001-01-01", "week=9999-12-31", "person=x"])
def test_nothing_in_the_address_breaks_the_calendar(admin: Admin, query: str) -> None:
    assert admin.visitor(OWNER).get(f"{HOME}/calendar?{query}").status_code == 200
