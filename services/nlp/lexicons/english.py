"""English words for dates and times, as tables: word -> senses (kind -> value). Pure data, kinds as in `nlp.tokens`."""

from __future__ import annotations

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_MONTHS = "january february march april may june july august september october november december"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"

NUMBER_WORDS = {
    **{word: number for number, word in enumerate(_ONES.split())},
    **{word: 10 * (number + 2) for number, word in enumerate(_TENS.split())},
    "hundred": 100,
}

_BY_KIND: dict[str, dict[str, object]] = {
    "rel": {"today": 0, "tomorrow": 1, "machar": 1, "yesterday": -1},
    "rel_part": {"tonight": (0, "evening")},
    "part": {
        "morning": "morning", "mornings": "morning", "noon": "noon_exact", "midday": "noon_exact",
        "afternoon": "afternoon", "afternoons": "afternoon", "evening": "evening", "evenings": "evening",
        "lunchtime": "noon",
        "night": "night", "midnight": "midnight", "am": "am", "pm": "pm",
    },
    "unit": {
        "day": "day", "days": "day", "week": "week", "weeks": "week", "month": "month", "months": "month",
        "year": "year", "years": "year", "hour": "hour", "hours": "hour", "minute": "minute", "minutes": "minute",
    },
    "dual": {"fortnight": "week"},
    "half": {"half": 30},
    "quarter": {"quarter": 15},
    "past": {"past": 1},
    "to": {"to": 1},
    "next": {"next": 1},
    "this": {"this": 1, "coming": 1},
    "last": {"last": 1},
    "in": {"in": 1},
    "within": {"within": 1},
    "after": {"after": 1, "from": 1},
    "from": {"from": 1},
    "before": {"before": 1},
    "until": {"until": 1, "till": 1, "by": 1},
    "between": {"between": 1},
    "around": {"around": 1, "about": 1, "roughly": 1, "approximately": 1, "ish": 1},
    "at": {"say": 1, "at": 1, "for": 1},
    "oclock": {"o'clock": 1, "oclock": 1},
    "or": {"or": 1},
    "and": {"and": 1},
    "neg": {
        "not": 1, "can't": 1, "cannot": 1, "won't": 1, "don't": 1, "doesn't": 1, "isn't": 1, "no": 1, "except": 1,
        "couldn't": 1, "cant": 1, "dont": 1, "wont": 1, "doesnt": 1,
    },
    "correction": {"actually": 1, "sorry": 1, "rather": 1, "instead": 1, "oops": 1, "wait": 1},
    "can": {
        "do": 1, "make": 1, "work": 1, "works": 1, "good": 1, "free": 1, "available": 1, "suit": 1, "want": 1,
        "be": 1, "able": 1, "come": 1, "possible": 1, "great": 1, "going": 1, "gonna": 1, "attend": 1, "manage": 1,
    },
    "skip": {
        "i": 1, "i'm": 1, "im": 1, "me": 1, "please": 1, "say": 1, "let's": 1, "lets": 1, "maybe": 1, "um": 1, "uh": 1,
        "er": 1, "erm": 1, "like": 1, "the": 1, "on": 1, "of": 1, "a": 1, "an": 1, "then": 1, "ok": 1, "okay": 1,
        "it": 1, "that": 1, "it's": 1, "its": 1, "is": 1, "just": 1, "how": 1, "well": 1, "thanks": 1,
        "yes": 1, "yeah": 1, "sure": 1, "so": 1, "and": 1, "any": 1, "time": 1, "anytime": 1, "sometime": 1, "early": 1,
        "late": 1, "would": 1, "perfect": 1, "fine": 1, "exactly": 1, "really": 1, "simply": 1, "honestly": 1,
        "oh": 1,
    },
    "thing": {
        "people": 1, "kids": 1, "children": 1, "persons": 1, "guests": 1, "dollars": 1, "shekels": 1, "percent": 1,
        "times": 1, "women": 1, "men": 1, "friends": 1, "miles": 1,
    },
    "feast": {
        "christmas": (12, 25), "xmas": (12, 25), "holiday": (), "holidays": (), "passover": (), "pesach": (),
        "easter": (), "hanukkah": (), "chanukah": (), "sukkot": (), "purim": (), "shavuot": (), "vacation": (),
        "ramadan": (), "eid": (),
    },
    "article": {"a": 1, "an": 1},
    "away": {"away": 1, "abroad": 1, "vacation": 1, "travelling": 1, "traveling": 1},
    "busy": {"finish": 1, "busy": 1, "finishing": 1},
    "weekend": {"weekend": 1},
    "engaged": {"busy": 1, "working": 1, "away": 1, "abroad": 1},
}  # fmt: skip

PHRASES: dict[tuple[str, ...], dict[str, object]] = {
    ("the", "day", "after", "tomorrow"): {"rel": 2},
    ("day", "after", "tomorrow"): {"rel": 2},
    ("in", "the", "morning"): {"part": "morning"},
    ("in", "the", "afternoon"): {"part": "afternoon"},
    ("in", "the", "evening"): {"part": "evening"},
    ("at", "night"): {"part": "night"},
    ("this", "morning"): {"rel_part": (0, "morning")},
    ("this", "afternoon"): {"rel_part": (0, "afternoon")},
    ("this", "evening"): {"rel_part": (0, "evening")},
    ("new", "year"): {"feast": (1, 1)},
    ("new", "year's"): {"feast": (1, 1)},
    ("new", "years"): {"feast": (1, 1)},
    ("new", "year's", "day"): {"feast": (1, 1)},
    ("after", "lunch"): {"part": "afternoon"},
    ("first", "thing"): {"part": "morning"},
    ("instead", "of"): {"neg": 1},
    ("anything", "but"): {"neg": 1},
    ("any", "day", "but"): {"neg": 1},
    ("every", "day", "but"): {"neg": 1},
    ("apart", "from"): {"neg": 1},
    ("other", "than"): {"neg": 1},
    ("rather", "than"): {"neg": 1},
    ("the", "one", "after"): {"one_after": 1},
    ("the", "one", "after", "that"): {"one_after": 1},
    ("the", "following", "one"): {"one_after": 1},
    ("one", "after", "that"): {"one_after": 1},
    ("after", "next"): {"one_after": 1},
    ("end", "of"): {"end_of": 1},
    ("beginning", "of"): {"start_of": 1},
    ("start", "of"): {"start_of": 1},
    ("middle", "of"): {"middle_of": 1},
    ("week", "after", "next"): {"week_offset": 2},
    ("no", "wait"): {"correction": 1},
    ("make", "it"): {"correction": 1, "can": 1},
    ("make", "that"): {"correction": 1},
    ("hang", "on"): {"correction": 1},
    ("hold", "on"): {"correction": 1},
    ("yom", "rishon"): {"weekday": 6, "certain": 1},
    ("yom", "sheni"): {"weekday": 0, "certain": 1},
    ("yom", "shlishi"): {"weekday": 1, "certain": 1},
    ("yom", "revii"): {"weekday": 2, "certain": 1},
    ("yom", "hamishi"): {"weekday": 3, "certain": 1},
    ("yom", "chamishi"): {"weekday": 3, "certain": 1},
    ("yom", "shishi"): {"weekday": 4, "certain": 1},
    ("i", "mean"): {"correction": 1},
    ("i", "meant"): {"correction": 1},
    ("i", "said"): {"correction": 1},
    ("scratch", "that"): {"correction": 1},
    ("good", "morning"): {"neutral": 1},
    ("good", "afternoon"): {"neutral": 1},
    ("good", "evening"): {"neutral": 1},
    ("good", "night"): {"neutral": 1},
    ("get", "off"): {"busy": 1},
    ("i", "work"): {"busy": 1, "engaged": 1},
    ("at", "work"): {"engaged": 1},
    ("tied", "up"): {"engaged": 1},
    ("out", "of", "town"): {"engaged": 1},
    ("got", "a", "meeting"): {"engaged": 1},
    ("have", "a", "meeting"): {"engaged": 1},
    ("got", "an", "exam"): {"engaged": 1},
    ("have", "an", "exam"): {"engaged": 1},
    ("all", "night"): {"neutral": 1},
    ("all", "day"): {"neutral": 1},
    ("all", "morning"): {"neutral": 1},
    ("all", "evening"): {"neutral": 1},
    ("all", "afternoon"): {"neutral": 1},
    ("why", "not"): {"neutral": 1},
    ("doesn't", "matter"): {"neutral": 1},
    ("don't", "mind"): {"neutral": 1},
    ("don't", "care"): {"neutral": 1},
    ("don't", "know"): {"neutral": 1},
    ("no", "problem"): {"neutral": 1},
    ("or", "later"): {"or_later": 1},
    ("or", "after"): {"or_later": 1},
    ("and", "later"): {"or_later": 1},
    ("onwards",): {"or_later": 1},
    ("onward",): {"or_later": 1},
    ("or", "earlier"): {"or_earlier": 1},
    ("or", "before"): {"or_earlier": 1},
    ("too", "late"): {"too_late": 1},
    ("too", "early"): {"too_early": 1},
    ("same", "time"): {"neutral": 1},
    ("not", "before"): {"after": 1},
    ("not", "after"): {"until": 1},
    ("no", "later", "than"): {"until": 1},
    ("no", "earlier", "than"): {"after": 1},
    ("from", "now"): {"from_now": 1},
}


def _build() -> dict[str, dict[str, object]]:
    lexicon: dict[str, dict[str, object]] = {}
    for kind, words in _BY_KIND.items():
        for word, value in words.items():
            lexicon.setdefault(word, {})[kind] = value
    for word, number in NUMBER_WORDS.items():
        lexicon.setdefault(word, {})["num"] = number
    for index, word in enumerate(_ORDINALS.split()):
        lexicon.setdefault(word, {})["ord"] = index + 1
    lexicon["thirtieth"] = {"ord": 30}
    for index, word in enumerate(_MONTHS.split()):
        lexicon.setdefault(word, {})["month"] = index + 1
    for index, word in enumerate(_DAYS.split()):
        lexicon[word] = {"weekday": index, "certain": 1}
    return lexicon


LEXICON = _build()
