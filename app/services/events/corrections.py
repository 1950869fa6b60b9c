"""Corrections that people make to events, and the labelled pictures they give for a calibration of one's own.

The event itself never changes. An erased person is in no correction and in no export.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from app.core.errors import BadInput, Conflict, NotFound
from app.core.events.corrections import Correction, CorrectionKind, committed
from app.core.media import unbundle
from app.core.ports.crypto import Signer, Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.core.types import Employee
from app.services.events.access_log import AccessLog


@dataclass(frozen=True)
class Labelled:
    """One picture of an export.

    Attributes:
        folder: the folder of the person whom the label is about.
        same: whether the picture shows them.
        photo: whether it is an enrolled photo, which needs no label.
    """

    folder: str
    name: str
    data: bytes
    same: bool
    photo: bool = False


@dataclass(frozen=True)
class CheckedCorrection:
    """A correction and what is known of it now.

    Attributes:
        employee: the person it is about; None once they are erased.
        forged: this installation did not sign it as it is.
    """

    correction: Correction
    employee: Employee | None
    forged: bool


@dataclass(frozen=True)
class Corrections:
    store: Store
    log: AccessLog
    vault: Vault
    signer: Signer
    clock: Clock
    new_id: Callable[[], str]
    new_nonce: Callable[[], str] = lambda: secrets.token_hex(16)

    def add(self, event_id: str, kind: CorrectionKind, employee_id: str | None, actor: str) -> Correction:
        """Signs a correction and keeps it beside the event. employee_id: who it was; not needed for NOT_THIS_PERSON.

        Raises NotFound, BadInput; Conflict if the event names nobody, or names this person already.
        """
        with self.store.write() as tx:
            event = tx.events.get(event_id)
            if event is None:
                raise NotFound("unknown_event", "There is no event with this id.")
            if kind is CorrectionKind.NOT_THIS_PERSON:
                if event.employee_id is None:
                    raise Conflict("event_has_no_person", "This event names nobody, or no longer does.")
                employee_id = event.employee_id
            elif employee_id is None:
                raise BadInput("employee_required", "Say who it was: send the employee's id.")
            elif employee_id == event.employee_id:
                raise Conflict("same_as_event", "The event itself says that it was this person.")
            assert employee_id is not None
            # Locked until the commit, so that nobody is erased before their correction is written.
            if tx.employees.get(employee_id, for_update=True) is None:
                raise NotFound("unknown_employee", "There is no employee with this id.")
            nonce = self.new_nonce()
            blank = Correction(
                self.new_id(),
                event_id,
                self.clock(),
                actor,
                kind,
                committed(employee_id, nonce),
                "",
                employee_id,
                nonce,
            )
            correction = replace(blank, signature=self.signer.sign(blank.signed_part))
            tx.corrections.add(correction)
        return correction

    def of(self, event_id: str) -> list[CheckedCorrection]:
        """Returns the corrections of an event, oldest first."""
        with self.store.read() as tx:
            return [self._checked(tx, one) for one in tx.corrections.of([event_id]).get(event_id, [])]

    def labelled(self) -> Iterator[Labelled]:
        """Yields each corrected event's picture with whom it shows or does not show, after that person's photos.

        Of one event and person once. Who it was as said last counts, and then whom the event names it was not.
        """
        exported: set[str] = set()
        for (event_id, employee_id), same in self._labels().items():
            with self.store.read() as tx:
                employee, event = tx.employees.get(employee_id), tx.events.get(event_id)
                kept = self.log.snapshot_of(tx, event) if event is not None else None
                if employee is None or kept is None:
                    continue  # erased since, or recorded without a picture
                folder = _folder(employee.number)
                if employee.id not in exported:
                    exported.add(employee.id)
                    key = tx.data_keys.get(employee.id)
                    for photo in tx.photos.of(employee.id) if key else ():
                        assert key is not None
                        data = self.vault.open(key, photo.sealed_image, context(Sealed.PHOTO, employee.id))
                        end = "png" if photo.media_type == "image/png" else "jpg"
                        yield Labelled(folder, f"photo-{photo.id}.{end}", data, True, photo=True)
            yield Labelled(folder, f"event-{event_id}.jpg", unbundle(kept)[0], same)

    def _labels(self) -> dict[tuple[str, str], bool]:
        """Whether an event shows an employee, by both ids, where a correction says so."""
        labels: dict[tuple[str, str], bool] = {}
        was: dict[str, str] = {}
        with self.store.read() as tx:
            for one in tx.corrections.all():
                if one.employee_id is None or not one.signed_by(self.signer):
                    continue
                if one.kind is CorrectionKind.WAS:
                    was[one.event_id] = one.employee_id
                else:
                    labels[one.event_id, one.employee_id] = False
            for event_id, employee_id in was.items():
                event = tx.events.get(event_id)
                if event is not None and event.employee_id is not None:
                    labels[event_id, event.employee_id] = False
                labels[event_id, employee_id] = True
        return labels

    def _checked(self, tx: Transaction, one: Correction) -> CheckedCorrection:
        employee = tx.employees.get(one.employee_id) if one.employee_id else None
        return CheckedCorrection(one, employee, forged=not one.signed_by(self.signer))


def _folder(number: str) -> str:
    """An employee number as a folder name; characters that some file system refuses are written as their codes."""
    return "".join(c if c.isalnum() or c in "-_" else f"%{ord(c):x}" for c in number)
