"""Cameras and the gates they drive: leases, gate results, doors, alerts, the site's mode, and card numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    # Columns are added in place, also in SQLite, because rebuilding `gates` and `employees` would copy all people.
    op.add_column("employees", sa.Column("card_number", KEY, nullable=True))
    op.create_index("ix_employees_card_number", "employees", ["card_number"], unique=True)
    op.add_column("gates", sa.Column("driver", sa.String(), nullable=False, server_default="dry_run"))
    op.add_column("gates", sa.Column("sealed_config", sa.LargeBinary(), nullable=True))
    op.add_column("gates", sa.Column("fail_mode", sa.String(), nullable=False, server_default="secure"))
    op.add_column("gates", sa.Column("held_after_ms", sa.Integer(), nullable=False, server_default="15000"))
    op.create_table(
        "doors",
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_doors_gate_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("gate_id", name="pk_doors"),
    )
    _cameras()
    op.create_table(
        "gate_results",
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_gate_results_event_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event_id", name="pk_gate_results"),
    )
    _alerts()
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("key_id", KEY, nullable=True),
        sa.Column("gates", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
    )


def _cameras() -> None:
    op.create_table(
        "cameras",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("sealed_url", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_cameras_gate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cameras"),
        sa.UniqueConstraint("name", name="uq_cameras_name"),
    )
    op.create_index("ix_cameras_gate_id", "cameras", ["gate_id"])
    op.create_table(
        "leases",
        sa.Column("camera_id", KEY, nullable=False),
        sa.Column("holder", KEY, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name="fk_leases_camera_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("camera_id", name="pk_leases"),
    )


def _alerts() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("camera_id", KEY, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_at", "alerts", ["at"])
    uncleared = sa.text("cleared_at IS NULL")
    op.create_index(
        "ix_alerts_uncleared",
        "alerts",
        ["kind", "gate_id", "camera_id"],
        unique=True,
        sqlite_where=uncleared,
        postgresql_where=uncleared,
    )


def downgrade() -> None:
    for table in ("site", "alerts", "gate_results", "leases", "cameras", "doors"):
        op.drop_table(table)
    for column in ("held_after_ms", "fail_mode", "sealed_config", "driver"):
        op.drop_column("gates", column)
    op.drop_index("ix_employees_card_number", "employees")
    op.drop_column("employees", "card_number")
