"""The proxies of the kits, really started: their files are read, and a call's socket outlives silence (O3)."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import websocket
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask, request
from flask_sock import Sock
from simple_websocket import Server
from websocket import WebSocketConnectionClosedException, create_connection
from werkzeug.serving import make_server

from app.public_url import MEDIA_PATH
from bench.cluster.balancer import configuration
from media.twilio.socket import SocketClosed, decline_compression, server_options, twilio_socket
from sandbox.twilio.scenario import load_scenario
from sandbox.twilio.scenario_runner import ScenarioRunner
from sandbox.twilio.stage import AUTH_TOKEN, PUBLIC_BASE, stage
from services.sockets.keepalive import Limits
from tests.deploy import kits
from tests.places import SCENARIOS
from tests.serving import wait_until

PING = 9
SILENCE_S = 2  # of the shortened time-outs
IDLE_S = 3 * SILENCE_S


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is not here")


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate and its key, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "phone.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (directory / "cert.pem").write_bytes(made)
    (directory / "key.pem").write_bytes(secret)
    (directory / "both.pem").write_bytes(made + secret)
    return directory / "cert.pem", directory / "key.pem"


def nginx_file(directory: Path, site: str) -> Path:
    """nginx' own file around `site`, with everything it writes in `directory`."""
    writes = "".join(
        f"{kind}_temp_path {directory}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = directory / "nginx.conf"
    file.write_text(
        f"daemon off; pid {directory}/pid; error_log stderr; worker_processes 1;"
        f"events {{}} http {{ access_log off; {writes}\n{site}\n}}"
    )
    return file


def nginx_site(listen: int, upstream: int) -> str:
    """The kit's file without TLS, at ports of this machine, its time-outs shortened."""
    site = kits.NGINX.read_text().replace("127.0.0.1:5000", f"127.0.0.1:{upstream}")
    site = re.sub(r"server \{\s+listen 80;.*?\n\}\n", "", site, flags=re.DOTALL)
    site = re.sub(r"^\s+ssl_.*$", "", site, flags=re.MULTILINE)
    site = site.replace("listen 443 ssl", f"listen 127.0.0.1:{listen}")
    assert site.count("_timeout 90s") == 2
    return site.replace("_timeout 90s", f"_timeout {SILENCE_S}s")


def haproxy_file(directory: Path, listen: int, upstream: int) -> Path:
    text = configuration({"h1": f"127.0.0.1:{upstream}"}, [f"127.0.0.1:{listen}"])
    assert "timeout tunnel 90s" in text
    file = directory / "haproxy.cfg"
    file.write_text(text.replace("timeout tunnel 90s", f"timeout tunnel {SILENCE_S}s"))
    return file


@needs("nginx")
def test_nginx_reads_its_file(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    site = kits.NGINX.read_text()
    site = re.sub(r"ssl_certificate \S+;", f"ssl_certificate {cert};", site)
    site = re.sub(r"ssl_certificate_key \S+;", f"ssl_certificate_key {key};", site)
    done = subprocess.run(
        ["nginx", "-t", "-p", tmp_path, "-c", nginx_file(tmp_path, site)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


@needs("haproxy")
def test_haproxy_reads_its_file_which_is_the_one_that_the_cluster_tries(tmp_path: Path) -> None:
    certificate(tmp_path)
    text = kits.HAPROXY.read_text()
    tried = configuration({"h1": "10.0.0.1:5000", "h2": "10.0.0.2:5000"}, [":443 ssl crt /etc/haproxy/certs/"])
    assert text.partition("\n")[2] == tried
    file = tmp_path / "haproxy.cfg"
    file.write_text(text.replace("/etc/haproxy/certs/", str(tmp_path / "both.pem")))
    done = subprocess.run(["haproxy", "-c", "-f", file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


@needs("caddy")
def test_caddy_reads_its_file(tmp_path: Path) -> None:
    """What only newer ones than Debian's know is left out for those."""
    version = subprocess.run(["caddy", "version"], capture_output=True, text=True, timeout=60, check=True).stdout
    text = kits.CADDY.read_text()
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < (2, 7):
        text = re.sub(r"\n\s+stream_close_delay .*", "", text)
    file = tmp_path / "Caddyfile"
    file.write_text(text)
    done = subprocess.run(
        ["caddy", "adapt", "--validate", "--adapter", "caddyfile", "--config", file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr


def seconds(text: str, setting: str) -> list[int]:
    return [int(found) for found in re.findall(rf"\b{setting} (\d+)s", text)]


def test_every_proxy_waits_for_more_than_four_keep_alives() -> None:
    every_s = Limits().ping_every_s
    media = kits.NGINX.read_text().partition("location /ws/")[2].partition("}")[0]
    waits = [
        *seconds(media, "proxy_read_timeout"),
        *seconds(media, "proxy_send_timeout"),
        *seconds(kits.HAPROXY.read_text(), "timeout tunnel"),
    ]
    assert len(waits) == 3
    assert all(each > 4 * every_s for each in waits)
    assert MEDIA_PATH.startswith("/ws/")


@contextmanager
def our_end_of_a_socket(ping_every_s: float) -> Iterator[int]:
    """The product's own socket, which sends back what it hears; its port."""
    app = Flask(__name__)
    app.config["SOCK_SERVER_OPTIONS"] = server_options(buffered=True)
    app.before_request(lambda: decline_compression(request.environ))

    @Sock(app).route(MEDIA_PATH)
    def media(server: Server) -> None:
        limits = Limits(ping_every_s=ping_every_s, idle_s=60)
        with twilio_socket(server, buffered=True, limits=limits) as socket:
            try:
                while True:
                    heard = socket.receive()
                    socket.send(heard if isinstance(heard, bytes) else str(heard).encode())
            except SocketClosed:
                pass

    @app.get("/readyz")
    def ready() -> str:
        return "ready"

    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


@contextmanager
def proxy(kind: str, directory: Path, listen: int, upstream: int) -> Iterator[None]:
    command = (
        ["nginx", "-p", directory, "-c", nginx_file(directory, nginx_site(listen, upstream))]
        if kind == "nginx"
        else ["haproxy", "-db", "-f", haproxy_file(directory, listen, upstream)]
    )
    log = directory / "log"
    with log.open("wb") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        wait_until(lambda: started.poll() is not None or speaks(listen), what="the proxy serves")
        assert started.poll() is None, log.read_text()
        yield
    finally:
        started.terminate()
        started.wait(30)


def call(port: int) -> websocket.WebSocket:
    return create_connection(f"ws://127.0.0.1:{port}{MEDIA_PATH}", timeout=IDLE_S * 10)


def speaks(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [pytest.param("nginx", marks=needs("nginx")), pytest.param("haproxy", marks=needs("haproxy"))]
)
def test_a_silent_call_behind_a_proxy_lives_by_its_keep_alives(kind: str, tmp_path: Path, free_port: int) -> None:
    with our_end_of_a_socket(ping_every_s=SILENCE_S / 4) as port, proxy(kind, tmp_path, free_port, port):
        caller = call(free_port)
        until_s = time.monotonic() + IDLE_S
        pings = 0
        while time.monotonic() < until_s:  # nobody says a word; the pongs are the library's
            opcode, _ = caller.recv_data(control_frame=True)
            assert opcode == PING
            pings += 1
        caller.send("still there")
        while (heard := caller.recv_data(control_frame=True))[0] == PING:
            pass
        assert heard[1] == b"still there"
        assert pings >= IDLE_S / SILENCE_S
        caller.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", [pytest.param("nginx", marks=needs("nginx")), pytest.param("haproxy", marks=needs("haproxy"))]
)
def test_without_keep_alives_the_same_proxy_cuts_it(kind: str, tmp_path: Path, free_port: int) -> None:
    with our_end_of_a_socket(ping_every_s=1000) as port, proxy(kind, tmp_path, free_port, port):
        caller = call(free_port)
        with pytest.raises(WebSocketConnectionClosedException):
            caller.recv()


@pytest.mark.slow
@needs("nginx")
def test_a_whole_call_is_carried_through_nginx(tmp_path: Path, free_port: int) -> None:
    """Webhooks and the media socket, by the kit's file; two seconds without a frame would end it."""
    scenario = load_scenario(SCENARIOS / "booking_by_voice_and_keypad.toml")
    with stage(tmp_path / "stage") as running:
        upstream = int(running.webhook_base.rpartition(":")[2])
        with proxy("nginx", tmp_path, free_port, upstream):
            base = f"http://127.0.0.1:{free_port}"
            runner = ScenarioRunner(
                running.world(), base, public_base=PUBLIC_BASE, auth_token=AUTH_TOKEN, watch=running.watch
            )
            (report,) = asyncio.run(runner.run_all([scenario]))
    assert report.passed, report.text()
