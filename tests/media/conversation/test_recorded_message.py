"""W7, L2: a caller who wants to leave a message in their own voice gets the tone, and nobody else does."""

import pytest

from media.conversation.cues import offers_recording, says_goodbye, says_yes, wants_human, wants_recording


@pytest.mark.parametrize(
    "text",
    [
        "can I leave him a voice message",
        "just let me leave a voicemail",
        "I want to record a message for the owner",
        "אפשר להשאיר לה הודעה קולית",
        "אני רוצה להקליט הודעה לרופא",
        "можно оставить ему голосовое сообщение",
        "я хочу наговорить сообщение",
        "ممكن أترك رسالة صوتية",
    ],
)
def test_a_wish_to_record_a_message(text):
    assert wants_recording(text)


@pytest.mark.parametrize(
    "text",
    [
        "can I leave a message",
        "I don't want to leave a voicemail",
        "somebody left me a voice message yesterday",
        "קיבלתי מכם הודעה מוקלטת",
        "לא רוצה להשאיר הודעה קולית",
        "are you recording this",
    ],
)
def test_no_wish_to_record_one(text):
    assert not wants_recording(text)


@pytest.mark.parametrize(
    "text",
    ["Would you like to leave a recorded message?", "לעבור להשארת הודעה מוקלטת?", "Записать голосовое сообщение?"],
)
def test_an_offer_to_record_one_waits_for_a_yes(text):
    assert offers_recording(text)


@pytest.mark.parametrize("text", ["נו כן", "well, yes please", "why not", "that would be great", "ну да", "طيب اه"])
def test_a_yes_after_a_word_of_hesitation_is_a_yes(text):
    assert says_yes(text)


@pytest.mark.parametrize(
    "text",
    [
        "я с роботом разговаривать не буду соедините меня с оператором",
        "עם רובוט אני לא מדברת",
        "I'm not talking to a machine",
        "אני לא רוצה תעבירי אותי לנציג",
    ],
)
def test_a_refusal_of_the_machine_is_a_wish_for_a_person(text):
    assert wants_human(text)


@pytest.mark.parametrize("text", ["не соединяйте меня ни с кем", "אל תעבירי אותי לאף אחד", "לא לדבר עם אף אחד עכשיו"])
def test_a_refusal_of_a_person_is_none(text):
    assert not wants_human(text)


@pytest.mark.parametrize(
    "text",
    [
        "I have to ask my husband first, I'll ring you some other day, goodbye",
        "אני צריכה קודם לבדוק עם הבת שלי אבל תודה רבה להתראות",
    ],
)
def test_a_goodbye_at_the_end_of_a_long_sentence_is_one(text):
    assert says_goodbye(text)


@pytest.mark.parametrize("text", ["but first bye", "one more question before we say goodbye"])
def test_a_goodbye_that_something_is_to_come_before_is_none(text):
    assert not says_goodbye(text)
