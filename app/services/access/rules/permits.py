"""What holds for one person for a while: temporary grants, and blocks, which always win."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.access import policy
from app.core.access.rule_edits import unchanged
from app.core.access.rule_set import RuleSet
from app.core.access.rules import Block, Grant, Where
from app.core.accounts.users import Principal
from app.core.errors import BadInput, Conflict, NotFound
from app.core.ports.store import Store, Transaction
from app.core.types import Employee

USUAL = timedelta(hours=24)
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Permits:
    store: Store
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def one(self, rules: RuleSet, grant_id: str) -> Grant:
        """Raises NotFound for a grant that is not there or has ended."""
        for grant in rules.grants:
            if grant.id == grant_id and grant.ends_at > self.clock():
                return grant
        raise NotFound("unknown_grant", "There is no such grant, or it has ended.")

    def givers(self, ids: Collection[str]) -> dict[str, str]:
        """The names of the keys and users with these ids."""
        with self.store.read() as tx:
            found = [tx.users.get(one) or tx.api_keys.get(one) for one in sorted(ids)]
        return {one.id: one.name for one in found if one is not None}

    def grant(
        self,
        by: Principal,
        employee_id: str,
        where: Where,
        reason: str,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> Grant:
        """Lets a person through gates until an end, 24 hours from the start unless given.

        Raises NotFound for the person, BadInput for places, times or a reason that cannot be, and
        Conflict('employee_blocked'): a grant never outlives a block.
        """
        start = starts_at or self.clock()
        made = Grant(self.new_id(), employee_id, where, start, ends_at or start + USUAL, reason, by.id)
        with self.store.write() as tx:
            if policy.blocked(_known(tx, employee_id), self.clock()):
                raise Conflict("employee_blocked", "The employee is blocked. Lift the block first.")
            self._put(tx, made)
        return made

    def change(
        self, by: Principal, grant_id: str, change: Callable[[Grant], Grant], version: str | None = None
    ) -> Grant:
        """Changes a grant. Raises as `grant` and `end` do."""
        with self.store.write() as tx:
            after = change(self._held(tx, grant_id, version))
            self._put(tx, after)
        return after

    def end(self, by: Principal, grant_id: str, version: str | None = None) -> None:
        """Ends a grant from the next decision on. Raises NotFound, and EntryChanged for another version."""
        with self.store.write() as tx:
            tx.rules.delete(self._held(tx, grant_id, version))

    def _held(self, tx: Transaction, grant_id: str, version: str | None) -> Grant:
        tx.rules.lock()
        rules = tx.rules.all()
        grant = self.one(rules, grant_id)
        unchanged(grant, version)
        return grant

    def _put(self, tx: Transaction, grant: Grant) -> None:
        now, rules = self.clock(), tx.rules.all().sound()
        if abs(grant.starts_at - now) > LONGEST or grant.ends_at - grant.starts_at > LONGEST:
            raise BadInput("bad_grant", "A grant starts and ends within a year. For longer, write a rule.")
        others = tuple(one for one in rules.grants if one.id != grant.id)
        replace(rules, grants=(*others, grant)).check()
        over = [one for one in tx.rules.all().grants if one.ends_at <= now]
        if over:
            tx.rules.delete(*over)
        tx.rules.put(grant)

    def block(self, employee_id: str, reason: str, until: datetime | None = None) -> Employee:
        """Keeps a person out everywhere, until an instant or until somebody lifts it. Their grants end with it.

        Raises NotFound, and BadInput for a reason that cannot be shown.
        """
        checked = Block(reason, until)
        with self.store.write() as tx:
            tx.employees.lock(employee_id)
            employee = _known(tx, employee_id)
            blocked = replace(
                employee, blocked_at=self.clock(), blocked_until=checked.until, block_reason=checked.reason
            )
            tx.employees.update(blocked)
            theirs = [grant for grant in tx.rules.all().grants if grant.person_id == employee_id]
            if theirs:
                tx.rules.delete(*theirs)
        return blocked

    def unblock(self, employee_id: str) -> Employee:
        """Raises NotFound."""
        with self.store.write() as tx:
            tx.employees.lock(employee_id)
            employee = _known(tx, employee_id)
            free = replace(employee, blocked_at=None, blocked_until=None, block_reason=None)
            tx.employees.update(free)
        return free


def _known(tx: Transaction, employee_id: str) -> Employee:
    employee = tx.employees.get(employee_id)
    if employee is None:
        raise NotFound("unknown_employee", "There is no employee with that id.")
    return employee
