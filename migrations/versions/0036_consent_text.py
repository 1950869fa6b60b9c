"""A site's own text of consent for links to enrol by phone."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("consent_text", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("site_settings", "consent_text")
