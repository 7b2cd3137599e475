"""The dashboard and the alert rules of the repository: every number they name is one that /metrics shows (O4)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from flask import Flask

from tests.places import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "calls.json"
OF_A_KIND = {
    "counter": ("",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}
promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not here (Debian: prometheus)")


def shown(web_app: Flask) -> set[str]:
    """Names of the samples that /metrics has, or will have when something happens."""
    text = web_app.test_client().get("/metrics").get_data(as_text=True)
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
    return {f"{name}{end}" for name, kind in kinds for end in OF_A_KIND.get(kind, ())}


def named(text: str) -> set[str]:
    return set(re.findall(r"\bassistant_\w+", text))


def expressions(panels: list[dict[str, Any]]) -> Iterator[str]:
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", []))
        yield from expressions(panel.get("panels", []))


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_number_of_the_dashboard_is_one_that_is_shown(web_app: Flask) -> None:
    asked = list(expressions(json.loads(DASHBOARD.read_text())["panels"]))
    assert len(asked) > 30
    assert all(named(one) for one in asked)
    assert not named(DASHBOARD.read_text()) - shown(web_app)


def test_every_number_of_the_alert_rules_is_one_that_is_shown(web_app: Flask) -> None:
    assert len(rules()) > 10
    for rule in rules():
        assert not named(rule["expr"]) - shown(web_app), rule["alert"]
        assert named(rule["expr"]) or 'up{job="assistant"}' in rule["expr"]


def test_a_name_that_nobody_shows_would_be_found(web_app: Flask) -> None:
    assert named("rate(assistant_calls[5m]) / assistant_turn_seconds") - shown(web_app) == {
        "assistant_calls",
        "assistant_turn_seconds",
    }


def test_every_alert_says_in_a_sentence_what_is_wrong_and_how_urgent_it_is() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert len(rule["annotations"]["summary"]) > 15, rule["alert"]


def test_panels_of_the_dashboard_lie_side_by_side() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


@promtool
@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", "alerts.yml"),
        ("check", "config", "--syntax-only", "prometheus.yml"),
        ("test", "rules", "alerts_test.yml"),
    ],
)
def test_prometheus_own_tool_accepts_the_rules_and_they_fire_when_they_should(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["promtool", *command], cwd=PROMETHEUS, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_prometheus_own_parser_reads_every_expression_of_the_dashboard(tmp_path: Any) -> None:
    asked = [
        one.replace("$__rate_interval", "5m").replace("$instance", ".*")
        for one in expressions(json.loads(DASHBOARD.read_text())["panels"])
    ]
    file = tmp_path / "rules.yml"
    recorded = [{"record": f"panel_{number}", "expr": expr} for number, expr in enumerate(asked)]
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": recorded}]}))
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
