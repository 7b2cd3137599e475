"""Which build this is: the version of pyproject.toml and the commit that was checked out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.settings import ROOT


@dataclass(frozen=True, slots=True)
class BuildInfo:
    version: str
    commit: str  # full hash, or "unknown" in a copy without .git
    started_at: str  # ISO 8601, UTC


def read_build_info(root: Path = ROOT) -> BuildInfo:
    """Read from files only: no git program is needed where this runs."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    return BuildInfo(version, _commit(root / ".git"), datetime.now(UTC).isoformat(timespec="seconds"))


def _commit(git: Path) -> str:
    try:
        if git.is_file():  # a linked worktree points to its real place
            git = (git.parent / git.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref:"):
            return head
        ref = head.removeprefix("ref:").strip()
        return _resolve(git, ref)
    except OSError:
        return "unknown"


def _resolve(git: Path, ref: str) -> str:
    common = git
    if (git / "commondir").exists():
        common = (git / (git / "commondir").read_text().strip()).resolve()
    loose = common / ref
    if loose.exists():
        return loose.read_text().strip()
    for line in (common / "packed-refs").read_text().splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return "unknown"
