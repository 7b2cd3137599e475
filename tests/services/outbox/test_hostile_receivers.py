"""A receiver that never finishes, floods or lies costs one post its deadline, and no memory (S1, S3)."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import pytest

from services.outbox.bounded_http import BoundedHttp, RequestFailed
from services.outbox.open_internet import BadAddress, is_open, read_target
from services.outbox.outbox import SendFailed
from services.outbox.webhook import WebhookPost
from tests.places import ROOT
from tests.services.db.fixtures import NOW
from tests.services.outbox import hostile
from tests.services.outbox.test_outbox import hook_item

DEADLINE_S = 0.7
# A sender that waits for more than its deadline is ended by this, and the test fails.
pytestmark = pytest.mark.timeout(60)


def post(port: int, scheme: str = "http") -> None:
    sender = WebhookPost(lambda: NOW, allow_private=True, deadline_s=DEADLINE_S)
    sender.send(hook_item(f"{scheme}://127.0.0.1:{port}/hook"))


@pytest.mark.parametrize("behaviour", [hostile.says_nothing, hostile.drips_its_head])
def test_an_answer_that_does_not_come_in_time_is_given_up(behaviour: hostile.Behaviour) -> None:
    with hostile.receiver(behaviour) as port, pytest.raises(SendFailed, match="took too long") as caught:
        post(port)
    assert caught.value.retry


def test_a_receiver_that_never_goes_on_with_tls_is_given_up() -> None:
    with hostile.receiver(hostile.says_nothing) as port, pytest.raises(SendFailed, match="took too long"):
        post(port, "https")


@pytest.mark.parametrize("behaviour", [hostile.floods_its_head, hostile.says_continue_for_ever])
def test_a_flood_instead_of_an_answer_is_cut_off(behaviour: hostile.Behaviour) -> None:
    with hostile.receiver(behaviour) as port, pytest.raises(SendFailed, match=r"too long|no answer"):
        post(port)


def test_what_is_no_http_at_all_is_one_failed_try() -> None:
    with hostile.receiver(hostile.talks_nonsense) as port, pytest.raises(SendFailed) as caught:
        post(port)
    assert caught.value.retry


@pytest.mark.parametrize("behaviour", [hostile.drips_its_body, hostile.floods_its_body])
def test_a_body_is_not_waited_for_and_not_kept(behaviour: hostile.Behaviour) -> None:
    tracemalloc.start()
    try:
        with hostile.receiver(behaviour) as port:
            post(port)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8_000_000, "of an endless answer next to nothing is in memory"


def test_a_body_that_is_asked_for_has_its_limit() -> None:
    http = BoundedHttp(deadline_s=10, allow_private=True)
    with hostile.receiver(hostile.floods_its_body) as port, pytest.raises(RequestFailed, match="too long"):
        http.request("GET", f"http://127.0.0.1:{port}/", headers={}, keep_bytes=100_000)


@pytest.mark.parametrize(
    ("behaviour", "turns"),
    [("drips_its_head", 10), ("says_nothing", 10), ("says_continue_for_ever", 0), ("floods_its_head", 0)],
)
def test_under_gevent_the_loop_goes_on_beside_a_hostile_receiver(behaviour: str, turns: int) -> None:
    """In a process of its own: the worker's kind of thread, the same receiver, and something else that wants to run."""
    script = f"""
        from gevent.monkey import patch_all; patch_all()
        import threading, time
        from tests.services.outbox import hostile
        from tests.services.outbox.test_hostile_receivers import post
        from services.outbox.outbox import SendFailed
        turns = []
        def other():
            while True:
                turns.append(1)
                time.sleep(0.01)
        threading.Thread(target=other, daemon=True).start()
        with hostile.receiver(hostile.{behaviour}) as port:
            for scheme in ("http", "https"):
                try:
                    post(port, scheme)
                except SendFailed as failed:
                    print(scheme, failed)
        assert len(turns) > {turns}, len(turns)
    """
    lines = "\n".join(line[8:] for line in script.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["http", "https"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::93.184.215.14", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("::", False),
        ("::7f00:1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b::127.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("2002:a9fe:a9fe::1", False),
        ("2001:0:5ef5:79fb:0:0:80ff:fffe", False),
        ("2606:2800:21f:cb07:0:5efe:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("fc00::1", False),
        ("ff0e::1", False),
        ("not an address", False),
    ],
)
def test_an_address_is_judged_by_everything_it_may_lead_to(address: str, expected: bool) -> None:
    assert is_open(address) is expected


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://a:99999999/", "broken_address"),
        ("http://[::1", "broken_address"),
        ("https://", "broken_address"),
        ("https://exa mple.com/", "broken_address"),
        ("ftp://example.com/", "broken_address"),
        ("https://example.com:0/", "broken_address"),
        ("http://example.com/", "not_https"),
        ("https://127.0.0.1/", "private_address"),
        ("https://[::ffff:10.0.0.1]/", "private_address"),
        ("https://[64:ff9b::a00:1]/", "private_address"),
        ("https://[2002:a00:1::]/", "private_address"),
    ],
)
def test_what_cannot_be_posted_to_is_known_by_its_address(url: str, code: str) -> None:
    with pytest.raises(BadAddress) as caught:
        read_target(url, allow_private=False)
    assert caught.value.code == code


def test_a_name_that_leads_inside_is_not_connected_to() -> None:
    with hostile.receiver(hostile.says_nothing) as port, pytest.raises(SendFailed, match="private_address"):
        WebhookPost(lambda: NOW, deadline_s=DEADLINE_S).send(hook_item(f"https://localhost:{port}/"))
