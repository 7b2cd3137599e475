"""Environments for the references: pinned, made on first use under var/, never mixed with the product's own."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def python_of(name: str, *pip_options: str) -> Path:
    """The interpreter of the environment for requirements-NAME.txt, made when it is missing or its pins changed."""
    requirements = HERE / f"requirements-{name}.txt"
    directory = ROOT / "var" / f"bench-{name}-{sys.version_info.major}.{sys.version_info.minor}"
    python, stamp = directory / "bin" / "python", directory / "installed.txt"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        print(f"Making {directory.relative_to(ROOT)} (once)", file=sys.stderr)
        venv.create(directory, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *pip_options]
        subprocess.run([*pip, "-r", str(requirements)], check=True)
        stamp.write_text(requirements.read_text())
    return python
