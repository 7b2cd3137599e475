"""A streamed answer cut into sentences that a voice can say (C6). Pure.

A sentence goes to the voice as soon as its end is certain: after a stop there has to be a space, so 10:30, 1,200.50,
12.5.2026 and addresses stay whole, and a stop after an abbreviation ends nothing. Gershayim inside a word (ד"ר, בע"מ)
are letters. The same text gives the same sentences however it comes in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Of one request to the voice, in UTF-8; Google refuses more.
MOST_BYTES = 5000
# A first sentence as long as this is cut at its last comma: the caller waits for it.
FIRST_CHARACTERS = 60
# Whether a sentence ends is seen from its last characters.
LOOK_BACK = 40

_STOPPED = re.compile(r"(?P<stop>[.!?…؟]+)[\"'”’״׳)\]]*$")
# What stands before a full stop that ends nothing: titles and the like, single letters, letters with stops between.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(־-])[\"'״]?(?:[^\W\d_]|(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}|\w*['׳]|"
    r"רח|שד|מס|טל|גב|פרופ|עמ|ר|לפנה|אחה|"
    r"dr|mr|mrs|ms|st|prof|no|jr|sr|vs|approx|dept|tel|ext|apt|ave|г|ул|тел|им)$",
    re.IGNORECASE,
)
_ONLY_NUMBER = re.compile(r"^\W*\d+$")  # of a list: "1. "
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ADDRESS = re.compile(r"https?://\S+")
_MARKUP = re.compile(r"^\s*(?:[-*•]\s+|#+\s*)|[*_`#]+", re.MULTILINE)


class SentenceCutter:
    """For one answer. Sentences come out clean, at most MOST_BYTES long, and never without a letter or a digit."""

    def __init__(self) -> None:
        self._open = ""
        self._is_first = True

    def feed(self, text: str) -> list[str]:
        """The sentences that are complete with this piece."""
        done: list[str] = []
        for character in text:
            self._open += character
            if character == "\n" or (character.isspace() and _ends(self._open[-LOOK_BACK:-1])):
                done += self._cut(len(self._open))
            elif self._is_first and len(self._open) == FIRST_CHARACTERS:
                comma = max(self._open.rfind(", "), self._open.rfind("، "))
                if comma > 0:
                    done += self._cut(comma + 2)
        return done

    def finish(self) -> list[str]:
        """What is left at the answer's end."""
        return self._cut(len(self._open))

    def _cut(self, at: int) -> list[str]:
        piece, self._open = self._open[:at], self._open[at:]
        sentences = list(_within_limit(speakable(piece)))
        self._is_first = self._is_first and not sentences
        return sentences


def speakable(text: str) -> str:
    """Without markup, links and pictures; "" where nothing is left to say."""
    plain = _MARKUP.sub("", _ADDRESS.sub("", _LINK.sub(r"\1", text)))
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("So", "Cs", "Co"))
    plain = " ".join(plain.split())
    return plain if any(c.isalnum() for c in plain) else ""


def _ends(text: str) -> bool:
    """Whether a sentence ends here; a space follows."""
    found = _STOPPED.search(text)
    if found is None:
        return False
    if found["stop"] != ".":
        return True
    before = text[: found.start()]
    return _ABBREVIATION.search(before) is None and _ONLY_NUMBER.match(before) is None


def _within_limit(text: str) -> Iterator[str]:
    """The text in pieces of at most MOST_BYTES, cut between words where there is a space."""
    while len(text.encode()) > MOST_BYTES:
        head = text.encode()[:MOST_BYTES].decode(errors="ignore")
        space = head.rfind(" ")
        head = head[:space] if space > 0 else head
        yield head
        text = text[len(head) :].lstrip()
    if text:
        yield text
