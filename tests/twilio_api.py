"""Twilio's REST API for tests, in a loop and thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.twilio.rest import FakeTwilioRest
from tests.patience import PATIENCE_S

ACCOUNT, TOKEN = "AC" + "1" * 32, "secret"


@contextmanager
def fake_twilio(account: str = ACCOUNT, token: str = TOKEN) -> Iterator[FakeTwilioRest]:
    rest = FakeTwilioRest(account, token)
    up, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with rest.serving():
            up.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert up.wait(PATIENCE_S)
    try:
        yield rest
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
        loop.close()
