"""Who belongs to a group. A person's row carries the names of their groups, so that a decision reads both at once."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from app.core.access.rule_edits import find
from app.core.access.rules import Group, GroupSource
from app.core.errors import BadInput, Conflict, NotFound
from app.core.people.details import Details
from app.core.people.records import EmployeeFilter
from app.core.ports.store import Store, Transaction
from app.core.text import folded
from app.core.types import Employee


@dataclass(frozen=True)
class MemberChange:
    """How many people came and went, and how many there are now."""

    added: int
    removed: int
    members: int


@dataclass(frozen=True)
class GroupMembers:
    store: Store

    def find(self, group_id: str, which: EmployeeFilter) -> list[Employee]:
        """The members that match, by number. Raises NotFound."""
        with self.store.read() as tx:
            return tx.employees.find(replace(which, group=folded(_group(tx, group_id).name)))

    def change(self, group_id: str, add: Collection[str], remove: Collection[str]) -> MemberChange:
        """Adds and removes people, all or nobody. Who is in already, or is not, stays so.

        Raises NotFound, BadInput for somebody in too many groups, and Conflict('group_of_directory').
        """
        if set(add) & set(remove):
            raise BadInput("bad_members", "Somebody is both added and removed. Send each person once.")
        with self.store.write() as tx:
            tx.templates.lock()  # as everybody does who changes people
            group = _group(tx, group_id)
            if group.source is GroupSource.SCIM:
                raise Conflict("group_of_directory", "The directory says who is in this group. Change it there.")
            name, counts = folded(group.name), {True: 0, False: 0}
            for employee_id in sorted({*add, *remove}):
                tx.employees.lock(employee_id)
                employee = tx.employees.get(employee_id)
                if employee is None:
                    raise NotFound("unknown_employee", f"There is no employee with the id {employee_id}.")
                joins = employee_id in add
                if joins == (name in map(folded, employee.groups)):
                    continue
                others = tuple(one for one in employee.groups if folded(one) != name)
                changed = replace(employee, groups=(*others, group.name) if joins else others)
                Details(employee.number, employee.name, groups=changed.groups)  # raises for too many groups
                tx.employees.update(changed)
                counts[joins] += 1
            return MemberChange(counts[True], counts[False], tx.employees.group_sizes().get(name, 0))


def _group(tx: Transaction, group_id: str) -> Group:
    found: Group = find(tx.rules.all(), Group, group_id)
    return found
