"""The directory's people and groups as scim2-server reads and writes them: every change goes through the services."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scim2_models import (
    InvalidValueException,
    Meta,
    NotFoundException,
    PreconditionFailedException,
    Reference,
    ResourceType,
    ResponseParameters,
    SearchRequest,
    UniquenessException,
)
from scim2_models.path import CompareOperator, Comparison
from scim2_server.memory import InMemoryStorage
from scim2_server.storage import ScimStorage, SearchPage

from app.core.access.rules import Group as RuleGroup
from app.core.errors import BadInput, Conflict, NotFound, Outdated
from app.core.people.directories import DirectoryGroup, DirectoryPerson, Leaving
from app.core.ports.store import Store, Transaction
from app.core.text import folded
from app.core.types import Employee
from app.services.access.directories.group_sync import GroupSync
from app.services.access.directories.people_sync import PeopleSync
from app.web.scim.models import PROVIDER, Group, GroupMember, sent_group, sent_person


@dataclass
class DirectoryStorage(ScimStorage):
    """Serves one request of one directory. held: whether the request left somebody to an admin.

    changes: the request writes, so that reading and writing are one transaction. A deletion makes its own: an erasure
    needs one to itself.
    """

    store: Store
    people: PeopleSync
    groups: GroupSync
    directory_id: str
    changes: bool
    held: bool = False
    _tx: Transaction | None = field(default=None, init=False)
    _groups: list[RuleGroup] | None = field(default=None, init=False)  # as `_own_groups` read them

    @contextmanager
    def operation(self) -> Iterator[None]:
        """One transaction. Turns refusals into SCIM's."""
        with _in_scim(), self.store.write() if self.changes else self.store.read() as tx:
            self._tx, self._groups = tx, None
            try:
                yield
            finally:
                self._tx = None

    @property
    def tx(self) -> Transaction:
        assert self._tx is not None, "only within an operation"
        return self._tx

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Any:
        if resource_type.name == "User":
            return self._user(self.people.get(self.tx, self.directory_id, resource_id))
        linked, group = self.groups.get(self.tx, self.tx.rules.all(), self.directory_id, resource_id)
        wanted = response_parameters is None or _asks_for_members(response_parameters)
        return self._group(linked, group, members=wanted)

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """Asked for one user name, external id or group name, reads only that; else everything the directory sent."""
        names = [one.name for one in resource_types]
        found = self._asked_for(search_request) if len(names) == 1 else None
        if found is None:
            found = [
                *(self._all_users() if "User" in names else ()),
                *(self._all_groups(search_request) if "Group" in names else ()),
            ]
        memory = InMemoryStorage()
        for resource in found:
            memory._store(resource, {})  # `create` would give it another id; the library is pinned
        return memory.search(resource_types, search_request, position=position)

    def create(self, resource_type: ResourceType, resource: Any) -> Any:
        if resource_type.name == "User":
            return self._user(self.people.add(self.tx, self.directory_id, sent_person(resource)))
        sent = sent_group(resource)
        linked = self.groups.add(self.tx, self.directory_id, sent)
        return self._group_of(linked)

    def update(self, resource_type: ResourceType, resource: Any, *, expected_version: str | None = None) -> Any:
        version = _number(expected_version)
        if resource_type.name == "User":
            changed = self.people.change(self.tx, self.directory_id, resource.id, sent_person(resource), version)
            self.held = self.held or changed.held is not None
            return self._user(changed)
        linked = self.groups.change(self.tx, self.directory_id, resource.id, sent_group(resource), version)
        return self._group_of(linked)

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        with _in_scim():
            version = _number(expected_version)
            if resource_type.name == "User":
                self.held = self.people.remove(self.directory_id, resource_id, version)
            else:
                with self.store.write() as tx:
                    self.groups.remove(tx, self.directory_id, resource_id, version)

    # Resources

    def _user(self, person: DirectoryPerson, employee: Employee | None = None) -> Any:
        """employee: as this transaction has them; None reads them."""
        model: Any = PROVIDER.model_for("User")
        employee = employee or self.tx.employees.get(person.employee_id)
        groups = {folded(name) for name in employee.groups} if employee else set()
        sent = [one for one in self._own_groups() if folded(one.name) in groups] if groups else []
        stored = {
            **person.attributes,
            "groups": [{"value": group.id, "display": group.name} for group in sent] or None,
        }
        user = model.model_validate(stored)
        user.id = person.employee_id
        user.meta = _meta("User", person.created_at, person.changed_at, person.version)
        return user

    def _group(self, linked: DirectoryGroup, group: RuleGroup, *, members: bool = True) -> Group:
        ids = self.groups.members(self.tx, group) if members else []
        made = Group(
            id=group.id,
            external_id=linked.external_id,
            display_name=group.name,
            members=[GroupMember(value=one, type="User", ref=Reference(f"Users/{one}")) for one in ids] or None,
        )
        made.meta = _meta("Group", linked.created_at, linked.changed_at, linked.version)
        return made

    def _group_of(self, linked: DirectoryGroup) -> Group:
        return self._group(*self.groups.get(self.tx, self.tx.rules.all(), self.directory_id, linked.group_id))

    def _own_groups(self) -> list[RuleGroup]:
        if self._groups is None:
            linked = {one.group_id for one in self.tx.directories.groups(self.directory_id)}
            self._groups = [group for group in self.tx.rules.all().groups if group.id in linked] if linked else []
        return self._groups

    def _all_users(self) -> Iterator[Any]:
        people = self.tx.directories.people(self.directory_id)
        employees = self.tx.employees.some(one.employee_id for one in people)
        for person in people:
            if person.held is not Leaving.ERASE:
                yield self._user(person, employees.get(person.employee_id))

    def _all_groups(self, search: SearchRequest[Any]) -> Iterator[Group]:
        linked = {one.group_id: one for one in self.tx.directories.groups(self.directory_id)}
        members = _asks_for_members(search) or "members" in str(search.filter or "").lower()
        for group in self._own_groups():
            yield self._group(linked[group.id], group, members=members)

    def _asked_for(self, search: SearchRequest[Any]) -> list[Any] | None:
        """What can match a filter that compares one name with `eq`; None where all have to be looked at."""
        node = search.filter.ast if search.filter is not None else None
        if not isinstance(node, Comparison) or node.op != CompareOperator.eq or not isinstance(node.value, str):
            return None
        name, rows = str(node.attr_path).rpartition(":")[2].lower(), self.tx.directories
        if name == "username":
            one = rows.by_user_name(self.directory_id, node.value)
            found = [] if one is None else [one]
        elif name == "externalid":
            found = rows.by_external_id(self.directory_id, node.value)
            if not found:
                return None  # it may be a group's
        else:
            return None
        return [self._user(one) for one in found if one.held is not Leaving.ERASE]


def _meta(kind: str, created: datetime, changed: datetime, version: int) -> Meta:
    return Meta(resource_type=kind, created=created, last_modified=changed, version=f'W/"{version}"')


def _number(version: str | None) -> int | None:
    if version is None:
        return None
    text = version.removeprefix("W/").strip('"')
    return int(text) if text.isdigit() else -1


def _asks_for_members(parameters: ResponseParameters[Any]) -> bool:
    wanted = {str(path).lower() for path in parameters.attributes or ()}
    without = {str(path).lower() for path in parameters.excluded_attributes or ()}
    return "members" not in without and (not wanted or any(path.startswith("members") for path in wanted))


@contextmanager
def _in_scim() -> Iterator[None]:
    try:
        yield
    except NotFound as refusal:
        raise NotFoundException(detail=refusal.detail) from refusal
    except Outdated as refusal:
        raise PreconditionFailedException(detail=refusal.detail) from refusal
    except Conflict as refusal:
        raise UniquenessException(detail=refusal.detail) from refusal
    except BadInput as refusal:
        raise InvalidValueException(detail=refusal.detail) from refusal
