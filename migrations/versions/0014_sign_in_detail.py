"""The log of sign-ins says why a sign-in through the provider was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("detail", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("sign_ins", "detail")
