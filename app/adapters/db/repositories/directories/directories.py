"""Rows of directories, and of the people, groups and runs that they sent."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.adapters.db.fixed import Fixed
from app.adapters.db.seals.person_box import box_of
from app.adapters.db.seals.row_seal import seals_of
from app.adapters.db.seals.sealed_rows import SealedRows
from app.adapters.db.tables import data_keys, directories, directory_groups, directory_people, directory_runs
from app.core.errors import Conflict, CryptoFault
from app.core.people.directories import Directory, DirectoryGroup, DirectoryPerson, Leaving, Run
from app.core.sealing import Sealed, context
from app.core.text import folded

_KEPT_RUNS = 100  # of a directory


class DirectoryRows:
    """Implements `people.directories.Directories`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._directories = SealedRows(connection, directories)
        self._people = SealedRows(connection, directory_people)
        self._groups = SealedRows(connection, directory_groups)

    def add(self, directory: Directory) -> None:
        try:
            with self._connection.begin_nested():
                self._directories.insert({**vars(directory), "folded": folded(directory.name)})
        except IntegrityError as error:
            raise Conflict("directory_taken", "Another directory has this name. Choose another.") from error

    def get(self, directory_id: str) -> Directory | None:
        row = self._directories.one(id=directory_id)
        return None if row is None else _directory(row)

    def all(self) -> list[Directory]:
        return [_directory(row) for row in self._directories.find(select(directories).order_by(directories.c.id))]

    def delete(self, directory_id: str) -> None:
        self._directories.delete(directories.c.id == directory_id)

    # People

    def put_person(self, person: DirectoryPerson) -> None:
        plain = {"user": person.user_name, "external": person.external_id, "attributes": dict(person.attributes)}
        key = SealedRows(self._connection, data_keys).one(subject_id=person.employee_id)
        if key is None:
            raise CryptoFault("the employee's key is gone: erased meanwhile")
        external = person.external_id
        columns = {
            **{name: getattr(person, name) for name in _PLAIN},
            "held": person.held and person.held.value,
            "user_digest": self._digest(person.directory_id, "user", folded(person.user_name)),
            "external_digest": None if external is None else self._digest(person.directory_id, "external", external),
            "sealed": box_of(self._connection).seal(
                key["wrapped"], json.dumps(plain).encode(), _context(person.employee_id)
            ),
        }
        try:
            with self._connection.begin_nested():
                self._people.put(columns)
        except IntegrityError as error:
            detail = "Another person of this directory has this userName."
            raise Conflict("user_name_taken", detail) from error

    def person(self, employee_id: str) -> DirectoryPerson | None:
        return self._one(_PERSON, employee_id)

    def by_user_name(self, directory_id: str, user_name: str) -> DirectoryPerson | None:
        digest = self._digest(directory_id, "user", folded(user_name))
        return self._one(_NAMED, digest)

    def by_external_id(self, directory_id: str, external_id: str) -> list[DirectoryPerson]:
        digest = self._digest(directory_id, "external", external_id)
        return list(self._read(_PEOPLE.where(directory_people.c.external_digest == digest)))

    def people(self, directory_id: str) -> list[DirectoryPerson]:
        of = _PEOPLE.where(directory_people.c.directory_id == directory_id)
        return list(self._read(of.order_by(directory_people.c.employee_id)))

    def count(self, directory_id: str) -> int:
        return self._connection.execute(_COUNT.where(directory_people.c.directory_id == directory_id)).scalar_one()

    def active(self, directory_id: str) -> int:
        of = _COUNT.where(directory_people.c.directory_id == directory_id, directory_people.c.active.is_(True))
        return self._connection.execute(of).scalar_one()

    def held(self) -> list[DirectoryPerson]:
        return list(
            self._read(_PEOPLE.where(directory_people.c.held.is_not(None)).order_by(directory_people.c.held_at))
        )

    def forget_person(self, employee_id: str) -> None:
        self._people.delete(directory_people.c.employee_id == employee_id)

    def _one(self, query: Fixed, value: str) -> DirectoryPerson | None:
        row = self._people.first(query, {"value": value})
        return None if row is None else self._opened(row)

    def _read(self, query: Select[Any]) -> Iterator[DirectoryPerson]:
        yield from filter(None, map(self._opened, self._people.find(query)))

    def _opened(self, row: dict[str, Any]) -> DirectoryPerson | None:
        try:
            plain = box_of(self._connection).reveal(row["wrapped"], row["sealed"], _context(row["employee_id"]))
        except CryptoFault:
            return None  # erased, and back with an older copy of the database
        sent = json.loads(plain)
        kept = {name: row[name] for name in _PLAIN}
        held = Leaving(row["held"]) if row["held"] else None
        return DirectoryPerson(
            **kept, user_name=sent["user"], external_id=sent["external"], attributes=sent["attributes"], held=held
        )

    def _digest(self, directory_id: str, kind: str, value: str) -> str:
        return seals_of(self._connection).digest(f"directory {directory_id} {kind} {value}")

    # Groups

    def put_group(self, group: DirectoryGroup) -> None:
        self._groups.put(vars(group))

    def group(self, group_id: str) -> DirectoryGroup | None:
        row = self._groups.one(group_id=group_id)
        return None if row is None else DirectoryGroup(**row)

    def groups(self, directory_id: str) -> list[DirectoryGroup]:
        return [DirectoryGroup(**row) for row in self._groups.find(_GROUPS, {"value": directory_id})]

    def forget_group(self, group_id: str) -> None:
        self._groups.delete(directory_groups.c.group_id == group_id)

    # Runs

    def last_run(self, directory_id: str) -> Run | None:
        row = _LAST_RUN.row(self._connection, {"value": directory_id})
        return None if row is None else _run(row)

    def runs(self, directory_id: str, limit: int) -> list[Run]:
        of = select(directory_runs).where(directory_runs.c.directory_id == directory_id)
        rows = self._connection.execute(of.order_by(directory_runs.c.id.desc()).limit(limit)).all()
        return [_run(dict(row._mapping)) for row in rows]

    def put_run(self, run: Run) -> None:
        values = {**vars(run), "counts": dict(run.counts), "ignored": list(run.ignored)}
        if not _RUN_CHANGED.run(self._connection, {"of": run.id} | {f"to_{name}": values[name] for name in values}):
            self._connection.execute(insert(directory_runs).values(**values))
            older = [one.id for one in self.runs(run.directory_id, 2 * _KEPT_RUNS)[_KEPT_RUNS:]]
            self._connection.execute(delete(directory_runs).where(directory_runs.c.id.in_(older)))


_PEOPLE: Select[Any] = select(directory_people, data_keys.c.wrapped).select_from(
    directory_people.outerjoin(data_keys, data_keys.c.subject_id == directory_people.c.employee_id)
)
_PERSON, _NAMED = (
    Fixed(_PEOPLE.where(column == bindparam("value")))
    for column in (directory_people.c.employee_id, directory_people.c.user_digest)
)
_GROUPS = (
    select(directory_groups)
    .where(directory_groups.c.directory_id == bindparam("value"))
    .order_by(directory_groups.c.group_id)
)
_earlier = directory_runs.alias()
_LAST_RUN = Fixed(
    select(directory_runs).where(
        directory_runs.c.id
        == select(func.max(_earlier.c.id)).where(_earlier.c.directory_id == bindparam("value")).scalar_subquery()
    )
)
_RUN_CHANGED = Fixed(
    update(directory_runs)
    .where(directory_runs.c.id == bindparam("of"))
    .values({column.name: bindparam(f"to_{column.name}", type_=column.type) for column in directory_runs.c})
)
_COUNT = select(func.count()).select_from(directory_people)
_PLAIN = ("employee_id", "directory_id", "active", "version", "created_at", "changed_at", "held_at")


def _run(row: dict[str, Any]) -> Run:
    return Run(**{**row, "ignored": tuple(row["ignored"])})


def _directory(row: dict[str, Any]) -> Directory:
    return Directory(row["id"], row["name"], row["created_at"])


def _context(employee_id: str) -> str:
    return context(Sealed.DIRECTORY_PERSON, employee_id)
