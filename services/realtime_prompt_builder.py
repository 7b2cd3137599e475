"""The instructions of a call's model session, built in layers (P1–P3).

Pure: everything about the business comes in as data, the moment as an argument. Layers, in order: critical rules,
core role, telephony, conversation behaviour, the business's own prompt, what the assistant may do, services and people,
policy, and what is known about the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.business_policy import Policy, day_state, holiday_name
from services.language.persona import in_gender
from services.language.text import quoted
from services.policy.catalogue import Catalogue
from services.policy.permissions import EVERYTHING, Permissions
from services.policy.words import (
    SUNDAY_FIRST,
    clock,
    date_words,
    ranges_words,
    span_words,
    weekday_words,
)
from services.prompt import texts as prompt_texts
from services.prompt.abilities import ability_lines
from services.prompt.offered import offered_block

CRITICAL_RULES_LIMIT = 800
SPECIAL_DAYS_LIMIT = 12
_SOME_SUNDAY = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class PromptInputs:
    """What a prompt is made of.

    `business_prompt` is the owner's text (`ai_prompt["calls"]`): the identity, used as it stands. `language` is the
    business's own, "he" or "en"; `answer_languages` all it may answer in, the own one first, () for that one alone;
    `gender` the persona's ("female" or "male"). `may` is what the business lets its assistant do (L9); `can_dial` that
    there is a number to transfer to; `confirms_by_sms` that it confirms bookings. `caller_name` is untrusted, and
    bounded and quoted here; with `coming_appointments`, how many, it is what is on file under a number that anyone can
    fake (L8). `use_caller_number` is the business's permission to take the number the call comes from; `known_number`
    that there is one. `catalogue`: services and people, None where there is nothing to say of them.
    """

    business_prompt: str
    policy: Policy
    language: str = "he"
    gender: str = "female"
    answer_languages: tuple[str, ...] = ()
    may: Permissions = EVERYTHING
    can_dial: bool = False
    confirms_by_sms: bool = False
    caller_name: str = ""
    coming_appointments: int = 0
    use_caller_number: bool = False
    known_number: bool = False
    catalogue: Catalogue | None = None

    @property
    def has_choice(self) -> bool:
        """Answers may be in more than one language."""
        return len(self.answer_languages) > 1

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
        "critical_rules": texts["critical_rules"].format(language_rule=_language_rule(inputs)),
        "core_role": _core_role(inputs),
        "telephony": texts["telephony"],
        "conversation": texts["conversation"],
        "business": inputs.business_prompt.strip(),
        "abilities": _ability_block(inputs),
        "services": offered_block(inputs.catalogue, inputs.language),
        "policy": policy_block(inputs, now),
        "caller": _caller_block(inputs),
    }
    titles = prompt_texts.TITLES[inputs.language]
    return tuple(PromptLayer(name, titles[name], body) for name, body in bodies.items() if body)


def _language_rule(inputs: PromptInputs) -> str:
    names = prompt_texts.LANGUAGE_NAMES[inputs.language]
    own, spoken = names[inputs.language], [names[each] for each in inputs.answer_languages]
    if not inputs.has_choice:
        return prompt_texts.ONE_LANGUAGE[inputs.language].format(own=own)
    several = prompt_texts.OR[inputs.language].join((", ".join(spoken[:-1]), spoken[-1]))
    return prompt_texts.SEVERAL_LANGUAGES[inputs.language].format(own=own, all=several)


def _core_role(inputs: PromptInputs) -> str:
    text = in_gender(prompt_texts.TEXTS[inputs.language]["core_role"], inputs.gender)
    return f"{text}\n{prompt_texts.LANGUAGE_IS_KEPT[inputs.language]}" if inputs.has_choice else text


def build_prompt(inputs: PromptInputs, now: datetime) -> str:
    """The finished instructions, exactly as the model gets them."""
    return "\n\n".join(layer.rendered() for layer in prompt_layers(inputs, now))


def greeting_instructions(text: str) -> str:
    """Instructions of the one answer that speaks exactly this (the greeting); they replace the session's for it."""
    return prompt_texts.SAY_EXACTLY.format(text=" ".join(text.split()))


def answer_language(language: str) -> str:
    """The [SERVER] message that says in which language to go on (L11)."""
    return prompt_texts.ANSWER_LANGUAGE[language]


def resume_instructions(language: str, last_agent_text: str = "") -> str:
    """Instructions of the first answer after a lost connection, in any of the product's languages: a short apology,
    never the greeting again.

    `last_agent_text` is what the caller last heard from the agent: when it was a question, it is asked again.
    """
    text = prompt_texts.RESUME[language]
    if not last_agent_text.rstrip().endswith(("?", "؟")):
        return text
    return text + prompt_texts.RESUME_QUESTION[language].format(question=quoted(last_agent_text, 200))


def _ability_block(inputs: PromptInputs) -> str:
    lines = ability_lines(inputs.language, inputs.may, can_dial=inputs.can_dial, confirms_by_sms=inputs.confirms_by_sms)
    return "\n".join([prompt_texts.ABILITIES_FIRST[inputs.language], *lines])


def policy_block(inputs: PromptInputs, now: datetime) -> str:
    """Date and time here and now, hours of each weekday, special days ahead, and the booking rules where there are
    appointments to make or to move."""
    policy, language = inputs.policy, inputs.language
    local = now.astimezone(policy.zone)
    words = prompt_texts.POLICY[language]
    lines = [
        words["now"].format(date=date_words(local.date(), language, year=True), time=f"{local:%H:%M}"),
        words["hours"],
        *(_weekday_line(policy, weekday, language) for weekday in SUNDAY_FIRST),
        *_special_days(policy, local.date(), language),
    ]
    if not (inputs.may.book or inputs.may.change):
        return "\n".join(lines)
    if inputs.catalogue is None or not inputs.catalogue.offered:  # services have lengths of their own
        lines.append(words["slot"].format(slot=span_words(policy.slot_size_min, language)))
    lines += [
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
    if inputs.coming_appointments:
        lines.append(words["coming"].format(count=inputs.coming_appointments))
    if lines:
        lines.append(words["who"])
    if inputs.use_caller_number and inputs.known_number:
        lines.append(words["number"])
    return "\n".join([words["data"], *lines]) if lines else ""
