"""A move to another model pack: new templates and embeddings beside those in use."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "next_templates",
        sa.Column("employee_id", KEY, nullable=False),
        sa.Column("sealed_vector", sa.LargeBinary(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("pack_digest", sa.String(), nullable=False),
        sa.Column("precision", sa.String(), nullable=False),
        sa.Column("of_photos", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name="fk_next_templates_employee_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("employee_id", name="pk_next_templates"),
    )
    op.create_table(
        "embeddings",
        sa.Column("photo_id", KEY, nullable=False),
        sa.Column("pack_digest", sa.String(), nullable=False),
        sa.Column("precision", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name="fk_embeddings_photo_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("photo_id", "pack_digest", "precision", name="pk_embeddings"),
    )


def downgrade() -> None:
    op.drop_table("embeddings")
    op.drop_table("next_templates")
