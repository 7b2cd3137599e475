"""The floods: what each sends for as long as it is held, and how one sees that it reached something."""

from __future__ import annotations

import asyncio
import os
import re
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from bench.attack.installation import PASSWORD, VIEWER, Installation
from bench.attack.odd_requests import odd_requests
from bench.attack.raw_http import Found, ask, fetch, form, get, head, hold
from bench.attack.receivers import HOSTILE, Honest, receiver
from services.accounts.seed import OWNER_EMAIL

CONNECTIONS = 400
GUESSES = 60
LOGIN, WEBHOOK, MEDIA = "/admin/login", "/webhook/incoming_call", "/ws/twilio-media"
UNFINISHED = b"From=%2B97250"
MEGABYTES = 500_000
# What may be looked at in the minute of a flood (docs/security.md).
TRIES_OF_A_NETWORK, TRIES_OF_AN_ACCOUNT = 100, 10
MESSAGES = 20  # of each hostile business
HONEST_WITHIN_S = 60.0
VAIN = "the honest receiver waited in vain"
PAGES_AT_ONCE = 8

Attack = Callable[[Installation, asyncio.Event], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Flood:
    """`attack` goes on until its event is set and says what it was answered. `reached`: what it got of what it must not
    get, "" for nothing."""

    name: str
    attack: Attack
    reached: Callable[[Found], str]


def _nothing_but(*allowed: str) -> Callable[[Found], str]:
    """Every answer must be one of these."""

    def reached(found: Found) -> str:
        return ", ".join(f"{number} x {what}" for what, number in found.items() if what not in allowed)

    return reached


# -- connections that are held --------------------------------------------------------------------------------------


async def slow_unsigned_bodies(target: Installation, stop: asyncio.Event) -> Found:
    said = head(WEBHOOK, "Content-Length: 1000\r\n") + UNFINISHED
    return await hold(target.port, [said] * CONNECTIONS, stop)


async def slow_forged_bodies(target: Installation, stop: asyncio.Event) -> Found:
    """Half of them webhooks with a signature that is none, half of them log-ins."""
    signed = head(WEBHOOK, f"X-Twilio-Signature: {_signature()}\r\nContent-Length: 1000\r\n") + UNFINISHED
    log_in = head(LOGIN, "Content-Length: 1000\r\n") + b"email="
    return await hold(target.port, [signed, log_in] * (CONNECTIONS // 2), stop, drip=b"a")


async def slow_heads(target: Installation, stop: asyncio.Event) -> Found:
    return await hold(target.port, [b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "] * CONNECTIONS, stop, drip=b"a")


async def idle_sockets(target: Installation, stop: asyncio.Event) -> Found:
    """A third says nothing, a third asks for the media socket without a signature, a third with one that is none."""
    upgrades = [_upgrade(""), _upgrade(f"X-Twilio-Signature: {_signature()}\r\n")]
    return await hold(target.port, [b"", *upgrades] * (CONNECTIONS // 3), stop)


def _upgrade(signature: str) -> bytes:
    key = b64encode(os.urandom(16)).decode()
    lines = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
    return f"GET {MEDIA} HTTP/1.1\r\nHost: x\r\n{lines}{signature}\r\n".encode()


def _signature() -> str:
    return b64encode(os.urandom(20)).decode()


# -- requests -------------------------------------------------------------------------------------------------------


async def big_forms(target: Installation, stop: asyncio.Event) -> Found:
    """Whole ones: what is refused early is sent to its end all the same."""
    request = form(LOGIN, b"email=" + b"a" * MEGABYTES)
    return await ask(target.port, 20, lambda _: request, stop, pause_s=0.2)


async def odd_input(target: Installation, stop: asyncio.Event) -> Found:
    requests = odd_requests()
    return await ask(target.port, 8, lambda number: requests[number % len(requests)], stop, pause_s=0.02)


async def prompt_diffs(target: Installation, stop: asyncio.Event) -> Found:
    """A viewer who compares the two longest prompts, many times at once."""
    cookie = await _log_in(target.port, VIEWER, PASSWORD)
    request = get(target.diff_path, f"Cookie: {cookie}\r\n")
    return await ask(target.port, PAGES_AT_ONCE, lambda _: request, stop)


# -- guesses --------------------------------------------------------------------------------------------------------


async def guesses_at_one_account(target: Installation, stop: asyncio.Event) -> Found:
    return await _guess(target, stop, lambda n: (OWNER_EMAIL, f"198.51.100.{n % 200}"))


async def guesses_from_one_network(target: Installation, stop: asyncio.Event) -> Found:
    """Each guess from another address of one /64, and at another account."""
    return await _guess(target, stop, lambda n: (f"somebody{n}@attack.test", f"2001:db8:1:2::{n:x}"))


async def _guess(target: Installation, stop: asyncio.Event, who: Callable[[int], tuple[str, str]]) -> Found:
    """Sixty at once, again and again: (account, address as the proxy in front would name it) of each."""
    _, page = await fetch(target.port, get(LOGIN))
    cookie, token = _cookie(page), _token(page)

    def guess(number: int) -> bytes:
        email, address = who(number)
        headers = f"Cookie: {cookie}\r\nX-Forwarded-For: {address}\r\n"
        return form(LOGIN, f"csrf_token={token}&email={email}&password=guess{number}".encode(), headers)

    return await ask(target.port, GUESSES, guess, stop, pause_s=1.0)


def _guessed(most_looked_at: int, found: Found) -> str:
    if found["401"] > most_looked_at:
        return f"{found['401']} guesses were looked at"
    return _nothing_but("401", "429", "503")(found)


async def _log_in(port: int, email: str, password: str) -> str:
    """The cookie of somebody who logged in."""
    _, page = await fetch(port, get(LOGIN))
    body = f"csrf_token={_token(page)}&email={email}&password={password.replace(' ', '+')}".encode()
    status, answer = await fetch(port, form(LOGIN, body, f"Cookie: {_cookie(page)}\r\n"))
    if status != "302":
        raise SystemExit(f"the viewer could not log in: {status}")
    return _cookie(answer)


def _cookie(answer: bytes) -> str:
    found = re.search(rb"(?i)set-cookie: ((?:__Host-)?assistant=[^;\r]+)", answer)
    if found is None:
        raise SystemExit("the log-in page gave no cookie")
    return found[1].decode()


def _token(page: bytes) -> str:
    found = re.search(rb'name="csrf_token" value="([^"]+)"', page)
    if found is None:
        raise SystemExit("the log-in page has no token")
    return found[1].decode()


# -- receivers ------------------------------------------------------------------------------------------------------


async def hostile_receivers(target: Installation, stop: asyncio.Event) -> Found:
    """Businesses whose receivers never end, each with a backlog; beside them one that does what it should."""
    honest, found = Honest(), Counter[str]()
    async with AsyncExitStack() as stack:
        hooks = [await stack.enter_async_context(receiver(behaviour)) for behaviour in HOSTILE]
        for number, business in enumerate(target.hostile):
            await asyncio.to_thread(target.post_later, business, hooks[number % len(hooks)], MESSAGES)
        await asyncio.sleep(1.0)  # the hostile ones were there first
        hook = await stack.enter_async_context(receiver(honest))
        began = time.monotonic()
        await asyncio.to_thread(target.post_later, target.honest, hook, 1)
        await stop.wait()
        while not honest.took_at and time.monotonic() - began < HONEST_WITHIN_S:
            await asyncio.sleep(0.2)
        await asyncio.to_thread(target.forget_posts)
    served = f"the honest receiver was served after {honest.took_at[0] - began:.0f} s" if honest.took_at else VAIN
    found[served] += 1
    return found


# -- all of them ----------------------------------------------------------------------------------------------------


async def _quiet(_target: Installation, stop: asyncio.Event) -> Found:
    """No flood: what the same calls are like without one."""
    await stop.wait()
    return Counter()


def _served(found: Found) -> str:
    return "the honest receiver" if VAIN in found else ""


def _broke(found: Found) -> str:
    return ", ".join(f"{number} x {what}" for what, number in found.items() if what[0] == "5" and what != "503")


ENDED = ("ended", "refused", "open")
FLOODS = (
    Flood("no attack, before", _quiet, _nothing_but()),
    Flood("400 unsigned webhooks, bodies unfinished", slow_unsigned_bodies, _nothing_but("403", *ENDED)),
    Flood("400 forged webhooks and log-ins, a byte a second", slow_forged_bodies, _nothing_but("403", *ENDED)),
    Flood("400 heads, a byte a second", slow_heads, _nothing_but("400", "408", *ENDED)),
    Flood("400 idle connections and forged upgrades", idle_sockets, _nothing_but("403", "408", *ENDED)),
    Flood("forms of 500 KB at the log-in, 20 at once", big_forms, _nothing_but("413", "503", *ENDED)),
    Flood("guesses at one account, 60 at once", guesses_at_one_account, partial(_guessed, TRIES_OF_AN_ACCOUNT)),
    Flood("guesses from one /64, 60 at once", guesses_from_one_network, partial(_guessed, TRIES_OF_A_NETWORK)),
    Flood("a viewer compares prompts, 8 at once", prompt_diffs, _nothing_but("200", "429", "503")),
    Flood("receivers that never end", hostile_receivers, _served),
    Flood("odd input", odd_input, _broke),
    Flood("no attack, after", _quiet, _nothing_but()),
)
