"""Where backups go, what became of them, when each API key was last used, and the rate that an admin set."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("backup_folder", sa.Text(), nullable=True))
    op.add_column("site_settings", sa.Column("backups_kept", sa.Integer(), nullable=True))
    op.add_column("site_settings", sa.Column("false_accept_rate", sa.Float(), nullable=True))
    op.create_table(
        "backups",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("with_key", sa.Boolean(), nullable=False),
        sa.Column("is_scheduled", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backups")),
    )
    op.create_table(
        "key_uses",
        sa.Column("key_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_key_uses")),
    )


def downgrade() -> None:
    op.drop_table("key_uses")
    op.drop_table("backups")
    op.drop_column("site_settings", "false_accept_rate")
    op.drop_column("site_settings", "backups_kept")
    op.drop_column("site_settings", "backup_folder")
