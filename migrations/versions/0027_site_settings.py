"""What an admin sets for the site while it runs. `adapters.db.engine.migrate` seals the empty table."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_settings",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("guard_grant_max_hours", sa.Integer(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_site_settings"),
    )


def downgrade() -> None:
    op.drop_table("site_settings")
