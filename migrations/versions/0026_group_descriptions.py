"""A description of a group."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("groups", sa.Column("description", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("groups", "description")
