"""Rows of the people we know: employees and their photos."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select
from sqlalchemy.exc import IntegrityError

from app.adapters.db import gallery
from app.adapters.db.engine import is_taken
from app.adapters.db.row_seal import RowSeals, seals_of
from app.adapters.db.sealed_rows import SealedRows
from app.adapters.db.tables import employees, photos, templates
from app.core.errors import Conflict
from app.core.records import EmployeeFilter
from app.core.registry import folded
from app.core.types import Employee, Photo, Status


class EmployeeRows:
    """record_ports.Employees. `Employee.photos` is the template's count: who has no template is not enrolled."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = SealedRows(connection, employees)

    def add(self, employee: Employee) -> None:
        with _numbers_free(self._connection, employee):
            self._rows.insert(_columns(employee))

    def get(self, employee_id: str, *, hold: bool = False) -> Employee | None:
        query = _SELECT.where(employees.c.id == employee_id)
        if hold:
            # PostgreSQL; SQLite's one writer holds everything anyway.
            query = query.with_for_update(read=True, of=employees)
        row = self._rows.checked(self._connection.execute(query).one_or_none())
        return None if row is None else _employee(seals_of(self._connection), row)

    def lock(self, employee_id: str) -> bool:
        query = select(employees.c.id).where(employees.c.id == employee_id).with_for_update()
        return self._connection.execute(query).one_or_none() is not None

    def by_number(self, number: str) -> Employee | None:
        row = self._rows.checked(self._connection.execute(_SELECT.where(employees.c.number == number)).one_or_none())
        return None if row is None else _employee(seals_of(self._connection), row)

    def update(self, employee: Employee) -> None:
        with _numbers_free(self._connection, employee):
            self._rows.update(_columns(employee), employees.c.id == employee.id)

    def delete(self, employee_id: str) -> None:
        # The feed's lock comes first, as in templates.put, or the two could wait for each other.
        gallery.record_change(self._connection, employee_id)
        self._rows.delete(employees.c.id == employee_id)
        self._connection.info[ERASED] = True

    def find(self, which: EmployeeFilter) -> list[Employee]:
        query = _SELECT.where(*_matching(which)).order_by(employees.c.number).limit(which.limit)
        if which.after is not None:
            query = query.where(employees.c.number > which.after)
        return [_employee(seals_of(self._connection), row) for row in self._rows.find(query)]

    def count(self, which: EmployeeFilter | None = None) -> int:
        query = select(func.count()).select_from(_PEOPLE)
        return self._connection.execute(query.where(*_matching(which)) if which else query).scalar_one()


class PhotoRows:
    """record_ports.Photos."""

    def __init__(self, connection: Connection) -> None:
        self._rows = SealedRows(connection, photos)

    def add(self, new: Sequence[Photo]) -> None:
        self._rows.insert(*(vars(photo) for photo in new))

    def get(self, employee_id: str, photo_id: str) -> Photo | None:
        row = self._rows.one(photos.c.id == photo_id, photos.c.employee_id == employee_id)
        return None if row is None else Photo(**row)

    def of(self, employee_id: str) -> list[Photo]:
        query = select(photos).where(photos.c.employee_id == employee_id).order_by(photos.c.created_at, photos.c.id)
        return [Photo(**row) for row in self._rows.find(query)]

    def delete(self, photo_id: str) -> None:
        self._rows.delete(photos.c.id == photo_id)


ERASED = "facegate_erased"  # set on a connection whose transaction removed somebody: the store then empties the log

_PEOPLE = employees.outerjoin(templates, templates.c.employee_id == employees.c.id)
_SELECT: Select[Any] = select(
    employees, *(column.label(f"template_{column.name}") for column in templates.c)
).select_from(_PEOPLE)


def _matching(which: EmployeeFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.q:
        by_number = func.lower(employees.c.number).startswith(which.q.lower(), autoescape=True)
        found.append(or_(by_number, employees.c.name_folded.contains(folded(which.q), autoescape=True)))
    if which.status is not None:
        found.append(employees.c.status == which.status.value)
    if which.enrolled is not None:
        found.append(templates.c.photos.is_not(None) if which.enrolled else templates.c.photos.is_(None))
    if which.ends is not None:
        found += [employees.c.valid_until >= which.ends[0], employees.c.valid_until < which.ends[1]]
    return found


def _employee(seals: RowSeals, row: dict[str, Any]) -> Employee:
    values = {**row, "status": Status(row["status"]), "groups": tuple(row["groups"])}
    template = {column.name: values.pop(f"template_{column.name}") for column in templates.c}
    del values["name_folded"]
    # The threshold follows from how many photos there are.
    enrolled = template["photos"] is not None and seals.good(templates, template)
    return Employee(**values, photos=template["photos"] if enrolled else 0)


def _columns(employee: Employee) -> dict[str, Any]:
    columns = dict(vars(employee))
    del columns["photos"]
    columns["status"] = employee.status.value
    columns["groups"] = list(employee.groups)
    columns["name_folded"] = folded(employee.name)
    return columns


@contextmanager
def _numbers_free(connection: Connection, employee: Employee) -> Iterator[None]:
    # A savepoint, because PostgreSQL refuses everything after an error and an import goes on with the next row.
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as error:
        if is_taken(error, employees.c.card_number):
            raise Conflict("card_taken", "Another employee already has this card number.") from error
        raise Conflict("number_taken", f"Another employee already has the number {employee.number}.") from error
