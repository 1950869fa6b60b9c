"""Where people are, passages, roll calls; what zones ask, and how gates learn that people went through.

NULL is each new column's default, so the seals of existing rows stay valid.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
OF_ZONES: dict[str, sa.types.TypeEngine[object]] = {
    "anti_passback": sa.String(),
    "timed_min": sa.Integer(),
    "forgive_after_h": sa.Integer(),
    "daily_reset_min": sa.Integer(),
    "exempt_groups": sa.JSON(),
    "most_people": sa.Integer(),
}


def upgrade() -> None:
    op.add_column("gates", sa.Column("passages", sa.String(), nullable=True))
    for name, kind in OF_ZONES.items():
        op.add_column("zones", sa.Column(name, kind, nullable=True))
    op.create_table(
        "presences",
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("zone_id", KEY, nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("gate_id", KEY, nullable=True),
        sa.Column("event_id", KEY, nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name="fk_presences_employee_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("employee_id", name="pk_presences"),
    )
    op.create_index("ix_presences_zone_id", "presences", ["zone_id"])
    op.create_index("ix_presences_event_id", "presences", ["event_id"])
    op.create_table(
        "passages",
        sa.Column("id", KEY, nullable=False),
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=True),
        sa.Column("zone_from", KEY, nullable=True),
        sa.Column("zone_to", KEY, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_passages_gate_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name="fk_passages_employee_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_passages"),
        sa.UniqueConstraint("event_id", name="uq_passages_event_id"),
    )
    op.create_index("ix_passages_employee_id", "passages", ["employee_id"])
    op.create_index("ix_passages_until", "passages", ["until"])
    op.create_index("ix_passages_gate_id_at_id", "passages", ["gate_id", "at", "id"])
    op.create_table(
        "confirmed_passages",
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name="pk_confirmed_passages"),
    )
    op.create_index("ix_confirmed_passages_at", "confirmed_passages", ["at"])
    op.create_table(
        "zone_counts",
        sa.Column("zone_id", KEY, nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name="fk_zone_counts_zone_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("zone_id", name="pk_zone_counts"),
    )
    op.create_table(
        "musters",
        sa.Column("id", KEY, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("started_by", KEY, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", KEY, nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_musters"),
    )
    op.create_table(
        "muster_ticks",
        sa.Column("muster_id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", KEY, nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["muster_id"], ["musters.id"], name="fk_muster_ticks_muster_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name="fk_muster_ticks_employee_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("muster_id", "employee_id", name="pk_muster_ticks"),
    )
    op.create_index("ix_muster_ticks_employee_id", "muster_ticks", ["employee_id"])


def downgrade() -> None:
    for table in ("muster_ticks", "musters", "zone_counts", "confirmed_passages", "passages", "presences"):
        op.drop_table(table)
    for name in OF_ZONES:
        op.drop_column("zones", name)
    op.drop_column("gates", "passages")
