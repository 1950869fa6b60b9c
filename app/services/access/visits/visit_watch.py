"""What happens to visits by itself: visitors come and go, hosts are told, and passes are sent.

Everything follows from what is stored, so whatever a crash cuts off, the next look finishes. A mail may then be sent
twice, and is never forgotten.
"""

import logging
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from app.core.alerts.alert import Alert, AlertKind
from app.core.errors import CryptoFault, NotFound
from app.core.events.records import EventFilter
from app.core.people.visits import EARLY, MOST_TRIES, Cancelled, LeftBy, MailState, Visit, VisitState
from app.core.ports.mail import Mail, Mailer, MailFault
from app.core.ports.store import Clock, Store, Transaction
from app.core.types import Status, Verdict
from app.services.access.rules.current_rules import CurrentRules
from app.services.access.visits.visit_book import ShownVisit, VisitBook

logger = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
Written = Callable[[ShownVisit, str | None], Mail | None]


@dataclass(frozen=True)
class Letters:
    """Writes the mails. None for somebody who has no address. for_visitor: gets the pass's code as well."""

    for_visitor: Written
    for_host: Written


@dataclass(frozen=True)
class VisitWatch:
    """mailer: None without a mail server."""

    store: Store
    book: VisitBook
    clock: Clock
    new_id: Callable[[], str]
    mailer: Mailer | None = None
    rules: CurrentRules = field(default_factory=CurrentRules)

    def look(self, letters: Letters) -> None:
        """Brings all visits up to date. Of several processes, one does it. Raises NotRecorded."""
        with self.store.alone("visits") as mine:
            if not mine:
                return
            now = self.clock()
            with self.store.read() as tx:
                open_ = tx.visits.unsettled(now)
                active = _active(tx, open_)
                changed = [one.id for one in open_ if self._seen(tx, one, now, active) != one]
                raised = any(one.kind is AlertKind.VISITOR_STILL_INSIDE for one in tx.alerts.uncleared())
            for visit_id in changed:
                self._follow(visit_id)
            if changed:
                with self.store.read() as tx:
                    open_ = tx.visits.unsettled(now)
            self._alert(any(one.state(now) is VisitState.OVERDUE for one in open_), raised, now)
            if self.mailer is not None:
                self._send(self.mailer, letters, open_)

    def _follow(self, visit_id: str) -> None:
        with self.store.write() as tx:
            visit = tx.visits.get(visit_id)
            if visit is None or tx.employees.get(visit.employee_id, for_update=True) is None:
                return
            visit = tx.visits.get(visit_id) or visit
            now = self.clock()
            after = self._seen(tx, visit, now, _active(tx, [visit]))
            if after.cancelled_at != visit.cancelled_at:
                tx.rules.lock()
                self.book.cancel_in(tx, visit, Cancelled.HOST_INACTIVE)
            elif after != visit:
                tx.visits.put(after)

    def _seen(self, tx: Transaction, visit: Visit, now: datetime, active: Set[str]) -> Visit:
        """The visit as gates and the host's row say that it is. active: ids of hosts."""
        if visit.arrived_at is None and visit.is_open(now) and visit.host_id not in active:
            return replace(visit, cancelled_at=now)
        if now < visit.starts_at - EARLY:  # no gate opens yet: of what is planned for months, nothing more is read
            return visit
        presence = tx.presences.get(visit.employee_id)
        if presence is not None and presence.zone_id is not None:
            visit = self._inside(tx, visit, presence.since)
        elif presence is not None and visit.inside and presence.since > (visit.arrived_at or now):
            return replace(visit, left_at=presence.since, left_by=LeftBy.GATE)
        elif presence is None and visit.arrived_at is None:
            visit = self._let_in(tx, visit)
        return visit

    def _let_in(self, tx: Transaction, visit: Visit) -> Visit:
        """At a site without zones nobody counts who is inside: a visitor has come once a gate has opened for them."""
        if self.rules.at(tx).zones.zones:
            return visit
        which = EventFilter(employee_id=visit.employee_id, verdict=Verdict.OPEN, since=visit.created_at, limit=1)
        found = tx.events.find(which)
        return self._inside(tx, visit, found[0].at) if found else visit

    def _inside(self, tx: Transaction, visit: Visit, since: datetime) -> Visit:
        if visit.inside or (visit.left_at is not None and since <= visit.left_at):
            return visit
        if visit.arrived_at is not None:
            return replace(visit, left_at=None, left_by=None)
        due = MailState.NONE if self.mailer is None else MailState.DUE
        # At once, whatever the mail with the pass waits for.
        return replace(visit, arrived_at=since, host_mail=due, tries=0, next_try_at=None)

    def _alert(self, late: bool, raised: bool, now: datetime) -> None:
        """One alert for all who are inside after the end of their visit; the page of visitors names them."""
        if late == raised:
            return
        with self.store.write() as tx:
            if late:
                tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.VISITOR_STILL_INSIDE))
            else:
                tx.alerts.clear(AlertKind.VISITOR_STILL_INSIDE, None, None, now)

    def _send(self, mailer: Mailer, letters: Letters, visits: Iterable[Visit]) -> None:
        """Sends what is due, until the server fails: whoever waits for it would keep visits from being looked at."""
        now = self.clock()
        for visit in visits:
            if visit.next_try_at is not None and visit.next_try_at > now:
                continue
            if visit.pass_mail is MailState.DUE and not self._one(mailer, visit, "pass_mail", letters.for_visitor):
                return
            if visit.host_mail is MailState.DUE and not self._one(mailer, visit, "host_mail", letters.for_host):
                return

    def _one(self, mailer: Mailer, due: Visit, which: str, write: Written) -> bool:
        """Returns whether the server works, as far as this mail tells."""
        tries, works, state = 0, True, MailState.SENT
        try:
            mail = write(*self.book.with_code(due.id))
            if mail is None:
                state = MailState.NONE
            else:
                mailer.send(mail)
        except NotFound:
            return True  # erased meanwhile
        except CryptoFault as error:  # of this visit alone: the others' mails must not wait for it
            state = MailState.FAILED
            logger.warning('mail_not_written visit=%s kind=%s error="%s"', due.id, which, error)
        except MailFault as error:
            tries, works = due.tries + 1, error.final
            state = MailState.FAILED if error.final or tries >= MOST_TRIES else MailState.DUE
            logger.warning('mail_not_sent visit=%s kind=%s tries=%d error="%s"', due.id, which, tries, error)
        wait = min(FIRST_WAIT * 2 ** max(0, tries - 1), LONGEST_WAIT)
        again = self.clock() + wait if state is MailState.DUE else None
        with self.store.write() as tx:
            visit = tx.visits.get(due.id)
            if visit is None or tx.employees.get(visit.employee_id, for_update=True) is None:
                return works
            visit = tx.visits.get(due.id) or visit
            other = visit.host_mail if which == "pass_mail" else visit.pass_mail
            if state is not MailState.DUE:
                tries = visit.tries if other is MailState.DUE else 0
            fields = {which: state, "tries": tries, "next_try_at": again}
            tx.visits.put(replace(visit, **fields))  # type: ignore[arg-type]
        return works


def _active(tx: Transaction, visits: Iterable[Visit]) -> set[str]:
    """The ids of those of their hosts who are active."""
    hosts = tx.employees.some({one.host_id for one in visits})
    return {host.id for host in hosts.values() if host.status is Status.ACTIVE}
