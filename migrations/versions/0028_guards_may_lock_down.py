"""Whether guards may begin and end a lockdown."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("guards_may_lock_down", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("site_settings", "guards_may_lock_down")
