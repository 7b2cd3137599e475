"""The page of how busy the diary is (K7)."""

from __future__ import annotations

from datetime import timedelta

from services.calls.events import add_call_event
from services.calls.kinds import CallEventKind
from services.db.models import Call
from services.db.tenancy import SessionRows, bind_business
from tests.app.admin.cast import CLINIC, NOW, OWNER, VIEWER
from tests.app.admin.fixtures import Admin

PAGE = f"/admin/b/{CLINIC}/busy"


def test_what_is_booked_stands_as_a_figure_in_a_table_with_its_colour(admin: Admin) -> None:
    page = admin.visitor(OWNER).get(f"{PAGE}?span=coming").text
    assert '<th scope="row" class="num" dir="ltr">09:00</th>' in page
    assert 'class="heat-1 num"' in page, "half an hour of four weeks' hours"
    assert 'class="heat-0 num">0%' in page
    assert "heat-0 num" in admin.visitor(VIEWER).get(PAGE).text


def test_where_callers_were_turned_away_is_shown_for_the_past_only(admin: Admin) -> None:
    assert "It did not happen" in admin.visitor(OWNER).get(PAGE).text

    def work(s: object) -> None:
        session = bind_business(s, CLINIC)  # type: ignore[arg-type]
        session.get_one(Call, admin.clinic.call_id).is_test = False
        for start in ("2027-03-09T16:00", "2027-03-09T16:30", "spoilt"):
            detail = {"start": start, "service": admin.clinic.service_id}
            add_call_event(
                SessionRows(session),
                admin.clinic.call_id,
                kind=CallEventKind.TURNED_AWAY,
                at_ms=5,
                now=NOW - timedelta(minutes=1),
                detail=detail,
            )

    admin.database.write(work)
    owner = admin.visitor(OWNER)
    page = owner.get(PAGE).text
    assert 'class="heat-5 num">2</td>' in page
    assert "hello" in page, "the service's name"
    assert "Asked for and not free" not in owner.get(f"{PAGE}?span=coming").text
    assert "taken" in owner.get(f"/admin/b/{CLINIC}/calls/{admin.clinic.call_id}").text
