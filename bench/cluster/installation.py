"""The whole: three hosts behind a balancer, PostgreSQL with a standby, Redis, and the sandbox's model."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.cluster.balancer import write_configuration
from bench.cluster.hosts import Host, server_environment
from bench.cluster.network import Network, network
from bench.cluster.postgres import PostgresPair, postgres_pair
from bench.cluster.processes import PYTHON, Process
from sandbox.twilio.stage import AUTH_TOKEN, SECRET_KEY
from services.db.database import Database
from services.db.encryption import Keyring
from services.db.migration import migrate

HOSTS = ("h1", "h2", "h3")
DATABASES = ("db1", "db2")
REDIS_PORT = 6390


class Missing(Exception):
    """A program that is needed is not installed."""


@dataclass(slots=True)
class Cluster:
    """Everything runs. `base`: the balancer's address from here; `public`: as the hosts know it."""

    network: Network
    hosts: list[Host]
    postgres: PostgresPair
    database: Database
    base: str
    public: str
    model_base: str
    directory: Path
    redis: Process | None = field(default=None)
    balancer: Process | None = field(default=None)

    def lose_redis(self) -> None:
        if self.redis is not None:
            self.redis.kill()

    def start_redis(self) -> None:
        command = ["redis-server", "--port", str(REDIS_PORT), "--bind", self.network.here, "--save", ""]
        self.redis = Process("redis", [*command, "--protected-mode", "no"], self.directory)

    def wait_until_ready(self) -> None:
        for host in self.hosts:
            host.wait_until_ready()


@contextmanager
def cluster(
    directory: Path,
    *,
    port: int = 0,
    token: str = AUTH_TOKEN,
    brain: str = "scripted",
    hosts: int = len(HOSTS),
    places: int = 80,
) -> Iterator[Cluster]:
    """Start it, give it, end it. port: of the balancer, 0 for a free one. token: of Twilio, "" for unsigned requests.
    Raises Missing, NoPostgres, HostFailed, NotStarted."""
    for program in ("haproxy", "redis-server"):
        if shutil.which(program, path=_PATH) is None:
            raise Missing(f"{program} is not installed")
    with ExitStack() as stack:
        net = stack.enter_context(network([*HOSTS[:hosts], *DATABASES]))
        directory.chmod(0o755)
        pair = stack.enter_context(postgres_pair(directory, *(net.machines[name] for name in DATABASES)))
        database = Database(pair.url, keys=Keyring([SECRET_KEY.encode()]), pool_size=10, max_overflow=30)
        stack.callback(database.dispose)
        migrate(database)
        port = port or _free_port()
        public = f"http://{net.here}:{port}"
        model_base = _start_model(stack, net, directory, brain)
        variables = {
            "DATABASE_URL": pair.url,
            "REDIS_URL": f"redis://{net.here}:{REDIS_PORT}",
            "SECRET_KEY": SECRET_KEY,
            "PUBLIC_BASE_URL": public,
            "OPENAI_BASE_URL": f"{model_base}/v1",
            "ENGINE": "sandbox",
            "MAX_CALLS_PER_WORKER": str(places),
            **({"TWILIO_AUTH_TOKEN": token} if token else {}),
        }
        running = Cluster(net, [], pair, database, f"http://127.0.0.1:{port}", public, model_base, directory)
        running.start_redis()
        stack.callback(running.lose_redis)
        _start_hosts(stack, running, HOSTS[:hosts], variables)
        _start_balancer(stack, running, port)
        running.wait_until_ready()
        yield running


_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin"


def _start_hosts(stack: ExitStack, running: Cluster, names: tuple[str, ...], variables: Mapping[str, str]) -> None:
    for name in names:
        own = running.directory / name
        own.mkdir()
        host = Host(running.network.machines[name], own, server_environment(**variables))
        stack.callback(host.kill)
        host.start()
        running.hosts.append(host)


def _start_balancer(stack: ExitStack, running: Cluster, port: int) -> None:
    path = running.directory / "haproxy.cfg"
    listen = [f"127.0.0.1:{port}"]
    if running.network.here != "127.0.0.1":
        listen.append(f"{running.network.here}:{port}")
    write_configuration(path, {host.name: host.address for host in running.hosts}, listen)
    command = [shutil.which("haproxy", path=_PATH) or "haproxy", "-db", "-f", str(path)]
    running.balancer = Process("haproxy", command, running.directory)
    stack.callback(running.balancer.stop)


def _start_model(stack: ExitStack, net: Network, directory: Path, brain: str) -> str:
    command = [PYTHON, "-m", "sandbox.realtime", "--host", net.here, "--port", "0", "--brain", brain]
    model = Process("model", command, directory, server_environment())
    stack.callback(model.stop)
    found = model.wait_for(lambda text: re.search(r"ready: ws://[\d.]+:(\d+)", text))
    return f"http://{net.here}:{found.group(1)}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
