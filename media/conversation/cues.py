"""The cues by which a conversation decides: sounds that are no words, goodbyes, wishes for a human, loops. Pure.

Texts are what a recogniser or the model wrote, in Hebrew, English, Russian or Arabic. Where a cue is in doubt it is not
there: the call stays on the line and the model answers.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, StrEnum

from media.conversation import cue_patterns as patterns
from services.language.farewell import says_goodbye
from services.language.hums import words_of
from services.language.questions import CLAUSE, SENTENCE, WORD, asks
from services.language.text import one_spelling, plain_text

DOUBT_BELOW = 0.5  # of 1, for a whole turn

# -- is there a word in it? (X2, X4, L1) ----------------------------------------------------------------------------


class Rejected(StrEnum):
    """Why a transcript is no turn, as it stands in the log (L14)."""

    EMPTY = "empty"
    FILLER = "filler"
    PHANTOM = "phantom"  # the recogniser's words for silence
    ECHO = "echo"
    TOO_QUIET = "too_quiet"
    UNCLEAR = "unclear"  # the recogniser itself doubts them
    BACKCHANNEL = "backchannel"  # over the agent: "yes", "okay"
    TO_OTHERS = "to_others"  # … said to somebody beside the telephone
    FAR = "far"  # … by somebody else in the room


def is_filler(word: str) -> bool:
    """True for a single hesitation sound, drawn out at will."""
    return patterns.SOUND.fullmatch(word) is not None


def is_valid_transcript(text: str) -> bool:
    """True as soon as one word is there: whatever is no known sound. False for empty, punctuation, fillers."""
    return not all(is_filler(word) for word in words_of(text))


def is_phantom(text: str) -> bool:
    """What a recogniser is known to write for silence. It is nothing only where no voice was heard."""
    words = " ".join(words_of(text))
    return patterns.PHANTOM.fullmatch(words) is not None or patterns.SYLLABLES.fullmatch(words) is not None


def is_doubtful(text: str, confidence: float | None) -> bool:
    """Whether a recogniser says that it may have misheard. A short yes or no is taken all the same: who is asked to
    repeat it learns nothing by it (C4)."""
    if confidence is None or confidence >= DOUBT_BELOW:
        return False
    plain = plain_text(text)
    return len(words_of(text)) > 3 or not (says_yes(plain) or patterns.NO.search(plain))


def echoes(transcript: str, spoken: str) -> bool:
    """True when these words are the agent's own, come back over the line: three or more, in the agent's order."""
    heard, said = words_of(transcript), words_of(spoken)
    if len(heard) < 3:
        return False
    return any(said[i : i + len(heard)] == heard for i in range(len(said) - len(heard) + 1))


# -- answers --------------------------------------------------------------------------------------------------------


_MOST_WORDS_OF_A_YES = 8


def says_yes(text: str) -> bool:
    """A plain yes to an offer; whatever holds a no, a but or a question is none."""
    plain = patterns.LEAD_IN.sub("", one_spelling(text))
    agrees = patterns.YES.match(plain) is not None and len(WORD.findall(plain)) <= _MOST_WORDS_OF_A_YES
    if not agrees or plain.endswith(("?", "؟")) or says_goodbye(text):  # "okay, bye" accepts nothing
        return False
    return patterns.NO.search(patterns.NO_OBJECTION.sub(" ", plain)) is None


# -- who wants a human? (W7, L2, L3) --------------------------------------------------------------------------------


def wants_human(text: str) -> bool:
    """Whether the caller asks to be put through to a person; a story about one, or a no, is not such a wish (L2)."""
    plain = one_spelling(text)
    return patterns.NO_MACHINE.search(plain) is not None or any(_wishes(one.strip()) for one in CLAUSE.findall(plain))


def _wishes(clause: str) -> bool:
    if patterns.ONLY_PERSON.fullmatch(clause):
        return True
    clause = patterns.BETWEEN_WORDS.sub("", clause)  # "put me through, please, to somebody"
    for found in patterns.WISH.finditer(clause):
        before = clause[: found.start()]
        told = list(patterns.TOLD.finditer(before))
        story = bool(told) and not patterns.WANT.search(clause[told[-1].end() : found.end()])
        # "I won't talk to a machine, put me through": only what stands right before a command denies it.
        denied = patterns.DENIED_COMMAND if patterns.COMMAND.match(found.group()) else patterns.DENIED
        if not story and not denied.search(before) and not _doubts(before):
            return True
    return False


def _doubts(before: str) -> bool:
    """ "I don't know whether you can help me or I ought to …": nothing that is asked for yet."""
    doubts = list(patterns.DOUBT.finditer(before))
    return bool(doubts) and patterns.SURE.search(before, doubts[-1].end()) is None


def wants_recording(text: str) -> bool:
    """Whether the caller asks to leave a message in their own voice, after the tone."""
    plain = one_spelling(text)
    return any(not patterns.DENIED.search(plain[: found.start()]) for found in patterns.RECORDING.finditer(plain))


def offers_recording(agent_text: str) -> bool:
    """Whether the agent asks if a message shall be recorded."""
    asked = "?" in agent_text or "؟" in agent_text or asks(agent_text)
    return asked and patterns.RECORDS.search(one_spelling(agent_text)) is not None


# -- goodbyes, and an agent that goes round in circles (W12, L4) ----------------------------------------------------

REPEATS_ALLOWED = 2  # the third time is a loop
SENTENCES_KEPT = 24
_SAME = 0.75  # share of words two sentences have in common
_MIN_WORDS = {"question": 2, "statement": 4}


class Next(Enum):
    """What follows from a turn. HANG_UP: once the sentence was heard. HAND_OVER: to a human, or take a message."""

    GO_ON = "go_on"
    HANG_UP = "hang_up"
    HAND_OVER = "hand_over"


class CallClosing:
    """One call's watch. Tell it each finished turn; the agent's fixed sentences (silence prompts) are not turns."""

    def __init__(self) -> None:
        self._caller_left = False
        self._said: deque[tuple[str, frozenset[str]]] = deque(maxlen=SENTENCES_KEPT)

    def caller_said(self, text: str) -> Next:
        """The caller's turn. A goodbye is answered before the line is closed, so it always goes on."""
        self._caller_left = says_goodbye(text)
        return Next.GO_ON

    def agent_said(self, text: str) -> Next:
        """The agent's turn, as heard to its end."""
        if says_goodbye(text) or (self._caller_left and not asks(text)):
            return Next.HANG_UP
        return Next.HAND_OVER if self._repeats_itself(text) else Next.GO_ON

    def _repeats_itself(self, text: str) -> bool:
        looping = False
        for sentence in SENTENCE.findall(plain_text(text)):
            kind = "question" if sentence.rstrip().endswith(("?", "؟")) else "statement"
            words = frozenset(WORD.findall(sentence))
            if len(words) < _MIN_WORDS[kind] or patterns.ANYTHING_ELSE.search(sentence):
                continue
            before = sum(kind == other and _alike(words, known) for other, known in self._said)
            looping = looping or before >= REPEATS_ALLOWED
            self._said.append((kind, words))
        return looping


def _alike(first: frozenset[str], second: frozenset[str]) -> bool:
    return len(first & second) >= _SAME * len(first | second)
