"""What is printed and written of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.conversations.judge import AppointmentRow
from bench.conversations.play import Played
from bench.markdown import table

LANGUAGES = {"he": "Hebrew", "en": "English", "ru": "Russian", "ar": "Arabic"}
BUSINESSES = ("clinic", "office", "studio")
ALSO = ("dental",)  # has a column where it was called
LATE_MS = 200.0  # behind its own clock by more than that, a caller is not where it believes to be


def right_of_played(results: Sequence[Played]) -> str:
    """Right / played by set, language and business; what could not be played is not counted."""
    rows = []
    called = {played.dialogue.business for played in results}
    businesses = [*BUSINESSES, *(one for one in ALSO if one in called)]
    sets = sorted({played.dialogue.set for played in results})
    for name in sets:
        of_set = [played for played in results if played.dialogue.set == name]
        for language, title in LANGUAGES.items():
            spoken = [played for played in of_set if played.dialogue.language == language]
            if spoken:
                rows.append([f"{name}, {title}", *_cells(spoken, businesses)])
        rows.append([f"**{name}, all**", *_cells(of_set, businesses)])
    return table(["dialogues", *businesses, "all"], rows)


def _cells(results: Sequence[Played], businesses: Sequence[str]) -> list[str]:
    of = [[played for played in results if played.dialogue.business == business] for business in businesses]
    return [_share(some) for some in [*of, list(results)]]


def _share(results: Sequence[Played]) -> str:
    played = [one for one in results if not one.problem]
    return f"{sum(one.right for one in played)} / {len(played)}" if played else "–"


def wrong_ones(results: Sequence[Played]) -> list[str]:
    """One line each: which, and why."""
    return [
        f"{one.dialogue.id}: {'; '.join(one.complaints)}  [{one.dialogue.title}]" for one in results if one.complaints
    ]


def unplayed(results: Sequence[Played]) -> list[str]:
    return [f"{one.dialogue.id}: could not be played: {one.problem}" for one in results if one.problem]


def lateness(results: Sequence[Played]) -> str:
    """A warning when the machine was too busy for what is said here, else ""."""
    late = [played for played in results if played.late_ms > LATE_MS]
    if not late:
        return ""
    worst = max(played.late_ms for played in late)
    return (
        f"The machine was late: in {len(late)} of {len(results)} calls the simulated caller was more than "
        f"{LATE_MS:.0f} ms behind its clock (at worst {worst:.0f} ms): {', '.join(one.dialogue.id for one in late)}."
    )


def whole_call(played: Played) -> str:
    """The whole call: turns, facts, what the model was asked, the rows."""
    lines = [f"{played.dialogue.id} ({played.dialogue.business}, {played.dialogue.caller}): {played.dialogue.title}"]
    lines += played.story
    if played.rows is not None:
        lines += [f"   appointment  {_row(row)}" for row in played.rows.appointments]
        lines += [f"   lead         {lead.name!r} {lead.phone!r} {lead.more!r}" for lead in played.rows.leads]
        lines += [f"   event        {kind}: {text}" for kind, text in played.rows.server_events]
        lines += [f"   call         {played.rows.row}"]
    lines += [f"   state        {played.state}, {played.turns_said} of {len(played.dialogue.turn)} turns said"]
    lines += [f"   expected     {played.dialogue.expect.model_dump(exclude_none=True, exclude_defaults=True)}"]
    lines += [f"   WRONG        {complaint}" for complaint in played.complaints]
    lines += [f"   NOT PLAYED   {played.problem}"] if played.problem else []
    return "\n".join(lines)


def _row(row: AppointmentRow) -> str:
    return f"{row.start:%Y-%m-%d %H:%M} {'' if row.stands else '(cancelled) '}{row.name}"


def as_json(played: Played) -> dict[str, Any]:
    """A result for programs."""
    return {
        "id": played.dialogue.id,
        "set": played.dialogue.set,
        "language": played.dialogue.language,
        "business": played.dialogue.business,
        "title": played.dialogue.title,
        "right": played.right,
        "complaints": played.complaints,
        "problem": played.problem,
        "state": played.state,
        "late_ms": round(played.late_ms),
        "seconds": round(played.seconds, 1),
        "story": played.story,
    }
