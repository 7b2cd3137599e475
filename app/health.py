"""Is it there, is it ready, which build is it, how is it doing."""

from __future__ import annotations

from flask import Blueprint, Response, abort, jsonify
from flask.typing import ResponseReturnValue

from app.context import worker
from app.operators import may_look_inside
from app.telemetry import prometheus

health = Blueprint("health", __name__)


@health.get("/")
def root() -> ResponseReturnValue:
    """A fast 200 for platforms that probe the front door."""
    return Response("AI Call Assistant\n", mimetype="text/plain")


@health.get("/version")
def version() -> ResponseReturnValue:
    build = worker().build
    return jsonify(
        version=build.version,
        commit=build.commit,
        started_at=build.started_at,
        status="draining" if worker().drain.begun else "ok",
    )


@health.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Liveness: the worker answers. Says nothing about what it depends on."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Readiness: 503 while draining, or when the database cannot be reached or has no schema for this code."""
    if worker().drain.begun:
        return jsonify(status="draining"), 503
    if complaint := worker().readiness.complaint():
        return jsonify(status=complaint), 503
    return jsonify(status="ready")


@health.get("/metrics")
def metrics() -> ResponseReturnValue:
    """The numbers of all workers; in production for whoever may look inside."""
    if not may_look_inside():
        abort(404)
    body = prometheus.render(worker().settings.prometheus_multiproc_dir)
    return Response(body, content_type=prometheus.CONTENT_TYPE)
