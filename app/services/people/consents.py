"""Records that people agree to being recognised by their face, and erases the face at once when they withdraw it.

A withdrawal goes into the erasure journal, so that a restore from an older backup does not bring the face back. Person,
badge and rules stay: whoever withdraws passes by their badge, at the same gates and at the same hours.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date

from app.core.accounts.trail import at_work
from app.core.canonical import instant
from app.core.errors import Conflict, NotFound
from app.core.people.certificates import Scope
from app.core.people.consents import Consent, ConsentHow
from app.core.people.details import Details
from app.core.people.records import Receipt
from app.core.ports.crypto import Journal, Signer
from app.core.ports.store import Clock, Store, Transaction
from app.core.types import Employee
from app.services.people.certificates.taking_down import TakingDown
from app.services.people.erasure import FACE, SCOPE, signed_part
from app.services.people.faces import forget_face


@dataclass(frozen=True)
class ConsentBook:
    store: Store
    signer: Signer
    journal: Journal
    clock: Clock
    new_id: Callable[[], str]
    taking_down: TakingDown

    def of(self, employee_id: str) -> list[Consent]:
        """Newest first. Raises NotFound."""
        with self.store.read() as tx:
            if tx.employees.get(employee_id) is None:
                raise NotFound("unknown_employee", "There is no employee with this id.")
            return tx.consents.of(employee_id)

    def record(self, employee_id: str, given_on: date, text: str, language: str) -> Consent:
        """Writes down that somebody agreed to this text. Raises NotFound."""
        with self.store.write() as tx:
            return self.give(tx, employee_id, given_on, ConsentHow.RECORDED, text, language)

    def give(
        self, tx: Transaction, employee_id: str, given_on: date, how: ConsentHow, text: str, language: str
    ) -> Consent:
        """`record` within a write. A newer consent takes the place of an earlier one, which is kept."""
        tx.templates.lock()
        employee = tx.employees.get(employee_id, for_update=True)
        if employee is None:
            raise NotFound("unknown_employee", "There is no employee with this id.")
        actor = None if how is ConsentHow.LINK else actor_now()
        consent = Consent(self.new_id(), employee_id, given_on, self.clock(), how, actor, text, language)
        tx.employees.update(replace(employee, consent_at=given_on))
        tx.consents.add(consent)
        return consent

    def withdraw(self, employee_id: str, how: ConsentHow = ConsentHow.RECORDED) -> int:
        """Ends every consent of the person and erases photos and template. Returns how many photos those were.

        Raises NotFound, and Conflict('no_consent') if there is neither a consent nor a face.
        """
        with self.store.write() as tx:
            return self.end(tx, employee_id, how)

    def end(self, tx: Transaction, employee_id: str, how: ConsentHow, *, must: bool = True) -> int:
        """`withdraw` within a write. must: refuse where there is nothing to withdraw."""
        tx.templates.lock()
        employee = tx.employees.get(employee_id, for_update=True)
        if employee is None:
            raise NotFound("unknown_employee", "There is no employee with this id.")
        standing = [one for one in tx.consents.of(employee_id) if one.stands]
        has_face = tx.templates.get(employee_id) is not None or bool(tx.photos.of(employee_id))
        if must and not standing and not has_face and employee.consent_at is None:
            raise Conflict("no_consent", "There is no consent of this person, and no photo.")
        now = self.clock()
        if employee.consent_at is not None:
            tx.employees.update(replace(employee, consent_at=None))
        taken = self.taking_down.before(tx, employee_id, Scope.FACE)
        photos, templates = forget_face(tx, employee_id)
        actor = None if how is ConsentHow.LINK else actor_now()
        for one in standing:
            gone = replace(one, withdrawn_at=now, withdrawn_how=how, withdrawn_by=actor, erased_photos=photos)
            tx.consents.put(gone)
        # Also without a face: an older backup has one, or a consent that would let photos in again.
        if standing or photos or templates or employee.consent_at is not None:
            receipt = Receipt(self.new_id(), employee_id, now, photos, templates, 0)
            if photos or templates:
                self.taking_down.after(tx, taken, receipt.id)
            self._journal(receipt)
        return photos

    def _journal(self, receipt: Receipt) -> None:
        """Before the commit: whatever a crash cuts off, the next start finishes."""
        entry: dict[str, object] = {**asdict(receipt), "erased_at": instant(receipt.erased_at), SCOPE: FACE}
        self.journal.append({**entry, "signature": self.signer.sign(signed_part(entry))})


def note_date(tx: Transaction, new_id: Callable[[], str], clock: Clock, employee_id: str, details: Details) -> None:
    """Keeps a record of a day of consent that a form or an import gave, unless there is one of that day."""
    day = details.consent_at
    if day is not None and not any(one.stands and one.given_on == day for one in tx.consents.of(employee_id)):
        tx.consents.add(Consent(new_id(), employee_id, day, clock(), ConsentHow.DATED, actor_now()))


def check_consent(tx: Transaction, employee: Employee) -> None:
    """Raises Conflict where consent is the site's legal basis, and this person has given none that stands."""
    if employee.consent_at is None and tx.site_settings.get().consent_required:
        words = "Here nobody is enrolled without consent: record it first, or send the person a link."
        raise Conflict("consent_required", words)


def actor_now() -> str | None:
    """The id of the user or key at work."""
    who = at_work()
    return None if who is None else who.actor()
