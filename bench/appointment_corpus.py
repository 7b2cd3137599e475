"""How well the built-in parser understands callers, beside `dateparser` on the same utterances.

`python -m bench.appointment_corpus` prints the table of docs/benchmarks.md; `--misses` lists what went wrong.
"""

from __future__ import annotations

import argparse
import time as clock
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services.nlp.parser import parse_utterance
from services.nlp.types import DateOption, Parsed, TimeOption

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "data" / "appointments"
FIELDS = ("intent", "date", "time", "name", "phone")
FILES = {
    "Hebrew": "appointments_he.tsv",
    "English": "appointments_en.tsv",
    "Hebrew, held out": "appointments_he_held_out.tsv",
    "English, held out": "appointments_en_held_out.tsv",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One utterance and what it must give, in the notation of tests/data/appointments/README.md."""

    text: str
    now: datetime
    agent: str
    expected: dict[str, str]


def read_cases(path: Path) -> Iterator[Case]:
    now = datetime.min
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("@now "):
            now = datetime.fromisoformat(line[5:])
        elif line and not line.startswith("#"):
            cells = line.split("\t")
            cells += ["-"] * (len(FIELDS) + 2 - len(cells))
            expected = dict(zip(FIELDS, cells[1 : len(FIELDS) + 1], strict=True))
            agent = "" if cells[-1] == "-" or len(cells) < 7 else cells[6]
            yield Case(cells[0], now, agent, expected)


def written(parsed: Parsed) -> dict[str, str]:
    """A result in the notation of the corpus."""
    return {
        "intent": parsed.intent + (f":{parsed.change}" if parsed.change else ""),
        "date": "|".join(map(_date, parsed.dates)) or "-",
        "time": "|".join(map(_time, parsed.times)) or "-",
        "name": parsed.name or "-",
        "phone": parsed.phone or "-",
    }


def _date(option: DateOption) -> str:
    return option.first.isoformat() if option.is_day else f"{option.first.isoformat()}..{option.last.isoformat()}"


def _time(option: TimeOption) -> str:
    start = f"{option.start:%H:%M}"
    if option.kind == "between":
        return f"{start}-{option.end:%H:%M}" if option.end else f"{start}-24:00"
    return {"at": "", "around": "~", "after": ">=", "before": "<="}[option.kind] + start


def same(expected: str, found: str) -> bool:
    """Options in any order."""
    return sorted(expected.split("|")) == sorted(found.split("|"))


def misses(case: Case) -> dict[str, tuple[str, str]]:
    """Fields that came out wrong: name -> (expected, found)."""
    found = written(parse_utterance(case.text, case.now, case.agent))
    return {name: (case.expected[name], found[name]) for name in FIELDS if not same(case.expected[name], found[name])}


def clear_but_wrong(case: Case) -> bool:
    """Whether a single exact day or time comes out that the caller cannot have meant: what could book by mistake."""
    parsed = parse_utterance(case.text, case.now, case.agent)
    day, at = parsed.day, parsed.clock
    wrong_day = day is not None and not _among(day.isoformat(), case.expected["date"])
    return wrong_day or (at is not None and f"{at:%H:%M}" not in case.expected["time"])


def _among(day: str, expected: str) -> bool:
    return any(first <= day <= (last or first) for first, _, last in (o.partition("..") for o in expected.split("|")))


def by_dateparser(case: Case) -> tuple[str, str]:
    """(date, time) as `dateparser` finds them in the utterance, "-" where it finds nothing."""
    from dateparser.search import search_dates

    settings = {"RELATIVE_BASE": case.now, "PREFER_DATES_FROM": "future", "RETURN_TIME_AS_PERIOD": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = search_dates(case.text, languages=["he", "en"], settings=settings) or []
    if not found:
        return "-", "-"
    at = found[0][1]
    says_time = (at.hour, at.minute) not in ((case.now.hour, case.now.minute), (0, 0))
    says_date = at.date() != case.now.date() or not says_time
    return (at.date().isoformat() if says_date else "-"), (f"{at:%H:%M}" if says_time else "-")


def _plausible(at: str, expected: str) -> bool:
    """Lenient: one of several readings will do, and nothing is asked of a part of the day."""
    return at in expected or (at == "-" and "-" in expected)


def score(cases: Sequence[Case]) -> dict[str, float]:
    """Shares of utterances with each field right, all fields right, and dateparser's date and time right."""
    wrong = [misses(case) for case in cases]
    shares = {name: sum(name not in each for each in wrong) / len(cases) for name in FIELDS}
    shares["all"] = sum(not each for each in wrong) / len(cases)
    timed = [case for case in cases if not (case.expected["date"] == case.expected["time"] == "-")]
    theirs = [(case, by_dateparser(case)) for case in timed]
    right = [same(case.expected["date"], day) and same(case.expected["time"], at) for case, (day, at) in theirs]
    near = [_among(day, case.expected["date"]) and _plausible(at, case.expected["time"]) for case, (day, at) in theirs]
    ours = [not ({"date", "time"} & set(misses(case))) for case in timed]
    shares["date and time"] = sum(ours) / len(timed)
    shares["clear but wrong"] = sum(map(clear_but_wrong, cases)) / len(cases)
    shares["dateparser"] = sum(right) / len(timed)
    shares["dateparser, any reading"] = sum(near) / len(timed)
    return shares


def table(names: Iterable[str]) -> str:
    columns = (*FIELDS, "all", "date and time", "clear but wrong", "dateparser", "dateparser, any reading")
    lines = [
        "| corpus | utterances | " + " | ".join(columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for name in names:
        cases = list(read_cases(CORPUS / FILES[name]))
        shares = score(cases)
        lines.append(f"| {name} | {len(cases)} | " + " | ".join(f"{shares[column]:.1%}" for column in columns) + " |")
    return "\n".join(lines)


def microseconds_per_utterance() -> float:
    cases = [case for name in FILES.values() for case in read_cases(CORPUS / name)]
    started = clock.perf_counter()
    for case in cases:
        parse_utterance(case.text, case.now, case.agent)
    return (clock.perf_counter() - started) / len(cases) * 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--misses", action="store_true", help="list every utterance that came out wrong")
    options.add_argument("--only", choices=FILES, help="one part of the corpus")
    chosen = options.parse_args()
    names = [chosen.only] if chosen.only else list(FILES)
    if chosen.misses:
        for name in names:
            for case in read_cases(CORPUS / FILES[name]):
                if wrong := misses(case):
                    after = f" after {case.agent!r}" if case.agent else ""
                    print(f"{name}: {case.text!r}{after} now {case.now:%a %F %H:%M}")
                    for field, (expected, found) in wrong.items():
                        print(f"    {field}: expected {expected}, found {found}")
        return
    print(table(names))
    print(f"\nOne utterance takes {microseconds_per_utterance():.0f} µs.")


if __name__ == "__main__":
    main()
