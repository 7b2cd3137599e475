"""Recordings of calls, kept in chunks beside them instead of as files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "recording_chunks",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("start_ms", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("caller_peaks", sa.LargeBinary(), nullable=False),
        sa.Column("agent_peaks", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", IDENTIFIER, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        # Last: SQLite walks through what stands before a column, page by page.
        sa.Column("caller", sa.LargeBinary(), nullable=False),
        sa.Column("agent", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "call_id"],
            ["calls.business_id", "calls.id"],
            name=op.f("fk_recording_chunks_business_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_recording_chunks_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_chunks")),
        sa.UniqueConstraint(
            "call_id", "generation", "seq", name=op.f("uq_recording_chunks_call_id_generation_seq")
        ),
    )
    op.create_index(
        "ix_recording_chunks_business_id_created_at", "recording_chunks", ["business_id", "created_at"], unique=False
    )
    op.drop_column("calls", "recording")


def downgrade() -> None:
    op.add_column("calls", sa.Column("recording", sa.String(length=200), nullable=True))
    op.drop_table("recording_chunks")
