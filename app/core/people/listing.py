"""Which employees a list shows and in which order, decided on what lists keep in memory of each.

A search finds words in any order and folds case and accents: "haddad eva" finds "Éva Haddad".
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.core.people.records import EmployeeFilter, PeopleOrder
from app.core.text import folded
from app.core.types import Status

_LAST = "~"  # after every date


@dataclass(frozen=True, slots=True)
class Listed:
    """What lists know of an employee. name, number_folded, groups: folded. guest: lists of employees leave them out."""

    id: str
    number: str
    number_folded: str
    name: str
    status: Status
    groups: frozenset[str]
    valid_until: date | None
    created_at: datetime | None
    blocked_at: datetime | None
    blocked_until: datetime | None
    photos: int
    guest: bool = False


def matching(people: Iterable[Listed], which: EmployeeFilter) -> list[Listed]:
    """Returns those who match, in no order. Ignores the page."""
    found = [one for one in people if _matches(one, which)]
    if not which.q:
        return found
    whole = folded(which.q)
    words = whole.split()
    return [
        one
        for one in found
        if one.number_folded.startswith(whole)
        or (words and all(word in one.name or one.number_folded.startswith(word) for word in words))
        or (not words and whole in one.name)
    ]


def page(
    found: Iterable[Listed], which: EmployeeFilter, seen: Mapping[str, datetime]
) -> tuple[list[str], tuple[str, str] | None]:
    """Returns the ids on the page, and key and number of the last one where others follow.

    Args:
        seen: when a gate last saw each of those found, by id; needed for its order alone.
    """
    keyed = ((key(one, which.order, seen.get(one.id)), one.number, one.id) for one in found)
    if which.after is not None:
        place = (which.after_key, which.after)
        keyed = (k for k in keyed if (k[:2] < place if which.descending else k[:2] > place))
    first = (heapq.nlargest if which.descending else heapq.nsmallest)(which.limit + 1, keyed)
    shown = first[: which.limit]
    return [k[2] for k in shown], shown[-1][:2] if len(first) > len(shown) > 0 else None


def key(one: Listed, order: PeopleOrder, seen: datetime | None = None) -> str:
    """Returns a text that sorts as the order does. Who has no end of validity comes after all who have one."""
    match order:
        case PeopleOrder.NUMBER:
            return ""
        case PeopleOrder.NAME:
            return one.name
        case PeopleOrder.PHOTOS:
            return f"{one.photos:03}"
        case PeopleOrder.VALIDITY:
            return one.valid_until.isoformat() if one.valid_until else _LAST
        case PeopleOrder.ADDED:
            return _sortable(one.created_at)
        case PeopleOrder.SEEN:
            return _sortable(seen)


def _sortable(at: datetime | None) -> str:
    return f"{at.timestamp():017.3f}" if at else ""


def _matches(one: Listed, which: EmployeeFilter) -> bool:
    if one.guest:
        return False
    if which.status is not None and one.status is not which.status:
        return False
    if which.enrolled is not None and which.enrolled != (one.photos > 0):
        return False
    if which.photos is not None and which.photos != one.photos:
        return False
    if which.group is not None and which.group not in one.groups:
        return False
    until = one.valid_until
    if which.ends is not None and (until is None or not which.ends[0] <= until <= which.ends[1]):
        return False
    if which.ended is not None and (until is None or until >= which.ended):
        return False
    if which.blocked is None:
        return True
    return one.blocked_at is not None and (one.blocked_until is None or which.blocked < one.blocked_until)
