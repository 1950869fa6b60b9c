"""Who acknowledged an alert, when, and with which comment; the comment on a lockdown or release."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
ALERTS = (("acknowledged_at", sa.BigInteger()), ("acknowledged_by", KEY), ("acknowledged_comment", sa.Text()))


def upgrade() -> None:
    for name, kind in ALERTS:
        op.add_column("alerts", sa.Column(name, kind, nullable=True))
    op.add_column("site", sa.Column("comment", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("site", "comment")
    for name, _ in reversed(ALERTS):
        op.drop_column("alerts", name)
