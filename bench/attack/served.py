"""What gunicorn serves for the floods: the app of production, which may also post to receivers on this machine.

In production no webhook goes to an address inside (docs/security.md); here the hostile receivers are on this machine.
Nothing else differs.
"""

from gevent import monkey

monkey.patch_all()

from collections.abc import Callable  # noqa: E402  (patching comes first)
from datetime import datetime  # noqa: E402

import app.worker.outlets  # noqa: E402
from services.outbox.webhook import WebhookPost  # noqa: E402


class _PostHere(WebhookPost):
    def __init__(self, now: Callable[[], datetime], *, allow_private: bool) -> None:
        super().__init__(now, allow_private=True)


app.worker.outlets.WebhookPost = _PostHere  # type: ignore[misc,assignment]

from wsgi import app as application  # noqa: E402

__all__ = ["application"]
