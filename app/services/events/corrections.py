"""Corrections that people make to events, and the labelled pictures they give for a calibration of one's own.

The event itself never changes. An erased person is in no correction and in no export.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.events.corrections import STATEMENTS, TAKEN_BACK, Correction, CorrectionKind, committed, standing
from app.core.media import unbundle
from app.core.ports.crypto import Signer, Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.core.text import plain_comment
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
        settled: what settled it; None while it is open.
    """

    correction: Correction
    employee: Employee | None
    forged: bool
    settled: Correction | None = None

    def says(self, kind: CorrectionKind, employee_id: str) -> bool:
        """Whether it says this of this person, and nobody took it back."""
        same = (self.correction.kind, self.correction.employee_id) == (kind, employee_id)
        return same and (self.settled is None or self.settled.kind not in TAKEN_BACK)


@dataclass(frozen=True)
class Corrections:
    store: Store
    log: AccessLog
    vault: Vault
    signer: Signer
    clock: Clock
    new_id: Callable[[], str]
    new_nonce: Callable[[], str] = lambda: secrets.token_hex(16)

    def add(
        self, event_id: str, kind: CorrectionKind, employee_id: str | None, actor: str, *, accept: bool = False
    ) -> Correction:
        """Signs a correction and keeps it beside the event. The same one again is returned as it is.

        Args:
            kind: NOT_THIS_PERSON or WAS.
            employee_id: who it was; not needed for NOT_THIS_PERSON.
            accept: an admin says it, so it is accepted at once.

        Raises NotFound, BadInput; Conflict if the event names nobody, or names this person already.
        """
        if kind not in STATEMENTS:
            raise BadInput("bad_kind", "The kind of correction is not_this_person or was.")
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
            known = next((one for one in self._of(tx, event_id) if one.says(kind, employee_id)), None)
            made = self._write(tx, event_id, kind, actor, employee_id) if known is None else known.correction
            if accept and (known is None or known.settled is None):
                self._write(tx, event_id, CorrectionKind.ACCEPTED, actor, employee_id, made.id)
            return made

    def withdraw(self, event_id: str, correction_id: str, actor: str, *, admin: bool) -> CheckedCorrection:
        """Takes a correction back, by a record of its own. The correction and the event stay as they are.

        Raises NotFound; Forbidden for somebody else's, unless an admin asks; Conflict if it is settled already.
        """
        kind = CorrectionKind.WITHDRAWN
        return self._settle(event_id, correction_id, kind, actor, None, may=lambda by: admin or by == actor)

    def decide(self, event_id: str, correction_id: str, actor: str, comment: str, *, accept: bool) -> CheckedCorrection:
        """Accepts or dismisses a correction, as an admin. Raises NotFound, BadInput, Conflict as `withdraw` does."""
        comment = plain_comment(comment)
        kind = CorrectionKind.ACCEPTED if accept else CorrectionKind.DISMISSED
        return self._settle(event_id, correction_id, kind, actor, comment or None, may=lambda _: True)

    def _settle(
        self,
        event_id: str,
        correction_id: str,
        kind: CorrectionKind,
        actor: str,
        comment: str | None,
        may: Callable[[str], bool],
    ) -> CheckedCorrection:
        with self.store.write() as tx:
            one = tx.corrections.get(correction_id)
            if one is None or one.event_id != event_id or one.about is not None:
                raise NotFound("unknown_correction", "This event has no correction with this id.")
            if not may(one.actor):
                raise Forbidden("not_your_correction", "Only whoever made it, or an admin, takes a correction back.")
            # Locked until the commit, so that nobody else settles it meanwhile, and nobody is erased.
            if one.employee_id is None or tx.employees.get(one.employee_id, for_update=True) is None:
                raise Conflict("event_has_no_person", "The person was erased, so nothing is left to decide.")
            known = next(each for each in self._of(tx, one.event_id) if each.correction.id == one.id)
            if known.settled is not None:
                raise Conflict("already_in_that_state", f"This correction is {known.settled.kind} already.")
            settled = self._write(tx, one.event_id, kind, actor, one.employee_id, one.id, comment)
            return replace(known, settled=settled)

    def _write(
        self,
        tx: Transaction,
        event_id: str,
        kind: CorrectionKind,
        actor: str,
        employee_id: str,
        about: str | None = None,
        comment: str | None = None,
    ) -> Correction:
        nonce = self.new_nonce()
        kept = committed(employee_id, nonce, comment)
        now = self.clock()
        blank = Correction(
            self.new_id(), event_id, now, actor, kind, kept, "", employee_id, nonce, about=about, comment=comment
        )
        correction = replace(blank, signature=self.signer.sign(blank.signed_part))
        tx.corrections.add(correction)
        return correction

    def of(self, event_id: str) -> list[CheckedCorrection]:
        """Returns the corrections of an event, oldest first."""
        with self.store.read() as tx:
            return self._of(tx, event_id)

    def open(self, limit: int = 100, before: str | None = None) -> list[CheckedCorrection]:
        """Returns the corrections that nobody has settled, newest first. before: the last one's id of a page before."""
        with self.store.read() as tx:
            return self._checked(tx, tx.corrections.open(limit, before), {})

    def count_open(self, limit: int = 100) -> int:
        """Returns how many those are, at most `limit`."""
        with self.store.read() as tx:
            return tx.corrections.count_open(limit)

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
            stored = [one for one in tx.corrections.all() if one.employee_id and one.signed_by(self.signer)]
            for one in standing(stored):
                assert one.employee_id is not None
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

    def _of(self, tx: Transaction, event_id: str) -> list[CheckedCorrection]:
        stored = tx.corrections.of([event_id]).get(event_id, [])
        settled = {one.about: one for one in stored if one.about is not None and one.signed_by(self.signer)}
        return self._checked(tx, [one for one in stored if one.about is None], settled)

    def _checked(
        self, tx: Transaction, stored: Sequence[Correction], settled: Mapping[str, Correction]
    ) -> list[CheckedCorrection]:
        people = tx.employees.some({one.employee_id for one in stored if one.employee_id})
        return [
            CheckedCorrection(
                one, people.get(one.employee_id or ""), not one.signed_by(self.signer), settled.get(one.id)
            )
            for one in stored
        ]


def _folder(number: str) -> str:
    """An employee number as a folder name; characters that some file system refuses are written as their codes."""
    return "".join(c if c.isalnum() or c in "-_" else f"%{ord(c):x}" for c in number)
