"""An alert stays open until somebody acknowledges it. Those that ended before this version stay closed."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alerts", sa.Column("awaiting", sa.Boolean(), nullable=True))
    awaiting = sa.text("awaiting IS NOT NULL")
    op.create_index("ix_alerts_awaiting", "alerts", ["id"], sqlite_where=awaiting, postgresql_where=awaiting)


def downgrade() -> None:
    op.drop_index("ix_alerts_awaiting", "alerts")
    op.drop_column("alerts", "awaiting")
