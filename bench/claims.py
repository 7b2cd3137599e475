"""How many false claims of an agent are caught, and how many honest sentences are taken for one (A5, S7).

    python -m bench.claims                     # the material of tests/services/booking/material
    python -m bench.claims --dir some/where    # another set: every *claims.toml and *honest.toml of a directory
    python -m bench.claims --verbose           # with the sentences that came out wrong

No row stands behind any of these sentences, so whatever states that something was done is false. "as its kind" counts
a claim only when it was taken for what it is: booked, moved, cancelled, a message, a transfer.
"""

from __future__ import annotations

import argparse
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.markdown import table
from bench.report import command_line, provenance, write
from services.claims.reading import kinds_in

DIRECTORY = Path(__file__).resolve().parents[1] / "tests" / "services" / "booking" / "material"
LANGUAGES = ("he", "en", "ru", "ar")
KINDS = ("booked", "cancelled", "moved", "message", "transfer")
SECTION = "claims"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What an agent says. kind: what it claims falsely, "" when it is honest."""

    language: str
    kind: str
    text: str


@dataclass(slots=True)
class Measured:
    """Counts by (language, kind), honest ones by language; and what came out wrong."""

    total: Counter[tuple[str, str]] = field(default_factory=Counter)
    caught: Counter[tuple[str, str]] = field(default_factory=Counter)
    as_kind: Counter[tuple[str, str]] = field(default_factory=Counter)
    honest: Counter[str] = field(default_factory=Counter)
    missed: list[Sentence] = field(default_factory=list)
    mistaken: list[Sentence] = field(default_factory=list)
    alarms: list[Sentence] = field(default_factory=list)


def load(directory: Path = DIRECTORY) -> tuple[list[Sentence], list[Sentence]]:
    """The claims and the honest sentences of every file. Raises OSError, tomllib.TOMLDecodeError, KeyError."""
    claims = [
        Sentence(one["lang"], one["kind"], one["text"])
        for path in sorted(directory.glob("*claims.toml"))
        for one in tomllib.loads(path.read_text("utf-8"))["claim"]
    ]
    honest = [
        Sentence(one["lang"], "", one["text"])
        for path in sorted(directory.glob("*honest.toml"))
        for one in tomllib.loads(path.read_text("utf-8"))["honest"]
    ]
    return claims, honest


def measure(claims: Sequence[Sentence], honest: Sequence[Sentence]) -> Measured:
    """Read each of them as an agent's whole answer."""
    found = Measured()
    for one in claims:
        kinds, key = kinds_in(one.text), (one.language, one.kind)
        found.total[key] += 1
        found.caught[key] += bool(kinds)
        found.as_kind[key] += one.kind in kinds
        if not kinds:
            found.missed.append(one)
        elif one.kind not in kinds:
            found.mistaken.append(one)
    for one in honest:
        found.honest[one.language] += 1
        if kinds_in(one.text):
            found.alarms.append(one)
    return found


def as_table(found: Measured) -> str:
    """Rows of languages and kinds, then the sums and the false alarms."""
    rows = [
        (f"{language}, {kind}", *_shares(found, [(language, kind)]))
        for language in LANGUAGES
        for kind in KINDS
        if found.total[language, kind]
    ]
    rows.append(("all claims", *_shares(found, list(found.total))))
    claims = table(["claim", "sentences", "caught", "share", "as its kind"], rows)
    alarms = Counter(one.language for one in found.alarms)
    honest = [
        (language, str(found.honest[language]), str(alarms[language]))
        for language in LANGUAGES
        if found.honest[language]
    ]
    total = found.honest.total()
    share = f"{100 * len(found.alarms) / total:.1f} %" if total else "–"
    honest.append(("all honest", str(total), f"{len(found.alarms)} ({share})"))
    return f"{claims}\n\n{table(['honest', 'sentences', 'false alarms'], honest)}"


def _shares(found: Measured, keys: Sequence[tuple[str, str]]) -> tuple[str, str, str, str]:
    total, caught = sum(found.total[key] for key in keys), sum(found.caught[key] for key in keys)
    as_kind = sum(found.as_kind[key] for key in keys)
    return str(total), str(caught), f"{100 * caught / max(1, total):.1f} %", str(as_kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=Path, default=DIRECTORY, help="of *claims.toml and *honest.toml")
    parser.add_argument("--verbose", action="store_true", help="show what came out wrong")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    found = measure(*load(options.dir))
    print(as_table(found))
    if options.verbose:
        wrong = (("missed", found.missed), ("taken for another kind", found.mistaken), ("false alarm", found.alarms))
        for name, sentences in wrong:
            for one in sentences:
                print(f"{name}: {one.language} {one.kind} {one.text}")
    if options.write:
        write(SECTION, f"{as_table(found)}\n\n{provenance(command_line('bench.claims'))}")


if __name__ == "__main__":
    main()
