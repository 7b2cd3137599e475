"""HAProxy as it comes, before the hosts: what it must know of calls stands in its configuration and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

# docs/operations.md explains the lines that matter.
CONFIGURATION = """\
global
    maxconn 8000
    log stderr format raw local0 warning

defaults
    mode http
    log global
    # Twilio's webhooks and sockets find a host that is gone within a second, and another at once.
    timeout connect 1s
    timeout check 1s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 5s
    timeout tunnel 90s
    retries 3
    option redispatch 1
    # Alive is not ready: draining and without a database /readyz says 503. When nobody is ready, anybody answers.
    option httpchk GET /readyz
    http-check expect status 200
    # A host that vanished acknowledges nothing: its sockets are dropped after tcp-ut, and Twilio asks what comes next.
    # A host that only drains keeps them until it has handed its calls on: no on-marked-down shutdown-sessions here.
    default-server inter 1s fall 2 rise 1 tcp-ut 1500ms

frontend calls
    {binds}
    use_backend media if {{ path_beg /ws/ }}
    default_backend web

backend media
    balance leastconn
    {checked}
    option allbackups
    {anybody}

backend web
    balance roundrobin
    # Webhooks may be asked again of another host: their answers are the same. Pages that change something may not.
    retry-on conn-failure empty-response response-timeout
    http-request disable-l7-retry unless {{ path_beg /webhook/ }} || METH_GET
    timeout server {answer_within_s}s
    {tracked}
    option allbackups
    {anybody}
"""
ANSWER_WITHIN_S = 10  # of a webhook; the database's deadline is 5 s, Twilio's 15 s


def configuration(hosts: Mapping[str, str], listen: Sequence[str], answer_within_s: int = ANSWER_WITHIN_S) -> str:
    """hosts: address and port by name; listen: addresses and ports."""

    def servers(line: str) -> str:
        return "\n    ".join(line.format(name=name, address=address) for name, address in hosts.items())

    return CONFIGURATION.format(
        binds="\n    ".join(f"bind {each}" for each in listen),
        checked=servers("server {name} {address} check"),
        tracked=servers("server {name} {address} track media/{name}"),
        anybody=servers("server {name}-anyway {address} backup"),
        answer_within_s=answer_within_s,
    )


def write_configuration(path: Path, hosts: Mapping[str, str], listen: Sequence[str]) -> None:
    path.write_text(configuration(hosts, listen))
