"""Reminders of appointments, what customers answer to them, and who wants no more messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SETTINGS = "business_settings"


def upgrade() -> None:
    op.add_column(SETTINGS, sa.Column("reminders", JSON, server_default="[]", nullable=False))
    op.add_column(SETTINGS, sa.Column("customer_link", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column(SETTINGS, sa.Column("whatsapp_sender", sa.String(length=16), nullable=True))
    op.add_column(SETTINGS, sa.Column("whatsapp_template", sa.String(length=40), nullable=True))
    op.add_column(SETTINGS, sa.Column("text_retention_days", sa.Integer(), server_default="365", nullable=True))
    for name in ("confirmed_at", "remind_at"):
        op.add_column("appointments", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_appointments_remind_at",
        "appointments",
        ["remind_at"],
        unique=False,
        postgresql_where=sa.text("remind_at IS NOT NULL"),
        sqlite_where=sa.text("remind_at IS NOT NULL"),
    )
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "incoming_texts",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("message_sid", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("media_count", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("appointment_id", IDENTIFIER, nullable=True),
        sa.Column("told_starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_incoming_texts_appointment_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_incoming_texts_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming_texts")),
        sa.UniqueConstraint("message_sid", name=op.f("uq_incoming_texts_message_sid")),
    )
    op.create_index("ix_incoming_texts_business_id_phone", "incoming_texts", ["business_id", "phone"], unique=False)
    op.create_table(
        "stopped_numbers",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_stopped_numbers_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stopped_numbers")),
        sa.UniqueConstraint("business_id", "phone", name=op.f("uq_stopped_numbers_business_id_phone")),
    )


def downgrade() -> None:
    op.drop_table("stopped_numbers")
    op.drop_table("incoming_texts")
    op.drop_index("ix_appointments_remind_at", table_name="appointments")
    for name in ("remind_at", "confirmed_at"):
        op.drop_column("appointments", name)
    for name in ("text_retention_days", "whatsapp_template", "whatsapp_sender", "customer_link", "reminders"):
        op.drop_column(SETTINGS, name)
