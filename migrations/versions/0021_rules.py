"""Sites, zones, groups, schedules and rules; a block of an employee. `adapters.db.seals.first_rules` fills them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
# In the order in which they can be made; each column: name, kind, whether it may be NULL, what it names.
TABLES: dict[str, list[tuple[str, sa.types.TypeEngine[object], bool, str | None]]] = {
    "rule_version": [("id", sa.Integer(), False, None), ("version", sa.BigInteger(), False, None)],
    "sites": [("id", KEY, False, None), ("name", sa.Text(), False, None), ("time_zone", sa.String(), False, None)],
    "zones": [
        ("id", KEY, False, None),
        ("name", sa.Text(), False, None),
        ("site_id", KEY, False, "sites.id"),
        ("parent_id", KEY, True, "zones.id"),
    ],
    "gate_places": [
        ("gate_id", KEY, False, "gates.id"),
        ("site_id", KEY, False, "sites.id"),
        ("zone_from", KEY, True, "zones.id"),
        ("zone_to", KEY, True, "zones.id"),
        ("time_zone", sa.String(), True, None),
    ],
    "lanes": [
        ("id", KEY, False, None),
        ("name", sa.Text(), False, None),
        ("gate_in", KEY, False, "gates.id"),
        ("gate_out", KEY, False, "gates.id"),
    ],
    "groups": [
        ("id", KEY, False, None),
        ("name", sa.Text(), False, None),
        ("folded", KEY, False, None),
        ("source", sa.String(), False, None),
    ],
    "calendars": [("id", KEY, False, None), ("name", sa.Text(), False, None), ("days", sa.JSON(), False, None)],
    "schedules": [
        ("id", KEY, False, None),
        ("name", sa.Text(), False, None),
        ("windows", sa.JSON(), False, None),
        ("on_calendar", sa.JSON(), False, None),
    ],
    "rules": [
        ("id", KEY, False, None),
        ("name", sa.Text(), False, None),
        ("who", sa.JSON(), False, None),
        ("places", sa.JSON(), False, None),
        ("schedule_id", KEY, True, "schedules.id"),
        ("valid_from", sa.String(), True, None),
        ("valid_until", sa.String(), True, None),
        ("note", sa.Text(), True, None),
    ],
    "rule_people": [("rule_id", KEY, False, "rules.id"), ("employee_id", KEY, False, "employees.id")],
    "gate_modes": [
        ("id", KEY, False, None),
        ("gate_id", KEY, False, "gates.id"),
        ("mode", sa.String(), False, None),
        ("schedule_id", KEY, True, "schedules.id"),
        ("first_person_group_id", KEY, True, "groups.id"),
    ],
    "grants": [
        ("id", KEY, False, None),
        ("employee_id", KEY, False, "employees.id"),
        ("places", sa.JSON(), False, None),
        ("starts_at", sa.BigInteger(), False, None),
        ("ends_at", sa.BigInteger(), False, None),
        ("reason", sa.Text(), False, None),
        ("granted_by", KEY, False, None),
    ],
}
KEYS = {"gate_places": ["gate_id"], "rule_people": ["rule_id", "employee_id"]}
GO_ALONG = {"gates.id", "rules.id", "employees.id"}  # what is deleted together with what it names


def upgrade() -> None:
    for table, columns in TABLES.items():
        op.create_table(
            table,
            *(sa.Column(name, kind, nullable=null) for name, kind, null, _ in columns),
            sa.Column("seal", sa.LargeBinary(), nullable=True),
            sa.PrimaryKeyConstraint(*KEYS.get(table, ["id"]), name=f"pk_{table}"),
            *(
                sa.ForeignKeyConstraint(
                    [name],
                    [target],
                    name=f"fk_{table}_{name}",
                    ondelete="CASCADE" if target in GO_ALONG else None,
                )
                for name, _, _, target in columns
                if target is not None
            ),
            *([sa.UniqueConstraint("folded", name="uq_groups_folded")] if table == "groups" else []),
        )
    op.create_index("ix_rule_people_employee_id", "rule_people", ["employee_id"])
    op.create_index("ix_grants_employee_id", "grants", ["employee_id"])
    # A reason lies sealed with the name; without an end a block holds until somebody lifts it.
    op.add_column("employees", sa.Column("blocked_at", sa.BigInteger(), nullable=True))
    op.add_column("employees", sa.Column("blocked_until", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("employees", "blocked_until")
    op.drop_column("employees", "blocked_at")
    for table in reversed(TABLES):
        op.drop_table(table)
