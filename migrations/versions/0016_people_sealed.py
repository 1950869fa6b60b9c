"""What names a person is sealed. `migrate.upgrade` fills these columns, and 0017 removes what was in the clear."""

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
