"""What each stream of a call measured, so that a call with several adds up even when a worker was killed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("calls", sa.Column("streams", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("calls", "streams")
