"""What people agreed to, and whether the site asks for it. `adapters.db.engine.migrate` seals the empty table.

NULL is the new column's default, so the seals of existing rows stay valid.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("site_settings", sa.Column("consent_required", sa.Boolean(), nullable=True))
    op.create_table(
        "consents",
        sa.Column("id", KEY, nullable=False),
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("given_on", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("actor", KEY, nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_how", sa.String(), nullable=True),
        sa.Column("withdrawn_by", KEY, nullable=True),
        sa.Column("erased_photos", sa.Integer(), nullable=True),
        sa.Column("seal", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name="fk_consents_employee_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_employee_id", "consents", ["employee_id"])


def downgrade() -> None:
    op.drop_table("consents")
    op.drop_column("site_settings", "consent_required")
