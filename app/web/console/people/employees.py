"""The list of employees for admins: searched during typing, filtered, sorted, and read page by page."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from app.core.access.rule_edits import version_of
from app.core.people.records import EmployeeFilter, PeopleOrder
from app.core.text import folded
from app.core.types import Employee, Role, Status
from app.web.console.people.standing import SOON, labels
from app.web.console.render import Link, render
from app.web.console.session import AdminPage
from app.web.fields import PlainText
from app.web.security import SystemOf
from app.web.turns import FewLists

router = APIRouter(include_in_schema=False)
LINKS = (Link("/employees", "People", "people", frozenset({Role.ADMIN}), section="people"),)

PAGE = 50
EVERYBODY = 10_000_000
Show = Literal["all", "active", "inactive", "blocked", "expired", "expiring", "no_photos", "one_photo"]
SHOWN: dict[Show, str] = {
    "all": "All",
    "active": "Active",
    "inactive": "Suspended",
    "blocked": "Blocked",
    "expired": "Expired",
    "expiring": "Ending within 30 days",
    "no_photos": "No photos",
    "one_photo": "One photo",
}


@dataclass(frozen=True)
class Column:
    """A column of the list. order: what its head sorts by. chosen: shown unless somebody hides it."""

    key: str
    label: str
    order: PeopleOrder | None = None
    newest_first: bool = False
    chosen: bool = True


COLUMNS = (
    Column("number", "Number", PeopleOrder.NUMBER),
    Column("groups", "Groups"),
    Column("photos", "Photos", PeopleOrder.PHOTOS),
    Column("validity", "Valid until", PeopleOrder.VALIDITY),
    Column("seen", "Last seen", PeopleOrder.SEEN, newest_first=True),
    Column("added", "Added", PeopleOrder.ADDED, newest_first=True, chosen=False),
)
ORDERS = {
    PeopleOrder.NAME: "Name",
    **{column.order: column.label for column in COLUMNS if column.order is not None},
}
NEWEST_FIRST = {column.order for column in COLUMNS if column.newest_first}


@dataclass(frozen=True)
class Wanted:
    """The list in the address. group: a name; "" for all. turned: against the order's usual direction."""

    q: Annotated[PlainText, Query(max_length=200)] = ""
    show: Show = "all"
    group: Annotated[PlainText, Query(max_length=64)] = ""
    sort: PeopleOrder = PeopleOrder.NAME
    turned: bool = False

    def address(self, **changed: Any) -> dict[str, str]:
        """The query of this list, or of another one, without what is usual."""
        fields = {**vars(self), **changed}
        usual = vars(Wanted())
        return {
            name: "true" if value is True else str(value) for name, value in fields.items() if value != usual.get(name)
        }

    def filter(self, today: date, now: datetime) -> EmployeeFilter:
        return EmployeeFilter(
            q=self.q.strip() or None,
            status={"active": Status.ACTIVE, "inactive": Status.INACTIVE}.get(self.show),
            enrolled=False if self.show == "no_photos" else None,
            photos=1 if self.show == "one_photo" else None,
            group=folded(self.group) if self.group.strip() else None,
            ends=(today, today + SOON) if self.show == "expiring" else None,
            ended=today if self.show == "expired" else None,
            blocked=now if self.show == "blocked" else None,
            order=self.sort,
            descending=self.turned != (self.sort in NEWEST_FIRST),
            limit=PAGE,
        )


ListOf = Annotated[Wanted, Depends()]


@router.get("/employees", response_class=HTMLResponse)
def find(
    request: Request,
    system: SystemOf,
    person: AdminPage,
    wanted: ListOf,
    after: Annotated[str | None, Query(max_length=64)] = None,
    key: Annotated[str, Query(max_length=1000)] = "",
    part: bool = False,
) -> HTMLResponse:
    """after, key: where the last page ended. part: only the rows, for a page that is already open."""
    clocks = system.site_clock.read()
    which = replace(wanted.filter(clocks.today, clocks.now), after=after, after_key=key)
    with system.store.read() as tx:
        page = tx.employees.page(which)
        everybody = tx.employees.count()
        seen = page.seen or tx.employees.last_seen([one.id for one in page.people])
        groups = [] if part else [group.name for group in system.site_clock.rules.at(tx).rules.groups]
    return render(
        request,
        "people/employee_rows.html" if part else "people/employees.html",
        person,
        choices=SHOWN,
        columns=COLUMNS,
        orders=ORDERS,
        people=[(one, version_of(one), labels(one, clocks.today, clocks.now), seen.get(one.id)) for one in page.people],
        next=wanted.address(key=page.next[0], after=page.next[1]) if page.next else None,
        matching=page.matching,
        everybody=everybody,
        wanted=wanted,
        filtered=bool(wanted.q.strip()) or wanted.show != "all" or bool(wanted.group.strip()),
        descending=which.descending,
        groups=groups,
    )


@router.get("/employees/matching")
def everybody_matching(system: SystemOf, _: AdminPage, _turn: FewLists, wanted: ListOf) -> dict[str, list[Any]]:
    """Everybody on all pages of a list, for one change of all of them: id, version, name and number of each."""
    clocks = system.site_clock.read()
    which = replace(wanted.filter(clocks.today, clocks.now), limit=EVERYBODY)
    return {"people": [_chosen(one) for one in system.enrolment.find(which)]}


def _chosen(one: Employee) -> list[str]:
    return [one.id, version_of(one), one.name, one.number]
