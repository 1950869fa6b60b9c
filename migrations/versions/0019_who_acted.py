"""The author of an order, correction or import is the `actor`, as in the API."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAMES = (("corrections", "by", "actor"), ("imports", "by", "actor"), ("site", "key_id", "actor"))


def upgrade() -> None:
    for table, old, new in NAMES:
        op.execute(f'ALTER TABLE {table} RENAME COLUMN "{old}" TO "{new}"')


def downgrade() -> None:
    for table, old, new in NAMES:
        op.execute(f'ALTER TABLE {table} RENAME COLUMN "{new}" TO "{old}"')
