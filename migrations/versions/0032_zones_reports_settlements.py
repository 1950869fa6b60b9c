"""The zones of a lockdown; the event that somebody reported; and what settled a correction."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("site", sa.Column("zones", sa.JSON(), nullable=True))
    op.add_column("corrections", sa.Column("about", KEY, nullable=True))
    op.add_column("corrections", sa.Column("comment", sa.Text(), nullable=True))
    op.create_index("ix_corrections_about", "corrections", ["about"], unique=True)
    op.add_column("alerts", sa.Column("event_id", KEY, nullable=True))
    op.add_column("alerts", sa.Column("actor", KEY, nullable=True))
    op.create_index("ix_alerts_event_id", "alerts", ["event_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_alerts_event_id", "alerts")
    op.drop_column("alerts", "actor")
    op.drop_column("alerts", "event_id")
    op.drop_index("ix_corrections_about", "corrections")
    op.drop_column("corrections", "comment")
    op.drop_column("corrections", "about")
    op.drop_column("site", "zones")
