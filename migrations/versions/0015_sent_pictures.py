"""Digests of the pictures that gates sent, so that a repeated one is recognised."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sent_pictures",
        sa.Column("digest", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sent_pictures"),
    )
    op.create_index("ix_sent_pictures_at", "sent_pictures", ["at"])


def downgrade() -> None:
    op.drop_table("sent_pictures")
