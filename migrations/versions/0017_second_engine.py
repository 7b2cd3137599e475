"""Whether a business's calls go on with the second engine when the first cannot be reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "business_settings", sa.Column("use_second_engine", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("business_settings", "use_second_engine")
