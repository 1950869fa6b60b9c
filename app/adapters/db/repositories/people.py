"""Rows of employees and their photos."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, literal_column, select
from sqlalchemy.exc import IntegrityError

from app.adapters.db.engine.connect import is_taken
from app.adapters.db.fixed import Fixed
from app.adapters.db.repositories import gallery
from app.adapters.db.repositories.access import RuleRows
from app.adapters.db.repositories.log_pages import last_seen
from app.adapters.db.seals.people_directory import directory, names
from app.adapters.db.seals.person_box import box_of
from app.adapters.db.seals.row_seal import Altered, seals_of
from app.adapters.db.seals.sealed_rows import SealedRows, batches, first_readable, readable
from app.adapters.db.tables import (
    data_keys,
    employees,
    next_templates,
    photos,
    seal_totals,
    templates,
)
from app.adapters.db.tables import gallery as gallery_feed
from app.core.contracts import Contract
from app.core.errors import Conflict, CryptoFault
from app.core.people import listing
from app.core.people.eligible import EnrolledPerson
from app.core.people.records import EmployeeFilter, PeopleOrder, PeoplePage, PersonName
from app.core.text import folded
from app.core.types import Employee, PersonKind, Photo, Status


class EmployeeRows:
    """Implements `ports.people.Employees`.

    `Employee.photos` is the template's count: without a template nobody is enrolled.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, employees)

    def add(self, employee: Employee) -> None:
        with _numbers_free(self._connection, employee):
            self._rows.insert(self._columns(employee))
        RuleRows(self._connection).note_groups(employee.groups)

    def get(self, employee_id: str, *, for_update: bool = False) -> Employee | None:
        if not for_update:
            return self._one(_BY_ID, employee_id)
        if self._connection.dialect.name != "sqlite":
            # First the row alone: a statement that waits for it reads what it joins, the template and the sponsor, as
            # they were when it began to wait.
            _HELD.row(self._connection, {"value": employee_id})
        return self._one(_ALL_HELD, employee_id)

    def lock(self, employee_id: str) -> bool:
        return _LOCKED.row(self._connection, {"value": employee_id}) is not None

    def by_number(self, number: str) -> Employee | None:
        digest = box_of(self._connection).digest("number", number)
        return self._one(_BY_NUMBER, digest)

    def update(self, employee: Employee) -> None:
        with _numbers_free(self._connection, employee):
            self._rows.update(self._columns(employee), employees.c.id == employee.id)
        RuleRows(self._connection).note_groups(employee.groups)

    def delete(self, employee_id: str) -> None:
        # The feed is locked first, as in templates.put: see "The order of locks" in README.md.
        gallery.record_change(self._connection, employee_id)
        self._rows.delete(employees.c.id == employee_id)
        self._connection.info[ERASED] = True
        box_of(self._connection).forget(employee_id)

    def some(self, employee_ids: Iterable[str]) -> dict[str, Employee]:
        found = {}
        for ids in batches(employee_ids):
            for row in readable(self._connection, employees, _SELECT.where(employees.c.id.in_(ids))):
                if (one := self._employee(dict(row._mapping))) is not None:
                    found[one.id] = one
        return found

    def contractors(self) -> list[Employee]:
        query = _SELECT.where(employees.c.kind == PersonKind.CONTRACTOR.value)
        found = (self._employee(dict(row._mapping)) for row in readable(self._connection, employees, query))
        return [one for one in found if one is not None]

    def ids(self, which: EmployeeFilter) -> list[str]:
        return self._page(which)[0]

    def find(self, which: EmployeeFilter) -> list[Employee]:
        return list(self.page(which).people)

    def page(self, which: EmployeeFilter) -> PeoplePage:
        ids, matching, following, seen = self._page(which)
        by_id = self.some(ids)
        people = tuple(by_id[employee_id] for employee_id in ids if employee_id in by_id)
        return PeoplePage(people, matching, following, seen)

    def _page(self, which: EmployeeFilter) -> tuple[list[str], int, tuple[str, str] | None, dict[str, datetime]]:
        found = listing.matching(directory(self._connection), which)
        seen = last_seen(self._connection, [one.id for one in found]) if which.order is PeopleOrder.SEEN else {}
        ids, following = listing.page(found, which, seen)
        return ids, len(found), following, seen

    def last_seen(self, employee_ids: Sequence[str]) -> dict[str, datetime]:
        return last_seen(self._connection, employee_ids)

    def names(self, employee_ids: Collection[str]) -> dict[str, PersonName]:
        return names(self._connection, employee_ids)

    def open_after(self, employee_id: str, limit: int) -> str | None:
        query = _SELECT.where(employees.c.id > employee_id).order_by(employees.c.id).limit(limit)
        last = None
        for row in readable(self._connection, employees, query):
            self._employee(dict(row._mapping))  # the box keeps what it has opened
            last = row.id
        return last

    def count(self, which: EmployeeFilter | None = None) -> int:
        if which is not None:
            return len(listing.matching(directory(self._connection), which))
        return self._connection.execute(select(func.count()).select_from(employees)).scalar_one()

    def group_sizes(self) -> dict[str, int]:
        people = self._connection.execute(select(employees.c.groups)).scalars()
        return Counter(name for groups in people for name in {folded(text) for text in groups})

    def let_go(self, employee_ids: Collection[str]) -> None:
        for employee_id in employee_ids:
            box_of(self._connection).forget(employee_id)

    def state(self) -> tuple[int, int] | None:
        row = _STATE.row(self._connection)
        if row is None:
            return None
        try:
            writes, _ = seals_of(self._connection).open_total(employees.name, row["sealed"] or b"")
        except Altered:
            return None
        return writes, row["revision"]

    def enrolled(self) -> Iterator[EnrolledPerson]:
        for row in readable(self._connection, employees, _ENROLLED):
            if isinstance(row.groups, list) and all(isinstance(name, str) for name in row.groups):
                yield EnrolledPerson(
                    row.id,
                    tuple(row.groups),
                    row.status == Status.ACTIVE.value,
                    row.valid_from,
                    row.valid_until,
                    row.blocked_at is not None,
                    row.blocked_until,
                )

    def _one(self, query: Fixed, value: str) -> Employee | None:
        row = first_readable(self._connection, employees, query, {"value": value})
        return None if row is None else self._employee(row)

    def _employee(self, row: dict[str, Any]) -> Employee | None:
        seal = row["seal"]
        values = self._rows.intact(row)
        if values is None:
            return None
        template = {column.name: values.pop(f"template_{column.name}") for column in templates.c}
        sponsor = {column.name: values.pop(f"sponsors_{column.name}") for column in sponsors.c}
        sealed, wrapped = values.pop("sealed_person"), values.pop("wrapped")
        del values["number_digest"], values["card_digest"]
        try:
            personal = box_of(self._connection).open(values["id"], seal, wrapped, sealed)
        except CryptoFault:
            # Erased, and back with an older copy of the database: nobody any more.
            return None
        # The threshold depends on the number of photos, so the template must be intact.
        enrolled = template["photos"] is not None and seals_of(self._connection).is_valid(templates, template)
        values |= vars(personal) | {"status": Status(values["status"]), "groups": tuple(values["groups"])}
        values["kind"] = PersonKind(values["kind"] or PersonKind.EMPLOYEE)
        values["contract"] = self._contract(values, sponsor)
        return Employee(**values, photos=template["photos"] if enrolled else 0)

    def _contract(self, values: dict[str, Any], sponsor: dict[str, Any]) -> Contract | None:
        """Takes the columns of the contract out of the row. An altered row is no sponsor."""
        sponsor_id, *dates = (values.pop(name) for name in _OF_CONTRACT)
        company = values.pop("company")
        if sponsor_id is None:
            return None
        active = sponsor["status"] == Status.ACTIVE and seals_of(self._connection).is_valid(employees, sponsor)
        return Contract(sponsor_id, dates[0], company or "", dates[1], active)

    def _columns(self, employee: Employee) -> dict[str, Any]:
        key = SealedRows(self._connection, data_keys).one(subject_id=employee.id)
        columns = {name: value for name, value in vars(employee).items() if name not in _NOT_STORED}
        columns |= {"status": employee.status.value, "groups": list(employee.groups)}
        columns["kind"] = employee.kind.value if employee.is_guest else None
        held = employee.contract
        columns |= dict.fromkeys(_OF_CONTRACT)
        if held is not None:
            columns |= zip(_OF_CONTRACT, (held.sponsor_id, held.confirmed_at, held.documents_until), strict=True)
        return columns | box_of(self._connection).columns(None if key is None else key["wrapped"], employee)


class PhotoRows:
    """Implements `ports.people.Photos`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, photos)

    def add(self, new: Sequence[Photo]) -> None:
        self._rows.insert(*(vars(photo) for photo in new))

    def get(self, employee_id: str, photo_id: str) -> Photo | None:
        row = self._rows.one(id=photo_id, employee_id=employee_id)
        return None if row is None else Photo(**row)

    def of(self, employee_id: str) -> list[Photo]:
        query = select(photos).where(photos.c.employee_id == employee_id).order_by(photos.c.created_at, photos.c.id)
        return [Photo(**row) for row in self._rows.find(query)]

    def best(self, employee_id: str) -> str | None:
        query = select(photos.c.id).where(photos.c.employee_id == employee_id)
        return self._connection.execute(query.order_by(photos.c.quality.desc(), photos.c.id).limit(1)).scalar()

    def without_digest(self, employee_id: str) -> list[Photo]:
        query = select(photos).where(photos.c.employee_id == employee_id, photos.c.digest.is_(None))
        return [Photo(**row) for row in self._rows.find(query)]

    def delete(self, photo_id: str) -> None:
        self._rows.delete(photos.c.id == photo_id)

    def forget(self, employee_id: str, until: datetime | None = None) -> int:
        SealedRows(self._connection, next_templates).delete(next_templates.c.employee_id == employee_id)
        old = () if until is None else (photos.c.created_at <= until,)
        self._connection.info[ERASED] = True
        return self._rows.delete(photos.c.employee_id == employee_id, *old)


ERASED = "facegate_erased"  # set on a connection whose transaction erased somebody: the store then empties the log

sponsors = employees.alias("sponsors")
_OF_CONTRACT = ("sponsor_id", "sponsor_confirmed_at", "documents_until")
_PEOPLE = employees.outerjoin(templates, templates.c.employee_id == employees.c.id).outerjoin(
    sponsors, sponsors.c.id == employees.c.sponsor_id
)
_SELECT: Select[Any] = select(
    employees,
    *(column.label(f"template_{column.name}") for column in templates.c),
    *(column.label(f"sponsors_{column.name}") for column in sponsors.c),
    data_keys.c.wrapped,
).select_from(_PEOPLE.outerjoin(data_keys, data_keys.c.subject_id == employees.c.id))
_ONE = _SELECT.where(employees.c.id == bindparam("value"))
_BY_ID, _BY_NUMBER = Fixed(_ONE), Fixed(_SELECT.where(employees.c.number_digest == bindparam("value")))
_ID = select(employees.c.id).where(employees.c.id == bindparam("value"))
_ALL_HELD = Fixed(_ONE.with_for_update(key_share=True, of=employees))  # SQLite has one writer anyway
_HELD, _LOCKED = Fixed(_ID.with_for_update(key_share=True)), Fixed(_ID.with_for_update())
_STATE = Fixed(
    select(
        gallery_feed.c.revision,
        # A plain text, for the total has none of its own.
        select(seal_totals.c.sealed)
        .where(seal_totals.c.name == literal_column(f"'{employees.name}'"))
        .scalar_subquery()
        .label("sealed"),
    )
)
_STANDING = ("id", "groups", "status", "valid_from", "valid_until", "blocked_at", "blocked_until")
_ENROLLED: Select[Any] = select(*(employees.c[name] for name in _STANDING)).join(
    templates, templates.c.employee_id == employees.c.id
)
# Counted elsewhere, or sealed.
_NOT_STORED = {"photos", "number", "name", "email", "card_number", "block_reason", "contract"}


@contextmanager
def _numbers_free(connection: Connection, employee: Employee) -> Iterator[None]:
    # A savepoint: after an error PostgreSQL refuses everything else, but an import goes on with the next row.
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as error:
        if is_taken(error, employees.c.card_digest):
            raise Conflict("card_taken", "Another employee already has this card number.") from error
        raise Conflict("number_taken", f"Another employee already has the number {employee.number}.") from error
