"""Values that nobody types: every address and every form of the pages answers, and none with 500 (S1)."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.admin.text.diff import MOST_LINES
from app.admin.text.edits import Budget, edits
from app.settings import load_settings
from services.accounts.businesses import save_prompt
from services.db.models import BusinessSettings
from services.db.tenancy import bind_business
from services.policy.settings import MOST_CLOSED_DATES
from tests.app.admin.cast import ADMIN, CLINIC, NOW, OTHER, OWNER, PASSWORD, VIEWER, Visitor
from tests.app.admin.fixtures import Admin
from tests.app.admin.test_walk import WORDS, address, method_of, rules
from tests.serving import AUTH_TOKEN, PUBLIC_BASE

HOME = f"/admin/b/{CLINIC}/"
HUGE = "9" * 19
NASTY = [HUGE, "9" * 5000, "-1", "%00", "%0d%0aX:1", "//[", "ü" * 500]
ARGUMENTS = (
    "a",
    "b",
    "page",
    "day",
    "time",
    "since",
    "until",
    "q",
    "kind",
    "result",
    "next",
    "week",
    "date",
    "from",
    "to",
)


def test_no_number_in_an_address_is_too_large(admin: Admin) -> None:
    visitor = admin.visitor(ADMIN)
    wrong = {}
    for rule in rules(admin.app, of_business=True):
        for number in (str(2**63 - 1), str(2**63), HUGE, "9" * 5000):
            path = re.sub(r"<int:(?!business_id)\w+>", number, rule.rule).replace("<int:business_id>", str(CLINIC))
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: WORDS.get(found[1], "x"), path)
            if path == rule.rule.replace("<int:business_id>", str(CLINIC)):
                continue
            status = visitor.client.open(
                path,
                method=method_of(rule),
                data={"csrf_token": visitor.token()} if method_of(rule) == "POST" else None,
            ).status_code
            if status not in (200, 302, 404):
                wrong[path[:80]] = status
    assert not wrong
    assert visitor.get(f"/admin/b/{HUGE}/").status_code == 404


def test_no_argument_of_an_address_breaks_a_page(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    wrong = {}
    for rule in rules(admin.app, of_business=True):
        if method_of(rule) != "GET":
            continue
        for value in NASTY:
            query = "&".join(f"{name}={value}" for name in ARGUMENTS)
            status = visitor.get(f"{address(rule, CLINIC, admin.clinic)}?{query}").status_code
            if status >= 500:
                wrong[f"{rule.endpoint} {value[:20]}"] = status
    assert not wrong


@pytest.mark.parametrize(
    "wanted", ["/admin/\r\nSet-Cookie: a=b", "/admin/\n", "/admin/\t", "//[", "http://[", "/admin/ x"]
)
def test_a_way_back_that_is_no_address_leads_to_the_front(admin: Admin, wanted: str) -> None:
    answer = admin.visitor().log_in(OWNER, PASSWORD, next=wanted)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_a_line_break_in_a_name_is_a_blank(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    fields = {"name": "Smile\r\nX-Evil: 1\u2028two\x1b[0m", "language": "en"}
    assert visitor.post(f"{HOME}settings", **fields).status_code == 302
    assert "Smile X-Evil: 1 two [0m" in visitor.get(HOME).text
    secret = admin.database.read(lambda s: bind_business(s, CLINIC).scalars(select(BusinessSettings.ics_secret)).one())
    feed = visitor.get(f"/calendar/{secret}.ics")
    assert feed.status_code == 200
    assert "X-WR-CALNAME:Smile X-Evil: 1 two [0m" in feed.text.replace("\r\n ", "")


@pytest.mark.parametrize("field", ["voice", "model", "transcription_model"])
@pytest.mark.parametrize("name", ["a&b=c", "a b", "a\nb", "דגם", "m?x"])
def test_a_models_name_is_a_name(admin: Admin, field: str, name: str) -> None:
    assert admin.visitor(OWNER).post(f"{HOME}settings/voice", **{field: name}).status_code in (302, 422)
    stored = admin.database.read(
        lambda s: bind_business(s, CLINIC).scalars(select(getattr(BusinessSettings, field))).one()
    )
    assert stored in (None, "a b".replace(" ", "-")) or re.fullmatch(r"[\w.:/-]+", stored, re.ASCII)


def test_more_closed_dates_than_a_calendar_has_are_refused(admin: Admin) -> None:
    days = [(date(2027, 1, 1) + timedelta(days=n)).isoformat() for n in range(20_000)]
    common = {"timezone": "Asia/Jerusalem", "holiday_eves": "friday", "slot_size_min": "30"}
    common |= {"min_notice_min": "0", "booking_window_days": "60"}
    visitor = admin.visitor(OWNER)
    assert visitor.post(f"{HOME}settings/hours", **{**common, "closed-date": days}).status_code == 413
    too_many = visitor.post(f"{HOME}settings/hours", **{**common, "closed-date": days[: MOST_CLOSED_DATES + 1]})
    assert too_many.status_code == 422
    assert (
        visitor.post(f"{HOME}settings/hours", **{**common, "closed-date": days[:MOST_CLOSED_DATES]}).status_code == 302
    )


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://hooks.example.com/x", True),
        ("https://8.8.8.8/x", True),
        ("http://hooks.example.com/x", False),
        ("https://localhost/x", False),
        ("https://169.254.169.254/latest", False),
        ("https://[::1]/x", False),
        ("https://intranet/x", False),
        ("https://[", False),
        ("https://x:99999/", False),
    ],
)
def test_in_production_a_webhooks_address_is_refused_where_it_is_typed(
    seeded_url: str, admin: Admin, url: str, taken: bool
) -> None:
    from app.factory import create_app

    settings = load_settings(
        database_url=seeded_url,
        app_env="production",
        secret_key="a-secret-for-tests-only-0123456789",
        twilio_auth_token=AUTH_TOKEN,
        public_base_url=PUBLIC_BASE,
        openai_api_key="sk-1",
    )
    visitor = Visitor(create_app(settings))
    visitor.client.environ_base["wsgi.url_scheme"] = "https"
    visitor.client.environ_base["HTTP_REFERER"] = "https://localhost/"
    visitor.log_in(OWNER, PASSWORD)
    answer = visitor.post(f"{HOME}settings/privacy", webhook_url=url)
    assert (answer.status_code == 302) is taken, answer.text


def test_test_calls_meet_the_limits_of_the_business(admin: Admin) -> None:
    visitor = admin.visitor(OWNER)
    limits = {"max_call_minutes": 15, "silence_prompt_s": 8, "max_silence_prompts": 3, "fallback": "message"}
    assert visitor.post(f"{HOME}settings/hand-over", **limits, max_calls_at_once=2).status_code == 302
    tries = [visitor.post(f"{HOME}phone/call", caller=f"050-123-456{n}").status_code for n in range(4)]
    assert tries == [200, 200, 429, 429]


# -- two long prompts side by side ---------------------------------------------------------------------------


_OLD, _NEW = ["abcdefgh"[n * 7 % 8] for n in range(6000)], ["hgfedcba"[n * 5 % 8] for n in range(6000)]
PROMPTS = {
    "one long line": (" ".join(_OLD), " ".join(_NEW)),
    "many lines": ("\n".join(_OLD), "\n".join(_NEW)),
    "many signs": ("!?" * 6000, "?!" * 6000),
}


@pytest.mark.parametrize("kind", PROMPTS)
def test_a_viewer_compares_the_longest_prompts_and_nobody_waits_for_it(admin: Admin, kind: str) -> None:
    old, new = PROMPTS[kind]

    def save(text: str) -> int:
        return admin.database.write(
            lambda s: save_prompt(bind_business(s, CLINIC), text=text, author_id=None, now=NOW).number
        )

    a, b = save(old), save(new)
    answer = admin.visitor(VIEWER).get(f"{HOME}prompt/diff?a={a}&b={b}")
    assert answer.status_code == 200
    assert answer.text.count('class="diff-line') <= MOST_LINES + 1


@pytest.mark.parametrize("kind", PROMPTS)
def test_comparing_stops_when_its_budget_is_spent(kind: str) -> None:
    old, new = (re.findall(r"\w+|\W", text) for text in PROMPTS[kind])
    budget = Budget(5_000)
    found = edits(old, new, budget)
    # What the last round has begun it ends: no more than one comparison for each element.
    assert budget.left > -len(old) - len(new)
    assert (found[0].i1, found[0].j1, found[-1].i2, found[-1].j2) == (0, 0, len(old), len(new))


# -- guessing ------------------------------------------------------------------------------------------------


def guess_from(admin: Admin, address: str, email: str = OWNER, password: str = "guess") -> int:
    visitor = admin.visitor()
    visitor.client.environ_base["REMOTE_ADDR"] = address
    return visitor.log_in(email, password).status_code


def test_a_subscribers_whole_ipv6_network_is_one_guesser(admin: Admin) -> None:
    tries = [guess_from(admin, f"2001:db8:1:2::{n:x}") for n in range(1, 8)]
    assert tries == [401] * 5 + [429] * 2
    assert guess_from(admin, "2001:db8:1:3::1") == 401


def test_an_account_has_a_limit_of_its_own_wherever_the_guesses_come_from(admin: Admin) -> None:
    tries = [guess_from(admin, f"192.0.2.{n}") for n in range(1, 13)]
    assert tries == [401] * 10 + [429] * 2
    assert guess_from(admin, "192.0.2.99", password=PASSWORD) == 429
    assert guess_from(admin, "192.0.2.99", OTHER, PASSWORD) == 302


def test_a_strangers_guesses_do_not_lock_out_who_was_here_before(admin: Admin) -> None:
    owner = admin.visitor(OWNER)
    owner.post("/admin/logout")
    for n in range(1, 13):
        guess_from(admin, f"192.0.2.{n}")
    assert owner.log_in(OWNER, PASSWORD).status_code == 302
    # The cookie is good for its own account only.
    owner.post("/admin/logout")
    for n in range(1, 13):
        guess_from(admin, f"192.0.2.{n}", OTHER)
    assert owner.log_in(OTHER, PASSWORD).status_code == 429
