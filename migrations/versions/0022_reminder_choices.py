"""The owner's own words of a reminder, and the hours in which reminders go out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SETTINGS = "business_settings"


def upgrade() -> None:
    op.add_column(SETTINGS, sa.Column("reminder_text", sa.Text(), nullable=True))
    op.add_column(SETTINGS, sa.Column("reminders_from_min", sa.Integer(), server_default="480", nullable=False))
    op.add_column(SETTINGS, sa.Column("reminders_until_min", sa.Integer(), server_default="1260", nullable=False))


def downgrade() -> None:
    for name in ("reminders_until_min", "reminders_from_min", "reminder_text"):
        op.drop_column(SETTINGS, name)
