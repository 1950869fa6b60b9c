"""Badges of people, what a gate's reader reads, and the last badge that a gate could do nothing with.

NULL is the new column's default, so the seals of existing rows stay valid.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("gates", sa.Column("badge_format", sa.String(), nullable=True))
    op.create_table(
        "credentials",
        sa.Column("id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", KEY, nullable=False),
        sa.Column("card_format", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name="fk_credentials_employee_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.UniqueConstraint("digest", name="uq_credentials_digest"),
    )
    op.create_index("ix_credentials_employee_id", "credentials", ["employee_id"])
    op.create_table(
        "badge_reads",
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("credential_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_badge_reads_gate_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name="fk_badge_reads_credential_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("gate_id", name="pk_badge_reads"),
    )
    op.create_index("ix_badge_reads_credential_id", "badge_reads", ["credential_id"])


def downgrade() -> None:
    op.drop_table("badge_reads")
    op.drop_table("credentials")
    op.drop_column("gates", "badge_format")
