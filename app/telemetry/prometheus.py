"""What /metrics shows. Definitions only; the numbers are put in where things happen.

With several workers each process keeps its numbers in files under PROMETHEUS_MULTIPROC_DIR (gunicorn.conf.py sets it)
and any worker answers for all of them.
"""

from __future__ import annotations

from dataclasses import fields

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from media.metrics import CallMetrics
from services.calls.pricing import Cost

disable_created_metrics()
CONTENT_TYPE = CONTENT_TYPE_LATEST

WEBHOOKS = Counter("assistant_webhooks_total", "Webhook requests answered", ["endpoint", "status"])
WEBHOOK_SECONDS = Histogram(
    "assistant_webhook_seconds",
    "Time to answer a webhook",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
REFUSED = Counter("assistant_refused_total", "Requests and streams refused", ["reason"])
CONNECTIONS_CUT = Counter("assistant_connections_cut_total", "Connections that we ended, by why", ["reason"])
CALLS = Counter("assistant_calls_total", "Calls answered with a stream, by how they came in", ["kind"])
FALLBACKS = Counter("assistant_fallbacks_total", "Calls given to the business's fallback", ["reason"])
LIVE_CALLS = Gauge("assistant_live_calls", "Open media sockets", multiprocess_mode="livesum")
LOOP_LAG = Histogram(
    "assistant_loop_lag_seconds",
    "How late the worker's loop wakes, measured every 50 ms",
    buckets=(0.001, 0.005, 0.01, 0.02, 0.04, 0.1, 0.2, 0.5, 1, 5),
)
THREADS = Gauge("assistant_threads", "Threads (greenlets under gevent)", multiprocess_mode="liveall")
JOURNAL_RECORDS = Gauge(
    "assistant_journal_records", "Records of calls that wait for the database", multiprocess_mode="livesum"
)
BOOKING_JOBS = Gauge(
    "assistant_booking_jobs",
    "Turns and keys of calls that wait to be read",
    multiprocess_mode="livesum",
)
SOUND_QUEUED = Gauge("assistant_sound_queued_ms", "Sound waiting to be sent to callers", multiprocess_mode="livesum")
JOBS_PENDING = Gauge("assistant_background_jobs", "Database jobs waiting", multiprocess_mode="livesum")
JOBS_FAILED = Counter("assistant_background_jobs_failed_total", "Database jobs given up or not taken")
LOG_LINES_DROPPED = Counter("assistant_log_lines_dropped_total", "Log lines not written")
SPANS_SENT = Counter("assistant_spans_sent_total", "Spans of traces that their collector took")
SPANS_LOST = Counter("assistant_spans_lost_total", "Spans of traces that nobody took, or that found no place in line")
REPORTS_LOST = Counter("assistant_error_reports_lost_total", "Errors told to nobody but the log: repeated, or too many")
PACING_LATE_MS = Histogram(
    "assistant_pacing_late_ms_max",
    "Worst lateness of an outbound frame, per call, in milliseconds",
    buckets=(1, 2, 5, 10, 20, 40, 80, 200, 1000),
)
TURN_SECONDS = Histogram(
    "assistant_turn_seconds",
    "From the caller's last sound to the first sound of the answer, by part",
    ["part"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.2, 1.5, 2, 3, 5),
)
CALLS_ENDED = Counter("assistant_calls_ended_total", "Media streams ended, by reason", ["reason"])
CALL_SECONDS = Counter("assistant_call_seconds_total", "Seconds of calls carried")
COST_USD = Counter("assistant_cost_usd_total", "What streams cost by the table of prices, in US dollars")
# Everything a call counts, by its own names (media/metrics.py).
_COUNTED = {
    field.name: Counter(f"assistant_{field.name.removesuffix('_total')}_total", f"Sum over calls of {field.name}")
    for field in fields(CallMetrics)
    if field.type in (int, "int")
}


def observe_call(metrics: CallMetrics, reason: str, cost: Cost | None) -> None:
    """Add a finished stream to the totals."""
    if cost is not None:
        COST_USD.inc(float(cost.usd))
    CALLS_ENDED.labels(reason).inc()
    CALL_SECONDS.inc(metrics.seconds)
    PACING_LATE_MS.observe(metrics.pacing_late_ms_max)
    for name, counter in _COUNTED.items():
        counter.inc(getattr(metrics, name))
    for latency in metrics.latencies:
        for part, milliseconds in latency.items():
            TURN_SECONDS.labels(part).observe(milliseconds / 1000)


def render(multiprocess_dir: str | None) -> bytes:
    """The text exposition of this worker, or of all of them."""
    if multiprocess_dir is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=multiprocess_dir)
    return generate_latest(registry)
