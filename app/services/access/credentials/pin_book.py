"""PINs of people: issued at random, shown once, replaced and taken back."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from app.core.credentials.formats import CardFormat
from app.core.credentials.pin import ISSUED_DIGITS, is_obvious
from app.core.credentials.stored import Credential, CredentialKind
from app.core.errors import Conflict, NotFound
from app.core.ports.store import Clock, Store
from app.services.access.credentials.pins import pin_of, presented_pin


@dataclass(frozen=True)
class IssuedPin:
    """A new PIN. digits: kept nowhere, so whoever issued it sees them once."""

    credential: Credential
    digits: str


@dataclass(frozen=True)
class PinBook:
    """below: returns a random number from 0 to below its argument."""

    store: Store
    clock: Clock
    new_id: Callable[[], str]
    below: Callable[[int], int] = secrets.randbelow

    def issue(self, employee_id: str, kind: CredentialKind, actor: str) -> IssuedPin:
        """Gives a person a new PIN in place of the last one, which confirms nothing from the next decision on.

        Raises NotFound; Conflict('pin_first') for a duress PIN of somebody who has no PIN.
        """
        with self.store.write() as tx:
            if not tx.employees.lock(employee_id):
                raise NotFound("unknown_employee", "There is no employee with this id.")
            if kind is CredentialKind.DURESS_PIN and pin_of(tx, employee_id) is None:
                raise Conflict("pin_first", "Give them a PIN first. The duress PIN is a second one.")
            other = CredentialKind.PIN if kind is CredentialKind.DURESS_PIN else CredentialKind.DURESS_PIN
            digits = self._digits()
            while tx.credentials.presented(other, presented_pin(employee_id, digits)) is not None:
                digits = self._digits()
            if (before := pin_of(tx, employee_id, kind)) is not None:
                tx.credentials.delete(before)
            made = Credential(self.new_id(), employee_id, kind, CardFormat.RAW, b"", actor[:200], self.clock())
            tx.credentials.add(made, presented_pin(employee_id, digits))
            return IssuedPin(made, digits)

    def _digits(self) -> str:
        while True:
            digits = f"{self.below(10**ISSUED_DIGITS):0{ISSUED_DIGITS}}"
            if not is_obvious(digits):
                return digits
