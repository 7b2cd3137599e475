"""Answer languages, the persona's gender, and what a business's own recordings were made of."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

_settings = sa.table("business_settings", sa.column("business_id"), sa.column("enable_greeting"))
_outbox = sa.table(
    "outbox",
    sa.column("kind"),
    sa.column("key"),
    sa.column("payload", JSON),
    sa.column("status"),
    sa.column("attempts"),
    sa.column("next_try_at", sa.DateTime(timezone=True)),
    sa.column("last_error"),
    sa.column("created_at", sa.DateTime(timezone=True)),
    sa.column("business_id"),
)


def upgrade() -> None:
    op.add_column("business_settings", sa.Column("answer_languages", JSON, server_default="[]", nullable=False))
    op.add_column(
        "business_settings", sa.Column("persona_gender", sa.String(length=24), server_default="female", nullable=False)
    )
    op.add_column("business_settings", sa.Column("clips_made_of", sa.String(length=64), nullable=True))
    op.add_column("calls", sa.Column("answer_language", sa.String(length=8), nullable=True))
    _make_clips_anew()


def downgrade() -> None:
    op.execute(sa.delete(_outbox).where(_outbox.c.kind == "clips"))
    op.drop_column("calls", "answer_language")
    for name in ("clips_made_of", "persona_gender", "answer_languages"):
        op.drop_column("business_settings", name)


def _make_clips_anew() -> None:
    """Nothing is known of the sound there is, so no call plays it: a business that greets gets new sound."""
    now = datetime.now(UTC)
    greeting = sa.select(_settings.c.business_id).where(_settings.c.enable_greeting)
    for business_id in op.get_bind().scalars(greeting).all():
        row = {"kind": "clips", "key": f"clips:{business_id}:0013", "payload": {}, "status": "pending", "attempts": 0}
        times = {"next_try_at": now, "created_at": now}
        op.execute(sa.insert(_outbox).values(business_id=business_id, last_error="", **row, **times))
