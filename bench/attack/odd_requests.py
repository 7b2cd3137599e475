"""Requests that nobody means: each must be answered, and none with 500."""

from __future__ import annotations

from itertools import product

from bench.attack.raw_http import form, get, head

PATHS = (
    "/",
    "/admin/login",
    "/admin/b/1/",
    "/admin/b/1/calls",
    "/admin/b/99999999999999999999/calls",
    "/admin/join/x",
    "/admin/reset/x",
    "/calendar/x.ics",
    "/webhook/incoming_call",
    "/webhook/call_status",
    "/webhook/resume_call",
    "/webhook/incoming_call_preview",
    "/ws/twilio-media",
    "/static/../app/settings.py",
    "/metrics",
    "/healthz",
    "/version",
)
QUERIES = (
    "?a=%00",
    "?a=%ff%fe&b=%c3%28",
    "?next=%0d%0aSet-Cookie:%20a=b",
    "?page=-1&day=9999999999&a=1e309",
    "?" + "&".join(f"a{n}=1" for n in range(2000)),
    "?q=" + "%F0%9F%92%A9" * 300,
    "/%2e%2e/%2e%2e/etc/passwd",
    "/%E2%80%AE%0a",
    ";a=b?[]=1&{}=2&a[b][c]=3",
)
HEADERS = (
    "Cookie: assistant=" + "A" * 4000 + "\r\n",
    "Cookie: assistant=eyJ.broken.\xff; assistant_device=x; =; ;;\r\n",
    "X-Forwarded-For: not an address, \x00::1%eth0\r\n",
    "X-Forwarded-For: " + "1.1.1.1, " * 500 + "\r\n",
    "Accept-Language: \xff\xfe,he;q=a,*;q=1e99\r\n",
    "Authorization: Bearer " + "\xfc" * 100 + "\r\n",
    "X-Twilio-Signature: \xff\r\n",
    "Content-Type: multipart/form-data; boundary=\r\n",
    "Range: bytes=0-18446744073709551615,-1,x\r\n",
    "If-Modified-Since: 99 Zzz 99999\r\n",
    "Upgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n",
    "Host: [::\r\n",
)
BODIES = (
    b"",
    b"%",
    b"a=%zz&b=%",
    b"csrf_token=&email=%ff%fe&password=%00",
    b"csrf_token=x&email[]=a&email=" + b"%F0%9F%92%A9" * 200,
    b"CallSid=CA1&From=%2B1%00&To=" + b"9" * 5000,
    b'{"a": ' + b"[" * 5000,
    b"\x00\xff\xfe" * 100,
    "From=\u202e+9725\u0660\u0661&To=".encode(),
)
LINES = (
    b"GET / HTTP/9.9\r\n\r\n",
    b"BREW /admin/login HTTP/1.1\r\nHost: x\r\n\r\n",
    b"TRACE /admin/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET http://evil.example/admin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /admin/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /admin/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /admin/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET " + b"/a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
)


def odd_requests() -> list[bytes]:
    """Each path with each query and header, each form with each body, and what is no request at all."""
    found = [get(path + query) for path, query in product(PATHS, QUERIES)]
    found += [_get_bytes(path, header) for path, header in product(PATHS, HEADERS)]
    found += [form(path, body) for path, body in product(PATHS, BODIES)]
    found += [head(path, "Content-Length: 0\r\nContent-Encoding: gzip\r\n") for path in PATHS]
    return [*found, *LINES]


def _get_bytes(path: str, header: str) -> bytes:
    """Headers hold bytes, not text."""
    return get(path, header).decode().encode("latin-1")
