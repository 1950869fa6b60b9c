"""Enrolment by badge: who asked for it, the pictures from gates, and the site's setting. NULL is the new column's
default, so the seals of existing rows stay valid. `adapters.db.engine.migrate` seals the empty tables."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("enrol_by_badge", sa.Boolean(), nullable=True))
    op.create_table(
        "gatherings",
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", KEY, nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name="fk_gatherings_employee_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("employee_id", name="pk_gatherings"),
    )
    op.create_table(
        "gate_faces",
        sa.Column("id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed_image", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_embedding", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.Float(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name="fk_gate_faces_employee_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_gate_faces"),
    )
    op.create_index("ix_gate_faces_employee_id", "gate_faces", ["employee_id"])


def downgrade() -> None:
    op.drop_table("gate_faces")
    op.drop_table("gatherings")
    op.drop_column("site_settings", "enrol_by_badge")
