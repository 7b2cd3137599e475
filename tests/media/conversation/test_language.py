"""The language of a call follows its caller, among those the business ticked (L11), on a virtual clock."""

from __future__ import annotations

from media.conversation.settings import ConversationSettings, Phrases
from media.conversation.state import State
from services.calls.kinds import CallEventKind
from services.realtime_prompt_builder import answer_language
from tests.media.conversation.virtual_call import FakeEngine, VirtualCall

ENGLISH = Phrases(silence_prompt="still here", goodbye_silent="cannot hear you")


def bilingual(**changes: object) -> VirtualCall:
    """A Hebrew business with English ticked, its model connected, before anybody spoke."""
    hebrew = {"silence_prompt": "אני כאן", "goodbye_silent": "לא שומעת"}
    settings = ConversationSettings(
        languages=("he", "en"),
        translated={"en": ENGLISH},
        silence_frames=150,
        max_silence_prompts=1,
        **{**hebrew, **changes},
    )  # type: ignore[arg-type]
    call = VirtualCall(settings)
    call.connect()
    call.run(2000)
    return call


def spoken(call: VirtualCall, text: str) -> VirtualCall:
    """The caller says it, and hears the answer to its end."""
    call.say(text)
    call.run_until(lambda: call.talk.state is State.SPEAKING)
    call.run_until(lambda: call.talk.state is State.LISTENING)
    return call


def prompts(call: VirtualCall) -> list[object]:
    """The sentences of our own that the model was asked to say."""
    return [said for kind, said in call.engine.said if kind == "answer" and said is not None]


def test_an_english_caller_hears_our_own_sentences_in_english() -> None:
    call = spoken(bilingual(), "I would like to book an appointment")
    call.run(30_000)
    assert prompts(call) == ["still here", "cannot hear you"]


def test_the_model_the_record_and_the_booking_side_learn_of_it_before_the_turn_is_read() -> None:
    call = bilingual()
    call.say("I would like to book an appointment")
    call.run_until(lambda: bool(call.journal.languages))
    assert call.journal.languages == ["en"]
    assert not [turn for turn in call.journal.turns.values() if turn.role == "caller"] or call.journal.events
    assert ("server", answer_language("en")) in call.engine.said
    assert CallEventKind.LANGUAGE in call.journal.events


def test_a_hebrew_caller_changes_nothing() -> None:
    call = spoken(bilingual(), "אני רוצה לקבוע תור")
    call.run(8000)
    assert prompts(call)[0] == "אני כאן"
    assert call.journal.languages == []
    assert call.engine.count("server") == 0


def test_a_borrowed_word_or_a_name_changes_nothing() -> None:
    call = spoken(bilingual(), "okay, Moshe Cohen")
    assert call.journal.languages == []


def test_a_language_that_is_not_ticked_is_answered_in_the_businesss_own() -> None:
    call = spoken(bilingual(), "здравствуйте, я хочу записаться на приём")
    call.run(8000)
    assert prompts(call)[0] == "אני כאן"


def test_a_new_session_of_the_model_is_told_the_language_again() -> None:
    call = spoken(bilingual(), "I would like to book an appointment")
    call.sessions.append(FakeEngine(call))
    call.engine.close()
    call.run(1000)
    assert ("server", answer_language("en")) in call.engine.said


def test_a_resumed_call_goes_on_in_the_language_it_had() -> None:
    call = bilingual(resumed=True, language="en")
    call.run(6000)
    assert ("server", answer_language("en")) in call.engine.said
    assert prompts(call)[0] == "still here"
    assert call.journal.languages == []
