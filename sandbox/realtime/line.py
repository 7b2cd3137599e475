"""The connection as a session sees it: it sends without waiting; a task of its own writes in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from aiohttp import ClientConnectionError, WSMsgType, web

from services.sockets.frames import CLOSE_ABNORMAL

_CLOSE_TIMEOUT_S = 2.0


class Line:
    """Queues frames for one websocket. `mute` swallows everything from then on; `drop` breaks the connection."""

    def __init__(self, socket: web.WebSocketResponse, abort: Callable[[], None]) -> None:
        self._socket = socket
        self._abort = abort
        self._queue: deque[tuple[bytes, WSMsgType] | tuple[int, str]] = deque()
        self._filled = asyncio.Event()
        self._is_over = False
        self._is_mute = False
        self.close_code: int | None = None

    def send(self, data: bytes, kind: WSMsgType = WSMsgType.TEXT) -> None:
        """Queue one message."""
        if not (self._is_over or self._is_mute):
            self._queue.append((data, kind))
            self._filled.set()

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued was sent."""
        if not self._is_over:
            self._is_over = True
            self.close_code = code
            self._queue.append((code, reason))
            self._filled.set()

    def drop(self) -> None:
        """Break the connection at once: no close frame, what is queued is lost."""
        self._is_over = True
        self.close_code = CLOSE_ABNORMAL
        self._queue.clear()
        self._abort()

    def mute(self) -> None:
        """Send nothing any more and keep the connection open."""
        self._is_mute = True

    async def pump(self) -> None:
        """Write what is queued until the connection ends."""
        while True:
            while self._queue:
                first = self._queue.popleft()
                try:
                    if isinstance(first[0], bytes):
                        await self._socket.send_frame(first[0], first[1])
                    else:
                        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                            await self._socket.close(code=first[0], message=str(first[1]).encode())
                        return
                except (ClientConnectionError, ConnectionError, TimeoutError):
                    return
            self._filled.clear()
            await self._filled.wait()
