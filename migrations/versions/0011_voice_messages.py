"""A call ends with its transfer or voice message: what became of them, the message's sound, whom to tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("calls", sa.Column("transfer_status", sa.String(length=24), nullable=True))
    op.add_column("calls", sa.Column("transfer_s", sa.Integer(), nullable=True))
    op.add_column("calls", sa.Column("message_status", sa.String(length=24), nullable=True))
    op.add_column(
        "business_settings", sa.Column("notify_by", sa.String(length=24), server_default="off", nullable=False)
    )
    op.add_column("business_settings", sa.Column("notify_phone", sa.String(length=16), nullable=True))
    op.add_column("business_settings", sa.Column("notify_email", sa.String(length=254), nullable=True))
    op.create_table(
        "voice_messages",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("recording_sid", sa.String(length=64), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("call_id", IDENTIFIER, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        # Last: SQLite walks through what stands before a column, page by page.
        sa.Column("sound", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id", "call_id"],
            ["calls.business_id", "calls.id"],
            name=op.f("fk_voice_messages_business_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_voice_messages_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_messages")),
        sa.UniqueConstraint("call_id", "recording_sid", name=op.f("uq_voice_messages_call_id_recording_sid")),
    )
    op.create_index(
        "ix_voice_messages_business_id_created_at", "voice_messages", ["business_id", "created_at"], unique=False
    )


def downgrade() -> None:
    op.drop_table("voice_messages")
    for name in ("notify_email", "notify_phone", "notify_by"):
        op.drop_column("business_settings", name)
    for name in ("message_status", "transfer_s", "transfer_status"):
        op.drop_column("calls", name)
