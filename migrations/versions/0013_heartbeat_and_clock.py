"""The heartbeat, facts about the clock, and the machine's uptime when an answer was stored."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "heartbeat",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("ballast", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_heartbeat"),
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("doubted_at", sa.BigInteger(), nullable=True),
        sa.Column("covers", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_clock"),
    )
    op.add_column("idempotency", sa.Column("boot", sa.String(), nullable=True))
    op.add_column("idempotency", sa.Column("uptime_ms", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("idempotency", "uptime_ms")
    op.drop_column("idempotency", "boot")
    op.drop_table("clock")
    op.drop_table("heartbeat")
