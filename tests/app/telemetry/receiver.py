"""Who is told: an OTLP collector and a server of the Sentry protocol, both over HTTP as they are."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PROJECT = "7"
PUBLIC_KEY = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class Got:
    """One span, with its ids in hexadecimal, or the whole of one report."""

    name: str
    trace: str
    span: str
    parent: str
    attributes: dict[str, Any]
    begins_ns: int
    ends_ns: int
    failed: bool


@dataclass(slots=True)
class Receiver:
    url: str
    spans: list[Got] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)  # of spans and reports, as they were sent, unpacked
    release: threading.Event = field(default_factory=threading.Event)  # of one that hangs
    asked: int = 0

    @property
    def dsn(self) -> str:
        return f"{self.url.replace('://', f'://{PUBLIC_KEY}@')}/{PROJECT}"

    @property
    def text(self) -> str:
        """All that arrived, to be searched."""
        return "\n".join(body.decode("utf-8", errors="replace") for body in self.bodies)


def value_of(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return kind and getattr(value, kind)


def attributes_of(pairs: Any) -> dict[str, Any]:
    return {pair.key: value_of(pair.value) for pair in pairs}


@contextmanager
def receiver(*, hangs: bool = False) -> Iterator[Receiver]:
    """Started on a free port; refuses what is neither. hangs: takes requests and answers none before `release`."""

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            take = {"/v1/traces": self._traces, f"/api/{PROJECT}/envelope/": self._envelope}.get(self.path)
            if take is not None:
                got.asked += 1
                if hangs:
                    got.release.wait()
                body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                got.bodies.append(body)
                got.headers.append({name.lower(): value for name, value in self.headers.items()})
                take(body)
            self.send_response(200 if take is not None else 410)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _traces(self, body: bytes) -> None:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                got.resources.append(attributes_of(resource.resource.attributes))
                got.spans += [
                    Got(
                        span.name,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        attributes_of(span.attributes),
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                        span.status.code == 2,
                    )
                    for scope in resource.scope_spans
                    for span in scope.spans
                ]

        def _envelope(self, body: bytes) -> None:
            """A header line, then of each item a header line and its payload."""
            _, *lines = body.split(b"\n")
            for head, payload in zip(lines[::2], lines[1::2], strict=False):
                if head and json.loads(head)["type"] == "event":
                    got.reports.append(json.loads(payload))

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Takes) as server:
        server.daemon_threads = True
        got = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield got
        finally:
            got.release.set()
            server.shutdown()
