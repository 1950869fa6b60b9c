"""Rows that can open a gate carry a seal. `migrate.upgrade`, which has the key, seals them after this migration."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
SEALED = (
    "alerts",
    "api_keys",
    "cameras",
    "corrections",
    "embeddings",
    "employees",
    "erasures",
    "gate_results",
    "gates",
    "idempotency",
    "imports",
    "installation",
    "next_templates",
    "orders",
    "photos",
    "provider",
    "questions",
    "sessions",
    "sign_ins",
    "site",
    "subject_keys",
    "templates",
    "tickets",
    "users",
)


def upgrade() -> None:
    for table in SEALED:
        op.add_column(table, sa.Column("seal", sa.LargeBinary(), nullable=True))
    op.create_table(
        "seal_totals",
        sa.Column("name", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_seal_totals"),
    )
    # From now on there is always a mode, so a missing row was removed by somebody else.
    op.execute(
        "INSERT INTO site (id, mode, since, key_id, gates) SELECT 1, 'normal', NULL, NULL, '[]'"
        " WHERE NOT EXISTS (SELECT 1 FROM site)"
    )


def downgrade() -> None:
    op.drop_table("seal_totals")
    for table in SEALED:
        op.drop_column(table, "seal")
