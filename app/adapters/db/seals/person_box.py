"""Seals what names a person (number, name, email, card), and why they are blocked, under the person's own data key.

So destroying the key erases it. A keyed digest finds a number or a card. What was opened once stays in memory beside
the row's seal, so a list of 10,000 people is searched there and a decision opens nothing twice.
"""

import json
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from sqlalchemy import Connection, select

from app.adapters.db.seals.row_seal import RowSeals
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import data_keys, employees
from app.core.errors import CryptoFault
from app.core.people.records import EmployeeFilter
from app.core.sealing import Sealed, context
from app.core.text import folded
from app.core.types import Employee

_OPTION = "facegate_people"
_MOST_KEPT = 500_000
_IDS_PER_QUERY = 900  # below both databases' bounds on parameters


class Vault(Protocol):
    """The part of ports.Vault that this module needs."""

    def seal(self, wrapped_key: bytes, plaintext: bytes, context: str) -> bytes: ...
    def open(self, wrapped_key: bytes, sealed: bytes, context: str) -> bytes: ...


@dataclass(frozen=True)
class Personal:
    number: str
    name: str
    email: str | None = None
    card_number: str | None = None
    block_reason: str | None = None

    def matches(self, q: str) -> bool:
        return self.number.lower().startswith(q.lower()) or folded(q) in folded(self.name)


class PersonBox:
    """Shared by all threads. vault: None in tests and benches, which use the seals' key for everybody."""

    def __init__(self, seals: RowSeals, vault: Vault | None) -> None:
        self._seals = seals
        self._vault = vault
        self._lock = Lock()
        self._opened: dict[str, tuple[bytes, Personal]] = {}

    def columns(self, wrapped: bytes | None, employee: Employee) -> dict[str, Any]:
        """The columns that replace an employee's personal data. Raises CryptoFault without their key."""
        personal = Personal(employee.number, employee.name, employee.email, employee.card_number, employee.block_reason)
        plain = json.dumps(vars(personal), ensure_ascii=False).encode("utf-8", "surrogatepass")
        if self._vault is None:
            sealed = self._seals.conceal(plain, context(Sealed.PERSON, employee.id))
        elif wrapped is None:
            raise CryptoFault("the employee's key is gone: erased meanwhile")
        else:
            sealed = self._vault.seal(wrapped, plain, context(Sealed.PERSON, employee.id))
        card = employee.card_number
        return {
            "sealed_person": sealed,
            "number_digest": self.digest("number", employee.number),
            "card_digest": None if card is None else self.digest("card", card),
        }

    def digest(self, kind: str, value: str) -> str:
        return self._seals.digest(f"{kind} {value}")

    def open(self, employee_id: str, seal: bytes, wrapped: bytes | None, sealed: bytes) -> Personal:
        """The personal data. seal: the row's; it is opened once. Raises CryptoFault if the key is destroyed."""
        known = self.known(employee_id, seal)
        if known is not None:
            return known
        if self._vault is None:
            plain = self._seals.reveal(sealed, context(Sealed.PERSON, employee_id))
        elif wrapped is None:
            raise CryptoFault("the employee's key is gone")
        else:
            plain = self._vault.open(wrapped, sealed, context(Sealed.PERSON, employee_id))
        personal = Personal(**json.loads(plain.decode("utf-8", "surrogatepass")))
        with self._lock:
            if len(self._opened) >= _MOST_KEPT:
                self._opened.clear()
            self._opened[employee_id] = (seal, personal)
        return personal

    def known(self, employee_id: str, seal: bytes) -> Personal | None:
        with self._lock:
            kept = self._opened.get(employee_id)
        return kept[1] if kept is not None and kept[0] == seal else None

    def forget(self, employee_id: str) -> None:
        with self._lock:
            self._opened.pop(employee_id, None)


def carry(box: PersonBox) -> dict[str, Any]:
    """Execution options of an engine."""
    return {_OPTION: box}


def box_of(connection: Connection) -> PersonBox:
    """The box that the connection's engine was made with. Raises KeyError if it was made with none."""
    box: PersonBox = connection.get_execution_options()[_OPTION]
    return box


def search(connection: Connection, among: list[tuple[str, bytes]], which: EmployeeFilter) -> list[tuple[str, str]]:
    """(number, id) of the employees that match, sorted by number. among: ids and seals. Ignores `limit`."""
    box = box_of(connection)
    people = {employee_id: box.known(employee_id, seal) for employee_id, seal in among}
    unknown = [employee_id for employee_id, personal in people.items() if personal is None]
    rows, keys = SealedRows(connection, employees), SealedRows(connection, data_keys)
    for start in range(0, len(unknown), _IDS_PER_QUERY):
        ids = unknown[start : start + _IDS_PER_QUERY]
        theirs = {row["subject_id"]: row["wrapped"] for row in keys.find(_in(data_keys.c.subject_id, ids))}
        for row in connection.execute(_in(employees.c.id, ids)).all():
            values = rows.checked(row)
            if values is None:
                continue
            try:
                people[row.id] = box.open(row.id, row.seal, theirs.get(row.id), row.sealed_person)
            except CryptoFault:
                continue  # erased, and back with an older copy: the journal erases them at the next start
    found = [(one.number, i) for i, one in people.items() if one and (not which.q or one.matches(which.q))]
    return sorted(pair for pair in found if which.after is None or pair[0] > which.after)


def _in(column: Any, ids: list[str]) -> Any:
    return select(column.table).where(column.in_(ids))
