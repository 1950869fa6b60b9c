"""Lists of employees: words in any order, filters, and pages that join without a gap in every order."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.people.listing import Listed, matching, page
from app.core.people.records import EmployeeFilter, PeopleOrder
from app.core.text import folded
from app.core.types import Status

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TODAY = NOW.date()


def listed(number: str, name: str = "Nobody", **details: object) -> Listed:
    values: dict[str, object] = {
        "status": Status.ACTIVE,
        "groups": frozenset(),
        "valid_until": None,
        "created_at": NOW,
        "blocked_at": None,
        "blocked_until": None,
        "photos": 3,
    }
    return Listed(number, number, folded(number), folded(name), **{**values, **details})  # type: ignore[arg-type]


EVA = listed("E-2", "Éva Haddad", groups=frozenset({"night"}), photos=1)
ADA = listed("E-10", "Ada King", valid_until=TODAY - timedelta(days=1), photos=0)
BOB = listed("W 7", "Bob-Ross Haddad", status=Status.INACTIVE, blocked_at=NOW, blocked_until=NOW + timedelta(hours=1))
PEOPLE = [EVA, ADA, BOB]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (EmployeeFilter(q="haddad eva"), [EVA]),
        (EmployeeFilter(q="  ÉVA   had "), [EVA]),
        (EmployeeFilter(q="haddad"), [EVA, BOB]),
        (EmployeeFilter(q="e-2 haddad"), [EVA]),
        (EmployeeFilter(q="haddad nobody"), []),
        (EmployeeFilter(q="w 7"), [BOB]),
        (EmployeeFilter(q="-2"), []),
        (EmployeeFilter(photos=1), [EVA]),
        (EmployeeFilter(enrolled=False), [ADA]),
        (EmployeeFilter(group="night"), [EVA]),
        (EmployeeFilter(ended=TODAY), [ADA]),
        (EmployeeFilter(ended=TODAY - timedelta(days=1)), []),
        (EmployeeFilter(ends=(TODAY - timedelta(days=1), TODAY)), [ADA]),
        (EmployeeFilter(blocked=NOW), [BOB]),
        (EmployeeFilter(blocked=NOW + timedelta(hours=1)), []),
        (EmployeeFilter(status=Status.INACTIVE, q="ross"), [BOB]),
    ],
)
def test_filters(which: EmployeeFilter, expected: list[Listed]) -> None:
    assert matching(PEOPLE, which) == expected


def test_orders() -> None:
    seen = {EVA.id: NOW, BOB.id: NOW - timedelta(days=900)}

    def ids(order: PeopleOrder, *, descending: bool = False) -> list[str]:
        return page(PEOPLE, EmployeeFilter(order=order, descending=descending), seen)[0]

    assert ids(PeopleOrder.NUMBER) == ["E-10", "E-2", "W 7"]
    assert ids(PeopleOrder.NAME) == ["E-10", "W 7", "E-2"]
    assert ids(PeopleOrder.NAME, descending=True) == ["E-2", "W 7", "E-10"]
    assert ids(PeopleOrder.PHOTOS) == ["E-10", "E-2", "W 7"]
    assert ids(PeopleOrder.VALIDITY) == ["E-10", "E-2", "W 7"]
    assert ids(PeopleOrder.SEEN, descending=True) == ["E-2", "W 7", "E-10"]


people = st.lists(
    st.builds(
        listed,
        st.integers(0, 99).map(str),
        st.sampled_from(["Ada", "Eva", "Bob"]),
        photos=st.integers(0, 2),
        valid_until=st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3)),
        created_at=st.none() | st.datetimes(datetime(1999, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
    max_size=12,
    unique_by=lambda one: one.number,
)


@given(people, st.sampled_from(PeopleOrder), st.booleans(), st.integers(1, 4))
def test_pages_join_without_a_gap(all_of: list[Listed], order: PeopleOrder, descending: bool, limit: int) -> None:
    seen = {one.id: NOW for one in all_of[::2]}
    whole, _ = page(all_of, EmployeeFilter(order=order, descending=descending, limit=100), seen)
    joined: list[str] = []
    place: tuple[str, str] | None = ("", "")
    which = EmployeeFilter(order=order, descending=descending, limit=limit)
    while place is not None:
        ids, place = page(all_of, which, seen)
        joined += ids
        if place is not None:
            which = EmployeeFilter(order=order, descending=descending, limit=limit, after=place[1], after_key=place[0])
    assert joined == whole and len(whole) == len(all_of)
