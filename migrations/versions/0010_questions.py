"""Polls by one process of a camera that another watches."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "questions",
        sa.Column("id", KEY, nullable=False),
        sa.Column("gate_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", KEY, nullable=True),
        sa.Column("event_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name="fk_questions_gate_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    unanswered = sa.text("event_id IS NULL")
    op.create_index(
        "ix_questions_unanswered",
        "questions",
        ["gate_id"],
        sqlite_where=unanswered,
        postgresql_where=unanswered,
    )


def downgrade() -> None:
    op.drop_table("questions")
