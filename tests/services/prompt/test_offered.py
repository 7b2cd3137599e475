"""What the model is told of a business's services and people (K1, K2)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.business_policy import build_policy
from services.policy.catalogue import Catalogue, ResourceRules, ServiceRules
from services.prompt.offered import offered_block
from services.realtime_prompt_builder import PromptInputs, build_prompt

POLICY = build_policy({})
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
LEVI, HADDAD = ResourceRules(1, "ד״ר לוי", POLICY), ResourceRules(2, "ד״ר חדאד", POLICY)
LEFT = ResourceRules(3, "ד״ר כץ", POLICY, active=False)
SERVICES = (
    ServiceRules(1, "בדיקה", 30, price="250 ש״ח", given_by=frozenset({1, 2, 3})),
    ServiceRules(2, "טיפול שורש", 90, given_by=frozenset({2})),
    ServiceRules(3, "הלבנה", 60, on_request=True, given_by=frozenset({1})),
    ServiceRules(4, "יישור", 60, active=False, given_by=frozenset({1})),
)
CLINIC = Catalogue(POLICY, SERVICES, (LEVI, HADDAD, LEFT))


def test_each_service_is_told_with_its_length_price_and_who_gives_it() -> None:
    lines = offered_block(CLINIC, "he").split("\n")
    assert lines[1:] == [
        "- בדיקה: 30 דקות; מחיר: 250 ש״ח; אצל ד״ר לוי וד״ר חדאד",
        "- טיפול שורש: 90 דקות; אצל ד״ר חדאד",
        "- הלבנה: שעה אחת; אצל ד״ר לוי; לא נקבע בטלפון: לוקחים פרטים וחוזרים",
        "עובדים כאן: ד״ר לוי וד״ר חדאד.",
    ]


@pytest.mark.parametrize("language", ["he", "en"])
def test_what_is_no_longer_offered_and_who_has_left_are_not_told(language: str) -> None:
    prompt = build_prompt(PromptInputs("x", POLICY, language, catalogue=CLINIC), NOW)
    assert "250 ש״ח" in prompt
    assert "יישור" not in prompt
    assert "כץ" not in prompt


@pytest.mark.parametrize("language", ["he", "en"])
def test_a_business_without_services_and_people_has_the_prompt_it_had(language: str) -> None:
    bare = Catalogue(POLICY, (), (ResourceRules(1, "", POLICY),))
    without = build_prompt(PromptInputs("x", POLICY, language), NOW)
    assert build_prompt(PromptInputs("x", POLICY, language, catalogue=bare), NOW) == without
