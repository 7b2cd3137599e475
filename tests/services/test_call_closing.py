"""W12: goodbyes in four languages, and an agent that repeats itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.call_closing import CallClosing, Next, says_goodbye

GOODBYES = """
ביי
ביי ביי
תודה רבה, ביי
תודה רבה ולהתראות
להתראות
טוב תודה, יום טוב
לא תודה, זה הכל
זהו, תודה רבה
תודה שהתקשרת, יום נעים!
מעולה, נתראה
לילה טוב
שיהיה יום מקסים
סבבה אז ביי
שלום ותודה, כל טוב
bye
ok bye bye
Thanks, goodbye
Thank you for calling, have a great day!
no that's all, thanks
see you tomorrow
have a good one
talk to you later
take care
до свидания
спасибо, до свидания
ну пока
всего доброго
مع السلامة
شكرا، مع السلامة
إلى اللقاء
""".strip().splitlines()

NOT_GOODBYES = """
שלום
בוקר טוב
ערב טוב, אפשר לקבוע תור?
רגע לפני שאומרים ביי, יש לי עוד שאלה
יום טוב לי הוא יום שלישי אחר הצהריים
תודה, ומה עם יום רביעי?
זה הכל בסדר אבל אני צריכה עוד תור
נתראה ביום שלישי?
אפשר מחר בארבע
לא תודה
הכול טוב
good morning
hello
thanks, and what about Thursday?
is that all?
before you say bye, one more thing
Have a look at Tuesday
добрый день
пока не знаю, когда мне удобно прийти к вам
مرحبا
هل هذا كل شيء؟
""".strip().splitlines()


@pytest.mark.parametrize("text", GOODBYES)
def test_a_goodbye_is_recognised(text):
    assert says_goodbye(text)


@pytest.mark.parametrize("text", NOT_GOODBYES)
def test_other_words_are_no_goodbye(text):
    assert not says_goodbye(text)


def test_the_agents_goodbye_ends_the_call_after_it():
    assert CallClosing().agent_said("תודה שהתקשרת, להתראות!") is Next.HANG_UP


def test_the_callers_goodbye_is_answered_and_then_the_call_ends():
    watch = CallClosing()
    assert watch.caller_said("תודה, ביי") is Next.GO_ON
    assert watch.caller_said_goodbye
    assert watch.agent_said("בשמחה, שיהיה לך יום נהדר.") is Next.HANG_UP


def test_a_question_of_the_agent_keeps_the_line_open_after_a_goodbye():
    watch = CallClosing()
    watch.caller_said("ביי")
    assert watch.agent_said("רגע, מה מספר הטלפון שלך?") is Next.GO_ON


def test_a_caller_who_goes_on_after_a_goodbye_takes_it_back():
    watch = CallClosing()
    watch.caller_said("ביי")
    watch.caller_said("רגע, ומה השעות בשישי")
    assert watch.agent_said("בשישי אנחנו פתוחים עד אחת.") is Next.GO_ON


@pytest.mark.parametrize(
    "question", ["באיזה יום נוח לך להגיע?", "What is your name, please?", "Как вас зовут?", "ما هو اسمك؟"]
)
def test_the_same_question_a_third_time_hands_over(question):
    watch = CallClosing()
    assert [watch.agent_said(question) for _ in range(3)] == [Next.GO_ON, Next.GO_ON, Next.HAND_OVER]


def test_a_question_asked_again_in_nearly_the_same_words_counts():
    watch = CallClosing()
    asked = [
        "באיזה יום נוח לך להגיע אלינו?",
        "אז באיזה יום נוח לך להגיע אלינו?",
        "באיזה יום נוח לך להגיע אלינו, בבקשה?",
    ]
    assert [watch.agent_said(text) for text in asked][-1] is Next.HAND_OVER


def test_the_same_statement_a_third_time_hands_over_whatever_else_is_said():
    watch = CallClosing()
    said = [
        "אנחנו פתוחים מתשע עד חמש. במה לעזור?",
        "אנחנו פתוחים מתשע עד חמש. מה השם?",
        "כן. אנחנו פתוחים מתשע עד חמש.",
    ]
    assert [watch.agent_said(text) for text in said][-1] is Next.HAND_OVER


def test_different_questions_and_anything_else_are_no_loop():
    watch = CallClosing()
    questions = ["מה השם שלך?", "באיזה יום נוח לך?", "באיזו שעה תרצה להגיע?", *["אפשר לעזור בעוד משהו?"] * 4]
    assert {watch.agent_said(text) for text in questions} == {Next.GO_ON}


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=80)), max_size=20))
def test_any_words_give_a_decision(turns):
    watch = CallClosing()
    for is_agent, text in turns:
        assert (watch.agent_said(text) if is_agent else watch.caller_said(text)) in Next
