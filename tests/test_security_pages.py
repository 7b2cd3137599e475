"""The pages about security name what is there: every requirement once, every test and file, every heading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.places import ROOT

PAGES = [*sorted((ROOT / "docs").glob("security*.md")), ROOT / "SECURITY.md"]
# Sections of ASVS 5.0 and how many of their requirements are of level 1 or 2; these have the first numbers of each.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
ROW = re.compile(r"^\| (V\d.*?) \| (held|by design|part|open|not here) \|(.*) ?\|$", re.MULTILINE)
NAMED = re.compile(r"V(\d+\.\d+)\.(\d+)(?:–V\1\.(\d+))?")


def asvs() -> str:
    return (ROOT / "docs" / "security_asvs.md").read_text()


def requirements(text: str) -> Iterator[str]:
    for section, first, last in NAMED.findall(text):
        yield from (f"{section}.{number}" for number in range(int(first), int(last or first) + 1))


def test_every_requirement_of_levels_1_and_2_stands_there_once() -> None:
    wanted = {f"{section}.{n}" for section, count in SECTIONS.items() for n in range(1, count + 1)}
    assert len(wanted) == 253
    found = Counter(one for cell, _, _ in ROW.findall(asvs()) for one in requirements(cell))
    assert {one: number for one, number in found.items() if number > 1} == {}
    assert set(found) == wanted


def test_the_sum_at_the_end_is_that_of_the_rows() -> None:
    counted = Counter[str]()
    for cell, state, _ in ROW.findall(asvs()):
        counted[state] += len(list(requirements(cell)))
    sums = re.findall(r"(\d+) (held|by design|part|open|not here)", asvs().partition("## Counted")[2])
    assert {state: int(number) for number, state in sums} == counted


def test_every_row_has_a_state_and_what_it_rests_on() -> None:
    rows = [line for line in asvs().splitlines() if line.startswith("| V")]
    found = ROW.findall(asvs())
    assert len(found) == len(rows)
    for cell, state, why in found:
        if state == "held":
            assert re.search(r"tests/|make lint", why), cell
        if state in ("part", "open"):
            assert len(why) > 20, cell


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: object) -> None:
    text = (ROOT / str(page)).read_text()
    for path in re.findall(r"`((?:tests|app|media|services|bench|docs|sandbox)/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: object) -> None:
    here = ROOT / str(page)
    for target, anchor in re.findall(r"\]\(([\w./-]*?\.md|)(#[\w-]+)?\)", here.read_text()):
        there = (here.parent / target).resolve() if target else here
        assert there.exists(), target
        headings = re.findall(r"^#+ (.*)$", there.read_text(), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert not anchor or anchor[1:] in slugs, f"{target}{anchor}"
