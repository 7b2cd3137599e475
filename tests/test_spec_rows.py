"""Rows of the contract (docs/spec.md): whatever names one, in code, tests, scenarios or pages, names one that is there.

A row is named in words for people only: comments, docstrings, Markdown, and the `rows` of scenario files. There it
counts as a name where it stands by itself: in parentheses, after "SPEC" or "row", before a colon at the beginning, in
the first cell of a table, as a possessive, or after "of", "by", "see". Anything else may be a bucket or a rule of ruff.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = "docs/spec.md"
PLACES = (
    "app", "media", "services", "sandbox", "bench", "tests", "docs", "migrations", "templates",
    "wsgi.py", "gunicorn.conf.py", "README.md", "CHANGELOG.md", "Makefile", "pyproject.toml",
)  # fmt: skip

HEADER = "| row | what |"
ROW = r"[A-Z]\d{1,2}"
_SPAN = rf"`?{ROW}`?(?:\s*[-–]\s*`?{ROW}`?)?"  # one row, or the first and the last of several
SPAN = re.compile(_SPAN)
_LIST = rf"{_SPAN}(?:(?:,\s*(?:and\s+)?|\s+and\s+){_SPAN})*"
_END = r"(?![\w%/]|[.-]\w)"
NAMED = re.compile(
    rf"(?:\b(?:SPEC|[Rr]ows?)\s+(?P<said>{_LIST}){_END}"
    rf"|\b(?:of|by|see)\s+(?P<of>{_LIST}){_END}"
    rf"|\A\W*(?P<first>{_LIST})(?=:\s)"
    rf"|(?<![\w`./+-])(?P<whose>{_LIST})['’]s\b"
    rf"|^\|\s*(?P<cell>{_LIST})\s*(?=\|))",
    re.MULTILINE,
)
IN_PARENTHESES = re.compile(r"(?<!\w)\(([^()]*)\)")
# Inside parentheses a name is an item by itself: "(the agent resumes, B3)" has one, "(F1 of .93)" has none.
ITEM = re.compile(rf"(?:(?<=^)|(?<=[,;:]))\s*(?:SPEC\s+|and\s+)?(?P<item>{_LIST})\s*(?=[,;:]|$)")
ROWS_LIST = re.compile(r"^\s*rows\s*=\s*\[([^\]]*)\]", re.MULTILINE)
QUOTED = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'")
FENCED = re.compile(r"^( *```).*?^\1", re.MULTILINE | re.DOTALL)
TEMPLATE_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
HASH_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
MAY_NAME_A_ROW = re.compile(rf"\b{ROW}\b|\brows\b")


class Words(NamedTuple):
    """Text for people, and the line of the file it begins in."""

    line: int
    text: str


class Mention(NamedTuple):
    line: int
    row: str


def contract_rows(text: str) -> list[str]:
    """First cells of the contract's tables, in order; a name that stands there twice is there twice."""
    rows: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line == HEADER:
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    break
                rows.append(row.split("|")[1].strip())
    return rows


def words(file: str, text: str) -> Iterator[Words]:
    """What of a file is written for people."""
    if not MAY_NAME_A_ROW.search(text):
        return
    if file.endswith(".py"):
        yield from _docstrings(text)
        yield from _comments(text)
    elif file.endswith(".md"):
        yield Words(1, FENCED.sub(lambda fence: "\n" * fence.group().count("\n"), text))
    else:
        pattern = TEMPLATE_COMMENT if file.endswith(".html") else HASH_COMMENT
        for found in pattern.finditer(text):
            yield Words(_line_of(text, found.start()), found.group())


def mentions(file: str, text: str) -> Iterator[Mention]:
    """Every row that a file names, and where."""
    for part in words(file, text):
        for at, row in sorted({*_named(part.text)}):
            yield Mention(part.line + _line_of(part.text, at) - 1, row)
    if file.endswith((".toml", ".md")):
        for rows in ROWS_LIST.finditer(text):
            for one in QUOTED.finditer(rows.group(1)):
                yield Mention(_line_of(text, rows.start(1) + one.start()), one.group(1) or one.group(2) or "")


def unknown(file: str, text: str, rows: set[str]) -> list[str]:
    """What a file names that is no row, with its place."""
    return [f"{file}:{one.line} names {one.row}" for one in mentions(file, text) if one.row not in rows]


def _named(text: str) -> Iterator[tuple[int, str]]:
    """(where in the text, row); the same one may come twice."""
    for found in NAMED.finditer(text):
        yield from _each(text, *found.span(found.lastgroup or 0))
    for inside in IN_PARENTHESES.finditer(text):
        for item in ITEM.finditer(inside.group(1)):
            begins, ends = item.span("item")
            yield from _each(text, inside.start(1) + begins, inside.start(1) + ends)


def _each(text: str, begins: int, ends: int) -> Iterator[tuple[int, str]]:
    """Single rows of "A1–A3, B9", which stands there; a range that is none is a name of its own, and no row."""
    for span in SPAN.finditer(text, begins, ends):
        first, *last = re.findall(ROW, span.group())
        if not last:
            yield span.start(), first
        elif last[0][0] != first[0] or int(last[0][1:]) <= int(first[1:]):
            yield span.start(), span.group()
        else:
            numbers = range(int(first[1:]), int(last[0][1:]) + 1)
            yield from ((span.start(), f"{first[0]}{number}") for number in numbers)


def _docstrings(text: str) -> Iterator[Words]:
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) or not node.body:
            continue
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            yield Words(first.lineno, "\n".join(lines[first.lineno - 1 : first.end_lineno]))


def _comments(text: str) -> Iterator[Words]:
    """Comments; those of consecutive lines are one text."""
    block: list[str] = []
    begins = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or token.string.startswith(("# noqa", "# type:", "# fmt:")):
            continue
        if block and token.start[0] != begins + len(block):
            yield Words(begins, "\n".join(block))
            block = []
        if not block:
            begins = token.start[0]
        block.append(token.string.lstrip("# "))
    if block:
        yield Words(begins, "\n".join(block))


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def files() -> Iterator[tuple[str, str]]:
    """Names and texts of all files that may name a row."""
    for place in PLACES:
        path = ROOT / place
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        for one in found:
            inside = one.relative_to(ROOT)
            is_ours = not any(part.startswith(".") or part == "node_modules" for part in inside.parts)
            if is_ours and one.is_file() and (one.suffix in {".py", ".md", ".toml", ".html"} or one.name == "Makefile"):
                yield inside.as_posix(), one.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def rows() -> set[str]:
    return set(contract_rows((ROOT / CONTRACT).read_text(encoding="utf-8")))


def test_every_row_that_is_named_stands_in_the_contract(rows: set[str]) -> None:
    wrong = [each for file, text in files() for each in unknown(file, text, rows)]
    assert not wrong, f"no rows of {CONTRACT}:\n" + "\n".join(wrong)


def test_every_row_of_the_contract_is_there_once() -> None:
    counted = Counter(contract_rows((ROOT / CONTRACT).read_text(encoding="utf-8")))
    assert not [row for row, times in counted.items() if times > 1]


def test_the_rows_of_a_section_are_numbered_without_a_gap(rows: set[str]) -> None:
    sections: dict[str, set[int]] = {}
    for row in rows:
        if re.fullmatch(ROW, row):
            sections.setdefault(row[0], set()).add(int(row[1:]))
    assert set(sections) == set("WITBGXRPACLKOSD")
    assert not {letter for letter, numbers in sections.items() if numbers != set(range(1, len(numbers) + 1))}


def test_the_finder_sees_rows_in_every_kind_of_file() -> None:
    seen: dict[str, set[str]] = {}
    for file, text in files():
        if file not in (CONTRACT, f"tests/{Path(__file__).name}"):
            seen.setdefault(file.rpartition(".")[2], set()).update(one.row for one in mentions(file, text))
    assert {"W9", "X6", "B3", "A1", "I10"} <= seen["py"]
    assert {"W9", "X5", "I8"} <= seen["md"]
    assert {"T3", "B9", "G4"} <= seen["toml"]


@pytest.mark.parametrize(
    ("file", "text", "where"),
    [
        ("a.py", '"""What it does (X99)."""\n', "a.py:1 names X99"),
        ("a.py", '"""What it does\n\nand why (T3,\nX99; and more)."""\n', "a.py:4 names X99"),
        ("a.py", '"""X99: what it does."""\n', "a.py:1 names X99"),
        ("a.py", '"""What it does (SPEC T3-T4, X99)."""\n', "a.py:1 names X99"),
        ("a.py", "x = 1\n# as said before,\n# here too (T3, X99)\n", "a.py:3 names X99"),
        ("a.py", "x = 1  # the order of T3 and X99: first\n", "a.py:1 names X99"),
        ("a.py", "def f():\n    '''As contract row X99 says.'''\n", "a.py:2 names X99"),
        ("a.md", "# A\n\nAll of it (`X99`).\n", "a.md:3 names X99"),
        ("a.md", "| row | promise |\n|---|---|\n| T3, X99 | a promise |\n", "a.md:3 names X99"),
        ("a.md", "It fits into X99's second.\n", "a.md:1 names X99"),
        ("a.md", "```toml\nrows = ['T3', 'X99']\n```\n", "a.md:2 names X99"),
        ("a.toml", 'about = "a"\nrows = ["T3",\n  "X99"]\n', "a.toml:3 names X99"),
        ("a.toml", 'rows = ["no row at all"]\n', "a.toml:1 names no row at all"),
        ("a.toml", 'about = "a"  # as it should be (X99)\n', "a.toml:1 names X99"),
        ("a.html", "<p>\n{# shown once (X99) #}\n</p>\n", "a.html:2 names X99"),
    ],
)
def test_a_name_that_is_no_row_is_told_with_its_place(file: str, text: str, where: str) -> None:
    assert unknown(file, text, {"T3", "T4"}) == [where]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("All of it (T3–T6).\n", ["a.md:1 names T5", "a.md:1 names T6"]),
        ("Both (T3–X4).\n", ["a.md:1 names T3–X4"]),
        ("Backwards (T4-T3).\n", ["a.md:1 names T4-T3"]),
        ("Right (T3–T4), and T4's too.\n", []),
    ],
)
def test_every_row_of_a_range_is_looked_for(text: str, wrong: list[str]) -> None:
    assert unknown("a.md", text, {"T3", "T4"}) == wrong


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.py", "X99 = f(X98)\nrows = ['X97']\ntext = '(X96)'\n"),
        ("a.py", "import a  # noqa: B018 (C4)\n"),
        ("a.py", "# a score (F1 of .93), a bucket S3, 0xA1, T20, call(A1.b)\n"),
        ("a.py", '"""Ids like (a1b2) and CA12, p99 (P99 ms), H264."""\n'),
        ("a.md", "Run `f(X99)` as below.\n\n```\nSPEC X98 (X97)\n```\n"),
        ("a.html", '<path d="M9 17v-2 (M20)"/>\n'),
        ("a.toml", 'text = "all (X99)"\n'),
    ],
)
def test_what_only_looks_like_a_row_is_left_alone(file: str, text: str) -> None:
    assert not unknown(file, text, set())
