"""Services, people and what occupies them; every booked time stays, with the unnamed resource of its business.

Code of before goes on working beside this on PostgreSQL: a trigger gives what it books to the first resource of the
business. It can go with a later version.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

IDENTIFIER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True)
# Constraint on appointments or slot_holds → where it leads.
LEADS = {"resource_id": "resources", "service_id": "services", "taken_id": "taken_times"}


def upgrade() -> None:
    _make_catalogue()
    _make_taken_times()
    _drop_old_rule()
    op.execute(
        "INSERT INTO resources (business_id, kind, name, called, days_off, colour, position, active) "
        "SELECT id, 'person', '', '[]', '[]', '', 0, true FROM businesses"
    )
    for name in ("resource_id", "service_id", "taken_id"):
        op.add_column("appointments", sa.Column(name, IDENTIFIER, nullable=True))
    for name in ("seat", "capacity"):
        op.add_column("appointments", sa.Column(name, sa.Integer(), server_default="1", nullable=False))
    for name in ("resource_id", "service_id"):
        op.add_column("slot_holds", sa.Column(name, IDENTIFIER, nullable=True))
    _fill()
    with op.batch_alter_table("appointments") as batch:
        batch.alter_column("resource_id", existing_type=IDENTIFIER, nullable=False)
        for name, table in LEADS.items():
            _lead(batch, "appointments", name, table)
        batch.create_unique_constraint(op.f("uq_appointments_taken_id_seat"), ["taken_id", "seat"])
        batch.create_check_constraint(op.f("ck_appointments_seat"), "seat >= 1 AND seat <= capacity")
        batch.create_check_constraint(
            op.f("ck_appointments_active_is_seated"), "(status IN ('booked', 'done')) = (taken_id IS NOT NULL)"
        )
    with op.batch_alter_table("slot_holds") as batch:
        batch.alter_column("resource_id", existing_type=IDENTIFIER, nullable=False)
        for name in ("resource_id", "service_id"):
            _lead(batch, "slot_holds", name, LEADS[name])
    if op.get_bind().dialect.name == "postgresql":
        _watch_on_postgresql()
    else:
        _watch_on_sqlite()


def _lead(batch: object, table: str, column: str, target: str) -> None:
    batch.create_foreign_key(  # type: ignore[attr-defined]
        op.f(f"fk_{table}_business_id_{column}"), target, ["business_id", column], ["business_id", "id"]
    )


def _make_catalogue() -> None:
    op.create_table(
        "resources",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("called", JSON, nullable=False),
        sa.Column("opening_hours_json", JSON, nullable=True),
        sa.Column("days_off", JSON, nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_resources_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resources")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_resources_business_id_id")),
    )
    op.create_index("ix_resources_business_id_position", "resources", ["business_id", "position"], unique=False)
    op.create_table(
        "services",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("called", JSON, nullable=False),
        sa.Column("length_min", sa.Integer(), nullable=False),
        sa.Column("before_min", sa.Integer(), nullable=False),
        sa.Column("after_min", sa.Integer(), nullable=False),
        sa.Column("price", sa.String(length=200), nullable=False),
        sa.Column("on_request", sa.Boolean(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("colour", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.CheckConstraint(
            "length_min > 0 AND before_min >= 0 AND after_min >= 0", name=op.f("ck_services_times")
        ),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_services_capacity")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_services_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_services_business_id_id")),
    )
    op.create_index("ix_services_business_id_position", "services", ["business_id", "position"], unique=False)
    op.create_table(
        "service_resources",
        sa.Column("service_id", IDENTIFIER, nullable=False),
        sa.Column("resource_id", IDENTIFIER, nullable=False),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "resource_id"],
            ["resources.business_id", "resources.id"],
            name=op.f("fk_service_resources_business_id_resource_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "service_id"],
            ["services.business_id", "services.id"],
            name=op.f("fk_service_resources_business_id_service_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_service_resources_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "resource_id", name=op.f("pk_service_resources")),
    )


def _make_taken_times() -> None:
    op.create_table(
        "taken_times",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("resource_id", IDENTIFIER, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("service_id", IDENTIFIER, nullable=True),
        sa.Column("business_id", IDENTIFIER, nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_taken_times_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["business_id", "resource_id"],
            ["resources.business_id", "resources.id"],
            name=op.f("fk_taken_times_business_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "service_id"],
            ["services.business_id", "services.id"],
            name=op.f("fk_taken_times_business_id_service_id"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_taken_times_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taken_times")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_taken_times_business_id_id")),
    )
    op.create_index("ix_taken_times_business_id_ends_at", "taken_times", ["business_id", "ends_at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # int8range spares the btree_gist extension, which a hosted role may not be allowed to create.
        op.execute(
            "ALTER TABLE taken_times ADD CONSTRAINT ex_taken_times_no_overlap EXCLUDE USING gist ("
            "int8range(resource_id, resource_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)"
        )
        return
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER taken_times_no_overlap_{event.lower()} BEFORE {event} ON taken_times "
            "WHEN EXISTS (SELECT 1 FROM taken_times AS other WHERE other.business_id = NEW.business_id "
            "AND other.resource_id = NEW.resource_id AND other.id IS NOT NEW.id "
            "AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at) "
            "BEGIN SELECT RAISE(ABORT, 'ex_taken_times_no_overlap'); END"
        )


def _drop_old_rule() -> None:
    """Of one column for a whole business."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("ex_appointments_no_overlap", "appointments")
        return
    for event in ("insert", "update"):
        op.execute(f"DROP TRIGGER appointments_no_overlap_{event}")


def _fill() -> None:
    """Every active appointment occupies its time, under the appointment's own number."""
    first = "(SELECT id FROM resources WHERE resources.business_id = {table}.business_id)"
    for table in ("appointments", "slot_holds"):
        op.execute(f"UPDATE {table} SET resource_id = {first.format(table=table)}")
    op.execute(
        "INSERT INTO taken_times (id, business_id, resource_id, starts_at, ends_at, kind) "
        "SELECT id, business_id, resource_id, starts_at, ends_at, 'appointment' FROM appointments "
        "WHERE status IN ('booked', 'done')"
    )
    op.execute("UPDATE appointments SET taken_id = id WHERE status IN ('booked', 'done')")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('taken_times', 'id'), "
            "(SELECT COALESCE(max(id), 0) + 1 FROM taken_times), false)"
        )


def _watch_on_sqlite() -> None:
    """An appointment lies inside what it occupies, and what nobody occupies any more goes."""
    for event in ("INSERT", "UPDATE"):
        op.execute(
            f"CREATE TRIGGER appointments_inside_{event.lower()} BEFORE {event} ON appointments "
            "WHEN NEW.taken_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM taken_times AS place "
            "WHERE place.id = NEW.taken_id AND place.resource_id = NEW.resource_id "
            "AND place.starts_at <= NEW.starts_at AND place.ends_at >= NEW.ends_at) "
            "BEGIN SELECT RAISE(ABORT, 'ex_appointments_inside'); END"
        )
    for event, when in (
        ("UPDATE", "OLD.taken_id IS NOT NULL AND OLD.taken_id IS NOT NEW.taken_id"),
        ("DELETE", "OLD.taken_id IS NOT NULL"),
    ):
        op.execute(
            f"CREATE TRIGGER appointments_leave_{event.lower()} AFTER {event} ON appointments WHEN {when} "
            "BEGIN DELETE FROM taken_times WHERE id = OLD.taken_id "
            "AND NOT EXISTS (SELECT 1 FROM appointments WHERE taken_id = OLD.taken_id); END"
        )


def _watch_on_postgresql() -> None:
    """The same; and for code of before, which knows of no resource and of nothing that is occupied: it is given the
    first one, and its time is taken, moved and left with the appointment."""
    op.execute(
        """
        CREATE FUNCTION give_first_resource() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.resource_id IS NULL THEN
                NEW.resource_id := (
                    SELECT id FROM resources WHERE business_id = NEW.business_id
                    ORDER BY active DESC, position, id LIMIT 1
                );
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION seat_appointment() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.status NOT IN ('booked', 'done') THEN
                NEW.taken_id := NULL;
                RETURN NEW;
            END IF;
            IF NEW.taken_id IS NULL THEN
                INSERT INTO taken_times (business_id, resource_id, service_id, starts_at, ends_at, kind)
                VALUES (NEW.business_id, NEW.resource_id, NEW.service_id, NEW.starts_at, NEW.ends_at, 'appointment')
                RETURNING id INTO NEW.taken_id;
                RETURN NEW;
            END IF;
            IF EXISTS (
                SELECT 1 FROM taken_times AS place
                WHERE place.id = NEW.taken_id AND place.resource_id = NEW.resource_id
                AND place.starts_at <= NEW.starts_at AND place.ends_at >= NEW.ends_at
            ) THEN
                RETURN NEW;
            END IF;
            IF TG_OP = 'UPDATE' AND NEW.taken_id = OLD.taken_id AND NEW.resource_id = OLD.resource_id
                AND NEW.capacity = 1
            THEN
                UPDATE taken_times SET starts_at = NEW.starts_at, ends_at = NEW.ends_at WHERE id = NEW.taken_id;
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'ex_appointments_inside' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION leave_taken_time() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM taken_times WHERE id = OLD.taken_id
            AND NOT EXISTS (SELECT 1 FROM appointments WHERE taken_id = OLD.taken_id);
            RETURN NULL;
        END $$
        """
    )
    # Triggers of one kind run in the order of their names.
    for table in ("appointments", "slot_holds"):
        op.execute(
            f"CREATE TRIGGER a_give_first_resource BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION give_first_resource()"
        )
    op.execute(
        "CREATE TRIGGER b_seat_appointment BEFORE INSERT OR UPDATE ON appointments "
        "FOR EACH ROW EXECUTE FUNCTION seat_appointment()"
    )
    op.execute(
        "CREATE TRIGGER leave_taken_time AFTER UPDATE ON appointments FOR EACH ROW "
        "WHEN (OLD.taken_id IS NOT NULL AND OLD.taken_id IS DISTINCT FROM NEW.taken_id) "
        "EXECUTE FUNCTION leave_taken_time()"
    )
    op.execute(
        "CREATE TRIGGER leave_taken_time_deleted AFTER DELETE ON appointments FOR EACH ROW "
        "WHEN (OLD.taken_id IS NOT NULL) EXECUTE FUNCTION leave_taken_time()"
    )


def downgrade() -> None:
    """Refused by the schema of before where two people have appointments at the same time."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        for trigger, table in (
            ("a_give_first_resource", "appointments"),
            ("a_give_first_resource", "slot_holds"),
            ("b_seat_appointment", "appointments"),
            ("leave_taken_time", "appointments"),
            ("leave_taken_time_deleted", "appointments"),
        ):
            op.execute(f"DROP TRIGGER {trigger} ON {table}")
        for function in ("give_first_resource", "seat_appointment", "leave_taken_time"):
            op.execute(f"DROP FUNCTION {function}()")
    else:
        for trigger in ("inside_insert", "inside_update", "leave_update", "leave_delete"):
            op.execute(f"DROP TRIGGER appointments_{trigger}")
    with op.batch_alter_table("appointments") as batch:
        for name in LEADS:
            batch.drop_constraint(f"fk_appointments_business_id_{name}", type_="foreignkey")
        batch.drop_constraint("uq_appointments_taken_id_seat", type_="unique")
        for name in ("seat", "active_is_seated"):
            batch.drop_constraint(op.f(f"ck_appointments_{name}"), type_="check")
        for name in ("capacity", "seat", "taken_id", "service_id", "resource_id"):
            batch.drop_column(name)
    with op.batch_alter_table("slot_holds") as batch:
        for name in ("resource_id", "service_id"):
            batch.drop_constraint(f"fk_slot_holds_business_id_{name}", type_="foreignkey")
            batch.drop_column(name)
    for table in ("taken_times", "service_resources", "services", "resources"):
        op.drop_table(table)
    _restore_old_rule(is_postgresql)


def _restore_old_rule(is_postgresql: bool) -> None:
    if is_postgresql:
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
