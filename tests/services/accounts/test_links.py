"""One-time links: what we signed is read back, whatever else stands in the address is none of ours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.accounts.links import LinkKind, link_path, read_token

KEY = b"a key of this test's own"
IDS = st.integers(1, 2**63 - 1)
NONCES = st.from_regex(r"\A[\w-]{1,40}\Z", alphabet=st.characters(codec="ascii"))


@given(st.text(max_size=200) | st.from_regex(r"\A[\w.-]{0,120}\Z"), st.sampled_from(LinkKind))
def test_any_text_is_no_link_of_ours(token: str, kind: LinkKind) -> None:
    assert read_token(KEY, kind, token) is None


@given(st.sampled_from(LinkKind), IDS, NONCES, st.data())
def test_a_link_is_read_back_and_with_any_sign_changed_it_is_none(
    kind: LinkKind, row: int, nonce: str, data: st.DataObject
) -> None:
    token = link_path(KEY, kind, row, nonce).rpartition("/")[2]
    assert read_token(KEY, kind, token) == (row, nonce)
    assert read_token(b"another key", kind, token) is None
    assert all(read_token(KEY, other, token) is None for other in LinkKind if other is not kind)
    # The last sign of base64 holds bits that mean nothing.
    at = data.draw(st.integers(0, len(token) - 2))
    other_sign = data.draw(st.characters().filter(lambda sign: sign != token[at]))
    assert read_token(KEY, kind, token[:at] + other_sign + token[at + 1 :]) is None
