"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "businesses",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_businesses")),
    )
    op.create_table(
        "users",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("session_key", sa.String(length=64), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_login_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("session_key", name=op.f("uq_users_session_key")),
    )
    op.create_table(
        "business_numbers",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"],
            ["businesses.id"],
            name=op.f("fk_business_numbers_business_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_numbers")),
        sa.UniqueConstraint("e164", name=op.f("uq_business_numbers_e164")),
    )
    op.create_index("ix_business_numbers_business_id", "business_numbers", ["business_id"], unique=False)
    op.create_table(
        "business_settings",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("enable_greeting", sa.Boolean(), nullable=False),
        sa.Column("greeting_text", sa.Text(), nullable=False),
        sa.Column("greeting_clip", sa.LargeBinary(), nullable=True),
        sa.Column("voice", sa.String(length=64), nullable=True),
        sa.Column("model", sa.String(length=64), nullable=True),
        sa.Column("transcription_model", sa.String(length=64), nullable=True),
        sa.Column("transcription_language", sa.String(length=8), nullable=True),
        sa.Column("transcription_keywords", JSON, nullable=False),
        sa.Column("ai_prompt", JSON, nullable=False),
        sa.Column("opening_hours_json", JSON, nullable=False),
        sa.Column("closed_dates", JSON, nullable=False),
        sa.Column("observe_holidays", sa.Boolean(), nullable=False),
        sa.Column("holiday_eves", sa.String(length=16), nullable=False),
        sa.Column("slot_size_min", sa.Integer(), nullable=False),
        sa.Column("min_notice_min", sa.Integer(), nullable=False),
        sa.Column("booking_window_days", sa.Integer(), nullable=False),
        sa.Column("barge_in", sa.String(length=24), nullable=False),
        sa.Column("barge_in_action", sa.String(length=24), nullable=False),
        sa.Column("vad_preset", sa.String(length=24), nullable=False),
        sa.Column("line_mode", sa.String(length=24), nullable=False),
        sa.Column("endpointing", sa.String(length=24), nullable=False),
        sa.Column("transfer_numbers", JSON, nullable=False),
        sa.Column("fallback", sa.String(length=24), nullable=False),
        sa.Column("max_call_minutes", sa.Integer(), nullable=False),
        sa.Column("silence_prompt_s", sa.Integer(), nullable=False),
        sa.Column("max_silence_prompts", sa.Integer(), nullable=False),
        sa.Column("caller_id_allowed", sa.Boolean(), nullable=False),
        sa.Column("sms_confirmation", sa.Boolean(), nullable=False),
        sa.Column("keep_recordings", sa.Boolean(), nullable=False),
        sa.Column("recording_retention_days", sa.Integer(), nullable=False),
        sa.Column("webhook_url", sa.Text(), nullable=True),
        sa.Column("webhook_secret", sa.String(length=64), nullable=True),
        sa.Column("ics_secret", sa.String(length=64), nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"],
            ["businesses.id"],
            name=op.f("fk_business_settings_business_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_settings")),
        sa.UniqueConstraint("business_id", name=op.f("uq_business_settings_business_id")),
        sa.UniqueConstraint("ics_secret", name=op.f("uq_business_settings_ics_secret")),
    )
    op.create_table(
        "customers",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("phone", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_customers_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_customers_business_id_id")),
        sa.UniqueConstraint("business_id", "phone", name=op.f("uq_customers_business_id_phone")),
    )
    op.create_table(
        "memberships",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("user_id", IDENTIFIER, nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_memberships_business_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("business_id", "user_id", name=op.f("uq_memberships_business_id_user_id")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=False),
        sa.Column("claim", sa.String(length=64), nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_outbox_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_business_id", "outbox", ["business_id"], unique=False)
    op.create_index("ix_outbox_status_next_try_at", "outbox", ["status", "next_try_at"], unique=False)
    op.create_table(
        "prompt_versions",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", IDENTIFIER, nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_prompt_versions_author_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["business_id"],
            ["businesses.id"],
            name=op.f("fk_prompt_versions_business_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_versions")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_prompt_versions_business_id_id")),
        sa.UniqueConstraint("business_id", "number", name=op.f("uq_prompt_versions_business_id_number")),
    )
    op.create_table(
        "calls",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("caller", sa.String(length=32), nullable=False),
        sa.Column("dialled", sa.String(length=32), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("prompt_version_id", IDENTIFIER, nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("carrier_status", sa.String(length=24), nullable=True),
        sa.Column("end_reason", sa.String(length=40), nullable=True),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("stream_nonce", sa.String(length=64), nullable=False),
        sa.Column("stream_claimed_at", INSTANT, nullable=True),
        sa.Column("stream_generation", sa.Integer(), nullable=False),
        sa.Column("resume_count", sa.Integer(), nullable=False),
        sa.Column("next_step", sa.String(length=24), nullable=False),
        sa.Column("next_number", sa.String(length=16), nullable=True),
        sa.Column("requested_action", sa.String(length=16), nullable=True),
        sa.Column("greeting_done", sa.Boolean(), nullable=False),
        sa.Column("draft_booking", JSON, nullable=False),
        sa.Column("metrics", JSON, nullable=False),
        sa.Column("cost_usd", sa.Numeric(precision=12, scale=6), nullable=True),
        sa.Column("cost_ils", sa.Numeric(precision=12, scale=6), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("outcome", JSON, nullable=False),
        sa.Column("wrapped_up_at", INSTANT, nullable=True),
        sa.Column("recording", sa.String(length=200), nullable=True),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "prompt_version_id"],
            ["prompt_versions.business_id", "prompt_versions.id"],
            name=op.f("fk_calls_business_id_prompt_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_calls_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_calls_business_id_id")),
        sa.UniqueConstraint("call_sid", name=op.f("uq_calls_call_sid")),
    )
    op.create_index("ix_calls_business_id_started_at", "calls", ["business_id", "started_at"], unique=False)
    op.create_index("ix_calls_status", "calls", ["status"], unique=False)
    op.create_index(
        "ix_calls_unfinished",
        "calls",
        ["ended_at"],
        postgresql_where=sa.text("wrapped_up_at IS NULL"),
        sqlite_where=sa.text("wrapped_up_at IS NULL"),
    )
    op.create_table(
        "appointments",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("request_key", sa.String(length=120), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("customer_id", IDENTIFIER, nullable=False),
        sa.Column("call_id", IDENTIFIER, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_appointments_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["business_id", "call_id"],
            ["calls.business_id", "calls.id"],
            name=op.f("fk_appointments_business_id_call_id"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_appointments_business_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_appointments_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint(
            "business_id", "request_key", name=op.f("uq_appointments_business_id_request_key")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_appointments_uid")),
    )
    op.create_index(
        "ix_appointments_business_id_starts_at", "appointments", ["business_id", "starts_at"], unique=False
    )
    op.create_index("ix_appointments_call_id", "appointments", ["call_id"], unique=False)
    _forbid_overlaps()
    op.create_table(
        "call_events",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("call_id", IDENTIFIER, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "call_id"],
            ["calls.business_id", "calls.id"],
            name=op.f("fk_call_events_business_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_call_events_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_events")),
    )
    op.create_index("ix_call_events_call_id_id", "call_events", ["call_id", "id"], unique=False)
    op.create_table(
        "leads",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("customer_id", IDENTIFIER, nullable=True),
        sa.Column("call_id", IDENTIFIER, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "call_id"],
            ["calls.business_id", "calls.id"],
            name=op.f("fk_leads_business_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_leads_business_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_leads_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("business_id", "call_id", name=op.f("uq_leads_business_id_call_id")),
    )
    op.create_table(
        "server_events",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("at_ms", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("call_id", IDENTIFIER, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "call_id"],
            ["calls.business_id", "calls.id"],
            name=op.f("fk_server_events_business_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_server_events_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server_events")),
    )
    op.create_index("ix_server_events_call_id", "server_events", ["call_id"], unique=False)
    op.create_table(
        "slot_holds",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("call_id", IDENTIFIER, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "call_id"],
            ["calls.business_id", "calls.id"],
            name=op.f("fk_slot_holds_business_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_slot_holds_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_holds")),
        sa.UniqueConstraint("call_id", name=op.f("uq_slot_holds_call_id")),
    )
    op.create_index(
        "ix_slot_holds_business_id_starts_at", "slot_holds", ["business_id", "starts_at"], unique=False
    )
    op.create_table(
        "turns",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_unheard", sa.Text(), nullable=False),
        sa.Column("heard_ms", sa.Integer(), nullable=False),
        sa.Column("total_ms", sa.Integer(), nullable=False),
        sa.Column("started_ms", sa.Integer(), nullable=False),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.Column("latency", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("call_id", IDENTIFIER, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "call_id"],
            ["calls.business_id", "calls.id"],
            name=op.f("fk_turns_business_id_call_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_turns_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("call_id", "generation", "seq", name=op.f("uq_turns_call_id_generation_seq")),
    )


def _forbid_overlaps() -> None:
    """Two active appointments of a business never overlap, whoever writes them."""
    if op.get_bind().dialect.name == "postgresql":
        # int8range spares the btree_gist extension, which a hosted role may not be allowed to create.
        op.execute(
            "ALTER TABLE appointments ADD CONSTRAINT ex_appointments_no_overlap EXCLUDE USING gist ("
            "int8range(business_id, business_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&) "
            "WHERE (status IN ('booked', 'done'))"
        )
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER appointments_no_overlap_{event.lower()} BEFORE {event} ON appointments "
            "WHEN NEW.status IN ('booked', 'done') AND EXISTS ("
            "SELECT 1 FROM appointments AS other WHERE other.business_id = NEW.business_id "
            "AND other.id IS NOT NEW.id AND other.status IN ('booked', 'done') "
            "AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at) "
            "BEGIN SELECT RAISE(ABORT, 'ex_appointments_no_overlap'); END"
        )


def downgrade() -> None:
    for table in (
        "turns",
        "slot_holds",
        "server_events",
        "leads",
        "call_events",
        "appointments",
        "calls",
        "prompt_versions",
        "outbox",
        "memberships",
        "customers",
        "business_settings",
        "business_numbers",
        "users",
        "businesses",
    ):
        op.drop_table(table)
