"""A gate's times have the names that the API gives them: `unlock_ms`, `door_held_after_ms`."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAMES = (("open_ms", "unlock_ms"), ("held_after_ms", "door_held_after_ms"))


def upgrade() -> None:
    for old, new in NAMES:
        op.execute(f"ALTER TABLE gates RENAME COLUMN {old} TO {new}")


def downgrade() -> None:
    for old, new in NAMES:
        op.execute(f"ALTER TABLE gates RENAME COLUMN {new} TO {old}")
