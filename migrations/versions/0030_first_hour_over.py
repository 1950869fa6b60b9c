"""Whether an admin ended the first hour, so that the home page shows only today."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("first_hour_over", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("site_settings", "first_hour_over")
