"""What an import says of its files lies sealed; the encoding of its CSV, and how often it was begun.

What was said before lay in the clear and could name people (photos that belonged to no row, a cell of a file without a
header): it goes. States, figures and the reports on each row, which are sealed, stay.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Overwritten first: a dropped column's bytes may stay in the file.
    op.execute("UPDATE imports SET notices = '[]', detail = NULL")
    op.drop_column("imports", "notices")
    op.drop_column("imports", "detail")
    op.add_column("imports", sa.Column("encoding", sa.String(), nullable=True))
    op.add_column("imports", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("imports", sa.Column("told", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    for column in ("told", "attempts", "encoding"):
        op.drop_column("imports", column)
    op.add_column("imports", sa.Column("notices", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("imports", sa.Column("detail", sa.Text(), nullable=True))
