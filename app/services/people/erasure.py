"""Erases people provably: destroys photos, template, key and name, and journals a signed receipt.

The journal lives outside the database: after a restore from an older backup it is replayed before anything is served,
so the erased stay erased.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from app.core.alerts.alert import Alert, AlertKind
from app.core.canonical import instant
from app.core.errors import NotFound
from app.core.people.records import Receipt
from app.core.ports.crypto import Journal, Signer
from app.core.ports.store import Clock, Store, Transaction
from app.core.types import Employee
from app.services.people.certificates.taking_down import TakingDown
from app.services.people.faces import forget_face

logger = logging.getLogger(__name__)

# A line of the journal with this member is about less than the whole person: see `services.people.consents`.
SCOPE, FACE = "scope", "face"


@dataclass(frozen=True)
class Erasure:
    """taking_down: for the certificate. forget: destroys what a wrapped data key needs besides the database."""

    store: Store
    signer: Signer
    journal: Journal
    clock: Clock
    new_id: Callable[[], str]
    taking_down: TakingDown
    forget: Callable[[bytes], None] = lambda wrapped: None

    def erase(self, employee_id: str, check: Callable[[Employee], None] | None = None) -> Receipt:
        """Destroys an employee's personal data and returns the signed receipt. Raises NotFound.

        check: refuses what is stored of them now, by raising; a row that was altered is stored no more.

        The receipt is journalled first, then the secret of the person's key is destroyed, then the rows go: whatever
        a crash cuts off, the next start finishes.
        """
        with self.store.write() as tx:
            return self.erase_in(tx, employee_id, check)

    def erase_in(self, tx: Transaction, employee_id: str, check: Callable[[Employee], None] | None = None) -> Receipt:
        """`erase` within a write. If it is rolled back, the next start erases them."""
        tx.alerts.forget(employee_id)
        # Feed before key, as in an enrolment, and person before key, as in a decision; otherwise two of them could
        # wait for each other.
        tx.templates.lock()
        if not tx.employees.lock(employee_id):
            raise NotFound("unknown_employee", "There is no employee with this id.")
        if check is not None and (employee := tx.employees.get(employee_id)) is not None:
            check(employee)
        key = tx.data_keys.get(employee_id)
        taken = self.taking_down.before(tx, employee_id)
        receipt = self._erase(tx, employee_id)
        self.taking_down.after(tx, taken, receipt.id)
        self.journal.append(as_json(receipt))
        self._forget(key)
        return receipt

    def replay(self) -> int:
        """Erases again whoever the journal says is erased and is still there. Returns how many.

        A restored, older backup brought them back, or the erasure was cut off before its commit. A line that this
        installation did not sign erases nobody, and raises an alert.
        """
        again = 0
        for number, entry in enumerate(self.journal.entries(), start=1):
            employee_id = str(entry.get("employee_id"))
            with self.store.write() as tx:
                if not self._signed(entry):
                    logger.error(
                        'erasure_not_signed line=%d erased=nobody do="check who can write to the journal"', number
                    )
                    words = f"line {number} of the erasure journal"
                    tx.alerts.raise_(Alert(self.new_id(), self.clock(), AlertKind.RECORD_ALTERED, detail=words))
                    continue
                if not tx.employees.lock(employee_id):
                    continue  # as of nearly every line: nothing of them is left
            if SCOPE in entry:
                again += self._withdrawn(employee_id, entry)
                continue
            with self.store.write() as tx:
                tx.alerts.forget(employee_id)  # before the person is locked, in the order of locks
                tx.templates.lock()
                if tx.employees.lock(employee_id):
                    self._forget(tx.data_keys.get(employee_id))
                    self._erase(tx, employee_id)
                    again += 1
        return again

    def _withdrawn(self, employee_id: str, entry: dict[str, object]) -> bool:
        """Erases the face that somebody withdrew, if an older backup brought it back. One of later photos stays."""
        if entry[SCOPE] != FACE:
            return False  # a newer version knows what it is
        until = datetime.fromisoformat(str(entry["erased_at"]))
        with self.store.write() as tx:
            tx.templates.lock()
            employee = tx.employees.get(employee_id, for_update=True)
            gone = forget_face(tx, employee_id, until)
            for one in tx.consents.of(employee_id):
                if one.stands and one.recorded_at <= until:
                    tx.consents.put(replace(one, withdrawn_at=until))
            stands = any(one.stands for one in tx.consents.of(employee_id))
            if employee is not None and employee.consent_at is not None and not stands:
                tx.employees.update(replace(employee, consent_at=None))
        return any(gone)

    def _forget(self, key: bytes | None) -> None:
        if key is not None:
            self.forget(key)

    def _signed(self, entry: dict[str, object]) -> bool:
        try:
            return self.signer.verify(signed_part(entry), str(entry.get("signature")))
        except (TypeError, ValueError):
            return False

    def receipt(self, employee_id: str) -> Receipt | None:
        with self.store.read() as tx:
            return tx.erasures.get(employee_id)

    def _erase(self, tx: Transaction, employee_id: str) -> Receipt:
        # Again, for what was reported before the person was locked.
        tx.alerts.forget(employee_id)
        employee = tx.employees.get(employee_id)
        blank = Receipt(
            id=self.new_id(),
            employee_id=employee_id,
            erased_at=self.clock(),
            photos=len(tx.photos.of(employee_id)),
            templates=0 if tx.templates.get(employee_id) is None else 1,
            events_unlinked=tx.events.unlink(employee_id),
        )
        tx.corrections.forget(employee_id)
        receipt = replace(blank, signature=self.signer.sign(message(blank)))
        tx.employees.delete(employee_id)
        tx.data_keys.destroy(employee_id)
        tx.erasures.add(receipt)
        tx.import_mappings.forget(employee)
        return receipt


def message(receipt: Receipt) -> bytes:
    """What a receipt's signature covers: its JSON without the signature, keys sorted, no spaces."""
    return signed_part(as_json(receipt))


def signed_part(entry: dict[str, object]) -> bytes:
    rest = {name: value for name, value in entry.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()


def as_json(receipt: Receipt) -> dict[str, object]:
    return {**asdict(receipt), "erased_at": instant(receipt.erased_at)}
