"""A running server with a Twilio account that is the sandbox's, its owner's rules, and a customer with a telephone."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from sandbox.twilio.rest import FakeTwilioRest, Sms
from sandbox.twilio.texting import TextAnswer, text
from services.appointments import links
from services.db.models import Appointment, AuditEvent, BusinessSettings, LimitCount, OutboxMessage
from services.db.tenancy import bind_business
from services.tools_calendar import Booking, Wish, create_appointment_by_owner
from tests.app.admin.cast import CLINIC, next_weekday
from tests.app.admin.http_person import Page
from tests.clinic import CLINIC_HOURS
from tests.patience import PATIENCE_S
from tests.serving import AUTH_TOKEN, PUBLIC_BASE, SECRET_KEY, RunningServer, running_app, wait_until
from tests.serving import CLINIC as CLINIC_NUMBER
from tests.twilio_api import ACCOUNT, fake_twilio

ZONE = ZoneInfo("Asia/Jerusalem")
KEYS = [SECRET_KEY.encode()]
T = TypeVar("T")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay())


# Weekdays within the demo's booking window: the first ones for single appointments, the last for tests that need a day.
_SHARED, _WHOLE = 36, 4
_HOURS = (10, 12, 13, 14)


@dataclass
class Site:
    server: RunningServer
    twilio: FakeTwilioRest
    taken: int = 0
    days_taken: int = 0

    def some_time(self) -> datetime:
        """A wall-clock time in opening hours, within the booking window, that no other test on this site has."""
        number, self.taken = self.taken, self.taken + 1
        return _weekday(number % _SHARED).replace(hour=_HOURS[number // _SHARED])

    def whole_day(self, hour: int) -> datetime:
        """The hour of a day that no other test on this site has."""
        number, self.days_taken = self.days_taken, self.days_taken + 1
        assert number < _WHOLE
        return _weekday(_SHARED + number).replace(hour=hour)

    def within(self, fn: Callable[[Session], T], business: int = CLINIC) -> T:
        return self.server.database.write(lambda s: fn(bind_business(s, business)))

    def choose(self, business: int = CLINIC, **values: Any) -> None:
        def work(s: Session) -> None:
            row = s.scalars(select(BusinessSettings)).one()
            for name, value in values.items():
                setattr(row, name, value)

        self.within(work, business)

    def book(self, start: datetime, phone: str, *, name: str = "דנה כהן", business: int = CLINIC) -> Booking:
        """start: a wall-clock time of the business."""
        key, now = uuid4().hex, datetime.now(UTC)
        wish = Wish(start, phone, name, "שיננית")
        made = self.within(lambda s: create_appointment_by_owner(s, wish, request_key=key, now=now), business)
        assert made.booking is not None, made.verdict
        return made.booking

    def sms_to(self, phone: str, containing: str = "") -> Sms:
        """The message, once the server has sent it."""

        def found() -> Sms | None:
            return next((sms for sms in self.twilio.sms_to(phone) if containing in sms.body), None)

        sms = wait_until(found, what=f"an SMS to {phone}")
        assert sms is not None
        return sms

    def says(self, phone: str, body: str, *, to: str = CLINIC_NUMBER, **more: Any) -> TextAnswer:
        values = {"public_base": PUBLIC_BASE, "auth_token": AUTH_TOKEN, **more}
        return text(self.server.url, frm=phone, to=to, body=body, **values)

    def appointment(self, booking: Booking, business: int = CLINIC) -> Appointment:
        return self.within(lambda s: s.get_one(Appointment, booking.id, populate_existing=True), business)

    def audit_of(self, booking: Booking) -> list[AuditEvent]:
        query = select(AuditEvent).where(AuditEvent.subject == str(booking.id), AuditEvent.actor == "customer")
        return self.within(lambda s: list(s.scalars(query.order_by(AuditEvent.id)).all()))

    def outbox(self, prefix: str) -> list[OutboxMessage]:
        query = select(OutboxMessage).where(OutboxMessage.key.startswith(prefix)).order_by(OutboxMessage.id)
        return self.within(lambda s: list(s.scalars(query).all()))

    def link(self, booking: Booking, *, keys: list[bytes] | None = None, until: datetime | None = None) -> str:
        return links.link_path(keys or KEYS, booking.id, until or links.ends_at(booking.end))

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Page:
        return self._ask(urllib.request.Request(self.server.url + path, method=method), headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> Page:
        data = urllib.parse.urlencode(form).encode()
        return self._ask(urllib.request.Request(self.server.url + path, data=data), headers)

    def act(self, link: str, what: str, **form: str) -> Page:
        """Press a button of the page, with what its form carries."""
        return self.post(f"{link}/{what}", {"seen": seen_on(self.get(link)), **form})

    def forget_limits(self) -> None:
        self.server.database.write(lambda s: s.query(LimitCount).delete())

    def _ask(self, request: urllib.request.Request, headers: dict[str, str]) -> Page:
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with _OPENER.open(request, timeout=PATIENCE_S) as answer:
                return Page(answer.status, answer.read().decode(), answer.headers)
        except urllib.error.HTTPError as error:
            return Page(error.code, error.read().decode(), error.headers)


def seen_on(page: Page) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', page.text)
    assert found is not None, page.text[:2000]
    return found[1]


def link_in(sms: Sms) -> str:
    """The path of the link in a message."""
    found = re.search(rf"{re.escape(PUBLIC_BASE)}(/a/\S+)", sms.body)
    assert found is not None, sms.body
    return found[1]


def times_on(page: Page) -> list[str]:
    return re.findall(r'name="slot" value="([^"]+)"', page.text)


@contextmanager
def running_site(directory: Path, url: str, **changes: str) -> Iterator[Site]:
    """The server on this database, which is seeded with the demo."""
    with (
        fake_twilio(ACCOUNT, AUTH_TOKEN) as twilio,
        running_app(directory, url, TWILIO_API_URL=twilio.base, TWILIO_ACCOUNT_SID=ACCOUNT, **changes) as server,
    ):
        site = Site(server, twilio)
        for business in (1, 2):
            site.choose(business, opening_hours_json=CLINIC_HOURS, observe_holidays=False, sms_confirmation=True)
        yield site


def _weekday(number: int) -> datetime:
    """Midnight of a day from Sunday to Thursday, at least two days ahead."""
    day = next_weekday(0)
    for _ in range(number):
        day += timedelta(days=1)
        while day.weekday() in (4, 5):
            day += timedelta(days=1)
    return day
