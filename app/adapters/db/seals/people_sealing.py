"""Seals names, numbers and cards and blinds movements that were stored in the clear, once: between two migrations."""

from sqlalchemy import Connection, select, text, update

from app.adapters.db.seals.person_box import PersonBox, Vault
from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.tables import corrections, data_keys, employees, events, orders
from app.core.types import Employee


def seal_people(connection: Connection, seals: RowSeals, vault: Vault | None) -> int:
    """Returns how many there were. Raises CryptoFault if a key does not open."""
    box = PersonBox(seals, vault)
    wrapped = select(data_keys.c.subject_id, data_keys.c.wrapped)
    keys = {row.subject_id: row.wrapped for row in connection.execute(wrapped)}
    clear = connection.execute(text("SELECT id, number, name, email, card_number FROM employees")).all()
    for row in clear:
        columns = box.columns(keys.get(row.id), Employee(**row._mapping))
        connection.execute(update(employees).where(employees.c.id == row.id).values(**columns))
    return len(clear)


def blind_movements(connection: Connection, seals: RowSeals) -> None:
    """Blinds the ids in the log, with one update per person even in a log of a million passages."""
    for column in (events.c.employee_id, events.c.subject_id, corrections.c.employee_id, orders.c.employee_id):
        for person in connection.execute(select(column).where(column.is_not(None)).distinct()).scalars().all():
            if not person.startswith("day:"):
                changed = update(column.table).where(column == person)
                connection.execute(changed.values({column.name: seals.blind(person)}))
