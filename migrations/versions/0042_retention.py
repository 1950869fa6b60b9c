"""For how long data is kept, since when somebody is inactive, and receipts of what was removed.

`adapters.db.engine.migrate` seals the empty table. NULL is the new columns' default, so the seals of existing rows stay
valid.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("kept_hours", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("employees", sa.Column("inactive_since", sa.BigInteger(), nullable=True))
    op.create_table(
        "removals",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_removals"),
    )


def downgrade() -> None:
    op.drop_table("removals")
    op.drop_column("employees", "inactive_since")
    op.drop_column("site_settings", "kept_hours")
