"""The language of the pages: of the site, and as each user chose."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("language", sa.String(), nullable=True))
    op.add_column("users", sa.Column("language", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "language")
    op.drop_column("site_settings", "language")
