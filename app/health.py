"""Is it there, is it ready, which build is it, how is it doing."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app import prometheus
from app.context import worker
from services.database import DatabaseUnavailable

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
    """Readiness: 503 while draining or when the database cannot be reached."""
    if worker().drain.begun:
        return jsonify(status="draining"), 503
    try:
        worker().database.ping()
    except DatabaseUnavailable:
        return jsonify(status="database unavailable"), 503
    return jsonify(status="ready")


@health.get("/metrics")
def metrics() -> ResponseReturnValue:
    body = prometheus.render(worker().settings.prometheus_multiproc_dir)
    return Response(body, content_type=prometheus.CONTENT_TYPE)
