"""Addresses that somebody typed in: which of them can be one at all, and which are on the open internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 addresses that a gateway turns into the IPv4 address in their last four bytes.
_TRANSLATED = tuple(
    ipaddress.IPv6Network(network) for network in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
# Of somebody's own network, whatever Python's tables say: local translation, site-local.
_LOCAL = (ipaddress.IPv6Network("64:ff9b:1::/48"), ipaddress.IPv6Network("fec0::/10"))
# ISATAP: the interface's part of the address begins like this, with or without the bit for "unique".
_ISATAP = (0x00005EFE, 0x02005EFE)


def is_open(text: str) -> bool:
    """Whether an IP address is on the open internet, and every IPv4 address hidden in it too."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in _meant(address))


def _meant(address: Address) -> Iterator[Address]:
    """The address, and what may be reached through it; one that only wraps another stands for that one."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if any(address in network for network in _TRANSLATED):
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return
    yield ipaddress.IPv6Address(1) if any(address in network for network in _LOCAL) else address
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Target:
    """A web address taken apart. host: as it is looked up; path: with the query."""

    secure: bool
    host: str
    port: int
    path: str


class BadAddress(ValueError):
    """`code`: `broken_address`, `not_https` or `private_address`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_target(url: str, *, allow_private: bool) -> Target:
    """A web address as it is posted to. Raises BadAddress.

    allow_private: also plain http and addresses that are not on the open internet, for development.
    """
    try:
        parts = parse_url(url)
    except (LocationParseError, ValueError) as error:
        raise BadAddress("broken_address") from error
    host = (parts.host or "").strip("[]")
    if parts.scheme not in ("http", "https") or not host or parts.port == 0 or any(c.isspace() for c in url):
        raise BadAddress("broken_address")
    if parts.scheme == "http" and not allow_private:
        raise BadAddress("not_https")
    if not allow_private and (_is_local_name(host) or (_is_literal(host) and not is_open(host))):
        raise BadAddress("private_address")
    secure = parts.scheme == "https"
    return Target(secure, host, parts.port or (443 if secure else 80), parts.request_uri)


def _is_local_name(host: str) -> bool:
    """Whether the very name says that it is on no public network. Others are seen when they are looked up."""
    name = host.rstrip(".")
    return not _is_literal(host) and ("." not in name or name.endswith((".local", ".internal", ".localhost")))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
