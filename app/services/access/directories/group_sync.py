"""Keeps the groups that a directory sends. Such a group lets nobody in until an admin names it in a rule."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from app.core.access.rule_set import RuleSet, in_order
from app.core.access.rules import Group, GroupSource
from app.core.errors import BadInput, Conflict, NotFound, Outdated
from app.core.people.details import Details
from app.core.people.directories import DirectoryGroup, Leaving
from app.core.people.records import EmployeeFilter
from app.core.ports.store import Clock, Transaction
from app.core.text import folded
from app.services.access.directories.people_sync import PeopleSync
from app.services.access.rules.rule_changes import store

_EVERYBODY = 10_000_000


@dataclass(frozen=True)
class SentGroup:
    """members: ids of employees; None leaves them as they are."""

    name: str
    external_id: str | None
    members: frozenset[str] | None
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupSync:
    """Every method works within the caller's write."""

    people: PeopleSync
    clock: Clock
    new_id: Callable[[], str]

    def add(self, tx: Transaction, directory_id: str, sent: SentGroup) -> DirectoryGroup:
        """Raises Conflict('group_taken') and BadInput."""
        tx.templates.lock()
        group, now = Group(self.new_id(), sent.name, GroupSource.SCIM), self.clock()
        _name_is_free(tx.rules.all(), group)
        members = sent.members or frozenset()
        _hold(tx, members)
        tx.rules.put(group)
        self._set_members(tx, directory_id, group.name, members)
        linked = DirectoryGroup(group.id, directory_id, sent.external_id, 1, now, now)
        tx.directories.put_group(linked)
        self.people.note(tx, directory_id, {}, sent.ignored)
        return linked

    def change(
        self, tx: Transaction, directory_id: str, group_id: str, sent: SentGroup, version: int | None
    ) -> DirectoryGroup:
        """Raises NotFound, Outdated, Conflict('group_taken') and BadInput."""
        tx.templates.lock()
        rules = tx.rules.all()
        before, group = self.get(tx, rules, directory_id, group_id)
        if version is not None and version != before.version:
            raise Outdated("directory_group_changed", "This group was changed meanwhile. Read it again.", {})
        now = set(self.members(tx, group))
        _hold(tx, now if sent.members is None else now | sent.members)
        if sent.name != group.name:
            renamed = replace(group, name=sent.name)
            _name_is_free(rules, renamed)
            others = (one for one in rules.groups if one.id != group_id)
            store(tx, rules, replace(rules, groups=in_order([*others, renamed])))
        if sent.members is not None:
            self._set_members(tx, directory_id, sent.name, sent.members)
        after = replace(before, external_id=sent.external_id, version=before.version + 1, changed_at=self.clock())
        tx.directories.put_group(after)
        self.people.note(tx, directory_id, {}, sent.ignored)
        return after

    def remove(self, tx: Transaction, directory_id: str, group_id: str, version: int | None) -> None:
        """Takes everybody out. A group that a rule names stays, empty and local: an admin has to change that rule.

        Raises NotFound and Outdated.
        """
        tx.templates.lock()
        rules = tx.rules.all()
        before, group = self.get(tx, rules, directory_id, group_id)
        if version is not None and version != before.version:
            raise Outdated("directory_group_changed", "This group was changed meanwhile. Read it again.", {})
        _hold(tx, self.members(tx, group))
        self._set_members(tx, directory_id, group.name, frozenset())
        if any(one.kind == "groups" and one.id == group_id for one in rules.references()):
            tx.rules.put(replace(group, source=GroupSource.LOCAL))
            tx.directories.forget_group(group_id)
        else:
            tx.rules.delete(group)
        self.people.note(tx, directory_id, {})

    def get(self, tx: Transaction, rules: RuleSet, directory_id: str, group_id: str) -> tuple[DirectoryGroup, Group]:
        """Raises NotFound for a group that this directory did not send."""
        linked = tx.directories.group(group_id)
        group = next((one for one in rules.groups if one.id == group_id), None)
        if linked is None or group is None or linked.directory_id != directory_id:
            raise NotFound("unknown_directory_group", "The directory sent no group with this id.")
        return linked, group

    @staticmethod
    def members(tx: Transaction, group: Group) -> list[str]:
        """The ids of its members, in order."""
        return sorted(tx.employees.ids(EmployeeFilter(group=folded(group.name), limit=_EVERYBODY)))

    @staticmethod
    def _set_members(tx: Transaction, directory_id: str, name: str, wanted: Collection[str]) -> None:
        key = folded(name)
        now = set(tx.employees.ids(EmployeeFilter(group=key, limit=_EVERYBODY)))
        for employee_id in sorted(now ^ set(wanted)):
            joins = employee_id in wanted
            person, employee = tx.directories.person(employee_id), tx.employees.get(employee_id)
            ours = person is not None and person.directory_id == directory_id
            if employee is None or (joins and (not ours or person is None or person.held is Leaving.ERASE)):
                raise BadInput("unknown_member", "The directory has not sent one of these members. Send them first.")
            others = tuple(one for one in employee.groups if folded(one) != key)
            groups = (*others, name) if joins else others
            Details.of(employee, groups=groups)  # raises for too many groups
            tx.employees.update(replace(employee, groups=groups))


def _hold(tx: Transaction, employee_ids: Iterable[str]) -> None:
    """Locks people before the rules, as everybody does who changes both."""
    for employee_id in sorted(employee_ids):
        tx.employees.lock(employee_id)


def _name_is_free(rules: RuleSet, group: Group) -> None:
    if any(one.id != group.id and folded(one.name) == folded(group.name) for one in rules.groups):
        raise Conflict("group_taken", f'There is a group "{group.name}" already. Rename one of the two.')
