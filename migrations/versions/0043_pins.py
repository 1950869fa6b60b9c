"""Whose PIN a gate waits for, and wrong tries of PINs. `adapters.db.engine.migrate` seals the empty table of tries.

An event may have a report of a mistake and the alert of a duress PIN.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.drop_index("ix_alerts_event_id", "alerts")
    op.create_index("ix_alerts_event_id", "alerts", ["event_id", "kind"], unique=True)
    op.create_table(
        "pin_waits",
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_pin_waits_gate_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name="fk_pin_waits_employee_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gate_id", name="pk_pin_waits"),
    )
    op.create_index("ix_pin_waits_employee_id", "pin_waits", ["employee_id"])
    op.create_table(
        "pin_tries",
        sa.Column("credential_id", KEY, nullable=False),
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name="fk_pin_tries_credential_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_pin_tries_gate_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("credential_id", "gate_id", name="pk_pin_tries"),
    )


def downgrade() -> None:
    op.drop_table("pin_tries")
    op.drop_table("pin_waits")
    op.execute("DELETE FROM alerts WHERE kind = 'duress'")
    op.drop_index("ix_alerts_event_id", "alerts")
    op.create_index("ix_alerts_event_id", "alerts", ["event_id"], unique=True)
