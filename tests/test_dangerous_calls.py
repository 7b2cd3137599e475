"""What the product never does with anybody's text: run it, unpickle it, hand it to a shell, read it as XML (S8)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT

CALLS = {"eval", "exec", "compile", "__import__"}
MODULES = {"pickle", "marshal", "shelve", "subprocess", "xml", "lxml", "yaml", "dill", "pty", "commands"}
# One fixed command, without our environment, that reads somebody else's calendar where it can be ended.
MAY_START_A_PROCESS = "services/calendar_sync/clients/reader.py"
OF_OS = {"system", "popen", "execv", "execve", "spawnv", "posix_spawn"}
FILES = sorted(path for room in ("app", "media", "services") for path in (ROOT / room).rglob("*.py"))


def dangers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield f"{node.func.id} in line {node.lineno}"
        elif isinstance(node, ast.Import):
            yield from (f"{one.name} in line {node.lineno}" for one in node.names if one.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield f"{node.module} in line {node.lineno}"
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os" and node.attr in OF_OS:
            yield f"os.{node.attr} in line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_run_that_came_from_outside(path: Path) -> None:
    allowed = ["subprocess"] if path == ROOT / MAY_START_A_PROCESS else []
    found = list(dangers(ast.parse(path.read_text("utf-8"))))
    assert [danger.partition(" ")[0] for danger in found] == allowed


@pytest.mark.parametrize(
    "line", ["eval('1')", "import pickle", "from xml.etree import ElementTree", "import os\nos.system('x')"]
)
def test_it_would_be_seen(line: str) -> None:
    assert len(list(dangers(ast.parse(line)))) == 1
