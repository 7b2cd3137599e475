"""One HTTP request to a server that may be slow, endless or hostile: the whole of it has a deadline, and what is read
of the answer has a limit.

A socket's own time-out counts from one byte to the next, so that a byte every second goes on for ever. Here the
connection is shut down from outside when its time is up, whatever it is doing: connecting, TLS, sending, reading.
"""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, cast

from services.outbox.open_internet import BadAddress, Target, is_open, read_target

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Of the addresses of a name; more would only make an attacker's list of dead ones longer.
_ADDRESSES_TRIED = 3
_HEAD_BYTES = 16 * 1024
_TOO_LONG = "the answer is too long"


class RequestFailed(Exception):
    """No answer that can be used. The message is short and names no content."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`body` is empty unless it was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class BoundedHttp:
    """deadline_s: for one whole request, the lookup of its name excepted, which the system's resolver bounds.

    allow_private: also plain http and addresses that are not on the open internet, for development.
    """

    def __init__(self, *, deadline_s: float, allow_private: bool = False) -> None:
        self._deadline_s = deadline_s
        self._allow_private = allow_private
        # Made once: reading the certificate authorities takes tens of milliseconds.
        self._tls = ssl.create_default_context()

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", keep_bytes: int = 0
    ) -> HttpAnswer:
        """The answer to one request on a connection of its own; of its body what was asked for, never more.

        Raises RequestFailed (also when a body is longer than `keep_bytes`, if that is not 0) and BadAddress.
        """
        target = read_target(url, allow_private=self._allow_private)
        addresses = self._resolve(target)
        connection = _Connection(target, addresses, self._tls, self._deadline_s, _HEAD_BYTES + keep_bytes)
        with connection.bounded():
            connection.request(method, target.path, body=body or None, headers=dict(headers))
            answer = connection.getresponse()
            with answer:
                kept = answer.read(keep_bytes + 1) if keep_bytes else b""
        if len(kept) > keep_bytes:
            raise RequestFailed(_TOO_LONG)
        return HttpAnswer(answer.status, dict(answer.getheaders()), kept)

    def _resolve(self, target: Target) -> list[str]:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise RequestFailed("the name is not known") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        open_ones = [each for each in addresses if self._allow_private or is_open(each)]
        if not open_ones:
            raise BadAddress("private_address")
        return open_ones[:_ADDRESSES_TRIED]


class _Connection(HTTPConnection):
    """To the addresses that were looked at, and no others: a name that resolves differently twice gains nothing."""

    def __init__(
        self, target: Target, addresses: list[str], tls: ssl.SSLContext, deadline_s: float, limit_bytes: int
    ) -> None:
        super().__init__(target.host, target.port)
        self.default_port = 443 if target.secure else 80
        self.response_class = cast(Any, self._limited_answer)
        self._limit_bytes = limit_bytes
        self._addresses = addresses
        self._tls = tls if target.secure else None
        self._deadline_s = deadline_s
        self._until = 0.0
        # A second handle of the same socket: shutting it down ends the first, closing the first leaves it valid.
        self._handle: socket.socket | None = None
        self._time_is_up = False

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Everything in here ends by the deadline. Raises RequestFailed for whatever goes wrong on the line."""
        self._until = time.monotonic() + self._deadline_s
        timer = threading.Timer(self._deadline_s, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
            if self._time_is_up:  # what was cut off may look like an end
                raise TimeoutError
        except (OSError, HTTPException, ValueError) as error:
            reason = "it took too long" if self._time_is_up else _reason(error)
            raise RequestFailed(reason) from error
        finally:
            timer.cancel()
            self.close()
            if self._handle is not None:
                self._handle.close()

    def _limited_answer(self, sock: socket.socket, *given: Any, **named: Any) -> HTTPResponse:
        return HTTPResponse(cast(Any, _Limited(sock, self._limit_bytes)), *given, **named)

    def connect(self) -> None:
        opened = self._open()
        self._handle = opened.dup()
        if self._time_is_up:
            self._cut()
        self.sock = self._tls.wrap_socket(opened, server_hostname=self.host) if self._tls else opened

    def _open(self) -> socket.socket:
        error: OSError = TimeoutError()
        for number, address in enumerate(self._addresses):
            left_s = self._until - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            try:
                # The first address that does not answer must not use up the time of the others.
                wait_s = left_s / (len(self._addresses) - number)
                opened = socket.create_connection((address, self.port), timeout=wait_s)
                opened.settimeout(self._deadline_s)
                return opened
            except OSError as failed:
                error = failed
        raise error

    def _cut(self) -> None:
        self._time_is_up = True
        if self._handle is not None:
            try:
                self._handle.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already


class _Limited:
    """What http.client reads an answer from: a socket that gives so many bytes and no more."""

    def __init__(self, sock: socket.socket, limit_bytes: int) -> None:
        self._reader = _LimitedReader(sock, limit_bytes)

    def makefile(self, _mode: str) -> Any:
        return io.BufferedReader(self._reader, buffer_size=4096)


class _LimitedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, limit_bytes: int) -> None:
        self._raw = sock.makefile("rb", buffering=0)
        self._left = limit_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        read = self._raw.readinto(buffer)
        self._left -= read or 0
        if self._left < 0:
            raise OSError(_TOO_LONG)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ssl.SSLError):
        return "no secure connection"
    return _TOO_LONG if str(error) == _TOO_LONG else f"no answer ({type(error).__name__})"
