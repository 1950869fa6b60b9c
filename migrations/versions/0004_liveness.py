"""Each gate has a setting for faces that look like pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gates", sa.Column("liveness", sa.String(), nullable=False, server_default="auto"))


def downgrade() -> None:
    op.drop_column("gates", "liveness")
