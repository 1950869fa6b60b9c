"""Indexes of the log by camera and by time; corrections of events; histograms; gates that are locked by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NEW = (
    ("at", "id"),
    ("gate_id", "at", "id"),
    ("employee_id", "at", "id"),
    ("reason", "at", "id"),
    ("gate_id", "reason", "at", "id"),
    ("camera", "reason", "at", "id", "gate_id"),
)
OLD = (("gate_id", "id"), ("employee_id", "id"), ("at",))


def upgrade() -> None:
    op.add_column("gates", sa.Column("locked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("events", sa.Column("camera", KEY, nullable=True))
    for columns in OLD:
        op.drop_index(_name(columns), "events")
    for columns in NEW:
        op.create_index(_name(columns), "events", list(columns))
    op.create_table(
        "corrections",
        sa.Column("id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("commitment", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("employee_id", KEY, nullable=True),
        sa.Column("nonce", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_corrections_event_id"),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
    )
    op.create_index("ix_corrections_event_id", "corrections", ["event_id"])
    op.create_index("ix_corrections_employee_id", "corrections", ["employee_id"])
    op.create_table(
        "histograms",
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_histograms_gate_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gate_id", "day", "kind", "bucket", name="pk_histograms"),
    )


def downgrade() -> None:
    op.drop_table("histograms")
    op.drop_table("corrections")
    for columns in NEW:
        op.drop_index(_name(columns), "events")
    for columns in OLD:
        op.create_index(_name(columns), "events", list(columns))
    op.drop_column("events", "camera")
    op.drop_column("gates", "locked")


def _name(columns: tuple[str, ...]) -> str:
    return f"ix_events_{'_'.join(columns)}"
