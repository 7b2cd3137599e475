"""Is what the agent says borne out by the rows? (A5, S7). Pure.

`services.claims` reads what the agent's words state as done; here it is held against what stands: the appointments
this caller may hear of, and what this call has booked, moved, cancelled or noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.claims.lexicon import ClaimKind
from services.claims.reading import days_named, kinds_in, promises_transfer, states_passed_on
from services.nlp.offers import Offer
from services.nlp.parser import offers_of

_CORRECTIONS = {
    "he": {
        ClaimKind.BOOKED: (
            'לא נקבע שום תור, אבל נאמר למתקשר שנקבע. לתקן מיד במשפט קצר אחד: "סליחה, התור עדיין לא נקבע", '
            "ואז לבקש את הפרט שחסר. לא לומר שנקבע תור לפני [SERVER] ✅ appointment_created."
        ),
        ClaimKind.MOVED: (
            'שום תור לא הוזז, אבל נאמר למתקשר שהוזז. לתקן מיד במשפט קצר אחד: "סליחה, התור עדיין לא הוזז", '
            "ולשאול לאיזה יום ושעה להעביר. לא לומר שתור הוזז לפני [SERVER] ✅ appointment_moved."
        ),
        ClaimKind.CANCELLED: (
            'שום תור לא בוטל, אבל נאמר למתקשר שבוטל. לתקן מיד במשפט קצר אחד: "סליחה, התור עדיין לא בוטל", '
            "ולשאול איזה תור לבטל. לא לומר שתור בוטל לפני [SERVER] ✅ appointment_cancelled."
        ),
        ClaimKind.MESSAGE: (
            "שום הודעה לא נרשמה ולא נמסרה, אבל נאמר למתקשר שכן. לתקן מיד במשפט קצר אחד: "
            '"סליחה, ההודעה עדיין לא נרשמה", ואז לשאול מה למסור ועל שם מי.'
        ),
        ClaimKind.TRANSFER: (
            "השיחה לא הועברה לאף אחד, אבל נאמר למתקשר שכן. לתקן מיד במשפט קצר אחד: "
            '"סליחה, השיחה עדיין לא הועברה", ולשאול אם להעביר.'
        ),
        ClaimKind.DONE: (
            "לא נעשתה שום פעולה, אבל נאמר למתקשר שכן. לתקן מיד במשפט קצר אחד: "
            '"סליחה, זה עדיין לא נעשה", ואז לבקש את הפרט שחסר.'
        ),
    },
    "en": {
        ClaimKind.BOOKED: (
            "no appointment was booked, but the caller was told one is. Correct this at once in one short sentence: "
            '"Sorry, the appointment is not booked yet", then ask for the missing detail. '
            "Never say it is booked before [SERVER] ✅ appointment_created."
        ),
        ClaimKind.MOVED: (
            "no appointment was moved, but the caller was told one was. Correct this at once in one short sentence: "
            '"Sorry, the appointment has not been moved yet", then ask to which day and time. '
            "Never say it is moved before [SERVER] ✅ appointment_moved."
        ),
        ClaimKind.CANCELLED: (
            "no appointment was cancelled, but the caller was told one was. Correct this at once in one short "
            'sentence: "Sorry, the appointment is not cancelled yet", then ask which one to cancel. '
            "Never say it is cancelled before [SERVER] ✅ appointment_cancelled."
        ),
        ClaimKind.MESSAGE: (
            "no message was noted or passed on, but the caller was told one was. Correct this at once in one short "
            'sentence: "Sorry, the message has not been noted yet", then ask what to say and from whom.'
        ),
        ClaimKind.TRANSFER: (
            "the call was not transferred, but the caller was told it was. Correct this at once in one short "
            'sentence: "Sorry, you are not being transferred yet", then ask whether to transfer.'
        ),
        ClaimKind.DONE: (
            "nothing was done, but the caller was told it was. Correct this at once in one short sentence: "
            '"Sorry, that has not been done yet", then ask for the missing detail.'
        ),
    },
    "ar": {
        ClaimKind.BOOKED: (
            "لم يُحجز أي موعد، لكن قيل للمتصل إنه حُجز. التصحيح فورًا بجملة قصيرة واحدة: "
            '"عذرًا، لم يُحجز الموعد بعد"، ثم طلب التفصيل الناقص. '
            "عدم القول إن الموعد حُجز قبل [SERVER] ✅ appointment_created."
        ),
        ClaimKind.MOVED: (
            "لم يُنقل أي موعد، لكن قيل للمتصل إنه نُقل. التصحيح فورًا بجملة قصيرة واحدة: "
            '"عذرًا، لم يُنقل الموعد بعد"، ثم السؤال عن اليوم والساعة. '
            "عدم القول إن الموعد نُقل قبل [SERVER] ✅ appointment_moved."
        ),
        ClaimKind.CANCELLED: (
            "لم يُلغَ أي موعد، لكن قيل للمتصل إنه أُلغي. التصحيح فورًا بجملة قصيرة واحدة: "
            '"عذرًا، لم يُلغَ الموعد بعد"، ثم السؤال أي موعد. '
            "عدم القول إن الموعد أُلغي قبل [SERVER] ✅ appointment_cancelled."
        ),
        ClaimKind.MESSAGE: (
            "لم تُسجَّل أي رسالة ولم تُنقل، لكن قيل للمتصل عكس ذلك. التصحيح فورًا بجملة قصيرة واحدة: "
            '"عذرًا، لم تُسجَّل الرسالة بعد"، ثم السؤال ماذا يُقال وممن.'
        ),
        ClaimKind.TRANSFER: (
            "لم تُحوَّل المكالمة، لكن قيل للمتصل إنها حُوِّلت. التصحيح فورًا بجملة قصيرة واحدة: "
            '"عذرًا، لم تُحوَّل المكالمة بعد"، ثم السؤال هل يريد التحويل.'
        ),
        ClaimKind.DONE: (
            "لم يُفعل شيء، لكن قيل للمتصل إنه تم. التصحيح فورًا بجملة قصيرة واحدة: "
            '"عذرًا، لم يتم ذلك بعد"، ثم طلب التفصيل الناقص.'
        ),
    },
    "ru": {
        ClaimKind.BOOKED: (
            "запись не сделана, но звонящему сказано, что сделана. Сразу исправить одним коротким предложением: "
            '"Извините, запись пока не сделана", затем попросить недостающее. '
            "Не говорить, что запись сделана, до [SERVER] ✅ appointment_created."
        ),
        ClaimKind.MOVED: (
            "запись не перенесена, но звонящему сказано, что перенесена. Сразу исправить одним коротким предложением: "
            '"Извините, запись пока не перенесена", затем спросить, на какой день и час. '
            "Не говорить, что она перенесена, до [SERVER] ✅ appointment_moved."
        ),
        ClaimKind.CANCELLED: (
            "запись не отменена, но звонящему сказано, что отменена. Сразу исправить одним коротким предложением: "
            '"Извините, запись пока не отменена", затем спросить, какую отменить. '
            "Не говорить, что она отменена, до [SERVER] ✅ appointment_cancelled."
        ),
        ClaimKind.MESSAGE: (
            "сообщение не записано и не передано, но звонящему сказано обратное. Сразу исправить одним коротким "
            'предложением: "Извините, сообщение пока не записано", затем спросить, что передать и от кого.'
        ),
        ClaimKind.TRANSFER: (
            "звонок не переведён, но звонящему сказано обратное. Сразу исправить одним коротким предложением: "
            '"Извините, звонок пока не переведён", затем спросить, переводить ли.'
        ),
        ClaimKind.DONE: (
            "ничего не сделано, но звонящему сказано обратное. Сразу исправить одним коротким предложением: "
            '"Извините, это пока не сделано", затем попросить недостающее.'
        ),
    },
}
_CHANGES = ("moved", "cancelled")


@dataclass(frozen=True, slots=True)
class Facts:
    """What stands. Starts are wall-clock times of the business, `now` too.

    `noting`: a message is being taken down, or was offered to be by the server's own word: a promise of it is kept.
    `standing`: appointments the caller may hear of. `done`: what this call did, as (kind of claim, ISO start or "").
    """

    now: datetime
    standing: Sequence[datetime] = ()
    done: Sequence[tuple[str, str]] = ()
    noting: bool = False

    def did(self, *kinds: str) -> bool:
        return any(kind in kinds for kind, _ in self.done)


def claimed(text: str) -> frozenset[ClaimKind]:
    """What the agent's words state as done. A promise to put the caller through is none: it is kept (L3)."""
    kinds = kinds_in(text)
    kept = ClaimKind.TRANSFER in kinds and promises_transfer(text)
    return kinds - {ClaimKind.TRANSFER} if kept else kinds


def false_claim(text: str, facts: Facts) -> ClaimKind | None:
    """The first thing that the agent's words state and the facts do not bear out; None when all of it is true."""
    kinds = claimed(text)
    if ClaimKind.CANCELLED in kinds and _tells_of_cancelled(text, facts):
        kinds -= {ClaimKind.BOOKED}  # "your appointment of Wednesday at nine is cancelled" books none
    return next((kind for kind in ClaimKind if kind in kinds and not _is_true(kind, text, facts)), None)


def correction(kind: ClaimKind, language: str) -> str:
    """The [SERVER] message that corrects a false claim."""
    return f"[SERVER] ❌ error: {_CORRECTIONS.get(language, _CORRECTIONS['en'])[kind]}"


def _is_true(kind: ClaimKind, text: str, facts: Facts) -> bool:
    if kind is ClaimKind.BOOKED:
        return _stands(text, facts, or_else=facts.did("booked", "moved"))
    if kind is ClaimKind.MOVED:
        return facts.did("moved") and _stands(text, facts, or_else=True)
    if kind is ClaimKind.CANCELLED:
        return facts.did(*_CHANGES)
    if kind is ClaimKind.MESSAGE:
        return facts.did("message") or (facts.noting and not states_passed_on(text))
    if kind is ClaimKind.DONE:
        return bool(facts.done) or (bool(facts.standing) and _stands(text, facts, or_else=False))
    return False


def _tells_of_cancelled(text: str, facts: Facts) -> bool:
    """Whether every time that is named is one that this call has cancelled."""
    cancelled = [datetime.fromisoformat(start) for kind, start in facts.done if kind == "cancelled" and start]
    offers, days = offers_of(text, facts.now), days_named(text, facts.now)
    if offers:
        return all(any(_is_at(offer, start) for start in cancelled) for offer in offers)
    return all(any(start.date() == day for start in cancelled) for day in days) if len(days) == 1 else bool(cancelled)


def _is_at(offer: Offer, start: datetime) -> bool:
    named = offer.date is None or offer.date.first == start.date()
    return named and start.time() in [option.start for option in offer.times]


def _stands(text: str, facts: Facts, *, or_else: bool) -> bool:
    """Whether a time that is named is that of an appointment that stands; `or_else` when none is named."""
    offers = offers_of(text, facts.now)
    if offers:
        return any(_is_at(offer, start) for start in facts.standing for offer in offers)
    days = days_named(text, facts.now)
    if days:
        return any(start.date() in days for start in facts.standing)
    return or_else
