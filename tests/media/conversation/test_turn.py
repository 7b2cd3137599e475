"""Turn taking where the caller goes on talking or the words come late."""

from __future__ import annotations

from media.conversation.turn import GIVE_UP_FRAMES, WORDS_PATIENCE_FRAMES, Act, CallerItem, TurnTaking

SPOKEN = 100  # frames


def acts(decisions: list[tuple[Act, str]]) -> list[Act]:
    return [act for act, _ in decisions]


def frames(turns: TurnTaking, count: int) -> list[Act]:
    return [act for _ in range(count) for act in acts(turns.frame())]


def test_an_answer_nobody_has_heard_waits_when_the_caller_goes_on_talking() -> None:
    turns = TurnTaking(real=True)
    assert acts(turns.turn_ended(CallerItem("one", SPOKEN))) == [Act.ASK]
    assert acts(turns.words("one", valid=True)) == [Act.RELEASE]
    assert acts(turns.set_speaking(True)) == [Act.HOLD_BACK]
    turns.turn_ended(CallerItem("two", SPOKEN))
    assert turns.set_speaking(False) == []
    assert acts(turns.words("two", valid=True)) == [Act.CANCEL, Act.ASK, Act.RELEASE]


def test_a_cough_after_the_turn_only_delays_its_answer() -> None:
    turns = TurnTaking(real=True)
    turns.turn_ended(CallerItem("one", SPOKEN))
    turns.words("one", valid=True)
    turns.set_speaking(True)
    turns.turn_ended(CallerItem("cough", 10))
    turns.set_speaking(False)
    assert acts(turns.words("cough", valid=False)) == [Act.DELETE, Act.RELEASE]


def test_an_answer_being_heard_is_not_held_back() -> None:
    turns = TurnTaking(real=True)
    turns.turn_ended(CallerItem("one", SPOKEN))
    turns.words("one", valid=True)
    turns.answer_released()
    assert turns.set_speaking(True) == []


def test_a_turn_answered_by_its_sound_is_not_answered_again_when_its_words_come() -> None:
    turns = TurnTaking(real=True)
    turns.turn_ended(CallerItem("one", SPOKEN))
    assert Act.RELEASE in frames(turns, WORDS_PATIENCE_FRAMES)
    turns.answer_released()
    turns.answer_over()
    assert turns.words("one", valid=True) == []


def test_late_words_of_a_turn_that_was_given_up_are_answered() -> None:
    turns = TurnTaking(real=True)
    turns.turn_ended(CallerItem("one", loud_frames=5))
    assert frames(turns, GIVE_UP_FRAMES) == [Act.CANCEL, Act.DROPPED]
    assert Act.ASK in acts(turns.words("one", valid=True))


def test_nobody_is_asked_to_repeat_while_they_talk() -> None:
    turns = TurnTaking()
    turns.turn_ended(CallerItem("one", SPOKEN))
    turns.set_speaking(True)
    assert Act.ASK_AGAIN not in frames(turns, GIVE_UP_FRAMES)
