"""The files of each way of hosting agree with the product: its settings, its commands, its deadlines (O3)."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.settings import Settings, load_settings
from services.deadlines import PLATFORM_KILLS_S, WORKER_ENDS_S
from tests.deploy import kits
from tests.places import ROOT
from tests.serving import wait_until

# Not the product's: of Python, of a shell, of the host itself.
OTHERS = {"PATH", "HOME", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHON_VERSION"}
SECRETS = {
    "SECRET_KEY": "s" * 32,
    "PUBLIC_BASE_URL": "https://phone.example.com",
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "t" * 32,
    "OPENAI_API_KEY": "sk-nobody",
}
# Where the host asks for what is missing, all of it must be named.
ASK = ("app.json", "render.yaml", "compose.yaml")


@pytest.mark.parametrize("kit", kits.variables())
def test_every_setting_of_a_kit_is_one_of_the_product(kit: str) -> None:
    assert not {name for name in kits.variables()[kit] if name.lower() not in Settings.model_fields} - OTHERS


@pytest.mark.parametrize("kit", kits.variables())
def test_production_starts_with_the_values_of_a_kit_and_the_operators_secrets(
    kit: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    given = {name: value for name, value in kits.variables()[kit].items() if value and name not in OTHERS}
    for name, value in {**SECRETS, **given}.items():
        monkeypatch.setenv(name, value)
    assert load_settings().production


@pytest.mark.parametrize("kit", ASK)
def test_a_kit_asks_for_all_that_production_needs(kit: str) -> None:
    assert SECRETS.keys() <= kits.variables()[kit].keys()


def test_no_kit_holds_a_secret() -> None:
    for kit, given in kits.variables().items():
        assert not {name for name in SECRETS if given.get(name)}, kit


def test_every_kit_starts_what_the_procfile_starts() -> None:
    web, release = kits.PROCFILE["web"], kits.PROCFILE["release"]
    service = kits.RENDER["services"][0]
    assert (service["startCommand"], service["preDeployCommand"]) == (web, release)
    assert kits.FLY["deploy"]["release_command"] == release
    assert " ".join(kits.COMPOSE["services"]["migrate"]["command"]) == release
    *_, (word, command) = kits.dockerfile()[-1]
    assert (word, re.findall(r'"([^"]+)"', command)) == ("CMD", web.split())
    assert kits.REPLIT["deployment"]["run"][-1] == f"{release} && exec {web}"
    folder = "/opt/ai-call-assistant/.venv/bin/"
    assert kits.of_unit("ExecStart") == [folder + web]
    assert kits.of_unit("ExecStartPre") == [folder + release]


def test_every_host_waits_until_calls_are_handed_on() -> None:
    seconds = [
        kits.COMPOSE["services"]["web"]["stop_grace_period"],
        kits.FLY["kill_timeout"],
        kits.of_unit("TimeoutStopSec")[0],
        kits.RENDER["services"][0]["maxShutdownDelaySeconds"],
    ]
    assert all(int(str(one).removesuffix("s")) > PLATFORM_KILLS_S > WORKER_ENDS_S for one in seconds)


def test_what_answers_a_telephone_never_sleeps() -> None:
    assert kits.REPLIT["deployment"]["deploymentTarget"] == "gce", "Reserved VM"
    assert kits.FLY["http_service"]["auto_stop_machines"] == "off"
    assert kits.FLY["http_service"]["min_machines_running"] >= 1
    assert kits.RENDER["services"][0]["plan"] not in ("free", "starter")


def test_what_a_kit_asks_for_health_is_a_page_of_the_product(web_app: object) -> None:
    paths = {kits.FLY["http_service"]["checks"][0]["path"], kits.RENDER["services"][0]["healthCheckPath"]}
    for path in {*paths, "/healthz"}:
        assert web_app.test_client().get(path).status_code == 200  # type: ignore[attr-defined]


# -- Heroku, and whatever else reads a Procfile -----------------------------------------------------------------------


@contextmanager
def from_procfile(
    process: str, port: int, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    honcho = [sys.executable, "-m", "honcho", "-f", str(ROOT / "Procfile"), "-e", "/dev/null", "-d", str(ROOT)]
    with log.open("wb") as output:
        started = subprocess.Popen(
            [*honcho, "start", "-p", str(port), process], env=dict(environment), stdout=output, stderr=output
        )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.send_signal(signal.SIGTERM)
        started.wait(60)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.mark.slow
def test_the_procfile_migrates_serves_and_stops(tmp_path: Path, free_port: int) -> None:
    """As Heroku does: the release phase, then the web process with its PORT, then SIGTERM."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "APP_ENV": "production",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'app.db'}",
        **SECRETS,
    }
    with from_procfile("release", free_port, environment, tmp_path / "release.log") as release:
        assert release.wait(120) == 0, (tmp_path / "release.log").read_text()
    log = tmp_path / "web.log"
    with from_procfile("web", free_port, environment, log) as web:

        def ready() -> bool:
            assert web.poll() is None, log.read_text()
            return answers(f"http://127.0.0.1:{free_port}/readyz")

        wait_until(ready, what="the web process is ready")
    assert not answers(f"http://127.0.0.1:{free_port}/healthz")
    assert "Shutting down: Master" in log.read_text()


# -- the container ---------------------------------------------------------------------------------------------------


def test_the_image_runs_as_nobody_in_particular_and_is_asked_for_its_health() -> None:
    runs = dict(kits.dockerfile()[-1])
    user, group = runs["USER"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert "/healthz" in runs["HEALTHCHECK"]
    assert kits.image_environment()["APP_ENV"] == "production"


def test_the_image_has_what_production_needs_and_nothing_else() -> None:
    copied = {
        one
        for word, rest in kits.dockerfile()[-1]
        if word == "COPY" and "--from" not in rest
        for one in rest.split()[:-1]
    }
    assert copied == {
        *("app", "media", "migrations", "services", "static", "templates"),
        *("gunicorn.conf.py", "pyproject.toml", "wsgi.py"),
    }
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert {f"!{one}" for one in copied} < set(ignored), "what is not sent to the builder cannot be copied"


def test_compose_runs_it_read_only_without_rights_after_the_migration() -> None:
    services = kits.COMPOSE["services"]
    for name in ("web", "migrate"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert any(each.startswith("/tmp") for each in service["tmpfs"])
        assert service["environment"]["DATABASE_URL"].startswith("postgresql://assistant:")
    assert services["web"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    for service in services.values():
        assert set(service.get("depends_on", {})) <= services.keys()
        assert service.keys() <= KNOWN_OF_COMPOSE, "a key that compose does not know"
        assert "build" in service or re.fullmatch(r"[\w./-]+:\d+", service["image"])
    named = {
        volume.split(":")[0] for one in services.values() for volume in one.get("volumes", []) if volume[0] not in "./"
    }
    assert named == kits.COMPOSE["volumes"].keys()


KNOWN_OF_COMPOSE = {
    *("build", "image", "command", "environment", "ports", "volumes", "restart", "depends_on", "profiles"),
    *("healthcheck", "read_only", "tmpfs", "cap_drop", "security_opt", "stop_grace_period"),
}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    """With the paths of this machine: it looks whether they are there."""
    unit = tmp_path / kits.UNIT_FILE.name
    python = Path(sys.executable)
    gunicorn = python.parent / "gunicorn"
    text = kits.UNIT.replace("/opt/ai-call-assistant/.venv/bin/python", str(python))
    text = text.replace("/opt/ai-call-assistant/.venv/bin/gunicorn", str(gunicorn))
    (tmp_path / "environment").touch()
    text = text.replace("/opt/ai-call-assistant", str(tmp_path)).replace("/etc/ai-call-assistant", str(tmp_path))
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    of_ours = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line or "assistant" in line]
    assert not of_ours
    assert shlex.split(kits.of_unit("ExecStart")[0])[1:] == ["-c", "gunicorn.conf.py", "wsgi:app"]
