"""HTTP as attackers speak it: requests that are not finished, not well-formed, or too many."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable

ANSWER_WITHIN_S = 30.0
REOPEN_S = 2.0  # a connection that was ended is opened again after so long
_STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3})")

Found = Counter[str]
MakeRequest = Callable[[int], bytes]


async def hold(port: int, said: list[bytes], stop: asyncio.Event, drip: bytes = b"") -> Found:
    """One connection for each of `said`, opened again and again: it says that, then nothing more but a byte of `drip`
    each second. What each came to: a status, "ended", "refused", or "open" when it was still there at the end."""
    found: Found = Counter()

    async def one(head: bytes) -> None:
        while not stop.is_set():
            found[await _held(port, head, stop, drip)] += 1
            await _rest(stop, REOPEN_S)

    await asyncio.gather(*(one(head) for head in said))
    return found


async def _held(port: int, head: bytes, stop: asyncio.Event, drip: bytes) -> str:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return "refused"
    try:
        writer.write(head)
        answer = asyncio.ensure_future(reader.read(4096))
        while not stop.is_set():
            done, _ = await asyncio.wait([answer], timeout=1.0)
            if done:
                return _status(answer.result())
            if drip:
                writer.write(drip)
        answer.cancel()
        return "open"
    except OSError:
        return "ended"
    finally:
        writer.close()


async def ask(port: int, at_once: int, make: MakeRequest, stop: asyncio.Event, pause_s: float = 0.0) -> Found:
    """Requests one after another from so many askers; `make` gets a number that grows. Statuses, as `hold` has them."""
    found: Found = Counter()
    number = 0

    async def one() -> None:
        nonlocal number
        while not stop.is_set():
            number += 1
            status, _ = await fetch(port, make(number))
            found[status] += 1
            await _rest(stop, pause_s)

    await asyncio.gather(*(one() for _ in range(at_once)))
    return found


async def fetch(port: int, request: bytes) -> tuple[str, bytes]:
    """One request on a connection of its own: its status and the whole answer."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(request)
                answer = await reader.read()
            finally:
                writer.close()
    except TimeoutError:
        return "no answer", b""
    except OSError:
        return "ended", b""
    return _status(answer), answer


def form(path: str, body: bytes, headers: str = "") -> bytes:
    """A POST whose body is all there."""
    return head(path, f"Content-Length: {len(body)}\r\n{headers}") + body


def head(path: str, headers: str = "") -> bytes:
    """Of a POST of a form, with the blank line at its end."""
    lines = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}"
    return f"{lines}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode()


def get(path: str, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n".encode()


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    if seconds and not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), seconds)
        except TimeoutError:
            pass


def _status(answer: bytes) -> str:
    found = _STATUS.match(answer)
    return found[1].decode() if found else "ended"
