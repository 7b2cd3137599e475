"""Results written between their markers in docs/benchmarks.md, with when, where and by which command."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def percentile(values: Sequence[float], share: float) -> float:
    """The value under which this share of the values lies; not a number when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def provenance(command: str) -> str:
    """One line that says how a table came about."""
    load = f", load average {os.getloadavg()[0]:.1f} (other work on the machine included)"
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"*{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {machine}{load} · `{command}`*"


def write(name: str, text: str, page: Path = PAGE) -> None:
    """Put `text` between `<!-- name:begin -->` and `<!-- name:end -->`. Raises SystemExit without such markers."""
    before = page.read_text("utf-8")
    found = re.search(f"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", before, re.DOTALL)
    if found is None:
        raise SystemExit(f"{page} has no markers {name}:begin and {name}:end")
    page.write_text(f"{before[: found.end(1)]}{text}\n{before[found.start(2) :]}", "utf-8")


def command_line(module: str) -> str:
    return " ".join(["python -m", module, *sys.argv[1:]])
