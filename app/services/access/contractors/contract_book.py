"""Contractors: taken on with a sponsor and a company, confirmed, with their documents, listed by when access ends."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date

from app.core.contracts import Contract, ContractState, lapse, state
from app.core.errors import Conflict, CryptoFault, NotFound
from app.core.people.contractors import MOST_DOCUMENTS, Document, DocumentDetails
from app.core.people.details import Details
from app.core.people.records import PersonName
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.core.types import Employee, PersonKind, Reason, Status
from app.services.access.site_clock import SiteClock
from app.services.people.consents import actor_now
from app.services.people.newcomers import enter

GONE = PersonName("", "somebody who is gone", False)


@dataclass(frozen=True)
class ShownDocument:
    document: Document
    details: DocumentDetails


@dataclass(frozen=True)
class ShownContractor:
    """A contractor as pages and answers show them. lapsed: why they may go in nowhere, by the site's date."""

    person: Employee
    contract: Contract
    sponsor: PersonName
    documents: tuple[ShownDocument, ...]
    state: ContractState
    lapsed: Reason | None


@dataclass(frozen=True)
class ContractBook:
    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    site_clock: SiteClock

    def take_on(self, details: Details, sponsor: str, company: str = "") -> ShownContractor:
        """Adds a person as a contractor, in one transaction: no rule for everybody ever lets them in.

        Args:
            sponsor: an employee's id or number, who confirms with this that the contractor is needed.

        Raises Conflict('number_taken'), and as `engage`.
        """
        with self.store.write() as tx:
            tx.templates.lock()

            def engaged(employee: Employee) -> Employee:
                return self._engaged(tx, employee, sponsor, company)

            employee = enter(tx, self.vault, self.clock, self.new_id, details, engaged)
        return self.get(employee.id)

    def engage(self, employee_id: str, sponsor: str, company: str = "") -> ShownContractor:
        """Makes somebody a contractor, or gives one another sponsor or company. A new sponsor confirms with it.

        Raises NotFound for the person and the sponsor, BadInput for the company, and Conflict: 'is_visitor',
        'own_sponsor', 'sponsor_inactive'.
        """
        with self.store.write() as tx:
            tx.employees.update(self._engaged(tx, self._held(tx, employee_id), sponsor, company))
        return self.get(employee_id)

    def dismiss(self, employee_id: str) -> Employee:
        """Makes a contractor an employee again. Their documents go. Raises NotFound."""
        with self.store.write() as tx:
            employee, _ = self._contractor(tx, employee_id)
            after = replace(employee, kind=PersonKind.EMPLOYEE, contract=None)
            tx.employees.update(after)
            for one in tx.documents.of(employee_id):
                tx.documents.delete(one.id)
        return after

    def confirm(self, employee_id: str) -> ShownContractor:
        """The sponsor says, or an admin for them, that the contractor is still needed: for 90 days from now.

        Raises NotFound, and Conflict('sponsor_inactive').
        """
        with self.store.write() as tx:
            self.confirm_in(tx, *self._contractor(tx, employee_id))
        return self.get(employee_id)

    def confirm_in(self, tx: Transaction, employee: Employee, contract: Contract) -> None:
        """`confirm` within a write that holds the contractor."""
        if not contract.sponsor_active:
            raise Conflict("sponsor_inactive", "The sponsor is not active. Choose another one.")
        tx.employees.update(replace(employee, contract=replace(contract, confirmed_at=self.clock())))

    def add_document(self, employee_id: str, kind: str, number: str, expires_on: date) -> ShownContractor:
        """Raises NotFound, BadInput, and Conflict('too_many_documents')."""
        details, new = DocumentDetails.typed(kind, number), self.new_id()
        with self.store.write() as tx:
            employee, _ = self._contractor(tx, employee_id)
            if len(tx.documents.of(employee_id)) >= MOST_DOCUMENTS:
                raise Conflict("too_many_documents", f"A contractor has at most {MOST_DOCUMENTS} documents.")
            sealed = self._seal(tx, employee_id, new, details)
            tx.documents.add(Document(new, employee_id, sealed, expires_on, self.clock(), actor_now()))
            self._date(tx, employee)
        return self.get(employee_id)

    def renew(self, employee_id: str, document_id: str, expires_on: date, number: str | None = None) -> ShownContractor:
        """Another end, and the new number if there is one. Raises NotFound and BadInput."""
        with self.store.write() as tx:
            employee, _ = self._contractor(tx, employee_id)
            before = self._document(tx, employee_id, document_id)
            after = replace(before, expires_on=expires_on)
            if number is not None:
                details = DocumentDetails.typed(self._opened(tx, before).kind, number)
                after = replace(after, sealed=self._seal(tx, employee_id, document_id, details))
            tx.documents.put(after)
            self._date(tx, employee)
        return self.get(employee_id)

    def remove_document(self, employee_id: str, document_id: str) -> ShownContractor:
        """Raises NotFound."""
        with self.store.write() as tx:
            employee, _ = self._contractor(tx, employee_id)
            tx.documents.delete(self._document(tx, employee_id, document_id).id)
            self._date(tx, employee)
        return self.get(employee_id)

    def get(self, employee_id: str) -> ShownContractor:
        """Raises NotFound."""
        with self.store.read() as tx:
            employee = tx.employees.get(employee_id)
            if employee is None or employee.contract is None:
                raise _unknown_contractor()
            return self._shown(tx, [employee], tx.documents.of(employee_id))[0]

    def all(self) -> list[ShownContractor]:
        """Those whose access ended first, or ends first, come first."""
        with self.store.read() as tx:
            return sorted(self._shown(tx, tx.employees.contractors(), tx.documents.all()), key=_urgency)

    def documents_in(self, tx: Transaction, employee_id: str) -> tuple[ShownDocument, ...]:
        """Raises CryptoFault for an erased person."""
        return tuple(ShownDocument(one, self._opened(tx, one)) for one in tx.documents.of(employee_id))

    def _engaged(self, tx: Transaction, employee: Employee, sponsor: str, company: str) -> Employee:
        if employee.kind is PersonKind.VISITOR:
            raise Conflict("is_visitor", "This person is a visitor. Add them as a contractor of their own.")
        found = tx.employees.get(sponsor) or tx.employees.by_number(sponsor)
        if found is None or (found.is_guest and found.id != employee.id):
            raise NotFound("unknown_sponsor", "There is no employee with this number. A contractor has a sponsor.")
        if found.id == employee.id:
            raise Conflict("own_sponsor", "Nobody is their own sponsor. Choose another employee.")
        if found.status is not Status.ACTIVE:
            raise Conflict("sponsor_inactive", "The sponsor is not active. Choose another one.")
        before = employee.contract
        contract = Contract(found.id, self.clock(), company.strip())
        if before is not None:
            kept = before.confirmed_at if before.sponsor_id == found.id else contract.confirmed_at
            contract = replace(contract, confirmed_at=kept, documents_until=before.documents_until)
        return replace(employee, kind=PersonKind.CONTRACTOR, contract=contract)

    def _date(self, tx: Transaction, employee: Employee) -> None:
        """Writes the first end of all documents into the person's row, where a decision reads it."""
        assert employee.contract is not None
        first = min((one.expires_on for one in tx.documents.of(employee.id)), default=None)
        tx.employees.update(replace(employee, contract=replace(employee.contract, documents_until=first)))

    def _seal(self, tx: Transaction, employee_id: str, document_id: str, details: DocumentDetails) -> bytes:
        key = tx.data_keys.get(employee_id)
        if key is None:
            raise _unknown_contractor()
        return self.vault.seal(key, json.dumps(asdict(details)).encode(), context(Sealed.DOCUMENT, document_id))

    def _opened(self, tx: Transaction, document: Document) -> DocumentDetails:
        key = tx.data_keys.peek(document.employee_id)
        if key is None:
            raise CryptoFault("the contractor's key is gone: erased meanwhile")
        return DocumentDetails(
            **json.loads(self.vault.open(key, document.sealed, context(Sealed.DOCUMENT, document.id)))
        )

    def _held(self, tx: Transaction, employee_id: str) -> Employee:
        """The person, locked."""
        tx.templates.lock()  # as whoever changes a person does
        employee = tx.employees.get(employee_id, for_update=True)
        if employee is None:
            raise NotFound("unknown_employee", "There is no employee with this id.")
        return employee

    def _contractor(self, tx: Transaction, employee_id: str) -> tuple[Employee, Contract]:
        employee = self._held(tx, employee_id)
        if employee.contract is None:
            raise _unknown_contractor()
        return employee, employee.contract

    def _document(self, tx: Transaction, employee_id: str, document_id: str) -> Document:
        for one in tx.documents.of(employee_id):
            if one.id == document_id:
                return one
        raise NotFound("unknown_document", "There is no document with this id.")

    def _shown(self, tx: Transaction, people: list[Employee], documents: Iterable[Document]) -> list[ShownContractor]:
        held = [(one, one.contract) for one in people if one.contract is not None]
        now, today = self.clock(), self.site_clock.today()
        sponsors = tx.employees.names({contract.sponsor_id for _, contract in held})
        theirs: dict[str, list[ShownDocument]] = {person.id: [] for person, _ in held}
        for one in documents:
            if one.employee_id in theirs:
                theirs[one.employee_id].append(ShownDocument(one, self._opened(tx, one)))
        return [
            ShownContractor(
                person,
                contract,
                sponsors.get(contract.sponsor_id, GONE),
                tuple(theirs[person.id]),
                state(contract, now, today),
                lapse(contract, now, today),
            )
            for person, contract in held
        ]


def _urgency(one: ShownContractor) -> tuple[bool, bool, date, str]:
    ends = min(filter(None, (one.contract.confirmed_until.date(), one.contract.documents_until)))
    return one.person.status is not Status.ACTIVE, one.lapsed is None, ends, one.person.number


def _unknown_contractor() -> NotFound:
    return NotFound("unknown_contractor", "There is no contractor with this id.")
