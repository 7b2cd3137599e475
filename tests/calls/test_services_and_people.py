"""Whole calls to a clinic of three people: with whom the appointment is (K4)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bench.conversations.dialogue import load
from bench.conversations.run import play_all

WITH_HADDAD = """
[[dialogue]]
id = "k4-call-1"
title = "Dr Levi is full, and Dr Haddad was asked for"
language = "he"
business = "dental"
caller = "new"
taken = [{ at = "2026-11-26 09:00-15:00", with = 'ד"ר מיכל לוי' }]
[[dialogue.turn]]
says = 'שלום, אני רוצה לקבוע בדיקה אצל ד"ר חדאד ביום חמישי באחת בצהריים'
[dialogue.answers]
name = "דנה כהן"
use_this_number = "כן, המספר הזה"
confirm = "כן"
[dialogue.expect]
call = "open"
booked = [{ at = "2026-11-26 13:00", name = "דנה כהן", service = "בדיקה", with = 'ד"ר אמיר חדאד' }]
never_asked = ["service", "person"]
said_to_caller = ["2026-11-26 13:00", 'ד"ר אמיר חדאד']
"""
WITH_LEVI = (
    WITH_HADDAD.replace("k4-call-1", "k4-call-2")
    .replace("חדאד ביום", "לוי ביום")
    .replace("[dialogue.answers]", '[[dialogue.turn]]\nsays = "אז אצל מי שפנוי, באותה שעה"\n[dialogue.answers]')
)


@pytest.mark.slow
def test_whoever_was_asked_for_or_is_free_is_who_it_will_be(tmp_path: Path) -> None:
    (tmp_path / "calls.toml").write_text(WITH_HADDAD + WITH_LEVI, "utf-8")
    for played in asyncio.run(play_all(load(tmp_path), at_once=2)):
        assert not played.problem, played.problem
        assert played.complaints == [], "\n".join(played.story)
