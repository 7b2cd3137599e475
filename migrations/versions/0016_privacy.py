"""How long what is known of people is kept, the notice at the start of a call, erased people, and sealed secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# Nothing that was kept without end so far goes before its owner had time to choose.
TIME_TO_CHOOSE = timedelta(days=30)
DAYS = {"transcript": "365", "lead": "365", "customer": "730", "outbox": "90"}
# Sealed texts are longer than plain ones.
SECRETS = (("second_factors", "secret", False), ("business_settings", "webhook_secret", True))


def upgrade() -> None:
    settings = "business_settings"
    for kind, days in DAYS.items():
        op.add_column(
            settings, sa.Column(f"{kind}_retention_days", sa.Integer(), server_default=days, nullable=True)
        )
    op.add_column(settings, sa.Column("message_retention_days", sa.Integer(), server_default="30", nullable=False))
    op.execute("UPDATE business_settings SET message_retention_days = recording_retention_days")
    op.add_column(settings, sa.Column("retention_begins_at", sa.DateTime(timezone=True), nullable=True))
    row = sa.table(settings, sa.column("retention_begins_at", sa.DateTime(timezone=True)))
    op.execute(row.update().values(retention_begins_at=datetime.now(UTC) + TIME_TO_CHOOSE))
    op.add_column(settings, sa.Column("speak_notice", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ("notice_text", "recording_notice_text"):
        op.add_column(settings, sa.Column(name, sa.Text(), nullable=True))
    op.add_column(settings, sa.Column("notice_clip", sa.LargeBinary(), nullable=True))

    for name in ("notice_heard_ms", "notice_total_ms", "notice_ended_at_ms"):
        op.add_column("calls", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("calls", sa.Column("words_deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_calls_with_words",
        "calls",
        ["business_id", "started_at"],
        unique=False,
        postgresql_where=sa.text("words_deleted_at IS NULL"),
        sqlite_where=sa.text("words_deleted_at IS NULL"),
    )
    for table, column, nullable in SECRETS:
        with op.batch_alter_table(table) as batch:
            batch.alter_column(
                column, existing_type=sa.String(length=64), type_=sa.Text(), existing_nullable=nullable
            )
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "retention_runs",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_retention_runs_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_runs")),
        sa.UniqueConstraint("business_id", name=op.f("uq_retention_runs_business_id")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("number_mark", sa.String(length=64), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("keeps_coming", sa.Boolean(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_erasures_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(
        "ix_erasures_business_id_number_mark", "erasures", ["business_id", "number_mark"], unique=False
    )


def downgrade() -> None:
    """Sealed values stay sealed: they do not fit into the columns of before, and go."""
    op.drop_table("erasures")
    op.drop_table("retention_runs")
    op.execute("DELETE FROM second_factors WHERE secret LIKE 'sealed1:%'")
    op.execute("UPDATE business_settings SET webhook_secret = NULL WHERE webhook_secret LIKE 'sealed1:%'")
    for table, column, nullable in SECRETS:
        with op.batch_alter_table(table) as batch:
            batch.alter_column(
                column, existing_type=sa.Text(), type_=sa.String(length=64), existing_nullable=nullable
            )
    op.drop_index("ix_calls_with_words", table_name="calls")
    for name in ("words_deleted_at", "notice_ended_at_ms", "notice_total_ms", "notice_heard_ms"):
        op.drop_column("calls", name)
    names = ["notice_clip", "recording_notice_text", "notice_text", "speak_notice", "retention_begins_at"]
    for name in [*names, "message_retention_days", *(f"{kind}_retention_days" for kind in DAYS)]:
        op.drop_column("business_settings", name)
