"""What is installed: every package at one version, known by its hashes, with a licence that was looked at (S8)."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.places import ROOT

LOCKS = ("requirements.lock", "requirements-google.lock", "requirements-telemetry.lock")
# What a lock has besides requirements.txt.
BESIDES = {
    "requirements-google.lock": "requirements-google.txt",
    "requirements-telemetry.lock": "requirements-telemetry.txt",
}
DIRECT = {
    "Running": "requirements.txt",
    "Google's speech": "requirements-google.txt",
    "Traces and reports of errors": "requirements-telemetry.txt",
    "The sandbox": "requirements-sandbox.txt",
    "Tests, lint, types, supply chain": "requirements-dev.txt",
}
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,]+\])?==([\w.+!-]+)", re.MULTILINE)


def pins(file: str) -> dict[str, str]:
    """Package → version of every line of a requirements file; AssertionError where a package stands twice."""
    found = [(canonicalize_name(name), version) for name, version in PIN.findall((ROOT / file).read_text())]
    assert len(found) == len(dict(found)), f"{file} pins a package twice"
    return dict(found)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_production_has_its_hashes(lock: str) -> None:
    blocks = re.split(r"(?m)^(?=[a-z0-9])", (ROOT / lock).read_text())[1:]
    assert len(blocks) == len(pins(lock)) > 50
    for block in blocks:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block), block


def test_the_lock_is_made_of_the_versions_that_are_pinned_for_everybody() -> None:
    locked, pinned = pins("requirements.lock"), pins("constraints.txt")
    assert pins("requirements.txt").items() <= locked.items(), "run `make lock`"
    for lock, file in BESIDES.items():
        with_more = pins(lock)
        assert locked.items() <= with_more.items() <= pinned.items(), f"{lock}: run `make lock`"
        assert pins(file).items() <= with_more.items(), f"{lock}: run `make lock`"
    for file in DIRECT.values():
        assert pins(file).items() <= pinned.items(), file


@pytest.mark.parametrize("lock", LOCKS)
def test_nothing_that_production_needs_is_missing_in_the_lock(lock: str) -> None:
    locked = pins(lock)
    looked_at = 0
    for name in locked:
        try:
            needed = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:  # for another Python or another system
            continue
        looked_at += 1
        for one in needed:
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                assert canonicalize_name(one.name) in locked, f"{name} needs {one.name}: run `make lock`"
    assert looked_at > 50


@pytest.mark.parametrize("file", [*DIRECT.values(), "constraints.txt", *LOCKS])
def test_no_file_says_where_packages_come_from(file: str) -> None:
    """That is for the machine's own settings: a host name here would be one more to trust."""
    text = (ROOT / file).read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)


def licences(heading: str) -> dict[str, str]:
    """Package → version of one table of THIRD_PARTY_LICENCES.md; every row has a licence."""
    page = (ROOT / "THIRD_PARTY_LICENCES.md").read_text()
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None, heading
    rows = re.findall(r"^\| ([\w.-]+)(?: \([^)]*\))? \| (\d[\w.+!-]*) \| (\S.*?) \|$", section[1], re.MULTILINE)
    assert len(rows) == section[1].count("\n| ") - 1, f"a row of {heading!r} has another form"
    return {canonicalize_name(name): version for name, version, _licence in rows}


@pytest.mark.parametrize("heading", DIRECT)
def test_the_page_of_licences_names_what_we_chose(heading: str) -> None:
    assert licences(heading) == pins(DIRECT[heading])


def test_the_page_of_licences_names_all_that_comes_with_it() -> None:
    assert {**licences("What these pull in"), **licences("Running")} == pins("constraints.txt")


AUDITS = {
    0: "No known vulnerabilities found",
    1: "Found 1 known vulnerability in 1 package\nflask 3.1.3 PYSEC-2027-1 3.1.4",
    2: "requests.exceptions.ProxyError: HTTPSConnectionPool(host='x'): Max retries exceeded",
}


@pytest.mark.parametrize("status", AUDITS)
def test_an_audit_tells_a_fault_from_a_network_that_is_not_there(tmp_path: Path, status: int) -> None:
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat <<'END' >&2\n{AUDITS[status]}\nEND\nexit {min(status, 1)}\n")
    tool.chmod(0o755)
    done = subprocess.run([ROOT / ".ci" / "audit", tool], capture_output=True, text=True, timeout=60, check=False)
    said = (done.stdout + done.stderr).strip()
    assert done.returncode == status
    assert ("PYSEC-2027-1" in said) == (status == 1)
    assert status == 1 or (said.startswith("make audit: ") and "\n" not in said)
