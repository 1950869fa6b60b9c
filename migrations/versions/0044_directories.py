"""Directories that send people and groups, and keys of theirs. `adapters.db.engine.migrate` seals the empty tables.

NULL is the new column's default, so the seals of existing rows stay valid.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "directories",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_directories"),
        sa.UniqueConstraint("folded", name="uq_directories_folded"),
    )
    op.create_table(
        "directory_people",
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("directory_id", KEY, nullable=False),
        sa.Column("user_digest", KEY, nullable=False),
        sa.Column("external_digest", KEY, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.String(), nullable=True),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name="fk_directory_people_employee_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["directory_id"], ["directories.id"], name="fk_directory_people_directory_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("employee_id", name="pk_directory_people"),
        sa.UniqueConstraint("user_digest", name="uq_directory_people_user_digest"),
    )
    op.create_index("ix_directory_people_directory_id", "directory_people", ["directory_id"])
    op.create_index("ix_directory_people_external_digest", "directory_people", ["external_digest"])
    op.create_table(
        "directory_groups",
        sa.Column("group_id", KEY, nullable=False),
        sa.Column("directory_id", KEY, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_directory_groups_group_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["directory_id"], ["directories.id"], name="fk_directory_groups_directory_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", name="pk_directory_groups"),
    )
    op.create_index("ix_directory_groups_directory_id", "directory_groups", ["directory_id"])
    op.create_table(
        "directory_runs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("directory_id", KEY, nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("ignored", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["directory_id"], ["directories.id"], name="fk_directory_runs_directory_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_directory_runs"),
    )
    op.create_index("ix_directory_runs_directory_id", "directory_runs", ["directory_id"])
    op.add_column("api_keys", sa.Column("directory_id", KEY, nullable=True))


def downgrade() -> None:
    op.drop_column("api_keys", "directory_id")
    op.drop_table("directory_runs")
    op.drop_table("directory_groups")
    op.drop_table("directory_people")
    op.drop_table("directories")
