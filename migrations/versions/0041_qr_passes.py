"""QR passes: credentials with dates. NULL is the new columns' default, so the seals of existing rows stay valid."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
COLUMNS = {
    "starts_at": sa.BigInteger(),
    "ends_at": sa.BigInteger(),
    "once": sa.Boolean(),
    "places": sa.String(),
    "used_by": KEY,
    "used_at": sa.BigInteger(),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("credentials", sa.Column(name, kind, nullable=True))
    op.create_index("ix_credentials_used_by", "credentials", ["used_by"])


def downgrade() -> None:
    op.drop_index("ix_credentials_used_by", "credentials")
    for name in COLUMNS:
        op.drop_column("credentials", name)
