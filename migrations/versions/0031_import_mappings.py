"""How a person mapped the columns of a file, and who of an import cannot be recognised, with the refused picture.

`adapters.db.engine.migrate` seals the empty table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "import_mappings",
        sa.Column("fingerprint", KEY, nullable=False),
        sa.Column("mapping", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_import_mappings"),
    )
    op.add_column("import_rows", sa.Column("recognisable", sa.Boolean(), nullable=True))
    op.add_column("import_rows", sa.Column("picture", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_rows", "picture")
    op.drop_column("import_rows", "recognisable")
    op.drop_table("import_mappings")
