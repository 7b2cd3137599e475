# docker build -t ai-call-assistant .
# Nothing of it is written to while it runs: read-only with a tmpfs at /tmp, as nobody in particular (compose.yaml).
# --build-arg LOCK=requirements-google.lock for ENGINE=google, requirements-telemetry.lock for traces and reports of errors.
FROM python:3.13-slim AS packages
ARG LOCK=requirements.lock
WORKDIR /srv/assistant
COPY requirements*.lock ./
RUN python3 -m venv /srv/venv
RUN /srv/venv/bin/pip install --disable-pip-version-check --no-cache-dir --require-hashes --only-binary :all: -r "$LOCK"

FROM python:3.13-slim
WORKDIR /srv/assistant
COPY --from=packages /srv/venv /srv/venv
COPY app app
COPY media media
COPY migrations migrations
COPY services services
COPY static static
COPY templates templates
COPY gunicorn.conf.py pyproject.toml wsgi.py ./
RUN /srv/venv/bin/python -m compileall -q app media migrations services wsgi.py
ENV PATH=/srv/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp APP_ENV=production PORT=5000
USER 10001:10001
EXPOSE 5000
STOPSIGNAL SIGTERM
# Alive, not ready: a worker that drains says 503 at /readyz and still has its calls.
HEALTHCHECK --interval=10s --timeout=3s --start-period=40s --retries=3 CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
