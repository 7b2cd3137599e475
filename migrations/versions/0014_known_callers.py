"""What opens the appointments under a calling number, and whether a carrier vouches for it (S5)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "business_settings",
        sa.Column("caller_id_trust", sa.String(length=24), server_default="name", nullable=False),
    )
    op.add_column("calls", sa.Column("caller_attested", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("calls", "caller_attested")
    op.drop_column("business_settings", "caller_id_trust")
