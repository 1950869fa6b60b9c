"""The zones that a lockdown or release was ordered for."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site", sa.Column("zones", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("site", "zones")
