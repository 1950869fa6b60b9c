"""The first tables: people, gallery, gates, keys, events and erasures."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pack_digest", sa.String(), nullable=False),
        sa.Column("precision", sa.String(), nullable=False),
        sa.Column("key_check", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    gallery = op.create_table(
        "gallery",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gallery"),
    )
    op.bulk_insert(gallery, [{"id": 1, "revision": 0}])
    op.create_table(
        "gallery_changes",
        sa.Column("revision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_gallery_changes"),
        sa.UniqueConstraint("employee_id", name="uq_gallery_changes_employee_id"),
    )
    op.create_table(
        "subject_keys",
        sa.Column("subject_id", KEY, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name="pk_subject_keys"),
    )
    _people()
    _doors()
    _passages()


def _people() -> None:
    op.create_table(
        "employees",
        sa.Column("id", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("consent_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_employees"),
        sa.UniqueConstraint("number", name="uq_employees_number"),
    )
    op.create_table(
        "photos",
        sa.Column("id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("sealed_image", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_embedding", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name="fk_photos_employee_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
    )
    op.create_index("ix_photos_employee_id", "photos", ["employee_id"])
    op.create_table(
        "templates",
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("pack_digest", sa.String(), nullable=False),
        sa.Column("precision", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name="fk_templates_employee_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("employee_id", name="pk_templates"),
    )


def _doors() -> None:
    op.create_table(
        "gates",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("open_ms", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("head_sequence", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gates"),
        sa.UniqueConstraint("name", name="uq_gates_name"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", KEY, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("hash", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("gate_id", KEY, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_api_keys_gate_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("hash", name="uq_api_keys_hash"),
    )


def _passages() -> None:
    op.create_table(
        "events",
        sa.Column("id", KEY, nullable=False),
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("commitment", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("employee_id", KEY, nullable=True),
        sa.Column("subject_id", KEY, nullable=True),
        sa.Column("sealed_payload", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_snapshot", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_events_gate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("gate_id", "sequence", name="uq_events_gate_id_sequence"),
    )
    op.create_index("ix_events_gate_id_id", "events", ["gate_id", "id"])
    op.create_index("ix_events_employee_id_id", "events", ["employee_id", "id"])
    op.create_index("ix_events_subject_id", "events", ["subject_id"])
    op.create_index("ix_events_at", "events", ["at"])
    op.create_table(
        "idempotency",
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_idempotency_gate_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gate_id", "key", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"])
    op.create_table(
        "erasures",
        sa.Column("id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("templates", sa.Integer(), nullable=False),
        sa.Column("events_unlinked", sa.Integer(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_employee_id", "erasures", ["employee_id"])


def downgrade() -> None:
    for table in (
        "erasures",
        "idempotency",
        "events",
        "api_keys",
        "gates",
        "templates",
        "photos",
        "employees",
        "subject_keys",
        "gallery_changes",
        "gallery",
        "installation",
    ):
        op.drop_table(table)
