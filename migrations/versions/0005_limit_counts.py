"""Counters against guessing of passwords, shared by all workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limit_counts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limit_counts")),
    )
    op.create_index("ix_limit_counts_expires_at", "limit_counts", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_table("limit_counts")
