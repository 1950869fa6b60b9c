"""Drops unsealed numbers, names, e-mail addresses and cards. A downgrade cannot restore them and stores ids."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.drop_index("ix_employees_card_number", "employees")
    with op.batch_alter_table("employees") as employees:
        employees.drop_constraint("uq_employees_number", type_="unique")
        for column in ("number", "name", "name_folded", "email", "card_number"):
            employees.drop_column(column)
        employees.create_unique_constraint("uq_employees_number_digest", ["number_digest"])
        employees.create_unique_constraint("uq_employees_card_digest", ["card_digest"])


def downgrade() -> None:
    with op.batch_alter_table("employees") as employees:
        employees.drop_constraint("uq_employees_number_digest", type_="unique")
        employees.drop_constraint("uq_employees_card_digest", type_="unique")
        for name, kind in (("number", KEY), ("name", sa.Text()), ("name_folded", sa.Text())):
            employees.add_column(sa.Column(name, kind, nullable=False, server_default=""))
        employees.add_column(sa.Column("email", sa.String(), nullable=True))
        employees.add_column(sa.Column("card_number", KEY, nullable=True))
    op.execute("UPDATE employees SET number = id, name = id, name_folded = lower(id)")
    with op.batch_alter_table("employees") as employees:
        employees.create_unique_constraint("uq_employees_number", ["number"])
    op.create_index("ix_employees_card_number", "employees", ["card_number"], unique=True)
