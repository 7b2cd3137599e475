"""Calendars of others: connections, which event stands for which appointment, what of them takes time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
CONNECTIONS, LINKS, TIMES = "calendar_connections", "calendar_links", "foreign_times"
_OF_CONNECTION = ["calendar_connections.business_id", "calendar_connections.id"]


def upgrade() -> None:
    op.create_table(
        CONNECTIONS,
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("resource_id", IDENTIFIER, nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("account", sa.String(length=254), nullable=False),
        sa.Column("calendar_name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("grant_secret", sa.Text(), nullable=True),
        sa.Column("choices", JSON, nullable=False),
        sa.Column("sync_token", sa.Text(), nullable=False),
        sa.Column("read_fully_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("fault", sa.String(length=200), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=True),
        sa.Column("channel_resource", sa.String(length=200), nullable=False),
        sa.Column("channel_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        _business(CONNECTIONS),
        sa.ForeignKeyConstraint(
            ["business_id", "resource_id"],
            ["resources.business_id", "resources.id"],
            name=op.f("fk_calendar_connections_business_id_resource_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_connections")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_calendar_connections_business_id_id")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_calendar_connections_channel_id")),
    )
    op.create_index("ix_calendar_connections_next_poll_at", CONNECTIONS, ["next_poll_at"], unique=False)
    _make_links()
    _make_times()


def _make_links() -> None:
    op.create_table(
        LINKS,
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("connection_id", IDENTIFIER, nullable=False),
        sa.Column("appointment_id", IDENTIFIER, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("arrived", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        _business(LINKS),
        _connection(LINKS),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_calendar_links_appointment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_links")),
        sa.UniqueConstraint(
            "connection_id", "appointment_id", name=op.f("uq_calendar_links_connection_id_appointment_id")
        ),
    )
    op.create_index("ix_calendar_links_appointment_id", LINKS, ["appointment_id"], unique=False)


def _make_times() -> None:
    op.create_table(
        TIMES,
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("connection_id", IDENTIFIER, nullable=False),
        sa.Column("event_id", sa.String(length=255), nullable=False),
        sa.Column("instance", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        _business(TIMES),
        _connection(TIMES),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_foreign_times")),
        sa.UniqueConstraint(
            "connection_id", "event_id", "instance", name=op.f("uq_foreign_times_connection_id_event_id_instance")
        ),
    )
    op.create_index("ix_foreign_times_business_id_connection_id", TIMES, ["business_id", "connection_id"], unique=False)


def _business(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_business_id")
    return sa.ForeignKeyConstraint(["business_id"], ["businesses.id"], name=name, ondelete="CASCADE")


def _connection(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_business_id_connection_id")
    return sa.ForeignKeyConstraint(["business_id", "connection_id"], _OF_CONNECTION, name=name, ondelete="CASCADE")


def downgrade() -> None:
    for name in (TIMES, LINKS, CONNECTIONS):
        op.drop_table(name)
