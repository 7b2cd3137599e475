"""Who comes with the caller: a second appointment that is spoken of together with the first (K4). Pure."""

from __future__ import annotations

import re

from services.booking.draft import Draft
from services.booking.reading import Reading
from services.nlp.companions import name_of_companion
from services.nlp.intent import same_time
from services.nlp.tokens import folded

_AFTER = re.compile(
    r"(?<!\w)(?:(?:מיד |ישר )?אחרי(?:ו|יי|ה|הם)?|אחד אחרי השני|אחת אחרי השנייה|ברצף|"
    r"(?:straight |right |just )?after|one after the other|back to back|in a row|"
    r"(?:сразу )?(?:после|за ним|за ней|за мной)|друг за другом|подряд|(?:مباشره )?بعد(?:ي|ها|ه)?|ورا بعض)(?!\w)"
)
_OR = re.compile(r"(?<!\w)(?:או|or|или|либо|او)(?!\w)")


def take_companion(draft: Draft, reading: Reading) -> None:
    """The other one's name, when, and with whom, where it is said with the first appointment."""
    if not (draft.second or draft.following):
        return
    text = folded(reading.words)
    if draft.second:
        draft.second_name = name_of_companion(reading.words) or draft.second_name
    if draft.second and len(draft.persons) == 2 and not draft.which_person and not _OR.search(text):
        draft.following = [[0, draft.persons[1]]]
        draft.persons = draft.persons[:1]
    if same_time(text):
        draft.next_when = "same"
    elif _AFTER.search(text):
        draft.next_when = "after"
