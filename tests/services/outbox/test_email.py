"""E-mails through a server that speaks SMTP: what arrives, and what becomes of what does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services.db.models import OutboxKind
from services.outbox.email import SmtpEmail
from services.outbox.outbox import OutboxItem, OutcomeUnknown, SendFailed
from tests.services.db.fixtures import NOW
from tests.smtp_server import MailServer, mail_server


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as started:
        yield started


def link_of(link: Mapping[str, Any]) -> str:
    return f"https://phone.example.com/admin/{link['kind']}/{link['id']}"


def sender(url: str) -> SmtpEmail:
    return SmtpEmail(url, "assistant@phone.example.com", link_of)


def item(**changes: Any) -> OutboxItem:
    payload = {"to": "dana@x.test", "subject": "Hello", "body": "Good morning.\n", **changes}
    return OutboxItem(1, 1, OutboxKind.EMAIL, "email:1", payload, 1, NOW, None, False)


def test_what_is_written_arrives_in_hebrew_too(server: MailServer) -> None:
    sender(server.url).send(item(subject="הזמנה אל חיוך בריא", body="שלום,\nבוקר טוב.\n.\nסוף\n"))
    mail = server.mails[0]
    assert (mail["To"], mail["Subject"]) == ("dana@x.test", "הזמנה אל חיוך בריא")
    assert str(mail["From"]) == "Call Assistant <assistant@phone.example.com>"
    assert mail.get_content().replace("\r\n", "\n") == "שלום,\nבוקר טוב.\n.\nסוף\n"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_link_is_made_at_the_moment_of_sending(server: MailServer) -> None:
    sender(server.url).send(item(body="Open {link} now.\n", link={"kind": "reset", "id": 7, "nonce": "n"}))
    assert "Open https://phone.example.com/admin/reset/7 now." in server.mails[0].get_content()


def test_a_second_copy_is_the_same_message(server: MailServer) -> None:
    sender(server.url).send(item())
    sender(server.url).send(item())
    assert server.mails[0]["Message-ID"] == server.mails[1]["Message-ID"]
    assert sender(server.url).was_sent(item()) is False


@pytest.mark.parametrize(("answer", "again"), [("550 nobody here", False), ("451 later", True)])
def test_a_refused_recipient_is_tried_again_only_where_that_may_help(
    server: MailServer, answer: str, again: bool
) -> None:
    server.refuses = answer
    with pytest.raises(SendFailed, match=answer[:3]) as failed:
        sender(server.url).send(item())
    assert failed.value.retry is again


def test_a_server_that_is_away_is_tried_again(server: MailServer) -> None:
    url = server.url
    server.shutdown()
    server.server_close()
    with pytest.raises(SendFailed) as failed:
        sender(url).send(item())
    assert failed.value.retry


def test_an_answer_that_was_lost_leaves_the_outcome_open(server: MailServer) -> None:
    server.hangs_up_after_data = True
    with pytest.raises(OutcomeUnknown):
        sender(server.url).send(item())


@pytest.mark.parametrize("to", ["x@y\nBcc: z@y", "nobody", "", "a@b\r\nX: y"])
def test_an_address_cannot_carry_headers(server: MailServer, to: str) -> None:
    with pytest.raises(SendFailed):
        sender(server.url).send(item(to=to))
    assert server.mails == []


def test_a_subject_cannot_carry_headers(server: MailServer) -> None:
    sender(server.url).send(item(subject="Hi\nBcc: z@y.test"))
    assert server.mails[0]["Bcc"] is None


def test_nothing_is_sent_in_the_clear_over_the_network() -> None:
    """A server elsewhere that offers no TLS gets neither password nor mail: here one that only looks like elsewhere."""
    with mail_server() as server:
        far = server.url.replace("127.0.0.1", "127.0.0.2")
        with pytest.raises(SendFailed):
            sender(far).send(item())
        assert server.mails == []
