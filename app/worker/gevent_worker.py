"""gunicorn's gevent worker, which tells the app of every connection as it opens (app/worker/connections.py)."""

from __future__ import annotations

from typing import Any

from gunicorn.workers.ggevent import GeventWorker


class WatchedWorker(GeventWorker):
    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        with self.wsgi.extensions["assistant"].connections.opened(client):
            super().handle(listener, client, addr)
