"""The part of a camera's picture that belongs to its gate is a `region`; a zone is an area of the site."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE cameras RENAME COLUMN zone TO region")


def downgrade() -> None:
    op.execute("ALTER TABLE cameras RENAME COLUMN region TO zone")
