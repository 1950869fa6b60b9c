"""Processes share whole gates: a lease covers a gate, processes report that they run, openings reach their driver."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    # Leases last seconds, so dropping the old ones loses nothing.
    op.drop_table("leases")
    _leases("gate_id", "gates")
    op.create_table(
        "watchers",
        sa.Column("holder", KEY, nullable=False),
        sa.Column("gates", sa.JSON(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("holder", name="pk_watchers"),
    )
    op.create_table(
        "orders",
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_orders_gate_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", name="pk_orders"),
    )
    op.create_index("ix_orders_gate_id", "orders", ["gate_id"])


def downgrade() -> None:
    op.drop_table("orders")
    op.drop_table("watchers")
    op.drop_table("leases")
    _leases("camera_id", "cameras")


def _leases(column: str, table: str) -> None:
    op.create_table(
        "leases",
        sa.Column(column, KEY, nullable=False),
        sa.Column("holder", KEY, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_leases_{column}", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(column, name="pk_leases"),
    )
