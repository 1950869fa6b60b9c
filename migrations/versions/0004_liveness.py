"""Each gate says what it does about faces that are pictures."""

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
