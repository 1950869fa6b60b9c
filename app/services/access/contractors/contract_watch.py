"""Reminds sponsors before the access of their contractors ends, by mail where there is a mail server, and by an alert.

Everything follows from what is stored, so whatever a crash cuts off, the next look finishes. A mail may then be sent
twice; its first link works no more.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.alerts.alert import Alert, AlertKind
from app.core.contracts import SOON, ContractState
from app.core.errors import NotFound
from app.core.people.reminders import Reminder
from app.core.people.visits import MOST_TRIES, MailState
from app.core.ports.mail import Mail, Mailer, MailFault
from app.core.ports.store import Clock, Store
from app.core.tokens import digest
from app.core.types import Status
from app.services.access.contractors.contract_book import ContractBook, ShownContractor
from app.services.access.visits.visit_watch import FIRST_WAIT, LONGEST_WAIT

logger = logging.getLogger(__name__)

# Writes the mail, given the token of its link. None for a sponsor who has no address.
Letter = Callable[[ShownContractor, str], Mail | None]


@dataclass(frozen=True)
class ContractWatch:
    """mailer: None without a mail server."""

    store: Store
    book: ContractBook
    clock: Clock
    new_id: Callable[[], str]
    mailer: Mailer | None = None

    def look(self, letter: Letter) -> None:
        """Raises or clears the alert, and sends what is due. Of several processes, one does it. Raises NotRecorded."""
        with self.store.alone("contractors") as mine:
            if not mine:
                return
            now = self.clock()
            active = [one for one in self.book.all() if one.person.status is Status.ACTIVE]
            with self.store.read() as tx:
                raised = any(one.kind is AlertKind.CONTRACTOR_ENDS_SOON for one in tx.alerts.uncleared())
                reminded = {one.employee_id: one for one in tx.reminders.all()}
            self._alert(any(one.state is ContractState.SOON for one in active), raised, now)
            if self.mailer is None:
                return
            for one in active:
                due = _asks(one, now) and _due(one, reminded.get(one.person.id), now)
                if due and not self._send(self.mailer, letter, one):
                    return

    def open(self, token: str) -> ShownContractor:
        """The contractor behind a sponsor's link. Raises NotFound('link_expired') once its question is answered."""
        with self.store.read() as tx:
            reminder = tx.reminders.by_link(digest(token))
        if reminder is None:
            raise _expired()
        try:
            shown = self.book.get(reminder.employee_id)
        except NotFound:
            raise _expired() from None
        if shown.contract.confirmed_at != reminder.confirmed_at or not shown.contract.sponsor_active:
            raise _expired()
        return shown

    def confirm(self, token: str) -> None:
        """The sponsor confirms by their link, which works once. Raises NotFound('link_expired')."""
        employee_id = self.open(token).person.id
        with self.store.write() as tx:
            tx.templates.lock()
            employee = tx.employees.get(employee_id, for_update=True)
            reminder = tx.reminders.by_link(digest(token))
            contract = None if employee is None else employee.contract
            if employee is None or contract is None or reminder is None:
                raise _expired()
            if contract.confirmed_at != reminder.confirmed_at or not contract.sponsor_active:
                raise _expired()
            self.book.confirm_in(tx, employee, contract)

    def _alert(self, soon: bool, raised: bool, now: datetime) -> None:
        """One alert for all whose access ends soon; the page of contractors names them."""
        if soon == raised:
            return
        with self.store.write() as tx:
            if soon:
                tx.alerts.raise_(Alert(self.new_id(), now, AlertKind.CONTRACTOR_ENDS_SOON))
            else:
                tx.alerts.clear(AlertKind.CONTRACTOR_ENDS_SOON, None, None, now)

    def _send(self, mailer: Mailer, letter: Letter, one: ShownContractor) -> bool:
        """Returns whether the server works, as far as this mail tells."""
        token, person_id = secrets.token_urlsafe(32), one.person.id
        mail = letter(one, token)
        reminder = Reminder(person_id, one.contract.confirmed_at, digest(token), MailState.NONE)
        if mail is None:
            self._put(reminder)
            return True
        with self.store.read() as tx:
            before = tx.reminders.of(person_id)
        tries = before.tries if before is not None and before.confirmed_at == reminder.confirmed_at else 0
        # The link is stored before it is sent: whoever reads the mail at once can use it.
        due = replace(reminder, mail=MailState.DUE, tries=tries)
        if not self._put(due):
            return True
        works = True
        try:
            mailer.send(mail)
            after = replace(due, mail=MailState.SENT)
        except MailFault as error:
            tries, works = tries + 1, error.final
            state = MailState.FAILED if error.final or tries >= MOST_TRIES else MailState.DUE
            wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
            after = replace(due, mail=state, tries=tries, next_try_at=self.clock() + wait)
            logger.warning('reminder_not_sent contractor=%s tries=%d error="%s"', person_id, tries, error)
        self._put(after)
        return works

    def _put(self, reminder: Reminder) -> bool:
        """False if the contractor was erased, or confirmed, meanwhile."""
        with self.store.write() as tx:
            employee = tx.employees.get(reminder.employee_id, for_update=True)
            if employee is None or employee.contract is None:
                return False
            if employee.contract.confirmed_at != reminder.confirmed_at:
                return False
            tx.reminders.put(reminder)
        return True


def _asks(one: ShownContractor, now: datetime) -> bool:
    """Whether the sponsor has to confirm soon. Of documents that end, the alert tells."""
    return one.contract.sponsor_active and now >= one.contract.confirmed_until - SOON


def _due(one: ShownContractor, reminder: Reminder | None, now: datetime) -> bool:
    if reminder is None or reminder.confirmed_at != one.contract.confirmed_at:
        return True
    return reminder.mail is MailState.DUE and (reminder.next_try_at is None or reminder.next_try_at <= now)


def _expired() -> NotFound:
    return NotFound("link_expired", "This link does not work any more. Ask whoever looks after contractors here.")
