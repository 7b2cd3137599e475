"""What each way of hosting says, read from its own file."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from typing import Any

import yaml

from tests.places import ROOT

PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
HEROKU: dict[str, Any] = json.loads((ROOT / "app.json").read_text())
REPLIT: dict[str, Any] = tomllib.loads((ROOT / ".replit").read_text())
FLY: dict[str, Any] = tomllib.loads((ROOT / "fly.toml").read_text())
RENDER: dict[str, Any] = yaml.safe_load((ROOT / "render.yaml").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
COMPOSE_TEXT = (ROOT / "compose.yaml").read_text()
UNIT_FILE = ROOT / "deploy" / "systemd" / "ai-call-assistant.service"
UNIT = UNIT_FILE.read_text()
NGINX = ROOT / "deploy" / "nginx" / "assistant.conf"
CADDY = ROOT / "deploy" / "caddy" / "Caddyfile"
HAPROXY = ROOT / "deploy" / "haproxy" / "haproxy.cfg"


def dockerfile() -> list[list[tuple[str, str]]]:
    """The instructions of each stage."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    stages: list[list[tuple[str, str]]] = []
    for line in lines:
        word, rest = line.split(" ", 1)
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest))
    return stages


def image_environment() -> dict[str, str]:
    pairs = [pair for word, rest in dockerfile()[-1] if word == "ENV" for pair in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def of_unit(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def variables() -> dict[str, dict[str, str]]:
    """By kit: the variables it names, "" where the operator gives the value."""
    render = {one["key"]: one.get("value", "") for one in RENDER["services"][0]["envVars"]}
    unit = dict(pair.split("=", 1) for pair in of_unit("Environment")[0].split())
    compose = {
        name: "" if "$" in str(value) else str(value) for name, value in COMPOSE["x-assistant"]["environment"].items()
    }
    return {
        "app.json": {name: one.get("value", "") for name, one in HEROKU["env"].items()},
        ".replit": {**REPLIT["env"], **REPLIT["deployment"]["env"]},
        "fly.toml": FLY["env"],
        "render.yaml": render,
        "compose.yaml": compose,
        "Dockerfile": image_environment(),
        "systemd": unit,
    }
