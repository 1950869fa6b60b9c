"""The audit trail. `adapters.db.engine.migrate` seals the empty table."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "trail",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", KEY, nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("person", KEY, nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_trail"),
    )
    for column in ("at", "actor", "subject", "person"):
        op.create_index(f"ix_trail_{column}", "trail", [column])


def downgrade() -> None:
    op.drop_table("trail")
