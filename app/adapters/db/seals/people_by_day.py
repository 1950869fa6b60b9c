"""Seals people again whose dates were stored as times, once: around the migration that makes days of them.

Only a row whose seal was good before gets a new one, so nobody can have a planted row sealed by this.
"""

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    or_,
    select,
    update,
)

from app.adapters.db.seals.row_seal import Altered, RowSeals
from app.adapters.db.seals.sealed_rows import readable
from app.adapters.db.seals.sealing import read_total, write_total
from app.adapters.db.tables import KEY, Instant, employees

DATES = ("valid_from", "valid_until", "consent_at")

# The table as it was then: a column that comes later is not in it.
_BEFORE = Table(
    "employees",
    MetaData(),
    Column("id", KEY, primary_key=True),
    Column("sealed_person", LargeBinary),
    Column("number_digest", KEY),
    Column("card_digest", KEY),
    Column("status", String),
    *(Column(name, Instant) for name in DATES),
    Column("groups", JSON),
    Column("legal_basis", Text),
    *(Column(name, Instant) for name in ("created_at", "blocked_at", "blocked_until")),
    Column("seal", LargeBinary),
)


def sealed_with_times(connection: Connection, seals: RowSeals) -> dict[str, bytes]:
    """Returns the seals, by id, of the people with dates whose rows are good. To be called before the migration."""
    dated = select(_BEFORE).where(or_(*(_BEFORE.c[name].is_not(None) for name in DATES)))
    rows = readable(connection, _BEFORE, dated)
    return {row.id: row.seal for row in rows if seals.is_valid(_BEFORE, row._asdict())}


def seal_days(connection: Connection, seals: RowSeals, before: dict[str, bytes]) -> None:
    """Seals those people as they are now, and counts their new seals in place of the old. After the migration."""
    new: list[dict[str, object]] = []
    change = 0
    for row in connection.execute(select(employees)).all():
        old = before.get(row.id)
        if old is not None:
            seal = seals.seal(employees, row._asdict())
            new.append({"of": row.id, "new_seal": seal})
            change += seals.element(seal) - seals.element(old)
    if not new:
        return
    connection.execute(
        update(employees).where(employees.c.id == bindparam("of")).values(seal=bindparam("new_seal")), new
    )
    try:
        version, total = seals.open_total(employees.name, read_total(connection, employees.name))
    except Altered:
        return  # it stays altered, and the audit says which total
    write_total(connection, employees.name, seals.close_total(employees.name, version + 1, total + change))
