"""Does what a directory says of a person: adds them, changes them, takes them off the doors, erases them.

Each change holds from the next decision, in every process. One run that would take many people off the doors at once is
more likely a mistake than a mass leaving: the rest of it waits for an admin.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from app.core.errors import Conflict, NotFound, Outdated
from app.core.people.details import Details
from app.core.people.directories import DirectoryPerson, Leaving, Run, may_take_off
from app.core.ports.store import Clock, Store, Transaction
from app.core.types import Employee, Status
from app.services.people.enrolment import Enrolment
from app.services.people.erasure import Erasure

NOTED_EVERY = timedelta(minutes=1)  # what only shows that a directory is there is stored this often


@dataclass(frozen=True)
class Sent:
    """A person as a directory describes them.

    Attributes:
        number: of the employee; None where the directory has none.
        active: None where it does not say: somebody new is active, and others stay as they are.
        attributes: what it reads back.
        ignored: names of what it sent and nobody keeps.
    """

    user_name: str
    external_id: str | None
    number: str | None
    name: str
    email: str | None
    active: bool | None
    attributes: Mapping[str, Any]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class PeopleSync:
    store: Store
    enrolment: Enrolment
    erasure: Erasure
    clock: Clock
    new_id: Callable[[], str]
    _seen: dict[str, datetime] = field(default_factory=dict, init=False, repr=False, compare=False)

    def add(self, tx: Transaction, directory_id: str, sent: Sent) -> DirectoryPerson:
        """Within a write. An employee who has the number already becomes the directory's, with badges and photos.

        Raises Conflict('user_name_taken'), Conflict('number_taken') where another directory sent that employee, and
        BadInput.
        """
        tx.templates.lock()  # as everybody does who changes people
        if tx.directories.by_user_name(directory_id, sent.user_name) is not None:
            raise Conflict("user_name_taken", "Another person of this directory has this userName.")
        active = sent.active is not False
        status = Status.ACTIVE if active else Status.INACTIVE
        known = None if sent.number is None else tx.employees.by_number(sent.number)
        if known is None:
            number = sent.number or sent.user_name
            employee = self.enrolment.enter(tx, Details(number, sent.name, status, sent.email))
        else:
            if tx.directories.person(known.id) is not None:
                raise Conflict("number_taken", "Another person who was sent has this employeeNumber.")
            tx.employees.lock(known.id)
            changed = Details.of(known, name=sent.name, status=status, email=sent.email)
            employee = self.enrolment.amend(tx, known, changed)
        now = self.clock()
        person = DirectoryPerson(
            employee.id, directory_id, sent.user_name, sent.external_id, sent.attributes, active, 1, now, now
        )
        tx.directories.put_person(person)
        self.note(tx, directory_id, {"added": 1}, sent.ignored)
        return person

    def change(
        self, tx: Transaction, directory_id: str, employee_id: str, sent: Sent, version: int | None
    ) -> DirectoryPerson:
        """Within a write. Raises NotFound, Outdated for another version, Conflict and BadInput as `add`."""
        tx.templates.lock()
        tx.employees.lock(employee_id)
        before, employee = self.get(tx, directory_id, employee_id), tx.employees.get(employee_id)
        if employee is None:
            raise _unknown()
        if version is not None and version != before.version:
            raise Outdated("directory_person_changed", "This person was changed meanwhile. Read them again.", {})
        counts = {"changed": 1}
        status, held = employee.status, before.held
        active = before.active if sent.active is None else sent.active
        if active != before.active:
            if active:
                status, held = Status.ACTIVE, None
                counts = {"back": 1}
            elif self._may_take_off(tx, directory_id):
                status = Status.INACTIVE
                counts = {"off": 1}
            else:
                held = Leaving.OFF
                counts = {"held": 1}
        details = Details.of(
            employee, number=sent.number or employee.number, name=sent.name, email=sent.email, status=status
        )
        amended = self.enrolment.amend(tx, employee, details)
        now = self.clock()
        after = replace(
            before,
            user_name=sent.user_name,
            external_id=sent.external_id,
            attributes=sent.attributes,
            active=active,
            held=held,
            held_at=(before.held_at or now) if held else None,
        )
        if after == before and amended == employee:
            self.note(tx, directory_id, {}, sent.ignored)
            return before
        after = replace(after, version=before.version + 1, changed_at=now)
        tx.directories.put_person(after)
        self.note(tx, directory_id, counts, sent.ignored)
        return after

    def remove(self, directory_id: str, employee_id: str, version: int | None) -> bool:
        """Erases somebody whom the directory deletes, or holds that for an admin. Returns whether they are held.

        Raises NotFound and Outdated.
        """
        with self.store.write() as tx:
            tx.templates.lock()
            tx.employees.lock(employee_id)
            person = self.get(tx, directory_id, employee_id)
            if version is not None and version != person.version:
                raise Outdated("directory_person_changed", "This person was changed meanwhile. Read them again.", {})
            if person.active and not self._may_take_off(tx, directory_id):
                held = replace(person, held=Leaving.ERASE, held_at=self.clock(), version=person.version + 1)
                tx.directories.put_person(held)
                self.note(tx, directory_id, {"held": 1})
                return True
            # Counted before, so that no crash lets a run take more than it may.
            self.note(tx, directory_id, {"erased": 1})
        self.erasure.erase(employee_id)
        return False

    def get(self, tx: Transaction, directory_id: str, employee_id: str) -> DirectoryPerson:
        """Somebody whom this directory sent. Raises NotFound, also for whom it has deleted."""
        person = tx.directories.person(employee_id)
        if person is None or person.directory_id != directory_id or person.held is Leaving.ERASE:
            raise _unknown()
        return person

    def note(self, tx: Transaction, directory_id: str, counts: Mapping[str, int], ignored: Iterable[str] = ()) -> None:
        """Adds a request to the directory's run, or begins one."""
        now, last = self.clock(), tx.directories.last_run(directory_id)
        if last is None or not last.lasts(now):
            last = Run(self.new_id(), directory_id, now, now)
        tx.directories.put_run(last.with_more(now, counts, ignored))

    def seen(self, directory_id: str) -> None:
        """Stores that the directory was here, though it only asked; not at every request."""
        now, seen = self.clock(), self._seen.get(directory_id)
        if seen is not None and timedelta(0) <= now - seen < NOTED_EVERY:
            return
        self._seen[directory_id] = now
        with self.store.read() as tx:
            last = tx.directories.last_run(directory_id)
        if last is None or now - last.last_at >= NOTED_EVERY:
            with self.store.write() as tx:
                self.note(tx, directory_id, {})

    def refused(self, directory_id: str) -> None:
        """Counts a request that was refused."""
        with self.store.write() as tx:
            self.note(tx, directory_id, {"refused": 1})

    def let_go(self, held: DirectoryPerson) -> Employee | None:
        """Does what the directory wanted of somebody who was held. Returns them, or None if they are erased."""
        if held.held is Leaving.ERASE:
            self.erasure.erase(held.employee_id)
            return None
        with self.store.write() as tx:
            tx.templates.lock()
            tx.employees.lock(held.employee_id)
            person, employee = tx.directories.person(held.employee_id), tx.employees.get(held.employee_id)
            if person is None or person.held is None or employee is None:
                return employee
            tx.directories.put_person(replace(person, held=None, held_at=None))
            return self.enrolment.amend(tx, employee, Details.of(employee, status=Status.INACTIVE))

    def keep(self, held: DirectoryPerson) -> None:
        """Somebody who was held stays, until the directory says something new of them."""
        with self.store.write() as tx:
            tx.templates.lock()
            tx.employees.lock(held.employee_id)
            person = tx.directories.person(held.employee_id)
            if person is not None and person.held is not None:
                tx.directories.put_person(replace(person, held=None, held_at=None))

    def _may_take_off(self, tx: Transaction, directory_id: str) -> bool:
        last = tx.directories.last_run(directory_id)
        run = last if last is not None and last.lasts(self.clock()) else None
        gone = 0 if run is None else sum(run.counts.get(kind, 0) for kind in ("off", "erased", "held"))
        return may_take_off(run, tx.directories.active(directory_id) + gone)


def _unknown() -> NotFound:
    return NotFound("unknown_directory_person", "The directory sent nobody with this id.")
