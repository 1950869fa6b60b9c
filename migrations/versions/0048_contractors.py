"""Contractors: sponsor, confirmation, documents and reminders. NULL is the new columns' default, so the seals of
existing rows stay valid. `adapters.db.engine.migrate` seals the empty tables."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("employees", sa.Column("sponsor_id", KEY, nullable=True))
    op.add_column("employees", sa.Column("sponsor_confirmed_at", sa.BigInteger(), nullable=True))
    op.add_column("employees", sa.Column("documents_until", sa.String(), nullable=True))
    op.create_table(
        "documents",
        sa.Column("id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires_on", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", KEY, nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name="fk_documents_employee_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
    )
    op.create_index("ix_documents_employee_id", "documents", ["employee_id"])
    op.create_table(
        "sponsor_reminders",
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sa.Column("link_hash", KEY, nullable=False),
        sa.Column("mail", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name="fk_sponsor_reminders_employee_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("employee_id", name="pk_sponsor_reminders"),
        sa.UniqueConstraint("link_hash", name="uq_sponsor_reminders_link_hash"),
    )


def downgrade() -> None:
    op.drop_table("sponsor_reminders")
    op.drop_table("documents")
    for column in ("documents_until", "sponsor_confirmed_at", "sponsor_id"):
        op.drop_column("employees", column)
