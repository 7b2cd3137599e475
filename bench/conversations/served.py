"""What gunicorn serves for this bench: the app at ten o'clock on the day of the dialogues, and the clock goes on.

Only the time of day is moved (time.time, datetime.now); time.monotonic and with it every deadline stays real.
"""

from gevent import monkey

monkey.patch_all()

import time_machine  # noqa: E402  (patching comes first)

from bench.conversations.businesses import BEGINS  # noqa: E402

time_machine.travel(BEGINS, tick=True).start()

from wsgi import app  # noqa: E402  (the app must never see another day)

__all__ = ["app"]
