"""One change of many people. Each is changed by itself, as if alone, and the report says who was not and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core.access.rule_edits import version_of
from app.core.access.rules import Group, GroupSource
from app.core.errors import BadInput, Conflict, NotFound, Refusal
from app.core.people.details import Details
from app.core.people.records import Receipt
from app.core.ports.store import Store
from app.core.text import folded
from app.core.types import Employee, Status
from app.services.access.rules.permits import Permits
from app.services.people.enrolment import Enrolment
from app.services.people.erasure import Erasure


class BulkKind(StrEnum):
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    BLOCK = "block"
    END_ON = "end_on"
    ADD_TO_GROUP = "add_to_group"
    REMOVE_FROM_GROUP = "remove_from_group"
    ERASE = "erase"


@dataclass(frozen=True)
class BulkChange:
    """What to do with each person.

    Attributes:
        reason: of a block.
        valid_until: the last valid day, for END_ON.
        group: the name of a group that there is.

    Raises:
        BadInput: what the kind needs is missing.
    """

    kind: BulkKind
    reason: str | None = None
    valid_until: date | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        if self.kind is BulkKind.BLOCK and not (self.reason or "").strip():
            raise BadInput("bad_block_reason", "Say why they are blocked: send a reason.")
        if self.kind is BulkKind.END_ON and self.valid_until is None:
            raise BadInput("bad_valid_until", "Send valid_until, the last valid day.")
        if self.kind in (BulkKind.ADD_TO_GROUP, BulkKind.REMOVE_FROM_GROUP) and not (self.group or "").strip():
            raise BadInput("bad_groups", "Send the name of a group.")


@dataclass(frozen=True)
class Chosen:
    """A person to change. version: of what was seen of them, as `version_of` gives it; None changes any."""

    id: str
    version: str | None = None

    def check(self, now: Employee) -> None:
        """Raises Conflict where somebody changed the person since they were chosen."""
        if self.version is not None and self.version != version_of(now):
            raise Conflict(
                "employee_changed", "Somebody changed this person meanwhile. Look at them, and choose them again."
            )


@dataclass(frozen=True)
class BulkOutcome:
    """What became of one person. refused: why they are as before. receipt: of an erasure."""

    employee_id: str
    refused: Refusal | None = None
    receipt: Receipt | None = None


@dataclass(frozen=True)
class BulkChanges:
    store: Store
    enrolment: Enrolment
    permits: Permits
    erasure: Erasure

    def apply(self, change: BulkChange, people: Sequence[Chosen]) -> list[BulkOutcome]:
        """Changes each of the people in a transaction of their own. One outcome for each, in order.

        Raises NotFound, and Conflict('group_of_directory'), for the group, before anybody is changed.
        """
        one = self._single(change)
        outcomes = []
        for chosen in people:
            try:
                outcomes.append(BulkOutcome(chosen.id, receipt=one(chosen)))
            except Refusal as refused:
                outcomes.append(BulkOutcome(chosen.id, refused))
        return outcomes

    def _single(self, change: BulkChange) -> Callable[[Chosen], Receipt | None]:
        if change.kind is BulkKind.ERASE:
            return lambda chosen: self.erasure.erase(chosen.id, chosen.check)
        if change.kind is BulkKind.BLOCK:
            return lambda chosen: self._block(chosen, change.reason or "")
        group = self._group(change.group) if change.group else None

        def amended(before: Employee) -> Details:
            match change.kind:
                case BulkKind.SUSPEND:
                    return Details.of(before, status=Status.INACTIVE)
                case BulkKind.REACTIVATE:
                    return Details.of(before, status=Status.ACTIVE)
                case BulkKind.END_ON:
                    return Details.of(before, valid_until=change.valid_until)
            assert group is not None
            return Details.of(before, groups=_groups(before, group, joins=change.kind is BulkKind.ADD_TO_GROUP))

        def amend(chosen: Chosen) -> None:
            def checked(before: Employee) -> Details:
                chosen.check(before)
                return amended(before)

            self.enrolment.update(chosen.id, checked)

        return amend

    def _block(self, chosen: Chosen, reason: str) -> None:
        self.permits.block(chosen.id, reason, check=chosen.check)

    def _group(self, name: str) -> Group:
        with self.store.read() as tx:
            groups = tx.rules.all().groups
        for group in groups:
            if folded(group.name) == folded(name):
                if group.source is GroupSource.SCIM:
                    raise Conflict("group_of_directory", "The directory says who is in this group. Change it there.")
                return group
        raise NotFound("unknown_entry", "There is no group of this name. Make it first, under Access, Groups.")


def _groups(employee: Employee, group: Group, *, joins: bool) -> tuple[str, ...]:
    name = folded(group.name)
    if joins == (name in map(folded, employee.groups)):
        return employee.groups
    others = tuple(one for one in employee.groups if folded(one) != name)
    return (*others, group.name) if joins else others
