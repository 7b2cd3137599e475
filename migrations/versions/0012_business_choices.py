"""What the assistant may do, whether it knows who calls again, and three settings of the model's session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SWITCHES = (
    "may_book",
    "may_change",
    "may_take_leads",
    "may_take_messages",
    "may_transfer",
    "may_send_sms",
    "greet_known_callers",
)


def upgrade() -> None:
    for name in SWITCHES:
        op.add_column("business_settings", sa.Column(name, sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column(
        "business_settings", sa.Column("max_output_tokens", sa.Integer(), server_default="300", nullable=False)
    )
    for name, usual in (("eagerness", "auto"), ("noise_reduction", "none")):
        op.add_column(
            "business_settings", sa.Column(name, sa.String(length=24), server_default=usual, nullable=False)
        )


def downgrade() -> None:
    for name in ("noise_reduction", "eagerness", "max_output_tokens", *reversed(SWITCHES)):
        op.drop_column("business_settings", name)
