"""gunicorn: gevent workers, each carrying many calls; a SIGTERM that lets them finish (SPEC W10).

`gunicorn -c gunicorn.conf.py wsgi:app`. Plain threads work too, without patching:
`gunicorn -c gunicorn.conf.py -k gthread --threads 100 "app.factory:application()"`.
"""

import errno
import gc
import sys
import tempfile
from functools import partial
from typing import Any

from gunicorn.glogging import Logger

from app.settings import SettingsError, load_settings
from app.telemetry.master_log import MasterFormatter
from app.worker.drain import JOBS_END_S, TELEMETRY_ENDS_S, WORKER_ENDS_S, answers_at, begin_at_sigterm
from app.worker.schema_check import complaint_at_start

try:
    settings = load_settings()
except SettingsError as error:
    sys.exit(f"Refusing to start: {error}")

host = f"[{settings.bind_host}]" if ":" in settings.bind_host else settings.bind_host
bind = f"{host}:{settings.port}"
worker_class = "app.worker.gevent_worker.WatchedWorker"
workers = settings.web_concurrency
# A full worker answers nothing, not even health. Strangers have 120 of these at most (app/worker/connections.py).
worker_connections = settings.max_calls_per_worker * 2 + 200
# Heroku kills 30 s after SIGTERM; live calls are handed over well before.
graceful_timeout = int(WORKER_ENDS_S)
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

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """A connection that we cut ourselves (app/worker/connections.py) is nobody's error: whoever opens hundreds of
        them neither fills the log nor costs a call the time that writing it takes. gevent ends its wait with EBADF."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError) and error.errno == errno.EBADF:
            self.debug(msg, *args, **kwargs)
        else:
            super().exception(msg, *args, **kwargs)

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(MasterFormatter(settings.log_format))


logger_class = MasterLogger

multiprocess_dir = tempfile.mkdtemp(prefix="assistant-metrics-") if workers > 1 else None
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={multiprocess_dir}"] if multiprocess_dir else []


def on_starting(_server: Any) -> None:
    """Before there is a listener: a database that this code cannot work with."""
    if complaint := complaint_at_start(settings):
        sys.exit(f"Refusing to start: {complaint}")


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
    drain.calls_leave_when(partial(answers_at, urls))
    begin_at_sigterm(drain)


def worker_exit(_server: Any, worker: Any) -> None:
    """The last thing a worker does: write what webhooks left behind, then tell others what is left to tell."""
    if app := getattr(worker, "wsgi", None):
        app.extensions["assistant"].background.stop(timeout_s=JOBS_END_S)
        for told in (app.extensions["assistant"].traces, app.extensions["error_reports"]):
            if told is not None:
                told.stop(TELEMETRY_ENDS_S)


def child_exit(_server: Any, worker: Any) -> None:
    """A worker that is gone no longer counts in the gauges."""
    if multiprocess_dir:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid, path=multiprocess_dir)


def on_exit(_server: Any) -> None:
    if multiprocess_dir:
        import shutil

        shutil.rmtree(multiprocess_dir, ignore_errors=True)
