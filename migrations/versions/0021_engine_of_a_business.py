"""Which engine answers a business's calls, and its own voice and pace there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (
        ("engine", sa.String(length=24)),
        ("cascade_voice", sa.String(length=64)),
        ("speaking_rate_pct", sa.Integer()),
    ):
        op.add_column("business_settings", sa.Column(name, kind, nullable=True))
    # A voice of Google's stood in the one column until now; the release before goes on reading it there.
    op.execute("UPDATE business_settings SET cascade_voice = voice WHERE voice LIKE '__-__-%'")


def downgrade() -> None:
    for name in ("speaking_rate_pct", "cascade_voice", "engine"):
        op.drop_column("business_settings", name)
