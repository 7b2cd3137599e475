"""Messages that were set aside can be tried again; countries and a daily limit for what is dialled and written to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("asked_again_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_outbox_business_id_status", "outbox", ["business_id", "status"], unique=False)
    op.drop_index("ix_outbox_business_id", table_name="outbox")
    op.add_column("business_settings", sa.Column("dial_countries", JSON, nullable=True))
    op.add_column("business_settings", sa.Column("sms_per_day", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("business_settings", "sms_per_day")
    op.drop_column("business_settings", "dial_countries")
    op.create_index("ix_outbox_business_id", "outbox", ["business_id"], unique=False)
    op.drop_index("ix_outbox_business_id_status", table_name="outbox")
    op.drop_column("outbox", "asked_again_at")
