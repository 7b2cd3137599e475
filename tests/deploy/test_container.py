"""The container without a container: the Dockerfile's own steps in a mount namespace, then a read-only file system,
a tmpfs at /tmp, nobody's user and no capability, as compose.yaml runs it (O3). Its Python is this machine's."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy import kits
from tests.deploy.test_kits import SECRETS, answers
from tests.places import ROOT
from tests.serving import wait_until

PYTHON = Path("/usr/bin/python3")
BUILT_WITHIN_S = 500


def namespaces_work() -> bool:
    """A tmpfs of our own, users other than root, and a Python that everybody may run."""
    if os.geteuid() != 0 or not all(shutil.which(tool) for tool in ("unshare", "setpriv", "mount")):
        return False
    makes_environments = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))"
    tries = (
        [PYTHON, "-c", makes_environments],
        ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /srv && mount -o remount,ro,bind /"],
    )
    return PYTHON.exists() and all(
        subprocess.run(one, capture_output=True, check=False).returncode == 0 for one in tries
    )


needs_namespaces = pytest.mark.skipif(
    not namespaces_work(), reason="needs root, mount namespaces and Debian's python3 with python3-venv"
)


def steps(context: Path) -> list[str]:
    """The Dockerfile as lines of a shell. What another stage made lies in its place already."""
    lines: list[str] = []
    for number, stage in enumerate(kits.dockerfile()):
        lines += ["cd /", "rm -rf /srv/assistant"] if number else []
        for word, rest in stage:
            if word == "WORKDIR":
                lines.append(f"mkdir -p {rest} && cd {rest}")
            elif word in ("ARG", "ENV"):
                lines.append(f"export {rest}")
            elif word == "RUN":
                lines.append(rest)
            elif word == "COPY" and "--from" not in rest:
                *sources, target = rest.split()
                lines.append(f"cp -r {' '.join(f'{context}/{one}' for one in sources)} {target}")
    return lines


def script(context: Path) -> str:
    runs = dict(kits.dockerfile()[-1])
    user, group = runs["USER"].split(":")
    command = " ".join(json.loads(runs["CMD"]))
    as_nobody = (
        f"setpriv --reuid {user} --regid {group} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all"
    )
    refused = (
        "! touch /srv/assistant/app/new 2>/dev/null && ! touch /srv/new 2>/dev/null && ! touch /var/new 2>/dev/null"
    )
    return "\n".join(
        [
            "set -eu",
            "mount -t tmpfs -o size=1500m,mode=755 tmpfs /srv",
            *steps(context),
            "test ! -e /srv/assistant/tests",
            "mount -t tmpfs -o size=64m,mode=1777 tmpfs /tmp",
            "mount -o remount,ro /srv",
            "mount -o remount,ro,bind /",
            f"{as_nobody} sh -c '{refused} && test $(id -u) = {user}'",
            "echo image is made",
            f"{as_nobody} {kits.PROCFILE['release']}",
            f"exec {as_nobody} {command}",
        ]
    )


@needs_namespaces
@pytest.mark.slow
def test_the_dockerfiles_steps_make_what_serves_read_only_as_nobody(tmp_path: Path, free_port: int) -> None:
    ours = {
        name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "http", "SSL_", "HOME"))
    }
    environment = {
        "PATH": "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin",
        "DATABASE_URL": "sqlite:////tmp/app.db",
        **ours,
        **SECRETS,
    }
    file, log = tmp_path / "steps", tmp_path / "log"
    # The host's own PORT wins over the image's.
    file.write_text(script(ROOT).replace(f"PORT={kits.image_environment()['PORT']}", f"PORT={free_port}"))
    with log.open("wb") as output:
        container = subprocess.Popen(
            ["unshare", "--mount", "sh", file], env=environment, stdout=output, stderr=output, start_new_session=True
        )

    def ready() -> bool:
        assert container.poll() is None, log.read_text()
        return answers(f"http://127.0.0.1:{free_port}/readyz")

    try:
        wait_until(lambda: "image is made" in log.read_text() or ready(), BUILT_WITHIN_S, "the image is made")
        wait_until(ready, what="it serves")
        health = json.loads(dict(kits.dockerfile()[-1])["HEALTHCHECK"].partition(" CMD ")[2])
        asked = [sys.executable, *health[1:]]
        assert subprocess.run(asked, env={"PORT": str(free_port)}, timeout=20, check=False).returncode == 0
        container.send_signal(signal.SIGTERM)
        assert container.wait(60) == 0, log.read_text()
        assert subprocess.run(
            asked, env={"PORT": str(free_port)}, capture_output=True, timeout=20, check=False
        ).returncode
    finally:
        if container.poll() is None:
            os.killpg(container.pid, signal.SIGKILL)
            container.wait()
