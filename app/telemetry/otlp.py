"""Spans on their way to a collector: OTLP over HTTP. The only file that knows OpenTelemetry, whose packages are no part
of the product's own requirements; it is imported where a collector is set, in the worker, after forking."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from app.telemetry.traces import Span

REQUEST_S = 5.0  # with its repetitions
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Collector:
    """`send` is app.telemetry.traces.Send. resource: who we are, by OpenTelemetry's names."""

    def __init__(self, endpoint: str, headers: Mapping[str, str], resource: Mapping[str, str]) -> None:
        # It would tell of every request that failed, with a traceback; we tell once (traces.py).
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._resource = Resource(dict(resource))
        self._scope = InstrumentationScope("assistant", resource["service.version"])
        self._exporter = OTLPSpanExporter(
            endpoint=f"{endpoint}/v1/traces",
            headers=dict(headers),
            timeout=REQUEST_S,
            compression=Compression.Gzip,
        )

    def send(self, spans: Sequence[Span]) -> bool:
        return self._exporter.export([self._readable(span) for span in spans]) is SpanExportResult.SUCCESS

    def _readable(self, span: Span) -> ReadableSpan:
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace_id, span.span_id),
            parent=None if span.parent_id is None else _context(span.trace_id, span.parent_id),
            resource=self._resource,
            attributes=span.attributes,
            kind=SpanKind.SERVER if span.parent_id is None else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
            start_time=span.begins_ns,
            end_time=span.ends_ns,
            instrumentation_scope=self._scope,
        )


def _context(trace_id: bytes, span_id: bytes) -> SpanContext:
    return SpanContext(int.from_bytes(trace_id, "big"), int.from_bytes(span_id, "big"), False, _SAMPLED)
