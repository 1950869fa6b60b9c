"""What holds for one person for a while: temporary grants, and blocks, which always win."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.access import policy
from app.core.access.rules import Block, Grant, Where
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

    def grants(self) -> list[Grant]:
        """Those that have not ended, by their start."""
        with self.store.read() as tx:
            return [grant for grant in tx.rules.all().grants if grant.ends_at > self.clock()]

    def grant(
        self,
        employee_id: str,
        gates: tuple[str, ...],
        reason: str,
        by: str,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> Grant:
        """Lets a person through gates (names or ids; none: all) until an end, 24 hours from the start unless given.

        Raises NotFound for the person or a gate, BadInput for times or a reason that cannot be, and
        Conflict('employee_blocked'): a grant never outlives a block.
        """
        start = starts_at or self.clock()
        with self.store.write() as tx:
            if policy.blocked(_known(tx, employee_id), self.clock()):
                raise Conflict("employee_blocked", "The employee is blocked. Lift the block first.")
            found = {name: tx.gates.by_name_or_id(name) for name in gates}
            for name, gate in found.items():
                if gate is None:
                    raise NotFound("unknown_gate", f"There is no gate {name}.")
            where = Where(not gates, gates=frozenset(gate.id for gate in found.values() if gate is not None))
            if abs(start - self.clock()) > LONGEST or (ends_at or start) - start > LONGEST:
                raise BadInput("bad_grant", "A grant starts and ends within a year. For longer, write a rule.")
            made = Grant(self.new_id(), employee_id, where, start, ends_at or start + USUAL, reason, by)
            over = [grant for grant in tx.rules.all().grants if grant.ends_at <= self.clock()]
            if over:
                tx.rules.delete(*over)
            tx.rules.put(made)
        return made

    def end(self, grant_id: str) -> None:
        """Ends a grant from the next decision on. Raises NotFound."""
        with self.store.write() as tx:
            ended = [grant for grant in tx.rules.all().grants if grant.id == grant_id]
            if not ended:
                raise NotFound("unknown_grant", "There is no such grant, or it has ended.")
            tx.rules.delete(*ended)

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
