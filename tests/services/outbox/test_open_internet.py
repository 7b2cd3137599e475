"""Addresses that people type in: any text is taken apart or refused, and nothing that leads inside is open (S3)."""

from __future__ import annotations

import ipaddress

from hypothesis import example, given
from hypothesis import strategies as st

from services.outbox.open_internet import BadAddress, Target, is_open, read_target

HOSTS = st.sampled_from(["example.com", "127.1", "[::1]", "x.internal", "8.8.8.8", "user@x", "x:99999", "%00", "é.il"])
NEARLY = st.builds(
    lambda scheme, host, rest: f"{scheme}{host}{rest}",
    st.sampled_from(["https://", "http://", "HTTPS://", "ftp://", "//", "https:", ""]),
    HOSTS | st.text(max_size=20),
    st.sampled_from(["", "/", ":443/x?y#z", ":0", ":x", "/\r\nHost: y", " "]) | st.text(max_size=20),
)


@given(st.text(max_size=100) | NEARLY)
@example("https://[::ffff:127.0.0.1]/")
@example("https://0x7f.1/")
def test_any_text_is_an_address_that_can_be_posted_to_or_is_refused(text: str) -> None:
    for allow_private in (False, True):
        target = read_or_refused(text, allow_private)
        if isinstance(target, str):
            assert target in ("broken_address", "not_https", "private_address")
            continue
        assert target.host
        assert 0 < target.port <= 65535
        assert not set(target.path + target.host) & set("\r\n \0")
        assert allow_private or target.secure
        assert allow_private or not is_literal(target.host) or is_open(target.host)


def read_or_refused(text: str, allow_private: bool) -> Target | str:
    try:
        return read_target(text, allow_private=allow_private)
    except BadAddress as refused:
        return refused.code


@given(st.ip_addresses())
def test_an_address_that_is_open_is_on_the_open_internet(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_open(str(address)):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_ipv6_form_of_an_inner_address_is_open(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for form in (
        ipaddress.IPv6Address(0xFFFF << 32 | number),
        ipaddress.IPv6Address(number),
        ipaddress.IPv6Address(0x64FF9B << 96 | number),
        ipaddress.IPv6Address(0x2002 << 112 | number << 80),
    ):
        assert not is_open(str(form))


@given(st.text(max_size=60))
def test_any_text_is_open_or_not(text: str) -> None:
    assert is_open(text) in (True, False)


def is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
