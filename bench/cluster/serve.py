"""`make cluster`: the cluster to look at and to pull apart by hand. Then `make call` in another terminal.

Lines that are typed while it runs, each with a host's name (h1, h2, h3) where one is meant:

    status          which host carries how many calls
    cut h2          its cable is pulled out: nothing comes or goes, and nobody is told
    mend h2         the cable is back
    deploy h2       it hands its calls on, ends and starts again
    redis           Redis is gone; once more: it is back
    restart         PostgreSQL restarts, away for 5 s
    failover        the primary's machine vanishes, its standby takes over
    quit            as Ctrl-C
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from app.settings import SettingsError
from bench.cluster.campaign import AWAY_S, PROMOTED_AFTER_S
from bench.cluster.hosts import Host, HostFailed
from bench.cluster.installation import Cluster, Missing, cluster
from bench.cluster.postgres import NoPostgres
from bench.cluster.processes import NotStarted, end_in_order
from bench.cluster.scrape import summed
from sandbox.launch import record_demo, require_free_port
from services.accounts.seed import DemoLogin, seed_demo

PORT, METRICS_PORT = 5000, 5001


def main() -> int:
    end_in_order()
    try:
        for port in (PORT, METRICS_PORT):
            require_free_port(port)
        with (
            tempfile.TemporaryDirectory(prefix="cluster-", ignore_cleanup_errors=True) as directory,
            cluster(Path(directory), port=PORT, token="", brain="conversation") as running,
            _metrics_of_all(running),
        ):
            logins = seed_demo(running.database)
            record_demo(running.database)
            print(_banner(running, logins), flush=True)
            _obey(running)
    except KeyboardInterrupt:
        return 0
    except (Missing, NoPostgres, NotStarted, HostFailed, SettingsError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _obey(running: Cluster) -> None:
    """Do what is typed, until "quit". Where nobody types it stands until it is told to end."""
    for line in sys.stdin:
        command, _, name = line.strip().partition(" ")
        if command == "quit":
            return
        deed = _deed(running, command, name.strip())
        if deed is None:
            print(__doc__, flush=True)
            continue
        try:
            deed()
        except subprocess.CalledProcessError as error:
            print(f"that went wrong: {error}", flush=True)
        print(_status(running), flush=True)
    threading.Event().wait()


def _deed(running: Cluster, command: str, name: str) -> Callable[[], object] | None:
    whole: dict[str, Callable[[], object]] = {
        "status": lambda: None,
        "redis": running.start_redis if running.redis is None or running.redis.ended else running.lose_redis,
        "restart": partial(running.postgres.restart, AWAY_S),
        "failover": partial(running.postgres.fail_over, PROMOTED_AFTER_S),
    }
    host = next((one for one in running.hosts if one.name == name), None)
    if host is None:
        return whole.get(command)
    of_a_host = {"cut": host.vanish, "mend": host.come_back, "deploy": host.deploy}
    return of_a_host.get(command)


def _status(running: Cluster) -> str:
    return "   ".join(_stands(host) for host in running.hosts)


def _stands(host: Host) -> str:
    if host.is_cut:
        return f"{host.name} cut off"
    return f"{host.name} {host.live_calls()} calls" if host.is_ready() else f"{host.name} not ready"


def _banner(running: Cluster, logins: list[DemoLogin]) -> str:
    url = running.base.replace("127.0.0.1", "localhost")
    lines = [
        "",
        f"  Three hosts behind HAProxy: {url}   (pages: {url}/admin/)",
        f"  /metrics of all hosts together: http://localhost:{METRICS_PORT}/metrics",
        f"  Hosts: {', '.join(f'{host.name} {host.address}' for host in running.hosts)}",
        f"  Logs: {running.directory}",
        "",
        f"  Place a call   DATABASE_URL='{running.postgres.url}' make call",
        *(f"  Login          {login.email} / {login.password}   ({login.what})" for login in logins),
        "  Pull it apart  status, cut h2, mend h2, deploy h2, redis, restart, failover, quit",
    ]
    if why := running.network.why_loopback:
        lines.append(f"  No cables here ({why}): what is cut is killed, what is mended starts again")
    return "\n".join([*lines, ""])


@contextmanager
def _metrics_of_all(running: Cluster) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = summed(host.metrics() for host in running.hosts).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not to the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", METRICS_PORT), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    sys.exit(main())
