"""Whether admins see the faces of the week that no gate knew."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("unknown_faces", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("site_settings", "unknown_faces")
