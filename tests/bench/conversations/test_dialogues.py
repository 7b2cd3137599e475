"""The format of dialogue files, what the bench's model says, and one call on the real stack."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.conversations import report
from bench.conversations.businesses import settings_of
from bench.conversations.dialogue import DIRECTORY, DialogueError, load, span
from bench.conversations.live import LiveCall
from bench.conversations.run import play_all
from bench.conversations.voice import neutral, varied
from media.conversation.cues import CallClosing, Next, says_goodbye
from sandbox.realtime.items import Item
from sandbox.realtime.record import SessionRecord
from services.booking.messages import ServerMessages
from services.business_policy import Policy
from services.policy.settings import build_policy

BOOKS = """
[[dialogue]]
id = "t-1"
title = "books what was said"
language = "en"
business = "office"
caller = "new"
[[dialogue.turn]]
says = "I would like an appointment tomorrow at ten, my name is Dana Cohen"
[dialogue.answers]
use_this_number = "yes"
[dialogue.expect]
call = "open"
booked = [{ at = "2026-11-25 10:00", name = "Dana Cohen" }]
never_asked = ["date", "name"]
"""
DEMANDS_ANOTHER = BOOKS.replace("t-1", "t-2").replace("2026-11-25 10:00", "2026-11-25 11:00")


def written(directory: Path, text: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "some.toml").write_text(text, "utf-8")
    return directory


def test_every_dialogue_of_the_repository_can_be_read() -> None:
    sets = {"open", "kept", "later", "newest", "services_open", "services_kept"}
    assert {one.set for one in load(DIRECTORY)} == sets


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("says =", "sais =", "sais"),
        ('caller = "new"', 'caller = "unknown"', "caller"),
        ("2026-11-25 10:00", "2026-11-25 25:00", "hour"),
        ('["date", "name"]', '["date", "mail"]', "never_asked"),
        ('never_asked = ["date", "name"]', 'never_offered = "on Mondays"', "never_offered"),
        ('caller = "new"', 'caller = "new"\nappointments = ["2026-11-26 10:00"]', "known customer"),
    ],
)
def test_a_file_that_says_something_unknown_is_refused_with_the_dialogue_and_the_reason(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    with pytest.raises(DialogueError, match=why) as refused:
        load(written(tmp_path, BOOKS.replace(old, new)))
    assert "t-1" in str(refused.value)


def test_the_same_id_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DialogueError, match="t-1"):
        load(written(tmp_path, BOOKS + BOOKS))


def test_what_others_have_is_a_slot_or_a_range() -> None:
    assert [one.strftime("%H:%M") for one in span("2026-11-25 10:00")] == ["10:00", "10:30"]
    assert [one.strftime("%H:%M") for one in span("2026-11-25 09:00-12:00")] == ["09:00", "12:00"]


@pytest.mark.parametrize("business", ["clinic", "office", "studio", "dental"])
def test_every_business_has_rules_that_can_be_read(business: str) -> None:
    names = ("opening_hours_json", "observe_holidays", "slot_size_min", "min_notice_min", "booking_window_days")
    policy = build_policy({name: settings_of(business)[name] for name in names})
    assert isinstance(policy, Policy)
    assert policy.slot_size_min == 30


def test_a_caller_whose_last_turn_ends_the_call_answers_nothing_more(tmp_path: Path) -> None:
    (stays,) = load(written(tmp_path / "a", BOOKS))
    (leaves,) = load(written(tmp_path / "b", BOOKS.replace('call = "open"', 'call = "ended"')))
    for dialogue, answers in ((stays, True), (leaves, False)):
        asked = Item({"id": "i", "role": "system", "content": [{"text": ServerMessages("en").need_permission().text}]})
        call = LiveCall(dialogue)
        call.joined(SessionRecord("sess", "model", items=[asked]))
        assert call.answer_due() is None  # the author's turn comes first
        call.turns_said = 1
        assert (call.answer_due() is not None) is answers


@pytest.mark.parametrize("language", ["he", "en"])
def test_a_model_with_few_words_never_looks_as_if_it_went_round_in_circles(language: str) -> None:
    """Nor do its neutral sentences end a call or keep one open."""
    watch, said = CallClosing(), list[str]()
    question = {"he": "מה השם המלא בבקשה?", "en": "May I have your full name, please?"}[language]
    for _ in range(12):
        sentence = neutral(language, said)
        assert not says_goodbye(sentence)
        assert "?" not in sentence
        said.append(sentence)
        assert watch.agent_said(sentence) is Next.GO_ON
    for _ in range(4):
        said.append(varied(question, language, said))
        assert said[-1].endswith(question)
        assert watch.agent_said(said[-1]) is Next.GO_ON


@pytest.mark.slow
def test_a_dialogue_is_played_on_the_real_stack_and_judged_by_its_rows(tmp_path: Path) -> None:
    dialogues = load(written(tmp_path / "open", BOOKS + DEMANDS_ANOTHER))
    right, wrong = asyncio.run(play_all(dialogues, at_once=2))
    assert not right.problem
    assert right.complaints == []
    assert wrong.complaints == ["booked 2026-11-25 10:00 (Dana Cohen) instead of 2026-11-25 11:00 (Dana Cohen)"]
    assert report.right_of_played([right, wrong]).splitlines()[-1] == "| **open, all** | – | 1 / 2 | – | 1 / 2 |"
    assert report.wrong_ones([right, wrong])[0].startswith("t-2: booked")
    assert "slot_available" in report.whole_call(right)
