"""Visits: invited, listed by day, ended by whoever says that the visitor has left, cancelled.

An invitation makes a person, a grant and a QR pass in one transaction, so there is never a pass without its visit.
"""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import chain

from app.core.access.rules import Grant, Where
from app.core.accounts.users import Principal
from app.core.credentials.qr_pass import LEAVES_WITHIN
from app.core.errors import BadInput, Conflict, CryptoFault, NotFound
from app.core.people.details import Details
from app.core.people.records import PersonName
from app.core.people.visits import (
    EARLY,
    LONGEST_BY_GUARD,
    Cancelled,
    LeftBy,
    MailState,
    Visit,
    VisitDetails,
    VisitState,
    checked_times,
)
from app.core.ports.crypto import Vault
from app.core.ports.store import Clock, Store, Transaction
from app.core.sealing import Sealed, context
from app.core.tokens import digest
from app.core.types import Employee, PersonKind, Role, Status
from app.services.access.credentials.pass_book import PassBook
from app.services.access.rules.permits import Permits

GONE = PersonName("", "somebody who is gone", False)


@dataclass(frozen=True)
class Invitee:
    """Who is invited, as somebody typed it. host: an employee's id or number. once: the pass lets them in once."""

    name: str
    host: str
    where: Where
    starts_at: datetime
    ends_at: datetime
    email: str | None = None
    company: str = ""
    reason: str = ""
    once: bool = True


@dataclass(frozen=True)
class ShownVisit:
    """A visit as pages and answers show it."""

    visit: Visit
    visitor: Employee
    host: PersonName
    details: VisitDetails
    state: VisitState


@dataclass(frozen=True)
class VisitBook:
    """mails: whether there is a mail server to send passes by."""

    store: Store
    vault: Vault
    clock: Clock
    new_id: Callable[[], str]
    permits: Permits
    passes: PassBook
    mails: bool = False

    def invite(self, by: Principal, who: Invitee) -> ShownVisit:
        """Invites somebody. Their pass opens from half an hour before the start; it lets them out for four hours more.

        Raises BadInput for names, times or places that cannot be, NotFound for the host, Conflict('host_inactive').
        """
        now = self.clock()
        self._check_times(by, who.starts_at, who.ends_at)
        details = VisitDetails(who.company.strip(), who.reason.strip(), secrets.token_urlsafe(32))
        new, person_id, grant_id = self.new_id(), self.new_id(), self.new_id()
        person = Details(f"V-{person_id[-10:]}", who.name.strip(), email=who.email)
        fields = {name: getattr(person, name) for name in Details.__dataclass_fields__}
        visitor = Employee(id=person_id, created_at=now, kind=PersonKind.VISITOR, **fields)
        starts_at, ends_at = who.starts_at.replace(microsecond=0), who.ends_at.replace(microsecond=0)
        grant = Grant(grant_id, person_id, who.where, starts_at - EARLY, ends_at + LEAVES_WITHIN, "Visit", by.id)
        with self.store.write() as tx:
            host = tx.employees.get(who.host) or tx.employees.by_number(who.host)
            if host is None or host.is_guest:
                raise NotFound("unknown_host", "There is no employee with this number. A visit has a host.")
            if host.status is not Status.ACTIVE:
                raise Conflict("host_inactive", "The host is not active. Choose another one.")
            wrapped = self.vault.new_key()
            tx.data_keys.add(person_id, wrapped)
            tx.employees.add(visitor)
            self.permits.grant_in(tx, by, grant)
            where = chain(who.where.sites, who.where.zones, who.where.gates)
            given = self.passes.give_in(tx, person_id, starts_at - EARLY, ends_at, by.name, once=who.once, places=where)
            visit = Visit(
                new,
                person_id,
                host.id,
                digest(details.token),
                self.vault.seal(wrapped, json.dumps(asdict(details)).encode(), context(Sealed.VISIT, new)),
                given.credential.id,
                grant_id,
                starts_at,
                ends_at,
                by.name[:200],
                now,
                pass_mail=MailState.DUE if self.mails and who.email else MailState.NONE,
            )
            tx.visits.add(visit)
        named = PersonName(host.number, host.name, bool(host.photos))
        return ShownVisit(visit, visitor, named, details, visit.state(now))

    def between(self, since: datetime, until: datetime) -> list[ShownVisit]:
        """The visits that touch a span, and those of visitors still inside, by their start."""
        with self.store.read() as tx:
            return self._shown(tx, tx.visits.between(since, until))

    def get(self, visit_id: str) -> ShownVisit:
        """Raises NotFound."""
        with self.store.read() as tx:
            return self._one(tx, tx.visits.get(visit_id), _unknown_visit())

    def with_code(self, visit_id: str) -> tuple[ShownVisit, str | None]:
        """The visit, and what its pass's code holds; None for one that was taken back. Raises NotFound, CryptoFault."""
        with self.store.read() as tx:
            shown = self._one(tx, tx.visits.get(visit_id), _unknown_visit())
            return shown, self.passes.code_in(tx, shown.visit.credential_id)

    def open(self, token: str) -> tuple[ShownVisit, str | None]:
        """The visit behind a link, and what its pass's code holds; None once it lets nobody in or out any more.

        Raises NotFound('link_expired') for a link of no visit, and once the visit is cancelled or long over.
        """
        with self.store.read() as tx:
            found = tx.visits.by_link(digest(token))
            shown = self._one(tx, found, _expired())
            code = self.passes.code_in(tx, shown.visit.credential_id)
        if shown.visit.cancelled_at is not None or self.clock() >= shown.visit.ends_at + LEAVES_WITHIN:
            raise _expired()
        return shown, code

    def move_end(self, by: Principal, visit_id: str, ends_at: datetime) -> ShownVisit:
        """Moves the end of a visit, with its grant and its pass. What is over, or was taken back, stays so.

        A code that the visitor has lets them in until its own end and four hours more. So for a later end the pass is
        mailed again; the link shows the new code at once.

        Raises NotFound, BadInput as `invite` does, and Conflict: 'visit_is_over', 'host_inactive'.
        """
        ends_at = ends_at if ends_at.tzinfo is None else ends_at.replace(microsecond=0)
        with self.store.write() as tx:
            visit = tx.visits.get(visit_id)
            if visit is None:
                raise _unknown_visit()
            self._check_times(by, visit.starts_at, ends_at)
            host = tx.employees.get(visit.host_id)
            if host is None or host.status is not Status.ACTIVE:
                raise Conflict("host_inactive", "The host is not active. Invite the visitor anew, with another host.")
            grants = [one for one in tx.rules.all().grants if one.id == visit.grant_id]
            if not grants or grants[0].ends_at <= self.clock():
                raise _over()
            after = replace(grants[0], ends_at=ends_at + LEAVES_WITHIN)
            self.permits.change_in(tx, by, grants[0], after, lambda: self._end_moved(tx, visit_id, ends_at))
        return self.get(visit_id)

    def _end_moved(self, tx: Transaction, visit_id: str, ends_at: datetime) -> None:
        visit = tx.visits.get(visit_id)
        if visit is None or visit.cancelled_at is not None or tx.credentials.get(visit.credential_id) is None:
            raise _over()
        tx.credentials.extend(visit.credential_id, ends_at)
        after = replace(visit, ends_at=ends_at)
        visitor = tx.employees.get(visit.employee_id)
        if ends_at > visit.ends_at and self.mails and visitor is not None and visitor.email:
            after = replace(after, pass_mail=MailState.DUE, tries=0, next_try_at=None)
        tx.visits.put(after)

    def _check_times(self, by: Principal, starts_at: datetime, ends_at: datetime) -> None:
        checked_times(starts_at, ends_at, self.clock())
        if not by.may(Role.ADMIN) and ends_at - starts_at > LONGEST_BY_GUARD:
            raise BadInput("bad_visit_times", "Guards invite for 24 hours at most. Ask an admin for longer.")

    def leave(self, visit_id: str) -> ShownVisit:
        """Somebody says that the visitor has left: they are outside, and no pass lets them in again.

        Raises NotFound, and Conflict('visitor_not_inside').
        """
        with self.store.write() as tx:
            visit = self._held(tx, visit_id)
            if not visit.inside:
                raise Conflict("visitor_not_inside", "This visitor is not inside, by what we know.")
            tx.passages.leave(visit.employee_id)
            tx.presences.remove([visit.employee_id])
            self.settle(tx, replace(visit, left_at=self.clock(), left_by=LeftBy.PERSON))
        return self.get(visit_id)

    def cancel(self, visit_id: str) -> ShownVisit:
        """Takes the pass back. Raises NotFound, and Conflict where the visitor came already or it is over."""
        with self.store.write() as tx:
            visit = self._held(tx, visit_id)
            if visit.arrived_at is not None or not visit.is_open(self.clock()):
                raise Conflict("visit_is_over", "The visitor came already, or the visit is over or cancelled.")
            self.cancel_in(tx, visit, Cancelled.PERSON)
        return self.get(visit_id)

    def cancel_in(self, tx: Transaction, visit: Visit, why: Cancelled) -> None:
        """Cancels a visit. The visitor's row and the rules are locked."""
        mail = MailState.NONE if visit.pass_mail is MailState.DUE else visit.pass_mail
        self.settle(tx, replace(visit, cancelled_at=self.clock(), cancelled_by=why, pass_mail=mail))

    def settle(self, tx: Transaction, visit: Visit) -> None:
        """Stores a visit that is over, and takes back what let the visitor in. Both are locked, as for `cancel_in`."""
        if tx.credentials.get(visit.credential_id) is not None:
            tx.credentials.delete(visit.credential_id)
        tx.visits.put(visit)
        grants = [one for one in tx.rules.all().grants if one.id == visit.grant_id]
        if grants:
            tx.rules.delete(*grants)

    def details_in(self, tx: Transaction, visit: Visit) -> VisitDetails:
        """Raises CryptoFault for an erased visitor."""
        key = tx.data_keys.peek(visit.employee_id)
        if key is None:
            raise CryptoFault("the visitor's key is gone: erased meanwhile")
        return VisitDetails(**json.loads(self.vault.open(key, visit.sealed, context(Sealed.VISIT, visit.id))))

    def _held(self, tx: Transaction, visit_id: str) -> Visit:
        """The visit, with the visitor's row and the rules locked."""
        found = tx.visits.get(visit_id)
        if found is None or tx.employees.get(found.employee_id, for_update=True) is None:
            raise _unknown_visit()
        tx.rules.lock()
        return tx.visits.get(visit_id) or found

    def _one(self, tx: Transaction, visit: Visit | None, missing: NotFound) -> ShownVisit:
        shown = [] if visit is None else self._shown(tx, [visit])
        if not shown:
            raise missing
        return shown[0]

    def _shown(self, tx: Transaction, visits: Sequence[Visit]) -> list[ShownVisit]:
        now, hosts = self.clock(), tx.employees.names({one.host_id for one in visits})
        visitors = tx.employees.some(one.employee_id for one in visits)
        return [
            ShownVisit(
                one,
                visitors[one.employee_id],
                hosts.get(one.host_id, GONE),
                self.details_in(tx, one),
                one.state(now),
            )
            for one in visits
            if one.employee_id in visitors
        ]


def _unknown_visit() -> NotFound:
    return NotFound("unknown_visit", "There is no visit with this id.")


def _over() -> Conflict:
    return Conflict("visit_is_over", "The visit is over or cancelled. Invite the visitor anew.")


def _expired() -> NotFound:
    return NotFound("link_expired", "This link does not work any more. Ask whoever invited you.")
