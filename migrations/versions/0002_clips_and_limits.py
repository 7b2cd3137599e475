"""Recorded sentences of a business's own voice; limits against abuse."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = (
    ("one_moment_clip", sa.LargeBinary),
    ("trouble_clip", sa.LargeBinary),
    ("max_calls_at_once", sa.Integer),
    ("max_calls_per_caller_hour", sa.Integer),
    ("daily_minutes", sa.Integer),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("business_settings", sa.Column(name, kind(), nullable=True))


def downgrade() -> None:
    for name, _ in reversed(COLUMNS):
        op.drop_column("business_settings", name)
