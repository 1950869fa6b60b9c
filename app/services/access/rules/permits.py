"""What holds for one person for a while: temporary grants, and blocks, which always win."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.access.factors.standing import blocked
from app.core.access.rule_edits import unchanged, version_of
from app.core.access.rule_set import RuleSet
from app.core.access.rules import Block, Grant, Where
from app.core.accounts.users import Principal
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.events.decision import Identity
from app.core.gates.gate import Gate
from app.core.ports.store import Store, Transaction
from app.core.types import Employee, Reason, Role
from app.services.events.access_log import AccessLog
from app.services.events.orders import ordered

USUAL = timedelta(hours=24)
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Permits:
    store: Store
    log: AccessLog
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

        Each gate that it opens logs it. Guards may give one where the setting allows, for at most that many hours.

        Raises NotFound for the person, BadInput for places, times or a reason that cannot be, Forbidden, and
        Conflict('employee_blocked'): a grant never outlives a block.
        """
        start = starts_at or self.clock()
        made = Grant(self.new_id(), employee_id, where, start, ends_at or start + USUAL, reason, by.id)
        with self.store.write() as tx:
            self._may(tx, by, made.ends_at)
            self.grant_in(tx, by, made)
        return made

    def grant_in(self, tx: Transaction, by: Principal, made: Grant) -> None:
        """`grant` within a write, whoever it is by: guards invite visitors for a day even where they give no grants.

        Whoever stands at the desk has to be able to let an expected visitor in. The host hears of each at once.
        """
        heads = self._heads(tx, made)
        employee = tx.employees.get(made.person_id, for_update=True)
        if employee is None:
            raise NotFound("unknown_employee", "There is no employee with that id.")
        if blocked(employee, self.clock()):
            raise Conflict("employee_blocked", "The employee is blocked. Lift the block first.")
        tx.rules.lock()
        self._check(tx, made)
        self._record(tx, heads, Reason.GRANT_GIVEN, made, by)
        self._put(tx, made)

    def change(
        self, by: Principal, grant_id: str, change: Callable[[Grant], Grant], version: str | None = None
    ) -> Grant:
        """Changes a grant, as if it ended and another was given. Raises as `grant` and `end` do."""
        with self.store.write() as tx:
            before = self._own(tx, by, grant_id, version)
            after = change(before)
            self._may(tx, by, after.ends_at)
            self.change_in(tx, by, before, after)
        return after

    def change_in(
        self, tx: Transaction, by: Principal, before: Grant, after: Grant, between: Callable[[], None] = lambda: None
    ) -> None:
        """`change` within a write, whoever it is by. between: stores what goes with it, once the person is locked."""
        heads = self._heads(tx, before, after)
        tx.employees.get(before.person_id, for_update=True)
        self._locked(tx, before)
        self._check(tx, after)
        self._record(tx, heads, Reason.GRANT_ENDED, before, by)
        self._record(tx, heads, Reason.GRANT_GIVEN, after, by)
        between()
        self._put(tx, after)

    def end(self, by: Principal, grant_id: str, version: str | None = None) -> None:
        """Ends a grant from the next decision on.

        Raises NotFound, EntryChanged for another version, and Forbidden for a guard where somebody else gave it.
        """
        with self.store.write() as tx:
            grant = self._own(tx, by, grant_id, version)
            heads = self._heads(tx, grant)
            tx.employees.get(grant.person_id, for_update=True)
            self._locked(tx, grant)
            self._record(tx, heads, Reason.GRANT_ENDED, grant, by)
            tx.rules.delete(grant)

    def _may(self, tx: Transaction, by: Principal, ends_at: datetime) -> None:
        """Whether this person may let somebody in until then."""
        if by.may(Role.ADMIN):
            return
        hours = tx.site_settings.get().guard_grant_max_hours
        if hours is None:
            raise Forbidden("guards_may_not_grant", "Only admins give temporary grants here. An admin can change that.")
        if ends_at - self.clock() > timedelta(hours=hours):
            raise BadInput("grant_too_long", f"Guards may let somebody in for {hours} hours from now. Ask an admin.")

    def _own(self, tx: Transaction, by: Principal, grant_id: str, version: str | None) -> Grant:
        grant = self.one(tx.rules.all(), grant_id)
        if not by.may(Role.ADMIN) and grant.granted_by != by.id:
            raise Forbidden("not_your_grant", "Somebody else gave this grant. Ask them, or an admin.")
        unchanged(grant, version)
        return grant

    def _heads(self, tx: Transaction, *grants: Grant) -> dict[str, Gate]:
        """Locks the logs of the gates that the grants reach, and returns these gates."""
        rules = tx.rules.all().sound()
        reached = sorted({gate for grant in grants for gate in rules.gates_of(grant.where)})
        for gate_id in reached:
            tx.events.lock_head(gate_id)
        return {gate_id: gate for gate_id in reached if (gate := tx.gates.get(gate_id))}

    def _locked(self, tx: Transaction, grant: Grant) -> None:
        """Holds the rules. Raises EntryChanged where the grant was changed since it was read."""
        tx.rules.lock()
        unchanged(self.one(tx.rules.all(), grant.id), version_of(grant))

    def _check(self, tx: Transaction, grant: Grant) -> None:
        now, rules = self.clock(), tx.rules.all().sound()
        if abs(grant.starts_at - now) > LONGEST or grant.ends_at - grant.starts_at > LONGEST:
            raise BadInput("bad_grant", "A grant starts and ends within a year. For longer, write a rule.")
        if grant.ends_at <= now:
            raise BadInput("bad_grant", "The grant would be over already. End it, or choose a later end.")
        others = tuple(one for one in rules.grants if one.id != grant.id)
        replace(rules, grants=(*others, grant)).check()

    def _record(self, tx: Transaction, gates: dict[str, Gate], reason: Reason, grant: Grant, by: Principal) -> None:
        employee = tx.employees.get(grant.person_id)
        reached = tx.rules.all().sound().gates_of(grant.where)
        for gate_id, gate in gates.items():
            if gate_id in reached and employee is not None:
                order = ordered(
                    gate, self.new_id(), reason, self.clock(), by.id, None, grant.reason, Identity.of(employee)
                )
                self.log.append(tx, order)

    def _put(self, tx: Transaction, grant: Grant) -> None:
        over = [one for one in tx.rules.all().grants if one.ends_at <= self.clock()]
        if over:
            tx.rules.delete(*over)
        tx.rules.put(grant)

    def block(
        self,
        employee_id: str,
        reason: str,
        until: datetime | None = None,
        check: Callable[[Employee], None] = lambda employee: None,
    ) -> Employee:
        """Keeps a person out everywhere, until an instant or until somebody lifts it. Their grants end with it.

        check: refuses what is stored of them now, by raising. Raises NotFound, and BadInput for a reason that cannot
        be shown.
        """
        checked = Block(reason, until)
        with self.store.write() as tx:
            tx.employees.lock(employee_id)
            employee = _known(tx, employee_id)
            check(employee)
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
