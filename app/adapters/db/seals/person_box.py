"""Seals what names a person (number, name, email, card), and why they are blocked, under the person's own data key.

So destroying the key erases it. A keyed digest finds a number or a card. What was opened once stays in memory beside
the row's seal, so a list of 10,000 people is searched there and a decision opens nothing twice.
"""

import json
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from sqlalchemy import Connection

from app.adapters.db.seals.row_seal import RowSeals
from app.core.errors import CryptoFault
from app.core.people.listing import Listed
from app.core.sealing import Sealed, context
from app.core.types import Employee

_OPTION = "facegate_people"
_MOST_KEPT = 500_000


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
    company: str | None = None


class PersonBox:
    """Shared by all threads. vault: None in tests and benches, which use the seals' key for everybody."""

    def __init__(self, seals: RowSeals, vault: Vault | None) -> None:
        self._seals = seals
        self._vault = vault
        self._lock = Lock()
        self._opened: dict[str, tuple[bytes, Personal]] = {}
        self.listed: dict[str, tuple[bytes, int, Listed]] = {}  # see people_directory

    def columns(self, wrapped: bytes | None, employee: Employee) -> dict[str, Any]:
        """The columns that replace an employee's personal data. Raises CryptoFault without their key."""
        company = employee.contract.company if employee.contract else None
        personal = Personal(
            employee.number, employee.name, employee.email, employee.card_number, employee.block_reason, company
        )
        plain = json.dumps(vars(personal), ensure_ascii=False).encode("utf-8", "surrogatepass")
        sealed = self.seal(wrapped, plain, context(Sealed.PERSON, employee.id))
        card = employee.card_number
        return {
            "sealed_person": sealed,
            "number_digest": self.digest("number", employee.number),
            "card_digest": None if card is None else self.digest("card", card),
        }

    def seal(self, wrapped: bytes | None, plain: bytes, bound_to: str) -> bytes:
        """Seals something about a person under their key. Raises CryptoFault without it."""
        if self._vault is None:
            return self._seals.conceal(plain, bound_to)
        if wrapped is None:
            raise CryptoFault("the employee's key is gone: erased meanwhile")
        return self._vault.seal(wrapped, plain, bound_to)

    def reveal(self, wrapped: bytes | None, sealed: bytes, bound_to: str) -> bytes:
        """What `seal` sealed. Raises CryptoFault if the key is destroyed."""
        if self._vault is None:
            return self._seals.reveal(sealed, bound_to)
        if wrapped is None:
            raise CryptoFault("the employee's key is gone")
        return self._vault.open(wrapped, sealed, bound_to)

    def digest(self, kind: str, value: str) -> str:
        return self._seals.digest(f"{kind} {value}")

    def open(self, employee_id: str, seal: bytes, wrapped: bytes | None, sealed: bytes) -> Personal:
        """The personal data. seal: the row's; it is opened once. Raises CryptoFault if the key is destroyed."""
        known = self.known(employee_id, seal)
        if known is not None:
            return known
        plain = self.reveal(wrapped, sealed, context(Sealed.PERSON, employee_id))
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

    def kept(self) -> list[object]:
        """All that was opened and is in memory, for a search of what an erasure left."""
        with self._lock:
            return [dict(self._opened), dict(self.listed)]

    def forget(self, employee_id: str) -> None:
        with self._lock:
            self._opened.pop(employee_id, None)
            self.listed.pop(employee_id, None)


def carry(box: PersonBox) -> dict[str, Any]:
    """Execution options of an engine."""
    return {_OPTION: box}


def box_of(connection: Connection) -> PersonBox:
    """The box that the connection's engine was made with. Raises KeyError if it was made with none."""
    box: PersonBox = connection.get_execution_options()[_OPTION]
    return box
