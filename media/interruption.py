"""The one function that carries out an interruption, always in the same order, with no early return (B6)."""

from __future__ import annotations

from dataclasses import dataclass

from media.answers import Answers, heard_part
from media.call_state import CallState, Event
from media.playout import Playout
from media.tx_queue import Utterance


@dataclass(slots=True, frozen=True)
class Cut:
    """What became of one utterance: how much of it, and which words, reached the caller."""

    item_id: str
    heard_ms: int
    total_ms: int
    text: str
    heard_text: str


def interrupt(playout: Playout, answers: Answers, state: CallState) -> list[Cut]:
    """Read what was heard → clear Twilio → empty the queue → cancel → truncate → only then is_ai_speaking.clear().

    Harmless when called twice: the second time nothing is queued, nothing is active and the state stays.
    """
    cut = playout.interrupt()
    engine = answers.engine
    answer = answers.let_go()
    cuts = []
    for utterance, heard_ms in cut:
        whole = heard_ms >= utterance.total_ms and (answer is None or answer.done)
        if engine is not None and utterance.item_id and not whole:
            engine.truncate(utterance.item_id, min(heard_ms, utterance.total_ms))
        cuts.append(cut_of(utterance, answer.text_of(utterance) if answer is not None else "", heard_ms))
    if state.can(Event.INTERRUPTED):
        state.apply(Event.INTERRUPTED)
    return cuts


def cut_of(utterance: Utterance, text: str, heard_ms: int) -> Cut:
    """What stays of an utterance of which so much was heard."""
    heard_text = heard_part(text, heard_ms, utterance.total_ms)
    return Cut(utterance.item_id, heard_ms, utterance.total_ms, text, heard_text)
