"""gunicorn: gevent workers, each carrying many calls; a SIGTERM that lets them finish (SPEC W10).

`gunicorn -c gunicorn.conf.py wsgi:app`. Plain threads work too, without patching:
`gunicorn -c gunicorn.conf.py -k gthread --threads 100 "app.factory:application()"`.
"""

import gc
import sys
import tempfile
from functools import partial
from typing import Any

from gunicorn.glogging import Logger

from app.drain import answers_at, begin_at_sigterm
from app.master_log import MasterFormatter
from app.settings import SettingsError, load_settings

try:
    settings = load_settings()
except SettingsError as error:
    sys.exit(f"Refusing to start: {error}")

bind = f"0.0.0.0:{settings.port}"
worker_class = "gevent"
workers = settings.web_concurrency
# Websockets and webhooks share this number, and a full worker answers nothing, not even health: leave room.
worker_connections = settings.max_calls_per_worker * 2 + 200
# Heroku kills 30 s after SIGTERM; live calls are handed over well before.
graceful_timeout = 25
timeout = 60
keepalive = 5
# A worker is never recycled under a live call.
max_requests = 0
accesslog = None
errorlog = "-"
loglevel = settings.log_level.lower()
control_socket_disable = True


class MasterLogger(Logger):
    """gunicorn's own lines, in the form of ours."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(MasterFormatter(settings.log_format))


logger_class = MasterLogger

multiprocess_dir = tempfile.mkdtemp(prefix="assistant-metrics-") if workers > 1 else None
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={multiprocess_dir}"] if multiprocess_dir else []


def post_worker_init(worker: Any) -> None:
    """After the app is loaded and gunicorn's own handlers are in place: put ours in front of SIGTERM's."""
    # What was loaded stays for good: without this a full collection walks half a million objects, and every call of
    # the worker is silent for 100 ms meanwhile.
    gc.collect()
    gc.freeze()
    # Again: the interpreter puts the next full collection off until a quarter as many objects are new as the last one
    # walked. That was half a million: the remains of ended calls would wait for more than a hundred thousand others.
    gc.collect()
    drain = worker.wsgi.extensions["assistant"].drain
    urls = [f"http://127.0.0.1:{one.getsockname()[1]}/readyz" for one in worker.sockets]
    if settings.public_base_url:
        urls.append(f"{settings.public_base_url}/readyz")
    drain.hand_on_when(partial(answers_at, urls))
    begin_at_sigterm(drain)


def worker_exit(_server: Any, worker: Any) -> None:
    """The last thing a worker does: write what webhooks left behind."""
    if app := getattr(worker, "wsgi", None):
        app.extensions["assistant"].background.stop(timeout_s=5.0)


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that is gone no longer counts in the gauges."""
    if multiprocess_dir:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid, path=multiprocess_dir)


def on_exit(_server: Any) -> None:
    if multiprocess_dir:
        import shutil

        shutil.rmtree(multiprocess_dir, ignore_errors=True)
