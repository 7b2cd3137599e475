"""Calls at once and minutes a day have a limit where nobody has chosen one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_settings = sa.table("business_settings", sa.column("max_calls_at_once"), sa.column("daily_minutes"))


def upgrade() -> None:
    # Until now an empty field was what every business began with, and nobody's choice.
    for column, limit in ((_settings.c.max_calls_at_once, 20), (_settings.c.daily_minutes, 600)):
        op.execute(sa.update(_settings).where(column.is_(None)).values({column.name: limit}))


def downgrade() -> None:
    """Which of them somebody has chosen since is not known: they stay."""
