"""Visits, and what kind of person somebody is. NULL is the new column's default, so the seals of existing rows stay
valid."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("employees", sa.Column("kind", sa.String(), nullable=True))
    op.create_table(
        "visits",
        sa.Column("id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("host_id", KEY, nullable=False),
        sa.Column("link_hash", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("credential_id", KEY, nullable=False),
        sa.Column("grant_id", KEY, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("left_by", sa.String(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_by", sa.String(), nullable=True),
        sa.Column("pass_mail", sa.String(), nullable=False),
        sa.Column("host_mail", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name="fk_visits_employee_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
        sa.UniqueConstraint("link_hash", name="uq_visits_link_hash"),
    )
    for column in ("employee_id", "starts_at", "ends_at"):
        op.create_index(f"ix_visits_{column}", "visits", [column])


def downgrade() -> None:
    op.drop_table("visits")
    op.drop_column("employees", "kind")
