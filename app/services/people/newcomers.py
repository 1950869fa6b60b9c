"""Adds a person: their key, their row, and a record of the consent that came with their details."""

from collections.abc import Callable

from app.core.errors import Conflict
from app.core.people.details import Details, amended
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Transaction
from app.core.types import Employee
from app.services.people.consents import note_date


def enter(
    tx: Transaction,
    vault: Vault,
    clock: Clock,
    new_id: Callable[[], str],
    details: Details,
    completed: Callable[[Employee], Employee] = lambda employee: employee,
) -> Employee:
    """Stores a new person. completed: adds what their details do not say. Raises Conflict('number_taken')."""
    blank = Employee(new_id(), details.number, details.name, created_at=clock())
    employee = completed(amended(blank, details, clock()))
    if tx.employees.by_number(employee.number) is not None:  # before a key is made in vain
        raise Conflict("number_taken", f"Another employee already has the number {employee.number}.")
    tx.data_keys.add(employee.id, vault.new_key())
    tx.employees.add(employee)
    note_date(tx, new_id, clock, employee.id, details)
    return employee
