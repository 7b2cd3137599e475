"""The instructions of a call's model session, built in layers (P1–P3).

Pure: everything about the business comes in as data, the moment as an argument. Layers, in order: critical rules,
core role, telephony, conversation behaviour, the business's own prompt, policy, and what is known about the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services import prompt_texts
from services.business_policy import Policy, day_state, holiday_name
from services.caller_text import quoted
from services.policy_words import (
    SUNDAY_FIRST,
    clock,
    date_words,
    ranges_words,
    span_words,
    weekday_words,
)

CRITICAL_RULES_LIMIT = 800
SPECIAL_DAYS_LIMIT = 12
_SOME_SUNDAY = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class PromptInputs:
    """What a prompt is made of.

    `business_prompt` is the owner's text (`ai_prompt["calls"]`): the identity, used as it stands. `language` is the
    language of the answers, "he" or "en". The caller's fields are untrusted: `caller_name` and `caller_notes` are
    bounded and quoted here. `caller_appointments` are starts of coming appointments, aware. `use_caller_number` is
    the business's permission to take the number the call comes from; `known_number` that there is one.
    """

    business_prompt: str
    policy: Policy
    language: str = "he"
    caller_name: str = ""
    caller_notes: str = ""
    caller_appointments: tuple[datetime, ...] = ()
    use_caller_number: bool = False
    known_number: bool = False

    def __post_init__(self) -> None:
        if self.language not in prompt_texts.LANGUAGES:
            raise ValueError(f"language {self.language!r}: answers are given in {prompt_texts.LANGUAGES}")


@dataclass(frozen=True, slots=True)
class PromptLayer:
    """One named part of the prompt; `name` is a stable key, `title` its heading, `text` its body."""

    name: str
    title: str
    text: str

    def __len__(self) -> int:
        """Characters the model gets for this layer."""
        return len(self.rendered())

    def rendered(self) -> str:
        return f"## {self.title}\n{self.text}"


def prompt_layers(inputs: PromptInputs, now: datetime) -> tuple[PromptLayer, ...]:
    """The layers in the order the model reads them; empty ones are left out. `now` is aware."""
    texts = prompt_texts.TEXTS[inputs.language]
    bodies = {
        "critical_rules": texts["critical_rules"],
        "core_role": texts["core_role"],
        "telephony": texts["telephony"],
        "conversation": texts["conversation"],
        "business": inputs.business_prompt.strip(),
        "policy": policy_block(inputs.policy, now, inputs.language),
        "caller": _caller_block(inputs),
    }
    titles = prompt_texts.TITLES[inputs.language]
    return tuple(PromptLayer(name, titles[name], body) for name, body in bodies.items() if body)


def build_prompt(inputs: PromptInputs, now: datetime) -> str:
    """The finished instructions, exactly as the model gets them."""
    return "\n\n".join(layer.rendered() for layer in prompt_layers(inputs, now))


def greeting_instructions(text: str) -> str:
    """Instructions of the one answer that speaks the greeting; they replace the session's for that answer."""
    return prompt_texts.SAY_EXACTLY.format(text=" ".join(text.split()))


def resume_instructions(language: str, last_agent_text: str = "") -> str:
    """Instructions of the first answer after a lost connection: a short apology, never the greeting again.

    `last_agent_text` is what the caller last heard from the agent: when it was a question, it is asked again.
    """
    text = prompt_texts.RESUME[language]
    if not last_agent_text.rstrip().endswith("?"):
        return text
    return text + prompt_texts.RESUME_QUESTION[language].format(question=quoted(last_agent_text, 200))


def policy_block(policy: Policy, now: datetime, language: str) -> str:
    """Date and time here and now, hours of each weekday, special days ahead, and the booking rules."""
    local = now.astimezone(policy.zone)
    words = prompt_texts.POLICY[language]
    lines = [
        words["now"].format(date=date_words(local.date(), language, year=True), time=f"{local:%H:%M}"),
        words["hours"],
        *(_weekday_line(policy, weekday, language) for weekday in SUNDAY_FIRST),
        *_special_days(policy, local.date(), language),
        words["slot"].format(slot=span_words(policy.slot_size_min, language)),
        words["notice"].format(notice=span_words(policy.min_notice_min, language)),
        words["window"].format(window=span_words(policy.booking_window_days * 1440, language)),
        words["final"],
    ]
    return "\n".join(lines)


def _weekday_line(policy: Policy, weekday: int, language: str) -> str:
    name = weekday_words(_SOME_SUNDAY + timedelta(days=(weekday + 1) % 7), language)
    ranges = [(clock(each.start_min), clock(each.end_min)) for each in policy.weekly[weekday]]
    return f"- {name}: {ranges_words(ranges, language)}"


def _special_days(policy: Policy, today: date, language: str) -> list[str]:
    """Dates within the booking window whose hours differ from their weekday's."""
    lines = []
    for offset in range(policy.booking_window_days + 1):
        day = today + timedelta(days=offset)
        state = day_state(policy, day)
        if state.rule in ("", "closed_weekday") or state.ranges == policy.weekly[day.weekday()]:
            continue
        hours = ranges_words([(clock(each.start_min), clock(each.end_min)) for each in state.ranges], language)
        lines.append(f"- {date_words(day, language)}: {hours}{_reason(day, state.rule, language)}")
        if len(lines) == SPECIAL_DAYS_LIMIT:
            break
    return [prompt_texts.POLICY[language]["special"], *lines] if lines else []


def _reason(day: date, rule: str, language: str) -> str:
    if rule == "holiday":
        return f" ({holiday_name(day, language)})"
    if rule == "holiday_eve":
        eve = holiday_name(day + timedelta(days=1), language)
        return f" (ערב {eve})" if language == "he" else f" (eve of {eve})"
    return ""


def _caller_block(inputs: PromptInputs) -> str:
    """What is known about the caller, as quoted data; "" when nothing is."""
    words = prompt_texts.CALLER[inputs.language]
    lines = []
    if inputs.caller_name.strip():
        lines.append(words["name"].format(name=quoted(inputs.caller_name, 60)))
    if inputs.caller_notes.strip():
        lines.append(words["notes"].format(notes=quoted(inputs.caller_notes, 200)))
    for start in inputs.caller_appointments[:3]:
        local = start.astimezone(inputs.policy.zone)
        lines.append(words["appointment"].format(date=date_words(local.date(), inputs.language), time=f"{local:%H:%M}"))
    if inputs.use_caller_number and inputs.known_number:
        lines.append(words["number"])
    return "\n".join([words["data"], *lines]) if lines else ""
