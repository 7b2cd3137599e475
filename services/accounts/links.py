"""One-time links: signed with the installation's key, matched by a row that goes with their use. Pure.

A link can be made again from its row, so no copy of it has to be stored; the rows alone, without the key, make none.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer


class LinkKind(StrEnum):
    """What a link is for, as its address says: /admin/<kind>/<token>."""

    INVITATION = "invitation"
    RESET = "reset"


def new_nonce() -> str:
    """What a row holds so that a link is good for it alone."""
    return secrets.token_urlsafe(24)


def link_path(key: bytes, kind: LinkKind, row_id: int, nonce: str) -> str:
    """The link's address, without the host."""
    return f"/admin/{kind.value}/{_signer(key, kind).dumps([row_id, nonce])}"


def read_token(key: bytes, kind: LinkKind, token: str) -> tuple[int, str] | None:
    """The row's id and nonce; None when we did not sign this."""
    try:
        row_id, nonce = _signer(key, kind).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    return (row_id, nonce) if isinstance(row_id, int) and isinstance(nonce, str) else None


def _signer(key: bytes, kind: LinkKind) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=f"link-{kind.value}", signer_kwargs={"digest_method": hashlib.sha256})
