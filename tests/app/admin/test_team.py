"""Services and people as their owner enters them (K1, K2, K7)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.accounts.catalogue import catalogue_of
from services.db.models import Appointment, AppointmentStatus, Resource
from services.db.tenancy import bind_business
from services.policy.catalogue import Catalogue
from tests.app.admin.cast import CLINIC, NOW, OFFICE, OTHER, OWNER, VIEWER
from tests.app.admin.fixtures import Admin

TEAM = f"/admin/b/{CLINIC}/team"
LEVI = {"name": "Dr Levi", "called": "Levi\nMichal", "kind": "person", "colour": "#2f6f5e", "active": "y"}
CLEANING = {
    "name": "Cleaning",
    "called": "hygienist",
    "length_min": "45",
    "before_min": "0",
    "after_min": "15",
    "price": "250 shekels",
    "capacity": "1",
    "colour": "#335577",
    "active": "y",
}


def catalogue(admin: Admin) -> Catalogue:
    return admin.database.read(lambda s: catalogue_of(bind_business(s, CLINIC)))


def test_a_person_with_hours_and_an_absence_is_in_the_next_calls_catalogue(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    sent = {**LEVI, "own_hours": "y", "sun-open": "10", "sun-close": "14:00", "off-first": "2027-01-03"}
    assert owner.post(f"{TEAM}/people/new", **sent).status_code == 302
    levi = catalogue(admin).resources[-1]
    assert (levi.name, levi.called) == ("Dr Levi", ("Levi", "Michal"))
    assert [(each.start_min, each.end_min) for each in levi.policy.weekly[6]] == [(600, 840)]
    assert [day.isoformat() for day in levi.policy.days_off[0]] == ["2027-01-03", "2027-01-03"]
    assert "Dr Levi" in owner.get(TEAM).text


def test_a_service_is_given_by_those_that_are_ticked(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    owner.post(f"{TEAM}/people/new", **LEVI)
    levi = catalogue(admin).resources[-1].id
    assert owner.post(f"{TEAM}/services/new", **CLEANING, givers=str(levi)).status_code == 302
    service = catalogue(admin).offered[-1]
    assert (service.name, service.length_min, service.after_min) == ("Cleaning", 45, 15)
    assert [each.id for each in catalogue(admin).who_gives(service.id)] == [levi]
    nobody = owner.post(f"{TEAM}/services/{service.id}", **CLEANING)
    assert nobody.status_code == 302
    assert "Nobody gives Cleaning" in owner.get(TEAM).text


def test_somebody_elses_person_gives_nothing_here(admin: Admin) -> None:
    assert admin.visitor(OWNER).post(f"{TEAM}/services/new", **CLEANING, givers=str(admin.office.resource_id))
    assert catalogue(admin).offered[-1].given_by == frozenset()


def test_what_cannot_be_is_refused_with_its_reason_and_nothing_is_saved(admin: Admin) -> None:
    owner, before = admin.visitor(OWNER), catalogue(admin)
    overlapping = {
        "own_hours": "y",
        "sun-open": ["09:00", "12:00"],
        "sun-close": ["13:00", "15:00"],
    }
    for path, sent in (
        ("people/new", {**LEVI, **overlapping}),
        ("people/new", {**LEVI, "off-first": "2027-02-09", "off-last": "2027-02-01"}),
        ("people/new", {**LEVI, "colour": "red;background:url(x)"}),
        ("services/new", {**CLEANING, "length_min": "0"}),
        ("services/new", {**CLEANING, "capacity": "-1"}),
        ("services/new", {**CLEANING, "name": ""}),
    ):
        answer = owner.post(f"{TEAM}/{path}", **sent)
        assert answer.status_code == 422, (path, sent)
        assert 'class="error"' in answer.text
    assert catalogue(admin) == before


def test_who_leaves_with_coming_appointments_does_so_knowingly(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    owner.post(f"{TEAM}/people/new", **{**LEVI, "name": "Dr Bar"})
    owner.post(f"{TEAM}/people/new", **LEVI)
    only = admin.clinic.resource_id
    gone = {"name": "Dr Bar", "called": "", "kind": "person", "colour": "#2f6f5e"}
    refused = owner.post(f"{TEAM}/people/{only}", **gone)
    assert refused.status_code == 409
    assert "coming appointments stand" in refused.text
    assert owner.post(f"{TEAM}/people/{only}", **gone, coming="keep").status_code == 302

    def standing(s: Session) -> list[Appointment]:
        query = select(Appointment).where(Appointment.resource_id == only, Appointment.ends_at > NOW - timedelta(1))
        return list(bind_business(s, CLINIC).scalars(query))

    assert [each.status for each in admin.database.read(standing)] == [AppointmentStatus.BOOKED]
    assert [each.name for each in catalogue(admin).team] == ["Dr Levi"]


def test_what_is_coming_is_handed_on_to_whoever_is_free(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    owner.post(f"{TEAM}/people/new", **{**LEVI, "name": "Dr Bar"})
    owner.post(f"{TEAM}/people/new", **LEVI)
    gone = {"name": "Dr Bar", "called": "", "kind": "person", "colour": "#2f6f5e", "coming": "move"}
    assert owner.post(f"{TEAM}/people/{admin.clinic.resource_id}", **gone).status_code == 302
    query = select(Appointment.resource_id).where(Appointment.id == admin.clinic.appointment_id)
    with_whom = admin.database.read(lambda s: bind_business(s, CLINIC).scalars(query).one())
    assert with_whom == catalogue(admin).team[0].id != admin.clinic.resource_id


def test_the_last_one_stays(admin: Admin) -> None:
    sent = {"name": "", "called": "", "kind": "person", "colour": "#2f6f5e", "coming": "keep"}
    answer = admin.visitor(OWNER).post(f"{TEAM}/people/{admin.clinic.resource_id}", **sent)
    assert answer.status_code == 409
    rows = admin.database.read(lambda s: list(bind_business(s, CLINIC).scalars(select(Resource.active))))
    assert rows == [True]


def test_only_the_owner_of_the_business_changes_it(admin: Admin) -> None:
    assert admin.visitor(VIEWER).get(TEAM).status_code == 200
    assert admin.visitor(VIEWER).post(f"{TEAM}/people/new", **LEVI).status_code == 403
    assert admin.visitor(OTHER).post(f"{TEAM}/people/new", **LEVI).status_code == 404
    theirs = f"/admin/b/{CLINIC}/team/people/{admin.office.resource_id}"
    assert admin.visitor(OWNER).post(theirs, **LEVI).status_code == 404
    assert admin.database.read(lambda s: len(catalogue_of(bind_business(s, OFFICE)).resources)) == 1
