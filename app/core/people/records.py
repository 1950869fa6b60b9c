"""The receipt of an erasure; which employees to list, in which order, and a page of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from app.core.types import Employee, Status


@dataclass(frozen=True)
class Receipt:
    """Proof of what was destroyed when an employee was erased. Holds no personal data."""

    id: str
    employee_id: str
    erased_at: datetime
    photos: int
    templates: int
    events_unlinked: int
    signature: str = ""


class PersonName(NamedTuple):
    """What a list calls somebody. has_photo: whether they have a template, and so a portrait."""

    number: str
    name: str
    has_photo: bool


class PeopleOrder(StrEnum):
    """What a list of employees is sorted by; those with the same come by number. VALIDITY: the last valid day."""

    NUMBER = "number"
    NAME = "name"
    PHOTOS = "photos"
    VALIDITY = "validity"
    ADDED = "added"
    SEEN = "seen"


@dataclass(frozen=True)
class EmployeeFilter:
    """Which employees to list, and in which order.

    Attributes:
        q: words of the name or starts of the number, in any order; see `core.people.listing`.
        enrolled: whether they have a template.
        photos: how many photos their template has.
        group: the folded name of a group that they are in.
        ends: valid_until is one of the days from the first to the second, both included.
        ended: valid_until is before this day.
        blocked: they are blocked at this moment.
        after: the number of the last one on the previous page.
        after_key: its key in the order; empty in the order of numbers.
    """

    q: str | None = None
    status: Status | None = None
    enrolled: bool | None = None
    photos: int | None = None
    group: str | None = None
    ends: tuple[date, date] | None = None
    ended: date | None = None
    blocked: datetime | None = None
    order: PeopleOrder = PeopleOrder.NUMBER
    descending: bool = False
    after: str | None = None
    after_key: str = ""
    limit: int = 50


@dataclass(frozen=True)
class PeoplePage:
    """Employees in their order.

    Attributes:
        matching: how many match the filter on all pages.
        next: `after_key` and `after` of the next page's filter; None on the last page.
        seen: when a gate last saw each person, by id. Those never seen are missing.
    """

    people: tuple[Employee, ...]
    matching: int
    next: tuple[str, str] | None = None
    seen: Mapping[str, datetime] = field(default_factory=dict)
