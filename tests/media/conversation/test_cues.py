"""Sounds and words in four languages (X2, X4, L1), questions and a yes; and that no text at all raises."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.conversation.cues import (
    asks,
    echoes,
    is_phantom,
    is_valid_transcript,
    says_goodbye,
    says_yes,
    wants_human,
)
from services.claims.reading import offers_transfer, promises_transfer
from services.language.hums import hums_yes

FILLERS = [
    *("אמ", "אם", "אממ", "אמממ", "אה", "אהה", "אההה", "הממ", "אהם", "אהממ", "אמממממ", "אההההה"),
    *("um", "uh", "uhm", "Mm-hmm", "hmm", "er...", "ah", "mhm", "uh-huh"),
    *("э", "эээ", "ммм", "ааа", "угу", "хм", "ага"),
    *("آه", "اممم", "همم"),
]
WORDS = [
    *("כן", "לא", "אממ כן", "אממ אני רוצה לשמוע עוד", "אהה טוב, תסביר לי איך זה עובד", "מחר", "שלום", "די"),
    *("שש", "טל", "גל", "שי", "לי", "זה", "אמה", "אמא", "הם", "אף", "נו", "ב", "ה", "עם"),
    *("yes", "No.", "um, yes", "ok", "tomorrow at five", "hello?", "5", "9", "B", "am", "he", "I"),
    *("да", "нет", "э, да", "завтра утром", "здравствуйте", "ю", "и", "я"),
    *("نعم", "لا", "غدا", "آه نعم", "هم", "أم", "ب", "يعني"),
    *("七", "आठ", "ნო", "ô"),
]
# Letters of which no hesitation sound is made.
OTHER_LETTERS = "בגדזטיכלסעצקרשתbcdfijklnqtvwxyzбвджзклпрстфцчшщюябтثجحخدذرزسشصضطظعغفقكلنوي"

QUESTIONS = [
    "מה השם שלך?",
    "אז באיזה יום נוח לך להגיע",
    "What is your name",
    "So, when would you like to come",
    "Как вас зовут",
    "هل يناسبك يوم الاحد",
    "יום שלישי בעשר, נכון",
    "Tuesday at ten, right",
    "מצוין. מה מספר הטלפון שלך",
]
NO_QUESTIONS = [
    "קבעתי לך תור.",
    "Your appointment is booked.",
    "Все готово.",
    "تم الحجز.",
    "יש לנו חניה",
    "That's right.",
    "בסדר.",
]
YES = ["כן", "כן בבקשה", "yes please", "Sure, go ahead", "да, конечно", "نعم", "אוקיי תעבירי אותי"]
NO_YES = ["לא", "לא תודה", "כן אבל לא עכשיו", "no", "yes but wait", "нет", "לא, תודה", "אני רוצה תור", "כן?"]


@pytest.mark.parametrize("text", FILLERS)
def test_a_filler_alone_is_no_turn(text: str) -> None:
    assert not is_valid_transcript(text)


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "״", "[cough]", "(laughs)", "* *", "[music] ..."])
def test_nothing_and_punctuation_and_stage_directions_are_no_turn(text: str) -> None:
    assert not is_valid_transcript(text)


@pytest.mark.parametrize("text", WORDS)
def test_whatever_is_no_known_sound_makes_a_turn(text: str) -> None:
    assert is_valid_transcript(text)


@given(st.lists(st.sampled_from(FILLERS), min_size=1), st.sampled_from([" ", ", ", "... ", " - "]))
def test_any_number_of_fillers_is_still_no_turn(fillers: list[str], between: str) -> None:
    assert not is_valid_transcript(between.join(fillers))


@given(st.lists(st.sampled_from(FILLERS)), st.sampled_from(WORDS), st.lists(st.sampled_from(FILLERS)))
def test_fillers_around_words_do_not_hide_them(before: list[str], words: str, after: list[str]) -> None:
    assert is_valid_transcript(" ".join([*before, words, *after]))


@given(st.text(), st.sampled_from(OTHER_LETTERS), st.text())
def test_a_word_with_any_letter_of_no_hesitation_sound_is_kept(before: str, letter: str, after: str) -> None:
    """Its neighbours may be anything but a bracket, which recognisers put around what is no speech."""
    brackets = str.maketrans("", "", "[(*<])>")
    assert is_valid_transcript(before.translate(brackets) + letter + after.translate(brackets))


@given(st.integers(min_value=0, max_value=10**12))
def test_a_number_is_an_answer_in_any_script(number: int) -> None:
    arabic = str(number).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert is_valid_transcript(str(number))
    assert is_valid_transcript(arabic)
    assert is_valid_transcript(f"({number})")


@given(st.characters(categories=["Lo", "Nd"]))
def test_a_single_letter_or_digit_is_spelled(character: str) -> None:
    """Unless a script writes one of ours in another shape."""
    if unicodedata.normalize("NFKD", character)[0] == character:
        assert is_valid_transcript(character)


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    cues = (is_valid_transcript, hums_yes, is_phantom, asks, says_yes, wants_human, promises_transfer, offers_transfer)
    assert {type(cue(text)) for cue in (*cues, says_goodbye)} == {bool}


def test_vowel_points_change_nothing() -> None:
    assert is_valid_transcript("שָׁלוֹם")


def test_the_agents_own_words_coming_back_are_an_echo() -> None:
    spoken = "אנחנו פתוחים היום עד שבע בערב"
    assert echoes("פתוחים היום עד שבע", spoken)
    assert not echoes("פתוחים מחר עד שבע", spoken)
    assert not echoes("היום", spoken), "one word may well be the caller's own"


@pytest.mark.parametrize("text", ["אהה", "אההה", "אהא", "mhm", "Mm-hmm", "uh-huh", "ага", "угу", "آه"])
def test_a_hum_can_agree(text: str) -> None:
    assert hums_yes(text)


@pytest.mark.parametrize("text", ["אמ", "um", "hmm", "эээ", "uh uh", "כן", "אממ", "הממ", "", "اممم"])
def test_other_sounds_and_words_are_no_agreeing_hum(text: str) -> None:
    assert not hums_yes(text)


@pytest.mark.parametrize(
    "text",
    [
        *("תודה שצפיתם", "תודה רבה שצפיתם!", "Thanks for watching!", "Thank you for watching", "you", "You."),
        *("Спасибо за просмотр!", "شكرا على المشاهدة", "Subtitles by the Amara.org community"),
        *("לה לה לה לה", "ba ba ba", "בובובובו"),
    ],
)
def test_what_recognisers_write_for_silence_is_known(text: str) -> None:
    assert is_phantom(text)


@pytest.mark.parametrize("text", ["תודה", "כן", "you are right", "972", "תודה רבה", "да", "Thank you", "שלום", ""])
def test_what_callers_say_is_no_phantom(text: str) -> None:
    assert not is_phantom(text)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_known_with_and_without_its_mark(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize("text", NO_QUESTIONS)
def test_a_statement_asks_nothing(text: str) -> None:
    assert not asks(text)


@pytest.mark.parametrize("text", YES)
def test_a_plain_yes_is_known(text: str) -> None:
    assert says_yes(text)


@pytest.mark.parametrize("text", NO_YES)
def test_a_no_and_a_but_are_no_yes(text: str) -> None:
    assert not says_yes(text)


@pytest.mark.parametrize(
    "text",
    [
        "תעבירי אותי בבקשה למישהו",
        "אפשר לדבר בבקשה עם נציג",
        "לא יודעת אם את מבינה אותי, אני רוצה לדבר עם נציג",
        "אני לא בטוח אם הבנת אני רוצה לדבר עם בן אדם",
        "put me through please to a person",
        "I'm not sure you understand me, I want to talk to a person",
        "I don't know if you can do that so can you transfer me please",
        "соедините меня пожалуйста с живым человеком",
        "соедините пожалуйста с оператором",
        "не знаю, понимаете ли вы, хочу поговорить с человеком",
        "حوليني لو سمحتي لموظف",
        "بدي احكي لو سمحت مع حدا",
    ],
)
def test_courtesy_inside_a_wish_for_a_human_and_doubt_before_it_leave_it_a_wish(text: str) -> None:
    assert wants_human(text)


@pytest.mark.parametrize(
    "text",
    [
        "אני לא יודעת אם את יכולה לעזור לי או שאני צריכה לדבר עם מישהי מהמרפאה",
        "לא בטוחה אם צריך לדבר עם מישהו בשביל זה",
        "אני לא יודע אם זה איתך או לדבר עם המזכירה",
        "I'm not sure if I need to talk to someone",
        "I don't know whether I should speak to a person for that",
        "do I need to speak to someone or can you do it",
        "should I talk to the manager about it or is that you",
        "не знаю надо ли поговорить с оператором или вы можете",
        "не знаю нужно ли мне разговаривать с человеком",
        "مش عارفة اذا لازم احكي مع حدا ولا معك",
    ],
)
def test_who_doubts_whether_a_human_is_needed_wishes_none_yet(text: str) -> None:
    assert not wants_human(text)


@pytest.mark.parametrize(
    "text",
    [
        "תעבירי אותי ליום ראשון",
        "תעבירי אותי למחר בעשר",
        "switch me to Monday",
        "put me over to Tuesday",
        "حوليني ليوم الخميس",
    ],
)
def test_who_is_put_over_to_another_day_wishes_no_human(text: str) -> None:
    assert not wants_human(text)


@pytest.mark.parametrize(
    "text",
    [
        "תעבירי אותי לנציג",
        "can somebody just pick up the phone",
        "let me speak to whoever is in charge",
        "позови человека",
        'אני צריך לדבר עם ד"ר לוי',
    ],
)
def test_a_human_may_be_asked_for_in_other_words(text: str) -> None:
    assert wants_human(text)
