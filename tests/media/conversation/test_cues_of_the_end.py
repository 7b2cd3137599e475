"""Wishes for a human (L2), promises of a transfer (L3), goodbyes (L4) in four languages, and an agent that repeats
itself (W12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.conversation.cues import CallClosing, Next, says_goodbye, wants_human
from services.claims.reading import offers_transfer, promises_transfer

WISHES = """
נציג
אפשר נציג בבקשה
agent please
אני רוצה לדבר עם רופאה
תני לי מישהו אמיתי
לא רוצה לדבר עם מחשב
אני לא רוצה לדבר עם רובוט, תעבירי אותי
לא, נציג!
אני לא מבין כלום אני רוצה נציג
אפשר לדבר עם בן אדם
תעבירי אותי בבקשה למזכירה
יש שם מישהו אמיתי
הנציג אמר לי להתקשר, אני רוצה לדבר עם המנהל
representative
I want to speak to a real person
can I talk to someone please
could you transfer me to the manager
I don't want to talk to a machine
I do not understand, I want an agent
I do not understand i want an agent
why can't I talk to a human
I was hoping to speak to a person
let me speak with the doctor
оператор
оператора, пожалуйста
хочу поговорить с живым человеком
соедините меня с менеджером
можно администратора
не хочу разговаривать с роботом
позовите врача
موظف لو سمحت
اريد التحدث مع موظف
بدي احكي مع حدا
حولني على المدير
لا أريد التحدث مع روبوت
ممكن اتكلم مع شخص حقيقي
""".strip().splitlines()

NO_WISHES = """
הנציג אמר לי להתקשר
דיברתי עם נציג אתמול
אמרו לי לדבר עם נציג אבל לא צריך
לא צריך נציג
אני לא רוצה לדבר עם נציג
אני רוצה תור לרופאה
אל תעבירי אותי
אפשר תור מחר בעשר
the agent told me to call
I spoke to a representative yesterday
a representative called me this morning
I don't want to talk to an agent
please don't transfer me to anyone
I need a doctor's appointment
I want to see the doctor
I was talking to an agent when the line dropped
мне оператор сказал перезвонить
не надо соединять с оператором
я хочу записаться к врачу
не хочу говорить с оператором
الموظف قال لي ان اتصل
لا اريد التحدث مع موظف
اريد موعد مع الطبيب
אני רוצה להעביר את התור ליום שלישי
אפשר להעביר את התור
יש לי נציג מכירות קבוע אצלכם
I need someone to clean my teeth
""".strip().splitlines()

PROMISES = """
מיד אעביר אותך לנציג
מיד אעביר…
אני מעבירה אותך עכשיו
רק רגע, אני מעבירה אותך.
transferring you now
I'm transferring you to a colleague.
One moment, I'll connect you.
Let me put you through.
I can't help with that, so I'm transferring you now.
Please hold while I transfer you
Соединяю вас с оператором.
Сейчас переведу вас на менеджера
سأحولك الآن
אעביר אותך למזכירה
""".strip().splitlines()

OFFERS = """
אם תרצה, אעביר אותך לנציג
האם להעביר אותך לנציג?
would you like me to transfer you?
Shall I connect you with a colleague?
I can transfer you if you like.
If you prefer, I'll put you through.
Хотите, я соединю вас с оператором?
Если хотите, переключу вас.
هل تريد ان احولك؟
إذا أردت، سأحولك إلى موظف
תרצי שאעביר אותך?
""".strip().splitlines()

NEITHER = """
אני לא יכולה להעביר אותך עכשיו
I can't transfer you right now.
אני מעבירה אותך ליום שלישי
אעביר את ההודעה לרופא
I'll put you down for Tuesday.
Перевожу вас на вторник.
To transfer you I need your name.
קבעתי לך תור
""".strip().splitlines()

GOODBYES = """
אוי זה לא אצלכם סליחה שהפרעתי ביי
so sorry I must have dialled the wrong number bye
субботу я запомнила спасибо вам до свидания
אני אחשוב על זה ואחזור אליכם תודה להתראות
סליחה על ההפרעה ויום טוב שלום שלום
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
להתראות דנה
תודה, לילה טוב
שיהיה לך יום טוב
תודה ושבוע טוב
Thanks, good night
Okay John thanks bye
пока-пока
спасибо, это всё
תודה רבה, להתראות ויום נעים.
Thank you for calling, goodbye.
""".strip().splitlines()

NOT_GOODBYES = """
אז אמרתי לה ביי
he just said goodbye
ביי לא רגע
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
יום טוב
שבוע טוב
לילה טוב
שבת שלום
good evening
Good evening!
שלום, יום טוב
שלום, יום טוב, תודה
добрый вечер
доброй ночи
مساء الخير
تصبح على خير
תודה
תודה רבה, ומה עם מחר
תודה, רק שאלה קטנה
thanks a lot
thank you, I also need a time for my son
אמרתי לו להתראות אתמול
she said bye to me
take care of my tooth
take care of it
ביי, עוד משהו קטן
זה הכל בסדר
תודה שהתקשרת, איך לעזור
תודה שהתקשרתם לקליניקה
Thank you for calling Smile Clinic
היא אמרה לי ביי
он сказал пока
пока нет
قال لي مع السلامة
I have to say goodbye to my sister at the airport tomorrow
להתראות אני אומרת רק אחרי שנקבע תור
спасибо, а сколько стоит
""".strip().splitlines()


@pytest.mark.parametrize("text", WISHES)
def test_a_wish_for_a_human_is_understood(text: str) -> None:
    assert wants_human(text)


@pytest.mark.parametrize("text", NO_WISHES)
def test_a_story_about_a_human_and_a_no_are_no_wish(text: str) -> None:
    assert not wants_human(text)


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_to_transfer_is_no_offer(text: str) -> None:
    assert promises_transfer(text)
    assert not offers_transfer(text)


@pytest.mark.parametrize("text", OFFERS)
def test_an_offer_to_transfer_is_no_promise(text: str) -> None:
    assert offers_transfer(text)
    assert not promises_transfer(text)


@pytest.mark.parametrize("text", [*NEITHER, "מה השם שלך?", "אם תרצה, יש תור מחר", "If you like, I can book you."])
def test_other_sentences_of_the_agent_promise_no_transfer(text: str) -> None:
    assert not promises_transfer(text)


@pytest.mark.parametrize("text", GOODBYES)
def test_a_goodbye_is_recognised(text: str) -> None:
    assert says_goodbye(text)


@pytest.mark.parametrize("text", NOT_GOODBYES)
def test_greetings_and_thanks_and_goodbyes_inside_a_sentence_are_no_goodbye(text: str) -> None:
    assert not says_goodbye(text)


def test_the_agents_goodbye_ends_the_call_after_it() -> None:
    assert CallClosing().agent_said("תודה שהתקשרת, להתראות!") is Next.HANG_UP


def test_the_callers_goodbye_is_answered_and_then_the_call_ends() -> None:
    watch = CallClosing()
    assert watch.caller_said("תודה, ביי") is Next.GO_ON
    assert watch.agent_said("בשמחה, שיהיה לך יום נהדר.") is Next.HANG_UP


def test_a_question_of_the_agent_keeps_the_line_open_after_a_goodbye() -> None:
    watch = CallClosing()
    watch.caller_said("ביי")
    assert watch.agent_said("רגע, מה מספר הטלפון שלך?") is Next.GO_ON


def test_a_caller_who_goes_on_after_a_goodbye_takes_it_back() -> None:
    watch = CallClosing()
    watch.caller_said("ביי")
    watch.caller_said("רגע, ומה השעות בשישי")
    assert watch.agent_said("בשישי אנחנו פתוחים עד אחת.") is Next.GO_ON


@pytest.mark.parametrize(
    "question", ["באיזה יום נוח לך להגיע?", "What is your name, please?", "Как вас зовут?", "ما هو اسمك؟"]
)
def test_the_same_question_a_third_time_hands_over(question: str) -> None:
    watch = CallClosing()
    assert [watch.agent_said(question) for _ in range(3)] == [Next.GO_ON, Next.GO_ON, Next.HAND_OVER]


def test_a_question_asked_again_in_nearly_the_same_words_counts() -> None:
    watch = CallClosing()
    asked = [
        "באיזה יום נוח לך להגיע אלינו?",
        "אז באיזה יום נוח לך להגיע אלינו?",
        "באיזה יום נוח לך להגיע אלינו, בבקשה?",
    ]
    assert [watch.agent_said(text) for text in asked][-1] is Next.HAND_OVER


def test_the_same_statement_a_third_time_hands_over_whatever_else_is_said() -> None:
    watch = CallClosing()
    said = [
        "אנחנו פתוחים מתשע עד חמש. במה לעזור?",
        "אנחנו פתוחים מתשע עד חמש. מה השם?",
        "כן. אנחנו פתוחים מתשע עד חמש.",
    ]
    assert [watch.agent_said(text) for text in said][-1] is Next.HAND_OVER


def test_different_questions_and_anything_else_are_no_loop() -> None:
    watch = CallClosing()
    questions = ["מה השם שלך?", "באיזה יום נוח לך?", "באיזו שעה תרצה להגיע?", *["אפשר לעזור בעוד משהו?"] * 4]
    assert {watch.agent_said(text) for text in questions} == {Next.GO_ON}


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=80)), max_size=20))
def test_any_words_give_a_decision(turns: list[tuple[bool, str]]) -> None:
    watch = CallClosing()
    for is_agent, text in turns:
        assert (watch.agent_said(text) if is_agent else watch.caller_said(text)) in Next
