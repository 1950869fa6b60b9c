"""Imports of people and their reports on each row; searches ignore the accents of names."""

import unicodedata
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", KEY, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("photos", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("done_photos", sa.Integer(), nullable=False),
        sa.Column("done_before", sa.Integer(), nullable=False),
        sa.Column("notices", sa.JSON(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    op.create_table(
        "import_rows",
        sa.Column("import_id", KEY, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("employee_id", KEY, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name="fk_import_rows_import_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name="fk_import_rows_employee_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name="pk_import_rows"),
    )
    op.create_index("ix_import_rows_employee_id", "import_rows", ["employee_id"])
    _fold(_plain)


def downgrade() -> None:
    op.drop_table("import_rows")
    op.drop_table("imports")
    _fold(str.casefold)


def _plain(name: str) -> str:
    # As app.core.people.details.folded was when this was written.
    letters = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c for c in letters if not unicodedata.combining(c))
    return bare.translate(
        str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "\u0131": "i"})
    )


def _fold(folded: Callable[[str], str]) -> None:
    people = sa.table("employees", sa.column("id"), sa.column("name"), sa.column("name_folded"))
    connection = op.get_bind()
    for employee_id, name in connection.execute(sa.select(people.c.id, people.c.name)).all():
        change = sa.update(people).where(people.c.id == employee_id).values(name_folded=folded(name))
        connection.execute(change)
