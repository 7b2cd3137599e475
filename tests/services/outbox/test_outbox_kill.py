"""`kill -9` between Twilio's yes and our record of it: still one SMS for the booking (A8), on both databases."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.db.models import OutboxKind, OutboxMessage
from services.outbox.outbox import STALE
from services.outbox.sms import TwilioSms, twilio_client
from tests.places import ROOT
from tests.services.db.fixtures import Cast
from tests.services.outbox.rounds import drain
from tests.services.outbox.test_outbox import book, confirmations_on, in_clinic, states
from tests.twilio_api import ACCOUNT, TOKEN, fake_twilio

KILLED_AFTER_SENDING = """
    import os, signal
    from datetime import UTC, datetime
    from services.db.database import Database
    from services.db.models import OutboxKind
    from services.outbox.sms import TwilioSms, twilio_client
    from tests.services.outbox.rounds import drain

    class Killed(TwilioSms):
        def send(self, item):
            super().send(item)
            os.kill(os.getpid(), signal.SIGKILL)

    sender = Killed(twilio_client({account!r}, {token!r}, {base!r}))
    drain(Database({url!r}), {{OutboxKind.SMS: sender}}, lambda: datetime.now(UTC))
"""


def test_a_worker_killed_after_twilio_took_the_sms_sends_no_second_one(cast: Cast) -> None:
    confirmations_on(cast)
    book(cast)

    def date_today(session: Session) -> None:
        """The API's messages carry today's date, the booking here was made in another year."""
        row = session.scalars(select(OutboxMessage)).one()
        row.created_at = row.next_try_at = datetime.now(UTC)

    in_clinic(cast, date_today)
    url = cast.database.url.render_as_string(hide_password=False)
    with fake_twilio() as rest:
        script = KILLED_AFTER_SENDING.format(account=ACCOUNT, token=TOKEN, base=rest.base, url=url)
        killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, check=False, timeout=60)
        assert killed.returncode == -signal.SIGKILL
        assert states(cast) == ["sending"]
        sender = TwilioSms(twilio_client(ACCOUNT, TOKEN, rest.base))
        later = datetime.now(UTC) + STALE + timedelta(seconds=1)
        drain(cast.database, {OutboxKind.SMS: sender}, lambda: later)
        assert len(rest.messages) == 1
    assert states(cast) == ["sent"]
