"""What gunicorn serves under its gevent worker: patching first, then the app."""

from gevent import monkey

monkey.patch_all()

from app.factory import application  # noqa: E402  (the app must see patched sockets and threads)

app = application()
