"""Names, numbers, e-mail addresses and cards are sealed. `migrate.upgrade` fills these columns; 0017 drops the old."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("employees", sa.Column("sealed_person", sa.LargeBinary(), nullable=True))
    op.add_column("employees", sa.Column("number_digest", KEY, nullable=True))
    op.add_column("employees", sa.Column("card_digest", KEY, nullable=True))


def downgrade() -> None:
    for column in ("card_digest", "number_digest", "sealed_person"):
        op.drop_column("employees", column)
