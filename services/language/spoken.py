"""Which language the caller speaks, read from the transcript, and in which one to answer (L11). Pure.

A script alone says little: a name, a street or a borrowed word is often written in another one. So a language counts
when small words of it are there, the ones no speaker does without, or when there is a whole sentence in its script.
Greetings, "okay" and thanks are borrowed everywhere and count for nothing.
"""

from __future__ import annotations

import re

from services.language.text import plain_text

# Words without any of the small ones below: a name or the title of a clinic may have four.
_WHOLE_SENTENCE = 6
_LEAST_WORDS = 2
# Different ones. English shares its letters with many languages, and with Hebrew names as recognisers write them.
_LEAST_SMALL_WORDS = {"he": 1, "en": 2, "ar": 1, "ru": 1}

_WORD = re.compile(r"[^\W\d_]+(?:['\"״׳][^\W\d_]+)*")
_SCRIPTS = {
    "he": re.compile(r"[א-ת]"),
    "en": re.compile(r"[a-z]"),
    "ar": re.compile(r"[\u0621-\u064a]"),
    "ru": re.compile(r"[а-яё]"),
}
_COURTESY = re.compile(r"\bthank you\b|\bgood (?:morning|afternoon|evening)\b")
# Letters of a neighbour with the same script: Persian and Urdu, Ukrainian, the accents of Latin Europe.
_FOREIGN = re.compile(r"[پچژگکیںےہھٹڈڑіїєґўћђљњџàâäãåçéèêëíìîïñóòôöõúùûüýßœæøłśżźćčšž]")
# … and words of Ukrainian that need none of those letters.
_UKRAINIAN = re.compile(r"\b(?:що|як|дякую|можна|мені|треба|коли|скільки|\w+тися)\b")
# What one cannot do without in a language, and what one calls a business for.
_SMALL_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "he": """
            אני אתה את אתם אנחנו הוא היא זה זאת יש אין של שלי שלך שלכם לך לכם אותי עם על מה מי מתי איפה למה איך
            כמה איזה האם רוצה רציתי צריך צריכה אפשר יכול יכולה אבל או כי אם גם רק כבר עוד לקבוע לבטל להזיז לדבר
            לשאול תור היום מחר בבוקר בערב בשעה ביום שמי קוראים הייתי אשמח בשביל לפני אחרי
        """,
        "en": """
            i i'm i'd i've my you your we our it it's is are were do does did can could would should have has
            the this that there these what when where who why how which want need like to for of with from and
            but not don't any some speak speaking english please time open close much appointment book booking
            cancel tomorrow today morning afternoon evening monday tuesday wednesday thursday friday sunday
        """,
        "ar": """
            أنا انا إنت انت أنت هو هي نحن هذا هذه هاد هاي هل ما ماذا شو متى إيمتى ايمتى أين وين كيف كم ليش لماذا
            في من على إلى الى عن مع عند عندي عندك عندكم لي إلي الي بدي أريد اريد حابب حابة ممكن يمكن لازم أو او
            لكن بس إذا اذا اليوم غدا بكرا بكرة موعد أحجز احجز اسمي كان
        """,
        "ru": """
            я ты вы мы он она они это этот есть не на в во с со у и а но или к по для за из от о до что как
            когда где кто сколько почему какой какая можно хочу хотел хотела бы надо нужно мне меня вас вам ваш
            мой моя записаться запись завтра сегодня утром вечером зовут ли если чтобы говорите
        """,
    }.items()
}


def language_of(text: str) -> str:
    """The language of what was said, one of LANGUAGES; "" when that is not clear, or when it is another one."""
    plain = _COURTESY.sub(" ", plain_text(text))
    if _FOREIGN.search(plain) or _UKRAINIAN.search(plain):
        return ""
    words = _WORD.findall(plain)
    small = {language: len(known.intersection(words)) for language, known in _SMALL_WORDS.items()}
    clear = [language for language in _SMALL_WORDS if _is_clear(language, words, small[language])]
    if len(clear) < 2:
        return clear[0] if clear else ""
    most, second = sorted(clear, key=lambda language: small[language], reverse=True)[:2]
    return most if small[most] >= 2 * small[second] else ""


def _is_clear(language: str, words: list[str], small: int) -> bool:
    script = _SCRIPTS[language]
    written = sum(bool(script.search(word)) for word in words)
    if written >= _LEAST_WORDS and small >= _LEAST_SMALL_WORDS[language]:
        return True
    return language != "en" and written >= _WHOLE_SENTENCE and 2 * written > len(words)


class AnswerLanguage:
    """The language of one call's answers. `current` stays until the caller clearly speaks another one."""

    def __init__(self, languages: tuple[str, ...], current: str = "") -> None:
        """`languages`: the business's own first, then those it ticked. `current`: what an earlier stream of the call
        had come to, "" for the business's own."""
        self._languages = languages
        self.current = current if current in languages else languages[0]

    @property
    def is_own(self) -> bool:
        """Whether answers are in the business's own language."""
        return self.current == self._languages[0]

    def heard(self, text: str) -> bool:
        """The caller's words; True when they change the language. One that is not ticked is answered in the
        business's own."""
        spoken = language_of(text) if len(self._languages) > 1 else ""
        if not spoken:
            return False
        wanted = spoken if spoken in self._languages else self._languages[0]
        changed, self.current = wanted != self.current, wanted
        return changed
